//! Undo of texts that others change too.

use crate::text::{change, settle, shown, written};
use fmz_annotation::limits::UNDO_STEPS_MAX;

#[test]
fn undo9_undo_takes_back_the_own_words_only() {
    let (mut room, mut author, mut owner) = written("a cat sat");
    change(&mut author, 2, 3, "big dog");
    room.exchange(&mut author);
    room.exchange(&mut owner);
    change(&mut owner, 5, 0, " red");
    change(&mut owner, 17, 0, "!");
    assert_eq!(
        settle(&mut room, [&mut owner, &mut author]),
        "a big red dog sat!"
    );
    assert!(author.undo());
    assert_eq!(
        settle(&mut room, [&mut author, &mut owner]),
        "a cat red sat!"
    );
    assert!(author.redo());
    assert_eq!(
        settle(&mut room, [&mut author, &mut owner]),
        "a big red dog sat!"
    );
    assert!(owner.undo());
    assert!(owner.undo());
    assert_eq!(
        settle(&mut room, [&mut owner, &mut author]),
        "a big dog sat"
    );
}

#[test]
fn undo9_what_another_deleted_is_passed_over() {
    let (mut room, mut author, mut owner) = written("ab");
    change(&mut author, 1, 0, "x");
    change(&mut author, 2, 0, "y");
    room.exchange(&mut author);
    room.exchange(&mut owner);
    change(&mut owner, 2, 1, "");
    assert_eq!(settle(&mut room, [&mut owner, &mut author]), "axb");
    assert!(author.undo());
    assert_eq!(settle(&mut room, [&mut author, &mut owner]), "ab");
    assert!(!author.undo());
}

#[test]
fn undo9_typing_in_one_gesture_is_one_step() {
    let (mut room, mut author, mut owner) = written("ab");
    author.begin_group();
    change(&mut author, 1, 0, "x");
    change(&mut author, 2, 0, "y");
    room.exchange(&mut author);
    change(&mut author, 0, 1, "");
    author.end_group();
    room.exchange(&mut owner);
    change(&mut owner, 4, 0, "!");
    assert_eq!(settle(&mut room, [&mut author, &mut owner]), "xyb!");
    assert!(author.undo());
    assert_eq!(shown(&author), "ab!");
    assert!(author.redo());
    assert_eq!(shown(&author), "xyb!");
    assert!(author.undo() && !author.undo());
}

#[test]
fn undo7_steps_of_a_text_are_bounded() {
    let (_room, mut author, _) = written("");
    (0..UNDO_STEPS_MAX as u32 + 3).for_each(|at| change(&mut author, at, 0, "x"));
    while author.undo() {}
    assert_eq!(shown(&author), "xxx");
}

use super::{Edit, Side, Step};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

fn cases() -> Config {
    Config {
        cases: 2000,
        rng_seed: RngSeed::Fixed(5),
        failure_persistence: None,
        ..Config::default()
    }
}

/// Makes words of characters one to four bytes long, with a combining mark: few enough to meet
/// often.
fn words(most: usize) -> impl Strategy<Value = String> {
    let letter = prop_oneof![
        Just('a'),
        Just('b'),
        Just('e'),
        Just('\u{301}'),
        Just('\u{4e2d}'),
        Just('\u{1f3ac}'),
    ];
    vec(letter, 0..most).prop_map(String::from_iter)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..5u32).prop_map(Step::Retain),
        words(4).prop_map(Step::Insert),
        (0..4u32).prop_map(Step::Delete),
    ];
    vec(step, 0..8)
}

/// Cuts off the steps that walk past the end of a text.
fn fitted(steps: Vec<Step>, text: &str) -> Edit {
    let mut left = super::chars(text);
    let mut fit = |count: u32| {
        let count = count.min(left);
        left -= count;
        count
    };
    let steps = steps.into_iter().map(|step| match step {
        Step::Retain(count) => Step::Retain(fit(count)),
        Step::Delete(count) => Step::Delete(fit(count)),
        insert @ Step::Insert(_) => insert,
    });
    steps.collect()
}

fn edit(steps: &[Step]) -> Edit {
    steps.iter().cloned().collect()
}

fn insert(at: u32, text: &str) -> Edit {
    edit(&[Step::Retain(at), Step::Insert(text.into())])
}

fn delete(at: u32, count: u32) -> Edit {
    edit(&[Step::Retain(at), Step::Delete(count)])
}

fn is_normal(edit: &Edit) -> bool {
    let mut neighbours = edit.steps().windows(2);
    let filled = edit
        .steps()
        .iter()
        .all(|step| step.reads() + step.writes() > 0);
    let ends = !matches!(edit.steps().last(), Some(Step::Retain(_)));
    filled
        && ends
        && neighbours.all(|pair| {
            !matches!(
                pair,
                [Step::Retain(_), Step::Retain(_)]
                    | [Step::Insert(_), Step::Insert(_)]
                    | [Step::Delete(_), Step::Delete(_) | Step::Insert(_)]
            )
        })
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn text1_steps_are_kept_in_normal_form(text in words(12), steps in steps()) {
        let edit = fitted(steps.clone(), &text);
        prop_assert!(is_normal(&edit));
        let raw = steps.into_iter().collect::<Edit>();
        prop_assert_eq!(&raw.steps().iter().cloned().collect::<Edit>(), &raw);
    }

    #[test]
    fn text1_an_edit_fits_a_text_or_is_refused(text in words(12), steps in steps()) {
        let edit: Edit = steps.into_iter().collect();
        let reads: u32 = edit.steps().iter().map(Step::reads).sum();
        let fits = reads <= super::chars(&text);
        prop_assert_eq!(edit.apply(&text).is_some(), fits);
        prop_assert_eq!(edit.invert(&text).is_some(), fits);
    }

    #[test]
    fn text2_the_inverse_takes_an_edit_back(text in words(12), steps in steps()) {
        let edit = fitted(steps, &text);
        let after = edit.apply(&text).expect("it fits");
        let inverse = edit.invert(&text).expect("it fits");
        prop_assert!(is_normal(&inverse));
        prop_assert_eq!(inverse.apply(&after), Some(text.clone()));
        prop_assert_eq!(inverse.invert(&after).expect("it fits").apply(&text), Some(after));
    }

    #[test]
    fn text3_a_composed_edit_does_both(
        text in words(12), first in steps(), second in steps(), third in steps(),
    ) {
        let first = fitted(first, &text);
        let middle = first.apply(&text).expect("it fits");
        let second = fitted(second, &middle);
        let after = second.apply(&middle).expect("it fits");
        let both = first.compose(&second);
        prop_assert!(is_normal(&both));
        prop_assert_eq!(both.apply(&text), Some(after.clone()));
        let third = fitted(third, &after);
        let last = third.apply(&after);
        prop_assert_eq!(both.compose(&third).apply(&text), last.clone());
        prop_assert_eq!(first.compose(&second.compose(&third)).apply(&text), last);
    }

    #[test]
    fn text4_both_orders_give_one_text(
        text in words(12), mine in steps(), theirs in steps(), first in any::<bool>(),
    ) {
        let (mine, theirs) = (fitted(mine, &text), fitted(theirs, &text));
        let side = if first { Side::Mine } else { Side::Theirs };
        let moved = mine.transform(&theirs, side);
        let other = theirs.transform(&mine, side.opposite());
        prop_assert!(is_normal(&moved) && is_normal(&other));
        let one = theirs.apply(&text).and_then(|after| moved.apply(&after));
        let two = mine.apply(&text).and_then(|after| other.apply(&after));
        prop_assert!(one.is_some());
        prop_assert_eq!(one, two);
    }

    #[test]
    fn text4_edits_move_over_others_one_after_another(
        text in words(12), mine in steps(), first in steps(), second in steps(), side in any::<bool>(),
    ) {
        let side = if side { Side::Mine } else { Side::Theirs };
        let first = fitted(first, &text);
        let after = first.apply(&text).expect("it fits");
        let second = fitted(second, &after);
        let mine = fitted(mine, &text);
        let stepwise = mine.transform(&first, side).transform(&second, side);
        let last = second.apply(&after).expect("it fits");
        prop_assert!(stepwise.apply(&last).is_some());
    }

    #[test]
    fn text5_the_difference_makes_one_text_of_the_other(before in words(12), after in words(12)) {
        let edit = Edit::between(&before, &after);
        prop_assert!(is_normal(&edit));
        prop_assert_eq!(edit.apply(&before), Some(after.clone()));
        prop_assert_eq!(edit.is_empty(), before == after);
    }

    #[test]
    fn text5_what_was_typed_at_one_place_is_one_insert(text in words(12), typed in words(3), at in 0..12u32) {
        let edit = fitted(vec![Step::Retain(at), Step::Insert(typed.clone())], &text);
        let found = Edit::between(&text, &edit.apply(&text).expect("it fits"));
        let reads = found.steps().iter().filter(|step| matches!(step, Step::Delete(_)));
        prop_assert_eq!(reads.count(), 0);
        prop_assert_eq!(found.inserted_bytes(), typed.len());
    }
}

#[test]
fn text4_at_one_place_the_first_author_stands_first() {
    let (mine, theirs) = (insert(1, "x"), insert(1, "y"));
    assert_eq!(mine.transform(&theirs, Side::Mine), insert(1, "x"));
    assert_eq!(mine.transform(&theirs, Side::Theirs), insert(2, "x"));
}

#[test]
fn text4_what_both_delete_is_deleted_once() {
    let (mine, theirs) = (delete(0, 3), delete(1, 4));
    assert_eq!(mine.transform(&theirs, Side::Mine), delete(0, 1));
    assert_eq!(theirs.transform(&mine, Side::Theirs), delete(0, 2));
    assert!(mine.transform(&mine, Side::Mine).is_empty());
}

#[test]
fn text4_an_insert_inside_what_another_deletes_survives() {
    let (mine, theirs) = (insert(2, "x"), delete(0, 4));
    assert_eq!(mine.transform(&theirs, Side::Mine), insert(0, "x"));
    let around = edit(&[Step::Delete(2), Step::Retain(1), Step::Delete(2)]);
    assert_eq!(theirs.transform(&mine, Side::Mine), around);
}

#[test]
fn text1_scalar_values_are_counted_not_bytes() {
    let text = "e\u{301}\u{1f3ac}z";
    assert_eq!(
        insert(3, "!").apply(text).as_deref(),
        Some("e\u{301}\u{1f3ac}!z")
    );
    assert_eq!(delete(1, 1).apply(text).as_deref(), Some("e\u{1f3ac}z"));
    assert_eq!(delete(4, 1).apply(text), None);
}

#[test]
fn text1_counts_never_overflow() {
    let most = edit(&[Step::Delete(u32::MAX), Step::Delete(u32::MAX)]);
    assert_eq!(most, delete(0, u32::MAX));
    assert_eq!((most.apply("a"), most.invert("a")), (None, None));
    let far = edit(&[Step::Retain(u32::MAX), Step::Insert("x".into())]);
    let shifted = far.transform(&insert(0, "y"), Side::Mine);
    assert_eq!(shifted.steps()[0], Step::Retain(u32::MAX));
    assert!(far.compose(&most).steps().len() <= 3);
}

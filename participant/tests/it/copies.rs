//! Copies beside the ordered channel, in both directions.

use crate::hub::{Hub, committed};
use crate::page::{LIVE, OPS, Page};
use fmz_participant::limits::{BATCH_INTERVAL, ORDERED_AFTER};
use fmz_participant::{Channel, Path};
use fmz_proto::limits::COPIES_PER_BATCH;
use fmz_proto::v1::CommittedBatch;
use fmz_proto::v1::client_message::Message as ToServer;
use std::time::Duration;

fn copied(page: &mut Page) -> Vec<Vec<u64>> {
    let copies = page
        .take(LIVE)
        .into_iter()
        .filter_map(|message| match message {
            ToServer::Copies(copies) => Some(
                copies
                    .batches
                    .iter()
                    .map(|batch| batch.client_seq)
                    .collect(),
            ),
            _ => None,
        });
    copies.collect()
}

#[test]
fn loss3_copies_leave_three_times_and_the_ordered_path_is_used_later_without_an_answer() {
    let mut page = Page::on_channels(1, &Hub::with_authors(1));
    page.draw();
    page.pass(ORDERED_AFTER - Duration::from_millis(1));
    assert_eq!(copied(&mut page), vec![vec![1]; COPIES_PER_BATCH as usize]);
    assert_eq!(page.take_batches(OPS), []);
    page.pass_ms(1);
    assert_eq!(page.take_batches(OPS), [(1, vec![1])]);
    page.pass_ms(1000);
    assert_eq!((page.take(OPS), page.take(LIVE)), (vec![], vec![]));
}

#[test]
fn loss3_what_has_its_answer_does_not_go_on_the_ordered_path() {
    let mut hub = Hub::with_authors(1);
    let mut page = Page::on_channels(1, &hub);
    page.draw();
    page.pass(BATCH_INTERVAL);
    page.draw();
    hub.hear(1, page.take(LIVE).swap_remove(0));
    page.hear(LIVE, &committed(&hub.behind(1)));
    page.pass_ms(1000);
    assert_eq!(page.take_batches(OPS), [(2, vec![2])]);
}

#[test]
fn loss3_what_is_not_copied_goes_at_once_behind_what_was_before_it() {
    let mut page = Page::on_channels(1, &Hub::with_authors(1));
    page.draw();
    page.pass(BATCH_INTERVAL);
    page.write_much();
    page.pass(BATCH_INTERVAL);
    assert_eq!(page.take_batches(OPS), [(1, vec![1]), (2, vec![2])]);
    page.pass_ms(1000);
    assert_eq!(page.take_batches(OPS), []);
}

#[test]
fn loss3_copies_go_beside_the_channel_only() {
    let mut page = Page::joined(1, &Hub::with_authors(1));
    let open = |page: &mut Page, channel| {
        page.drive(|participant, now| participant.handle_channel(channel, true, now));
    };
    open(&mut page, Channel::Live);
    page.draw();
    page.pass_ms(100);
    assert_eq!(copied(&mut page), Vec::<Vec<u64>>::new());
    assert_eq!(page.take_batches(Path::Socket), [(1, vec![1])]);
    open(&mut page, Channel::Ops);
    page.draw();
    page.pass_ms(100);
    assert!(!copied(&mut page).is_empty());
}

#[test]
fn loss1_a_copy_that_is_ahead_waits_and_asks_for_nothing() {
    let mut hub = Hub::with_authors(2);
    let (mut pen, mut screen) = (Page::on_channels(1, &hub), Page::on_channels(2, &hub));
    for _ in 0..3 {
        pen.draw();
        pen.pass(BATCH_INTERVAL);
    }
    pen.take(LIVE)
        .into_iter()
        .for_each(|said| hub.hear(1, said));
    let made = hub.behind(2);
    screen.hear(LIVE, &committed(&made[1..]));
    assert_eq!((screen.revision(), screen.take_resyncs()), (2, vec![]));
    screen.hear(OPS, &committed(&made[..1]));
    assert_eq!(screen.revision(), 5);
    screen.hear(OPS, &committed(&made[1..]));
    assert_eq!((screen.revision(), screen.take_resyncs()), (5, vec![]));
}

/// Returns every order of `count` things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let Some(last) = count.checked_sub(1) else {
        return vec![Vec::new()];
    };
    let shorter = orders(last).into_iter();
    let with = |order: Vec<usize>| (0..=last).map(move |at| insert(&order, at, last));
    shorter.flat_map(with).collect()
}

fn insert(order: &[usize], at: usize, item: usize) -> Vec<usize> {
    let mut order = order.to_vec();
    order.insert(at, item);
    order
}

/// Makes four commits of the first author in a room of two.
fn four_commits() -> (Hub, Vec<CommittedBatch>) {
    let mut hub = Hub::with_authors(2);
    let mut pen = Page::on_channels(1, &hub);
    for _ in 0..4 {
        pen.draw();
        pen.pass(BATCH_INTERVAL);
    }
    pen.take(LIVE)
        .into_iter()
        .for_each(|said| hub.hear(1, said));
    let made = hub.behind(2);
    assert_eq!(made.len(), 4);
    (hub, made)
}

#[test]
fn loss8_whatever_order_copies_take_and_whichever_is_lost_nothing_is_asked_lost_or_doubled() {
    let before = Hub::with_authors(2);
    let (hub, made) = four_commits();
    let news = |batch: &CommittedBatch| committed(std::slice::from_ref(batch));
    let cases = orders(4).into_iter();
    for (order, kept) in cases.flat_map(|order| (0..=4).map(move |kept| (order.clone(), kept))) {
        let mut screen = Page::on_channels(2, &before);
        screen.events.clear();
        for &index in order[..kept].iter().chain(&order[..kept]) {
            screen.hear(LIVE, &news(&made[index]));
        }
        made.iter().for_each(|batch| screen.hear(OPS, &news(batch)));
        let replica = screen.participant.replica();
        assert_eq!(*replica.document(), hub.document, "{order:?} {kept}");
        let changed = screen.events.iter().map(|event| match event {
            fmz_participant::Event::Changed(ids) => ids.len(),
            other => panic!("{order:?} {kept}: {other:?}"),
        });
        assert_eq!(changed.sum::<usize>(), 4, "{order:?} {kept}: each once");
        assert_eq!(screen.take_resyncs(), [], "{order:?} {kept}");
    }
}

//! Two people at once: what each pair of ops becomes, in both orders.

mod intent;
mod kinds;
mod stage;

use crate::make;
use kinds::{Choice, Kind, choice};
use proptest::test_runner::TestRunner;
use stage::{Stage, stage};

/// Documents and ops for each pair: 121 pairs in a few seconds.
const CASES: u32 = 24;

/// Does two concurrent ops in both orders.
fn both_orders(stage: &Stage, [mine, theirs]: [(Kind, &Choice); 2]) {
    let (mine, theirs) = (stage.make(1, mine), stage.make(2, theirs));
    let first = stage.commit(&theirs, &mine);
    let second = stage.commit(&mine, &theirs);
    if kinds::commute(mine.kind, theirs.kind) {
        assert_eq!(stage::content(&first), stage::content(&second), "tp2");
    }
}

/// Everybody ends with one document (inside of `both_orders`); both orders give the
/// same where the table says so.
#[test]
fn tp1_tp2_every_pair_of_ops_converges() {
    let mut pairs = 0;
    for mine in Kind::ALL {
        for theirs in Kind::ALL {
            let mut runner = TestRunner::new(make::cases(CASES));
            let given = (stage(), choice(), choice());
            let result = runner.run(&given, |(stage, one, other)| {
                both_orders(&stage, [(mine, &one), (theirs, &other)]);
                Ok(())
            });
            result.unwrap_or_else(|error| panic!("{mine:?} and {theirs:?}: {error}"));
            pairs += 1;
        }
    }
    assert_eq!(pairs, 121);
}

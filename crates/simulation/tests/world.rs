//! The world itself: it does what the system does, and the same again.

use simulation::{
    Plan, Run,
    observe::{Answer, Liveness},
    plan::{Action, Mail, Shape, Sight, Step, Verdict, What},
    run,
};

fn shape() -> Shape {
    Shape {
        partitions: 1,
        accounts: 2,
        contacts: 2,
        delay_ms_max: 20,
        checkpoint_ms: 5_000,
        hold_seconds: 10,
        rest_ms: 5_000,
    }
}

fn plan(actions: &[(u64, Action)]) -> Plan {
    let actions = actions.iter().map(|(at_ms, action)| Step { at_ms: *at_ms, action: action.clone() }).collect();
    Plan { seed: 1, shape: shape(), actions }
}

/// An event, a card, an approval, a mail.
fn story() -> Plan {
    plan(&[
        (0, Action::Publish { account: 0, what: What::Competitor }),
        (3_000, Action::Decide { person: 0, card: 0, verdict: Verdict::Approve, sight: Sight::Fresh }),
        (4_000, Action::Publish { account: 1, what: What::Competitor }),
        (40_000, Action::Mail { mail: Mail::Accept, attempts: 1 }),
    ])
}

fn sound(run: &Run) {
    let trace = run.trace.join("\n");
    assert!(matches!(run.liveness, Liveness::Alive { .. }), "{trace}\n{:?}", run.liveness);
    assert!(
        !run.folds.is_empty() && run.folds.iter().all(|fold| fold.live == fold.refolded),
        "{trace}\n{:?}",
        run.folds
    );
}

#[test]
fn an_approved_card_is_sent_once() {
    let run = run(&story(), None);
    sound(&run);
    let trace = run.trace.join("\n");
    assert!(matches!(run.decided[0].answer, Answer::Recorded { .. }), "{trace}");
    assert_eq!(run.mail.len(), 1, "{trace}");
    assert_eq!(run.mail[0].proposal, run.decided[0].proposal);
}

#[test]
fn the_same_plan_gives_the_same_bytes() {
    let (first, second) = (run(&story(), None), run(&story(), None));
    assert_eq!(first.trace, second.trace);
    assert_eq!(first.hash, second.hash);
    let other = run(&Plan { seed: 2, ..story() }, None);
    assert_ne!(first.hash, other.hash, "the seed draws nothing");
}

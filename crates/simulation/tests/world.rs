//! The world itself: it does what the system does, and the same again.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, ops::Range};

use bus_schema::{
    batch::{decode_index, envelope},
    subject::{Stream, log_writer},
};
use simulation::{
    Plan, Run,
    observe::{Answer, Liveness},
    plan::{Action, Agent, Damage, PRELUDE_MS, Process, Shape, Sight, Step, Verdict, What},
    run,
};

fn plan(actions: &[(u64, Action)]) -> Plan {
    let shape = Shape {
        partitions: 1,
        accounts: 1,
        contacts: 1,
        delay_ms_max: 4,
        checkpoint_ms: 1_000,
        hold_seconds: 5,
        rest_ms: 1_000,
    };
    let actions = actions.iter().map(|(at_ms, action)| Step { at_ms: *at_ms, action: action.clone() }).collect();
    Plan { seed: 1, shape, actions }
}

/// An event, a card, an approval, a mail; and perhaps a kill.
fn story(kill: Option<(u64, Process)>) -> Plan {
    let mut actions = vec![
        (0, Action::Publish { account: 0, what: What::Competitor }),
        (6_000, Action::Decide { person: 0, card: 0, verdict: Verdict::Approve, sight: Sight::Fresh }),
        (30_000, Action::PublishAgain { nth: 0 }),
    ];
    actions.extend(kill.map(|(at_ms, process)| (at_ms, Action::Kill { process, replica: 0 })));
    actions.sort_by_key(|(at_ms, _)| *at_ms);
    plan(&actions)
}

fn sound(run: &Run) {
    let trace = run.trace.join("\n");
    assert!(matches!(run.liveness, Liveness::Alive { .. }), "{trace}\n{:?}", run.liveness);
    let differing: Vec<_> = run.folds.iter().filter(|fold| fold.live != fold.refolded).collect();
    assert!(run.folds.len() == Agent::ALL.len() && differing.is_empty(), "{trace}\n{differing:?}");
    assert!(run.sent.iter().all(|sent| sent.acknowledged.is_some()), "{trace}");
}

/// Virtual time, as a plan counts it, of the first message of a stream after the prelude whose subject has this in it.
fn stored_at(run: &Run, stream: Stream, part: &str) -> u64 {
    let begin = run.streams[&Stream::People][0].time;
    let times = run.streams[&stream].iter().filter(|stored| stored.subject.contains(part));
    let mut times = times.map(|stored| u64::try_from(stored.time.since_ms(begin)).unwrap());
    times.find(|at| *at >= PRELUDE_MS).unwrap() - PRELUDE_MS
}

#[test]
fn an_approved_card_is_sent_once() {
    let run = run(&story(None), None);
    sound(&run);
    let trace = run.trace.join("\n");
    assert!(matches!(run.decided[0].answer, Answer::Recorded { .. }), "{trace}");
    assert_eq!(run.mail.len(), 1, "{trace}");
    assert_eq!(run.mail[0].proposal, run.decided[0].proposal);
}

#[test]
fn the_same_plan_gives_the_same_bytes() {
    let (first, second) = (run(&story(None), None), run(&story(None), None));
    assert_eq!(first.trace, second.trace);
    assert_eq!(first.hash, second.hash);
    let other = run(&Plan { seed: 2, ..story(None) }, None);
    assert_ne!(first.hash, other.hash, "the seed draws nothing");
}

/// How often each event of a producer is in the log.
fn routed(run: &Run) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for stored in run.streams[&Stream::Log].iter().filter(|stored| log_writer(&stored.subject) == Some("in")) {
        let index = decode_index(stored.headers.index().unwrap()).unwrap();
        for at in 0..index.len() {
            *found.entry(envelope(&stored.body, &index, at).unwrap().id).or_default() += 1;
        }
    }
    found.retain(|id, _| id.starts_with('e'));
    found
}

#[test]
fn a_router_with_a_damaged_store_lets_no_event_pass_twice() {
    for row in 0..24 {
        let mut actions = vec![
            (0, Action::Publish { account: 0, what: What::SupportGood }),
            (20_000, Action::DamageStore { process: Process::Router, damage: Damage::Flip { row, bit: 9 } }),
            (20_001, Action::Kill { process: Process::Router, replica: 0 }),
        ];
        actions.extend((0..5).map(|nth| (30_000, Action::PublishAgain { nth })));
        let run = run(&plan(&actions), None);
        sound(&run);
        let routed = routed(&run);
        assert!(routed.len() > 5 && routed.values().all(|times| *times == 1), "row {row}: {routed:?}");
    }
}

/// Kills a process at every virtual millisecond; all is sound all the same, and answers how many mails came of it.
fn kill_at_each(process: Process, moments: Range<u64>) -> Vec<usize> {
    assert!(!moments.is_empty());
    let mails = moments.map(|at_ms| {
        let run = run(&story(Some((at_ms, process))), None);
        sound(&run);
        assert!(run.coverage.contains_key("kills"), "nothing was killed at {at_ms}");
        assert!(run.mail.len() <= 1, "killed at {at_ms}:\n{}", run.trace.join("\n"));
        run.mail.len()
    });
    mails.collect()
}

#[test]
fn agents_die_at_any_moment_between_an_event_and_its_card() {
    let base = run(&story(None), None);
    let mails = kill_at_each(Process::Agents, 0..stored_at(&base, Stream::Log, ".engagement.") + 10);
    assert!(mails.iter().all(|mails| *mails == 1), "{mails:?}");
}

#[test]
fn the_supervisor_dies_at_any_moment_between_an_event_and_its_card() {
    let base = run(&story(None), None);
    let mails = kill_at_each(Process::Router, 0..stored_at(&base, Stream::Log, ".engagement.") + 20);
    assert!(mails.iter().all(|mails| *mails == 1), "{mails:?}");
}

#[test]
fn the_courier_dies_at_any_moment_between_an_approval_and_its_outcome() {
    let base = run(&story(None), None);
    let approved = stored_at(&base, Stream::Action, "cs.action.");
    let outcome = base.streams[&Stream::Action].last().unwrap().time.since_ms(base.streams[&Stream::People][0].time);
    let until = u64::try_from(outcome).unwrap() - PRELUDE_MS;
    let mails = kill_at_each(Process::Courier, approved - 2..until + 3);
    // Killed between intent and mail there is none: nobody may try again.
    assert!(mails.contains(&0) && mails.contains(&1), "{mails:?}");
}

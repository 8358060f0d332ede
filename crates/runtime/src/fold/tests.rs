use bus_schema::{Data, data::facts::TurnFailed};
use serde_json::json;

use super::*;
use crate::store::Entries;
use crate::testing::{
    Puppet, accounts, event_of, facts, place, playbook, policies, policy, position, released, resumed, stored, tick,
    told,
};

fn fold() -> Fold {
    let mut fold = Fold::new(AgentFold::of::<Puppet>(), place());
    fold.apply(&stored(1, &policies())).unwrap();
    fold
}

fn here() -> String {
    accounts(Partition(0)).next().unwrap()
}

fn state(fold: &Fold, entity: &str) -> serde_json::Value {
    fold.state(&Entity::parse(entity).unwrap()).unwrap_or_default()
}

fn fired(fold: &Fold, entity: &str) -> Vec<(String, i64)> {
    let fired: Vec<(String, Time, u32)> = serde_json::from_value(state(fold, entity)["fired"].clone()).unwrap();
    fired.into_iter().map(|(name, at, _)| (name, at.0)).collect()
}

fn kinds(said: &[Said]) -> Vec<Kind> {
    facts(said).iter().map(|(_, event)| event.kind()).collect()
}

#[test]
fn a_fact_names_its_turn_its_time_and_its_cause() {
    let mut fold = fold();
    let entity = here();
    let said = fold.apply(&stored(2, &[told(&entity, 50, "count"), told(&entity, 70, "count")])).unwrap();
    assert_eq!(said.iter().map(|said| said.turn.to_string()).collect::<Vec<_>>(), ["2.0.0", "2.1.0"]);
    let (envelope, event) = facts(&said).remove(1);
    assert_eq!(envelope.id, "puppet/00/2.1.0/0");
    assert_eq!(
        (envelope.source.as_str(), event.header.time, event.header.logtime),
        ("agent/puppet", Time(70), Time(70))
    );
    assert_eq!(event.header.causation.as_deref(), Some("2.1"));
    assert_eq!(event.header.correlation, Some(format!("{entity}@70")));
    assert_eq!((fold.applied(), state(&fold, &entity)["count"].clone()), (2, json!(2)));
}

#[test]
fn time_is_the_highest_seen_and_never_goes_back() {
    let mut fold = fold();
    let entity = here();
    fold.apply(&stored(2, &[told(&entity, 90, "count")])).unwrap();
    let said = fold.apply(&stored(3, &[told(&entity, 20, "count")])).unwrap();
    assert_eq!(facts(&said)[0].1.header.time, Time(90));
}

#[test]
fn an_event_before_any_policy_halts_and_says_what_to_do() {
    let mut fold = Fold::new(AgentFold::of::<Puppet>(), place());
    let others = [policy("listener", 1, "step = 1"), policy("puppet", 1, "nonsense")];
    fold.apply(&stored(1, &others)).unwrap();
    let halt = fold.apply(&stored(2, &[told(&here(), 1, "count")])).unwrap_err();
    assert!(matches!(halt, Halt::NoPolicy { position: p, .. } if p == position(2, 0)), "{halt}");
    assert!(halt.to_string().contains("publish the policies"), "{halt}");
}

#[test]
fn a_policy_holds_from_its_place_on_and_a_broken_one_changes_nothing() {
    let mut fold = fold();
    let entity = here();
    let log = [
        told(&entity, 1, "count"),
        policy("puppet", 2, "step = 10"),
        told(&entity, 2, "count"),
        policy("puppet", 3, "step = 'many'"),
        policy("other", 9, "step = 1000"),
        told(&entity, 3, "count"),
    ];
    fold.apply(&stored(2, &log)).unwrap();
    assert_eq!(state(&fold, &entity)["count"], json!(21));
    assert_eq!((fold.counts().refused, fold.rules.policy_version()), (1, 2));
    assert!(fold.counts().last_error.as_ref().unwrap().contains("version 3"));
}

#[test]
fn playbooks_outlive_a_change_of_policy() {
    let mut fold = fold();
    let entity = here();
    let log = [
        playbook("save", 3, "good"),
        playbook("bad", 50, "broken"),
        policy("puppet", 2, "step = 5"),
        playbook("grow", 4, "good"),
        told(&entity, 1, "count"),
    ];
    fold.apply(&stored(2, &log)).unwrap();
    assert_eq!((state(&fold, &entity)["plays"].clone(), fold.counts().refused), (json!(7), 1));
}

#[test]
fn timers_fire_with_the_tick_in_order_of_due_entity_and_name() {
    let mut fold = fold();
    let names: Vec<_> = accounts(Partition(0)).take(2).collect();
    let log = [
        told(&names[1], 0, "after 20 b"),
        told(&names[0], 0, "after 20 b"),
        told(&names[0], 0, "after 20 a"),
        told(&names[1], 0, "after 10 z"),
        told(&names[1], 0, "after 40 later"),
    ];
    fold.apply(&stored(2, &log)).unwrap();
    assert_eq!((fold.timers(), fold.next_due()), (5, Some(Time(10))));
    let said = fold.apply(&stored(3, &[tick(30)])).unwrap();
    let order: Vec<_> =
        facts(&said).iter().map(|(envelope, _)| (envelope.subject.clone(), envelope.id.clone())).collect();
    let first = names.iter().min().unwrap();
    let second = names.iter().max().unwrap();
    let expected = |entity: &String, ordinal: u32| (entity.clone(), format!("puppet/00/3.0.{ordinal}/0"));
    let z_first = [expected(&names[1], 1)];
    let rest = if first == &names[0] {
        vec![expected(first, 2), expected(first, 3), expected(second, 4)]
    } else {
        vec![expected(first, 2), expected(second, 3), expected(second, 4)]
    };
    assert_eq!(order, [z_first.to_vec(), rest].concat());
    assert_eq!((fold.timers(), fold.next_due()), (1, Some(Time(40))));
}

#[test]
fn a_timer_set_by_a_timer_fires_in_the_same_tick_when_it_is_due() {
    let mut fold = fold();
    let entity = here();
    fold.apply(&stored(2, &[told(&entity, 0, "after 10 chain")])).unwrap();
    fold.apply(&stored(3, &[tick(30)])).unwrap();
    assert_eq!(fired(&fold, &entity), [("chain".into(), 30), ("chained".into(), 30)]);
}

#[test]
fn a_timer_cancelled_by_one_before_it_does_not_fire() {
    let mut fold = fold();
    let entity = here();
    fold.apply(&stored(2, &[told(&entity, 0, "after 10 stop"), told(&entity, 0, "after 20 victim")])).unwrap();
    fold.apply(&stored(3, &[tick(30)])).unwrap();
    assert_eq!(fired(&fold, &entity), [("stop".into(), 30)]);
    assert_eq!(fold.timers(), 0);
}

#[test]
fn a_timer_that_always_is_due_again_neither_loops_nor_starves_others() {
    let mut fold = fold();
    let entity = here();
    fold.apply(&stored(2, &[told(&entity, 0, "after 0 again"), told(&entity, 0, "after 5 plain")])).unwrap();
    fold.apply(&stored(3, &[tick(10)])).unwrap();
    let fired = fired(&fold, &entity);
    assert_eq!(fired.iter().filter(|(name, _)| name == "again").count(), 8);
    assert_eq!(fired.iter().filter(|(name, _)| name == "plain").count(), 1);
    assert_eq!(fold.timers(), 1);
}

/// What a broken bound leaves: the fact, the state of before, a skipped entity.
fn fails(command: &str, reason: &str) {
    let mut fold = fold();
    let (entity, other) = (here(), accounts(Partition(0)).nth(1).unwrap());
    fold.apply(&stored(2, &[told(&entity, 1, "count")])).unwrap();
    let before = state(&fold, &entity);
    let said =
        fold.apply(&stored(3, &[told(&entity, 2, command), told(&entity, 3, "count"), told(&other, 4, "x")])).unwrap();
    assert_eq!(kinds(&said), [Kind::TurnFailed, Kind::FoldStarted], "{command}");
    let (envelope, event) = facts(&said).remove(0);
    let Data::TurnFailed(TurnFailed { agent, position: at, kind, reason: why }) = event.data else { panic!() };
    assert_eq!(
        (agent.as_str(), at, kind, envelope.subject.as_str()),
        ("puppet", position(3, 0), Kind::UserLoggedIn, &*entity)
    );
    assert!(why.contains(reason), "{why}");
    assert_eq!(state(&fold, &entity), before);
    assert_eq!(fold.skipped().len(), 1);
    let said = fold.apply(&stored(4, &[released(&entity, 5), told(&entity, 6, "count")])).unwrap();
    assert_eq!((kinds(&said), fold.skipped().len()), (vec![Kind::FoldStarted], 0));
    assert_eq!(state(&fold, &entity)["count"], json!(2));
}

#[test]
fn a_turn_that_breaks_a_bound_leaves_its_state_and_is_skipped_until_released() {
    fails("flood", "257 effects");
    fails("big", "at most 524288");
    fails("panic", "told to");
}

#[test]
fn without_care_a_failed_turn_is_said_at_once_and_with_care_it_is_as_ever() {
    let log = long_log();
    let (mut whole, mut fold) =
        (Fold::new(AgentFold::of::<Puppet>(), place()), Fold::new(AgentFold::of::<Puppet>(), place()));
    let mut spoiled = 0;
    for (n, message) in log.iter().enumerate() {
        let said = whole.apply(message).unwrap();
        let again = match fold.apply_with(Care::None, message) {
            Err(Halt::Spoiled { agent: "puppet", turn }) => {
                assert_eq!(turn.seq, message.message.seq);
                spoiled += 1;
                fold = fold.afresh();
                log.iter().take(n).for_each(|earlier| drop(fold.apply(earlier).unwrap()));
                fold.apply(message)
            }
            other => other,
        };
        assert_eq!((again.unwrap(), fold.digest()), (said, whole.digest()), "message {n}");
    }
    assert!(spoiled > 1);
}

#[test]
fn an_entity_whose_first_turn_fails_has_no_state() {
    let mut fold = fold();
    fold.apply(&stored(2, &[told(&here(), 1, "panic")])).unwrap();
    assert_eq!((fold.entities(), fold.skipped().len()), (0, 1));
}

#[test]
fn a_failed_timer_waits_for_the_release() {
    let mut fold = fold();
    let entity = here();
    fold.apply(&stored(2, &[told(&entity, 0, "after 5 panic"), told(&entity, 0, "after 6 plain")])).unwrap();
    let said = fold.apply(&stored(3, &[tick(10)])).unwrap();
    assert_eq!(kinds(&said), [Kind::TurnFailed]);
    let said = fold.apply(&stored(4, &[tick(20)])).unwrap();
    assert_eq!((kinds(&said), fold.timers(), fold.next_due()), (vec![], 2, None));
}

#[test]
fn a_failure_another_build_met_is_honoured() {
    let mut fold = fold();
    let entity = here();
    let failed =
        TurnFailed { agent: "puppet".into(), position: position(1, 0), kind: Kind::UserLoggedIn, reason: "x".into() };
    let said =
        fold.apply(&stored(2, &[event_of(&entity, 1, Data::TurnFailed(failed)), told(&entity, 2, "count")])).unwrap();
    assert_eq!((kinds(&said), fold.counts().skipped), (vec![], 1));
}

#[test]
fn a_kind_not_among_its_emits_halts() {
    let halt = fold().apply(&stored(2, &[told(&here(), 1, "forbid")])).unwrap_err();
    assert!(matches!(halt, Halt::Emits { kind: Kind::TurnReleased, .. }), "{halt}");
}

#[test]
fn nothing_that_comes_of_a_late_event_reaches_out() {
    let mut fold = fold();
    let entity = here();
    let mut late = told(&entity, 1, "touch");
    late.header.late = true;
    let said = fold.apply(&stored(2, &[late, told(&entity, 2, "touch")])).unwrap();
    assert_eq!(kinds(&said), [Kind::FoldStarted, Kind::TouchpointRequested, Kind::FoldStarted]);
    let late: Vec<_> = facts(&said).iter().map(|(_, event)| event.header.late).collect();
    assert_eq!(late, [true, false, false], "another agent must not reach out because of a late fact");
    assert_eq!(state(&fold, &entity)["count"], json!(2));
}

#[test]
fn timers_missed_when_the_clock_resumes_move_the_state_and_do_not_reach_out() {
    let mut fold = fold();
    let entity = here();
    fold.apply(&stored(2, &[told(&entity, 0, "after 10 touch"), told(&entity, 0, "after 900 touch2")])).unwrap();
    let said = fold.apply(&stored(3, &[resumed(500)])).unwrap();
    assert_eq!(kinds(&said), [Kind::FoldStarted]);
    assert_eq!(fired(&fold, &entity), [("touch".into(), 500)]);
    assert_eq!((fold.timers(), fold.clock), (1, ClockMode::Live));
    fold.apply(&stored(4, &[told(&entity, 500, "after 10 touch")])).unwrap();
    let said = fold.apply(&stored(5, &[tick(600)])).unwrap();
    assert_eq!(kinds(&said), [Kind::TouchpointRequested, Kind::FoldStarted]);
}

#[test]
fn facts_go_to_the_partition_of_their_entity() {
    let mut fold = fold();
    let there = accounts(Partition(5)).next().unwrap();
    let said = fold.apply(&stored(2, &[told(&here(), 1, &format!("to {there}"))])).unwrap();
    let to: Vec<_> =
        said.iter().map(|said| (said.to.0, said.turn.to_string(), kinds(std::slice::from_ref(said)))).collect();
    assert_eq!(
        to,
        [(0, "2.0.0".to_owned(), vec![Kind::FoldStarted]), (5, "2.0.0".to_owned(), vec![Kind::TaskCreated]),]
    );
}

#[test]
fn what_cannot_be_read_is_counted_and_passed_by() {
    let mut fold = fold();
    let entity = here();
    let mut message = crate::testing::message(Partition(0), &[told(&entity, 1, "count")]);
    let text = String::from_utf8(message.body.to_vec()).unwrap().replace("\"user\"", "\"usra\"");
    message.body = text.into();
    let stored =
        Stored { seq: 2, subject: message.subject, time: Time(0), headers: message.headers, body: message.body };
    let indexed = Indexed::new(stored).map_err(|(_, error)| error).unwrap();
    assert_eq!(fold.apply(&indexed).unwrap(), []);
    assert_eq!((fold.counts().refused, fold.applied()), (1, 2));
    assert!(fold.counts().last_error.as_ref().unwrap().contains("2.0"));
}

/// A log of everything a fold can meet.
fn long_log() -> Vec<Indexed> {
    let names: Vec<_> = accounts(Partition(0)).take(7).collect();
    let commands = ["count", "after 30 chain", "after 25 touch", "touch", "panic", "after 5 again", "flood"];
    let mut log = vec![stored(1, &policies())];
    for seq in 2..60_u64 {
        let n = usize::try_from(seq).unwrap();
        let time = i64::try_from(seq).unwrap() * 10;
        let entity = &names[n * n % names.len()];
        let event = match seq {
            20 => playbook("save", 2, "good"),
            31 => policy("puppet", 2, "step = 3"),
            40 => released(&names[0], time),
            _ if seq % 5 == 0 => tick(time),
            _ => told(entity, time, commands[n % commands.len()]),
        };
        log.push(stored(seq, &[event, told(&names[1], time, "count")]));
    }
    log
}

#[test]
fn the_same_messages_give_the_same_bytes() {
    let run = || {
        let mut fold = Fold::new(AgentFold::of::<Puppet>(), place());
        let said: Vec<_> = long_log().iter().flat_map(|message| fold.apply(message).unwrap()).collect();
        (said, fold.digest())
    };
    let (said, digest) = run();
    assert!(said.len() > 60 && said.iter().any(|said| kinds(std::slice::from_ref(said)) == [Kind::TurnFailed]));
    assert_eq!(run(), (said, digest));
}

#[test]
fn a_fold_saved_and_loaded_anywhere_goes_on_as_if_nothing_had_been() {
    let log = long_log();
    let mut whole = Fold::new(AgentFold::of::<Puppet>(), place());
    let said: Vec<_> = log.iter().map(|message| whole.apply(message).unwrap()).collect();
    for cut in [1, 2, 15, 30, 45, log.len()] {
        let mut rows = BTreeMap::new();
        let mut first = Fold::new(AgentFold::of::<Puppet>(), place());
        let mut meta = None;
        for (n, message) in log.iter().take(cut).enumerate() {
            first.apply(message).unwrap();
            if n % 4 == 0 || n + 1 == cut {
                let changes = first.changes().unwrap().unwrap();
                first.saved();
                for row in changes.rows.iter() {
                    match row.value {
                        Some(_) => rows.insert(row.key.to_vec(), row.packed.to_vec()),
                        None => rows.remove(row.key),
                    };
                }
                meta = Some(changes.meta);
            }
        }
        let mut second = Fold::new(AgentFold::of::<Puppet>(), place());
        second.load(&meta.unwrap(), &Entries::of(rows.into_values().rev())).unwrap();
        assert_eq!(second.digest(), first.digest(), "after {cut}");
        for (n, message) in log.iter().enumerate().skip(cut) {
            assert_eq!(second.apply(message).unwrap(), said[n], "message {n} after a cut at {cut}");
        }
        assert_eq!(second.digest(), whole.digest(), "after {cut}");
    }
}

#[test]
fn another_version_of_the_fold_is_not_loaded() {
    let fold = fold();
    let mut changes = fold.changes().unwrap().unwrap();
    changes.meta.fold_version = 2;
    let error = fold.afresh().load(&changes.meta, &Entries::default()).unwrap_err();
    assert!(error.to_string().contains("fold version 2"), "{error}");
}

#[test]
fn states_that_went_cold_in_between_make_no_difference() {
    // More accounts than stay decoded, some of them used again and again, some long after.
    let names: Vec<_> = accounts(Partition(0)).take(2_500).collect();
    let round = |n: usize| [n, n / 3, n % 40].map(|at| names[at].as_str());
    let log: Vec<_> = (0..names.len())
        .map(|n| {
            let of =
                |(at, name): (usize, &str)| told(name, i64::try_from(n).unwrap(), ["count", "after 5 x", "count"][at]);
            stored(2 + n as u64, &round(n).into_iter().enumerate().map(of).collect::<Vec<_>>())
        })
        .collect();
    let (mut kept, mut cooled, mut careful) = (fold(), fold(), fold());
    for (n, message) in log.iter().enumerate() {
        let said = kept.apply_with(Care::None, message).unwrap();
        assert_eq!(cooled.apply_with(Care::None, message).unwrap(), said);
        assert_eq!(careful.apply(message).unwrap(), said);
        if n % 7 == 0 {
            cooled.saved();
        }
    }
    assert_eq!((kept.entities(), kept.digest()), (names.len(), cooled.digest()));
    assert_eq!(kept.digest(), careful.digest());
    assert_eq!(state(&kept, &names[0]), state(&cooled, &names[0]));
    assert!(state(&kept, &names[0])["count"].as_u64() > Some(30));
}

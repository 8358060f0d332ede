//! What holds for every history: rests are kept, points never fall below zero, loops fit together, nothing depends on
//! chance or on a restart.

mod world;

use std::collections::{BTreeMap, BTreeSet};

use bus_schema::{
    Data, Day, Entity, Time,
    data::facts::{LoopStep, Priority},
    time::{DAY_MS, HOUR_MS},
};
use proptest::{collection::vec, prelude::*};
use serde_json::json;

use self::world::{World, ready};
use super::*;

fn moves() -> impl Strategy<Value = Vec<(u8, u8, u8)>> {
    vec((0..2_u8, 0..28_u8, 0..200_u8), 1..100)
}

/// What happens to an account, and that time passes.
fn play(world: &mut World, (account, what, n): (u8, u8, u8)) {
    let day = world.now.day();
    let contact = format!("c_{}", n % 3);
    let acts = ["reference", "review", "case_study", "community"];
    let act = json!({ "act": acts[usize::from(n) % 4], "contact": contact });
    let money = json!({ "minor": 100, "currency": "USD" });
    let referral = json!({ "referral": format!("r{}", n % 3), "referred": "lead" });
    let ticket = format!("t{}", n % 5);
    let (kind, data) = match what {
        0..=2 => (
            "nps.responded",
            json!({ "survey": "s", "type": if n % 5 == 0 { "transactional" } else { "relationship" }, "score": n % 11, "product_area": "exports" }),
        ),
        3 => ("advocacy.asked", act),
        4 => ("advocacy.declined", act),
        5 => ("advocacy.completed", act),
        6 => ("referral.made", referral),
        7 => ("referral.qualified", referral),
        8 => ("referral.rewarded", referral),
        9 => ("points.earned", json!({ "points": u64::from(n) * 10, "reason": "training" })),
        10 | 11 => ("points.redeemed", json!({ "points": u64::from(n) * 8, "reason": "voucher" })),
        12 => ("reward.redeemed", json!({ "points": u64::from(n), "reward": "voucher" })),
        13 => (
            "escalation.raised",
            json!({ "escalation": format!("e{}", n % 2), "cause": "x/y", "severity": 40, "level": "escalated" }),
        ),
        14 => (
            "escalation.resolved",
            json!({ "escalation": format!("e{}", n % 2), "opened_at": world.now, "reason": "done" }),
        ),
        15 => (
            "churn.forecasted",
            json!({ "model": "m", "model_version": 1, "policy_version": 1, "segment": "smb", "p90_bp": 500, "p30_bp": 1, "logodds_bp": 0, "base_p90_bp": 1, "tier": if n % 2 == 0 { "high" } else { "low" }, "daily": true }),
        ),
        16 => ("meeting.scheduled", json!({ "meeting": "m", "type": "check_in", "invited": [contact] })),
        17 => {
            let task = open_task(world, account, usize::from(n)).unwrap_or_else(|| format!("reward/r{}", n % 3));
            ("task.completed", json!({ "task": task, "outcome": if n % 4 == 0 { "refused" } else { "done" } }))
        }
        18 => (
            "ticket.opened",
            json!({ "ticket": ticket, "priority": "p3", "category": "bug", "channel": "email", "contact": contact }),
        ),
        19 => ("ticket.resolved", json!({ "ticket": ticket })),
        20 => ("outcome.documented", json!({ "value": money, "period": "x", "attested_by": "csm" })),
        21 => ("contact.left", json!({ "contact": contact, "on": day, "confirmed": true })),
        22 => ("contact.added", json!({ "contact": contact, "roles": ["champion"] })),
        23 => ("survey.sent", json!({ "survey": "s", "type": "relationship", "contact": contact })),
        24 => ("community.participated", json!({ "type": "answer" })),
        25 => return ready(world, account),
        _ => return world.pass(i64::from(n) * 6 * HOUR_MS),
    };
    world.hear(account, &contact, kind, &data);
    world.pass(i64::from(n % 40) * HOUR_MS);
}

/// A task of a loop of the account, as it was told.
fn open_task(world: &World, account: u8, n: usize) -> Option<String> {
    let entity = Entity::account(format!("a{account}"));
    let tasks: Vec<&String> = world
        .said
        .iter()
        .filter(|(_, _, of, _)| *of == entity)
        .filter_map(|(.., data)| match data {
            Data::TaskCreated(task) => Some(&task.task),
            _ => None,
        })
        .collect();
    tasks.get(n % tasks.len().max(1)).map(|task| (*task).clone())
}

fn lived(moves: &[(u8, u8, u8)]) -> World {
    let mut world = World::new();
    ready(&mut world, 0);
    for one in moves {
        play(&mut world, *one);
    }
    world.pass(40 * DAY_MS);
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_ledger_is_added_to_and_never_below_zero(moves in moves()) {
        let world = lived(&moves);
        let mut ledgers: BTreeMap<Entity, (u32, i64)> = BTreeMap::new();
        let mut rewarded: BTreeSet<(Entity, String)> = BTreeSet::new();
        for (_, _, entity, data) in &world.said {
            match data {
                Data::LoyaltyBalanceChanged(data) => {
                    let known = ledgers.entry(entity.clone()).or_default();
                    *known = (known.0 + 1, known.1 + data.points);
                    prop_assert_eq!((known.0, known.1), (data.line, i64::try_from(data.balance).unwrap()));
                    prop_assert!(known.1 >= 0 && data.points != 0);
                }
                Data::RedemptionRefused(data) => {
                    let held = ledgers.get(entity).map_or(0, |(_, balance)| *balance);
                    prop_assert_eq!(held, i64::try_from(data.balance).unwrap(), "nothing was taken");
                }
                Data::ReferralSettled(data) if data.rewarded => {
                    let once = rewarded.insert((entity.clone(), data.referral.clone()));
                    prop_assert!(once, "{:?}", data);
                }
                _ => {}
            }
        }
        for (entity, (_, balance)) in ledgers {
            let State::Account(account) = &world.states[&entity] else { panic!() };
            prop_assert_eq!(balance, i64::try_from(account.loyalty.balance()).unwrap());
        }
    }

    #[test]
    fn nobody_is_asked_too_often_or_in_trouble(moves in moves()) {
        let world = lived(&moves);
        let mut asks: BTreeMap<Entity, Vec<(Day, String)>> = BTreeMap::new();
        let mut surveys: BTreeMap<(Entity, String), Day> = BTreeMap::new();
        let mut escalations: BTreeMap<Entity, BTreeSet<String>> = BTreeMap::new();
        let mut loops: BTreeSet<(Entity, String)> = BTreeSet::new();
        let mut inputs = world.heard.iter().peekable();
        for (seq, at, entity, data) in &world.said {
            while let Some((_, _, of, input)) = inputs.next_if(|(n, ..)| n <= seq) {
                let open = escalations.entry(of.clone()).or_default();
                match input {
                    Data::EscalationRaised(data) => drop(open.insert(data.escalation.clone())),
                    Data::EscalationResolved(data) => drop(open.remove(&data.escalation)),
                    _ => {}
                }
            }
            let today = Time::day(*at);
            match data {
                Data::LoopOpened(data) => drop(loops.insert((entity.clone(), data.contact.clone()))),
                Data::LoopClosed(data) => drop(loops.remove(&(entity.clone(), data.contact.clone()))),
                Data::TouchpointRequested(data) => {
                    let Some(contact) = data.roles.first().and_then(|role| role.strip_prefix("contact:")) else { continue };
                    let quiet = escalations.get(entity).is_none_or(BTreeSet::is_empty);
                    if data.play == "advocacy_ask" {
                        prop_assert!(quiet && !loops.iter().any(|(of, _)| of == entity), "{:?}", data);
                        let known = asks.entry(entity.clone()).or_default();
                        let recent: Vec<_> = known.iter().filter(|(day, _)| today.0 - day.0 < 90).collect();
                        prop_assert!(recent.len() < 2 && recent.iter().all(|(_, who)| who != contact), "{:?}", recent);
                        known.push((today, contact.to_owned()));
                    }
                    if data.priority == Priority::Survey {
                        let unhappy = loops.contains(&(entity.clone(), contact.to_owned()));
                        prop_assert!(quiet && !unhappy, "{:?}", data);
                        let before = surveys.insert((entity.clone(), contact.to_owned()), today);
                        prop_assert!(before.is_none_or(|day| today.0 - day.0 >= 30), "{:?} {}", before, today);
                    }
                }
                Data::AdvocateIdentified(data) => {
                    prop_assert!(data.score <= 100 && !data.acts.is_empty() && !data.events.is_empty());
                }
                _ => {}
            }
        }
    }

    #[test]
    fn a_loop_has_four_clocks_in_order_and_each_is_late_once(moves in moves()) {
        let world = lived(&moves);
        let mut open: BTreeSet<String> = BTreeSet::new();
        let mut late: BTreeSet<(String, LoopStep)> = BTreeSet::new();
        for (.., data) in &world.said {
            match data {
                Data::LoopOpened(data) => {
                    prop_assert!(open.insert(data.loop_id.clone()) && data.clocks.len() == 4);
                    prop_assert!(data.clocks.windows(2).all(|pair| pair[0].due <= pair[1].due), "{:?}", data.clocks);
                }
                Data::LoopUpdated(data) => {
                    prop_assert!(open.contains(&data.loop_id));
                    if data.late && data.reason.contains("not done") {
                        prop_assert!(late.insert((data.loop_id.clone(), data.step)));
                    }
                }
                Data::LoopClosed(data) => prop_assert!(open.remove(&data.loop_id) && data.late <= 4),
                Data::NpsMeasured(data) => {
                    prop_assert_eq!(data.n, data.promoters + data.passives + data.detractors);
                    prop_assert!(data.nps_bp.is_none_or(|bp| (-10_000..=10_000).contains(&bp)) && data.n <= data.asked.max(data.n));
                    prop_assert_eq!(data.few, data.n < 5);
                }
                _ => {}
            }
        }
    }

    #[test]
    fn the_same_history_gives_the_same_facts_and_state_also_with_a_restart(moves in moves(), cut in 0..100_usize) {
        let one = lived(&moves);
        let mut two = World::new();
        ready(&mut two, 0);
        for (n, step) in moves.iter().enumerate() {
            if n == cut {
                two.restart();
            }
            play(&mut two, *step);
        }
        two.pass(40 * DAY_MS);
        prop_assert_eq!(&one.said, &two.said);
        prop_assert_eq!(&one.states, &two.states);
    }

    /// A better answer and more value never lower the score.
    #[test]
    fn the_score_is_monotone(outcomes in 0..4_u8) {
        let run = |score: u8, outcomes: u8| {
            let mut world = World::new();
            ready(&mut world, 0);
            world.hear(0, "c_0", "nps.responded", &json!({ "survey": "s", "type": "relationship", "score": score }));
            for _ in 0..outcomes {
                world.hear(0, "c_0", "outcome.documented", &json!({ "value": { "minor": 1, "currency": "USD" }, "period": "x", "attested_by": "csm" }));
            }
            world.pass(DAY_MS);
            let found = world.said.iter().rev().find_map(|(.., data)| match data {
                Data::AdvocateIdentified(data) => Some(data.score),
                _ => None,
            });
            found.unwrap()
        };
        prop_assert!(run(10, outcomes) >= run(9, outcomes));
        prop_assert!(run(9, outcomes + 1) >= run(9, outcomes));
    }
}

#[test]
fn a_promoter_without_trouble_is_asked() {
    let mut world = World::new();
    ready(&mut world, 0);
    world.pass(2 * DAY_MS);
    let asked = |data: &Data| matches!(data, Data::TouchpointRequested(data) if data.priority == Priority::Advocacy);
    assert_eq!(world.said.iter().filter(|(.., data)| asked(data)).count(), 1);
}

#[test]
fn an_account_stays_small() {
    let mut world = World::new();
    ready(&mut world, 0);
    for day in 0..120_u64 {
        world.hear(0, "c_1", "points.earned", &json!({ "points": day, "reason": "training" }));
        world.hear(0, "c_1", "csat.responded", &json!({ "score": 4, "product_area": format!("area{}", day % 30) }));
        world.pass(DAY_MS);
    }
    let bytes = postcard::to_stdvec(&world.states[&Entity::account("a0")]).unwrap().len();
    assert!(bytes <= 4_096, "{bytes} bytes");
}

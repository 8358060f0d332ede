//! What holds under any order of events: the same said again, states that stay small, cases judged once, and nothing
//! proposed where nothing may be.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;

use agent::Agent;
use bus_schema::{
    Data, Time,
    data::{Kind, facts::Tier},
    time::DAY_MS,
};
use churn::Churn;
use proptest::prelude::*;

use self::support::{Move, World, moves, play};

/// Bytes of a state after any history; most have far fewer.
const STATE_BYTES_MAX: usize = 16_384;

fn lived(moves: &[Move], forgetful: bool) -> World {
    let mut world = World::with("acme", Churn::DEFAULT_POLICY, forgetful);
    for step in moves {
        play(&mut world, step);
    }
    world.pass(120 * DAY_MS);
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn the_same_history_says_the_same_also_when_the_state_is_kept_and_read_again(moves in moves()) {
        let (first, again, kept) = (lived(&moves, false), lived(&moves, false), lived(&moves, true));
        prop_assert_eq!(&first.said, &again.said);
        prop_assert_eq!(&first.said, &kept.said);
        prop_assert_eq!(&first.state, &kept.state);
        let bytes = postcard::to_stdvec(&first.state).unwrap().len();
        prop_assert!(bytes <= STATE_BYTES_MAX, "{} bytes", bytes);
    }

    #[test]
    fn every_case_is_said_once_before_it_is_judged_once_on_its_day(moves in moves()) {
        let world = lived(&moves, false);
        let mut waiting: Vec<(String, Time)> = Vec::new();
        for (at, data) in &world.said {
            match data {
                Data::SaveStarted(data) => {
                    prop_assert!(data.tier >= Tier::High && !data.held_out);
                    prop_assert!(waiting.iter().all(|(episode, _)| *episode != data.episode));
                    waiting.push((data.episode.clone(), data.judged_at));
                }
                Data::SaveSettled(data) => {
                    let place = waiting.iter().position(|(episode, _)| *episode == data.episode);
                    prop_assert!(place.is_some());
                    let (_, judged_at) = waiting.remove(place.unwrap());
                    prop_assert!(*at >= judged_at);
                    prop_assert!(data.delivered_at.is_none_or(|at| at.since_ms(data.started_at) <= 14 * DAY_MS));
                }
                _ => {}
            }
        }
        prop_assert!(waiting.iter().all(|(_, judged_at)| *judged_at > world.now), "{:?}", waiting);
    }

    #[test]
    fn a_forecast_ranks_and_nothing_is_ever_forecast_of_who_leaves(moves in moves()) {
        let world = lived(&moves, false);
        let mut tasks = BTreeSet::new();
        for (_, data) in &world.said {
            match data {
                Data::ChurnForecasted(data) => {
                    // Twelve thousand dollars a year, so at most that.
                    prop_assert!(data.rank <= 1_200_000 * u64::from(data.p90_bp) / 10_000);
                    prop_assert!(data.stalled.len() <= 8);
                }
                Data::TaskCreated(data) => prop_assert!(tasks.insert(data.task.clone()), "two tasks {}", data.task),
                _ => {}
            }
        }
        if world.state.profile.ended() {
            let last = world.said.iter().rposition(|(_, data)| data.kind() == Kind::LossAnalysed);
            let after = &world.said[last.unwrap()..];
            prop_assert!(after.iter().all(|(_, data)| data.kind() != Kind::ChurnForecasted));
        }
    }
}

/// Whether a case was held out, and whether anything was proposed in it.
fn case(account: &str, policy: &str) -> (bool, bool) {
    let mut world = World::with(account, policy, false);
    world.overdue("a", 20);
    world.pass(10 * DAY_MS);
    let held_out = world.said.iter().find_map(|(_, data)| match data {
        Data::SaveStarted(data) => Some(data.held_out),
        _ => None,
    });
    let asked = |data: &Data| matches!(data.kind(), Kind::TouchpointRequested | Kind::TaskCreated);
    (held_out.unwrap(), world.said.iter().any(|(_, data)| asked(data)))
}

#[test]
fn about_one_case_in_ten_is_held_out_and_in_none_of_these_anything_is_proposed() {
    let policy = Churn::DEFAULT_POLICY.replace("holdout_bp = 0", "holdout_bp = 1000");
    let cases: Vec<(bool, bool)> = (0..400).map(|n| case(&format!("a{n}"), &policy)).collect();
    assert!(cases.iter().all(|(held_out, asked)| held_out != asked));
    let held_out = cases.iter().filter(|(held_out, _)| *held_out).count();
    assert!((20..=60).contains(&held_out), "{held_out} of 400");
    let others = policy.replace("holdout_segments = [\"smb\", \"vendor\"]", "holdout_segments = [\"vendor\"]");
    assert!((0..100).all(|n| case(&format!("a{n}"), &others) == (false, true)), "no segment but those named");
}

#[test]
fn a_message_or_a_task_within_two_weeks_is_an_intervention() {
    for (days, treated) in [(3, true), (15, false)] {
        let mut world = World::new();
        world.overdue("a", 20);
        world.pass(days * DAY_MS);
        play(&mut world, &Move::Approve);
        world.pass(100 * DAY_MS);
        let settled = world.said.iter().find_map(|(_, data)| match data {
            Data::SaveSettled(data) => Some(data.delivered_at.is_some()),
            _ => None,
        });
        assert_eq!(settled, Some(treated), "after {days} days");
    }
    let mut world = World::new();
    world.hear(Kind::ContactLeft, None, r#"{"contact":"c_sue","on":"2026-03-02","confirmed":true}"#);
    world.pass(DAY_MS);
    play(&mut world, &Move::TaskDone);
    world.pass(100 * DAY_MS);
    assert!(world.said.iter().any(|(_, data)| matches!(data, Data::SaveSettled(data) if data.delivered_at.is_some())));
}

//! What holds for every history: determinism, bounds, parts that fit together.

use std::collections::{BTreeMap, BTreeSet};

use agent::{Effect, Effects, Input, Turn};
use bus_schema::{
    Data, Entity, Event, Header, Position, Time,
    data::{action::ClockMode, facts::OnboardingVerdict},
    time::{DAY_MS, HOUR_MS},
};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::*;

/// Accounts and segments of a virtual log.
struct World {
    policy: Policy,
    states: BTreeMap<Entity, State>,
    timers: BTreeSet<(Time, Entity, String)>,
    now: Time,
    seq: u64,
    said: Vec<(Time, Entity, Data)>,
}

impl World {
    fn new() -> Self {
        Self {
            policy: Policy::read(Onboarding::DEFAULT_POLICY).unwrap(),
            states: BTreeMap::new(),
            timers: BTreeSet::new(),
            now: Time::parse("2026-01-05T09:00:00Z").unwrap(),
            seq: 0,
            said: Vec::new(),
        }
    }

    fn turn(&mut self, entity: &Entity, input: Input<'_>) {
        self.seq += 1;
        let turn = Turn {
            entity,
            now: self.now,
            cause: Position { seq: self.seq, index: 0 },
            ordinal: 0,
            log: "log",
            agent: Onboarding::NAME,
            policy_version: 1,
            clock: ClockMode::Live,
        };
        let mut effects = Effects::new(entity.clone());
        let state = self.states.entry(entity.clone()).or_default();
        Onboarding::step(&turn, &self.policy, state, input, &mut effects);
        assert!(effects.list().len() <= 256);
        let mut back = Vec::new();
        for effect in effects.into_list() {
            match effect {
                Effect::Emit(fact) => {
                    assert!(Onboarding::EMITS.contains(&fact.data.kind()));
                    if Onboarding::READS.contains(&fact.data.kind()) {
                        back.push((fact.entity.clone(), fact.data.clone()));
                    }
                    self.said.push((self.now, fact.entity, fact.data));
                }
                Effect::SetTimer { name, due } => {
                    self.timers.retain(|(_, of, set)| of != entity || *set != name);
                    self.timers.insert((due, entity.clone(), name));
                }
                Effect::CancelTimer { name } => self.timers.retain(|(_, of, set)| of != entity || *set != name),
            }
        }
        for (entity, data) in back {
            self.take(&entity, data, None);
        }
    }

    fn take(&mut self, entity: &Entity, data: Data, contact: Option<&str>) {
        let header = Header {
            source: "test".into(),
            id: self.seq.to_string(),
            entity: entity.clone(),
            time: self.now,
            logtime: self.now,
            actor: None,
            contact: contact.map(str::to_owned),
            correlation: None,
            causation: None,
            stage: None,
            segment: None,
            late: false,
        };
        self.turn(entity, Input::Event(&Event { header, data }));
    }

    fn hear(&mut self, account: u8, kind: &str, data: &Value) {
        let data = Data::from_json(Kind::from_name(kind).unwrap(), &data.to_string()).unwrap();
        self.take(&Entity::account(format!("a{account}")), data, Some("c_ann"));
    }

    fn pass(&mut self, ms: i64) {
        let until = self.now.plus_ms(ms);
        while let Some((due, entity, name)) = self.timers.first().cloned().filter(|(due, ..)| *due <= until) {
            self.timers.remove(&(due, entity.clone(), name.clone()));
            self.now = self.now.max(due);
            self.turn(&entity, Input::Timer(&name));
        }
        self.now = until;
    }
}

const CORE: [&str; 3] = ["boards", "reports", "exports"];

fn moves() -> impl Strategy<Value = Vec<(u8, u8, u8)>> {
    vec((0..3_u8, 0..22_u8, 0..200_u8), 1..120)
}

/// What happens to an account, and that time passes.
fn play(world: &mut World, (account, what, n): (u8, u8, u8)) {
    let day = world.now.day();
    let states = ["open", "done", "dropped"];
    let steps: Vec<String> = world.policy.customer.steps.iter().map(|step| step.name.clone()).collect();
    let step = &steps[usize::from(n) % steps.len()];
    let (kind, data) = match what {
        0 => {
            let kind = if n % 4 == 0 { "vendor" } else { "customer" };
            let data = json!({ "kind": kind, "started_on": day, "core_features": CORE, "licensed_seats": 5 });
            ("account.created", data)
        }
        1 => ("user.invited", json!({ "user": format!("c_{}", n % 9), "on": day })),
        2 => ("user.activated", json!({ "user": format!("c_{}", n % 9), "on": day })),
        3 => (
            "usage.recorded",
            json!({ "user": format!("c_{}", n % 9), "feature": CORE[usize::from(n) % 3], "quantity": 1 }),
        ),
        4 => ("kickoff.held", json!({ "participants": ["c_ann"] })),
        5 => ("training.completed", json!({ "course": "basics", "users": 2 })),
        6 => ("integration.deployed", json!({ "integration": format!("i{}", n % 3) })),
        7 => ("use_case.defined", json!({ "use_case": format!("u{}", n % 3) })),
        8 => ("goal.set", json!({ "goal": format!("g{}", n % 3), "due_on": day })),
        9 => ("review.held", json!({ "type": "review_operational", "attended": ["c_ann"] })),
        10 => (
            "outcome.documented",
            json!({ "value": { "minor": 1, "currency": "USD" }, "period": "x", "attested_by": if n % 2 == 0 { "csm" } else { "bot" } }),
        ),
        11 => ("kpi.measured", json!({ "kpi": "k", "value": 1, "target": 1, "higher_is_better": true, "period": "x" })),
        12 => ("nps.responded", json!({ "survey": "s", "type": "relationship", "score": n % 11 })),
        13 => ("listing.published", json!({ "listing": format!("l{}", n % 7) })),
        14 => ("order.placed", json!({ "order": format!("o{n}"), "amount": { "minor": 1, "currency": "USD" } })),
        15 => ("rating.received", json!({ "rating": 1 + n % 5 })),
        16 => ("onboarding.step_completed", json!({ "step": step })),
        17 => (
            "plan.edited",
            json!({ "plan": "onboarding", "item": step, "state": states[usize::from(n) % 3], "due_on": day.plus(i32::from(n % 30)) }),
        ),
        18 => ("outreach.delivered", json!({ "message": "m", "class": "relationship" })),
        19 => ("source.stalled", json!({ "source": format!("s{}", n % 2), "since": world.now })),
        20 => ("source.resumed", json!({ "source": format!("s{}", n % 2), "stalled_at": world.now })),
        _ => return world.pass(i64::from(n) * 2 * HOUR_MS),
    };
    world.hear(account, kind, &data);
    world.pass(i64::from(n % 40) * HOUR_MS);
}

fn lived(moves: &[(u8, u8, u8)]) -> World {
    let mut world = World::new();
    for one in moves {
        play(&mut world, *one);
    }
    world.pass(10 * DAY_MS);
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn stalls_phases_ends_and_verdicts_are_each_said_once_and_fit_together(moves in moves()) {
        let world = lived(&moves);
        let mut open: BTreeMap<(Entity, String), u8> = BTreeMap::new();
        let mut once: BTreeSet<(Entity, String)> = BTreeSet::new();
        for (_, entity, data) in &world.said {
            match data {
                Data::OnboardingStalled(data) => {
                    let known = open.insert((entity.clone(), data.step.clone()), data.notice);
                    prop_assert_eq!(data.notice, known.unwrap_or(0) + 1, "{:?}", data);
                    prop_assert!(data.notice <= 2 && !data.events.is_empty());
                }
                Data::OnboardingResumed(data) => {
                    prop_assert!(open.remove(&(entity.clone(), data.step.clone())).is_some());
                }
                Data::OnboardingCompleted(data) => {
                    prop_assert!(once.insert((entity.clone(), "completed".into())));
                    prop_assert_eq!(data.complete, data.open.is_empty());
                }
                Data::OnboardingPhaseCompleted(data) => {
                    let phase = (entity.clone(), format!("phase/{}", data.phase));
                    prop_assert!(once.insert(phase));
                }
                Data::ValueReached(data) => {
                    prop_assert!(once.insert((entity.clone(), data.milestone.name().into())));
                }
                Data::OnboardingJudged(data) => {
                    let day = (entity.clone(), format!("day/{}", data.day));
                    prop_assert!(once.insert(day));
                    let met = data.criteria.iter().filter(|criterion| criterion.met == Some(true)).count();
                    prop_assert!(data.coverage_bp <= 10_000);
                    prop_assert_eq!(data.verdict == OnboardingVerdict::Complete, met == data.criteria.len());
                    for criterion in &data.criteria {
                        prop_assert!(criterion.met != Some(true) || criterion.value.is_some(), "no data is no pass");
                    }
                }
                Data::CohortMeasured(data) => {
                    prop_assert!(data.reached <= data.started && data.reached_bp <= 10_000);
                    prop_assert!(data.median_days.is_none() || data.p90_days.is_none() || data.median_days <= data.p90_days);
                }
                _ => {}
            }
        }
    }

    #[test]
    fn the_same_history_gives_the_same_facts_and_state(moves in moves()) {
        let (one, two) = (lived(&moves), lived(&moves));
        prop_assert_eq!(&one.said, &two.said);
        for (entity, state) in &one.states {
            let bytes = postcard::to_stdvec(state).unwrap();
            prop_assert_eq!(&bytes, &postcard::to_stdvec(&two.states[entity]).unwrap());
            let read: State = postcard::from_bytes(&bytes).unwrap();
            prop_assert_eq!(&read, state, "the state survives being kept");
        }
    }

    /// A rebuild in two parts, with the state kept and read between them, says what one life said.
    #[test]
    fn a_restart_in_between_changes_nothing(moves in moves(), cut in 0..120_usize) {
        let whole = lived(&moves);
        let mut world = World::new();
        for (n, one) in moves.iter().enumerate() {
            if n == cut {
                for state in world.states.values_mut() {
                    *state = postcard::from_bytes(&postcard::to_stdvec(state).unwrap()).unwrap();
                }
            }
            play(&mut world, *one);
        }
        world.pass(10 * DAY_MS);
        prop_assert_eq!(whole.said, world.said);
    }

    /// More activated users never lower the activation, and a better answer never the NPS.
    #[test]
    fn criteria_are_monotone(users in 1..20_u8, activated in 0..20_u8, score in 0..10_u8) {
        let run = |activated: u8, score: u8| {
            let mut world = World::new();
            let day = world.now.day();
            world.hear(1, "account.created", &json!({ "kind": "customer", "started_on": day }));
            for user in 0..users {
                world.hear(1, "user.invited", &json!({ "user": format!("c_{user}"), "on": day }));
            }
            for user in 0..activated.min(users) {
                world.hear(1, "user.activated", &json!({ "user": format!("c_{user}"), "on": day }));
            }
            world.pass(80 * DAY_MS);
            world.hear(1, "nps.responded", &json!({ "survey": "s", "type": "relationship", "score": score }));
            world.pass(12 * DAY_MS);
            let verdicts = world.said.iter().filter_map(|(_, _, data)| match data {
                Data::OnboardingJudged(data) => Some(data.clone()),
                _ => None,
            });
            let last = verdicts.max_by_key(|verdict| verdict.day).unwrap();
            ["user_activation", "nps"].map(|name| {
                last.criteria.iter().find(|criterion| criterion.name == name).and_then(|criterion| criterion.value)
            })
        };
        let (less, more) = (run(activated, score), run(activated + 1, score + 1));
        prop_assert!(more[0] >= less[0] && more[1] >= less[1], "{:?} {:?}", less, more);
    }
}

#[test]
fn a_running_start_is_small_and_one_that_is_over_smaller() {
    let mut world = World::new();
    let day = world.now.day();
    world.hear(1, "account.created", &json!({ "kind": "customer", "started_on": day, "core_features": CORE }));
    for user in 0..40 {
        world.hear(1, "user.invited", &json!({ "user": format!("c_{user}"), "on": day }));
    }
    for _ in 0..60 {
        world.hear(1, "usage.recorded", &json!({ "user": "c_1", "feature": "boards", "quantity": 1 }));
        world.pass(DAY_MS);
    }
    let account = Entity::account("a1");
    let size = |world: &World| postcard::to_stdvec(&world.states[&account]).unwrap().len();
    assert!(size(&world) <= 2_048, "{} bytes", size(&world));
    world.pass(90 * DAY_MS);
    assert!(size(&world) <= 128, "{} bytes", size(&world));
}

#[test]
fn ten_thousand_users_stay_bounded_and_are_counted() {
    let mut seen = seen::Seen::default();
    let day = bus_schema::Day(20_000);
    for user in 0..10_000 {
        seen.invited(&format!("c_{user}"), day);
        if user % 2 == 0 {
            seen.activated(&format!("c_{user}"), day);
        }
    }
    let found = seen.activation(day, 30).unwrap();
    assert!((4_000..6_000).contains(&found.value), "{found:?}");
    assert!((8_000..12_000).contains(&found.n), "{found:?}");
    assert!(postcard::to_stdvec(&seen).unwrap().len() < 16 * seen::USERS_MAX);
}

//! What holds for every history: determinism, bounds, one warning at each edge, one escalation for a cause.

use std::collections::{BTreeMap, BTreeSet};

use agent::{Effect, Effects, Input, Turn};
use bus_schema::{
    Data, Entity, Event, Header, Position, Time,
    data::{action::ClockMode, facts::EscalationLevel},
    time::{DAY_MS, MINUTE_MS},
};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::*;

/// Accounts and groups of a virtual log.
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
            policy: Policy::read(Escalation::DEFAULT_POLICY).unwrap(),
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
            agent: Escalation::NAME,
            policy_version: 1,
            clock: ClockMode::Live,
        };
        let mut effects = Effects::new(entity.clone());
        Escalation::step(&turn, &self.policy, self.states.entry(entity.clone()).or_default(), input, &mut effects);
        assert!(effects.list().len() <= 256);
        let mut back = Vec::new();
        for effect in effects.into_list() {
            match effect {
                Effect::Emit(fact) => {
                    assert!(Escalation::EMITS.contains(&fact.data.kind()));
                    if Escalation::READS.contains(&fact.data.kind()) {
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

    fn states(&self) -> BTreeMap<Entity, Vec<u8>> {
        self.states.iter().map(|(entity, state)| (entity.clone(), postcard::to_stdvec(state).unwrap())).collect()
    }
}

fn moves() -> impl Strategy<Value = Vec<(u8, u8, u8)>> {
    vec((0..5_u8, 0..18_u8, 0..250_u8), 1..100)
}

fn ticket(n: u8) -> Value {
    let (ranks, areas, categories) = (["p1", "p2", "p3", "p4"], ["exports", "boards"], ["bug", "how_to", "invoice"]);
    json!({
        "ticket": format!("t{}", n % 8), "priority": ranks[usize::from(n) % 4],
        "category": categories[usize::from(n / 4) % 3], "product_area": areas[usize::from(n / 16) % 2],
        "channel": "email", "contact": "c_ann", "sentiment_bp": i32::from(n) * 60 - 9_000,
    })
}

/// What happens to an account, and that time passes.
fn play(world: &mut World, (account, what, n): (u8, u8, u8)) {
    let id = json!({ "ticket": format!("t{}", n % 8) });
    let with = |more: Value| {
        let mut data = id.clone();
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        data
    };
    let (day, now) = (world.now.day(), world.now);
    let (kind, data) = match what {
        0..=2 => ("ticket.opened", ticket(n)),
        3 => ("ticket.replied", with(json!({ "by": "agent" }))),
        4 => ("ticket.replied", with(json!({ "by": "bot" }))),
        5 => (
            "ticket.replied",
            with(
                json!({ "by": "customer", "sentiment_bp": i32::from(n) * 40 - 9_000, "asks_for_manager": n % 9 == 0 }),
            ),
        ),
        6 => {
            let state = ["open", "pending_customer", "pending_us"][usize::from(n) % 3].to_owned();
            ("ticket.updated", with(json!({ "state": state, "assignee": "max" })))
        }
        7 => ("ticket.updated", with(json!({ "priority": format!("p{}", 1 + n % 4) }))),
        8 => ("ticket.resolved", with(json!({ "resolution_code": if n % 3 == 0 { "no_answer" } else { "fixed" } }))),
        9 => ("ticket.reopened", id.clone()),
        10 => ("ticket.escalated", with(json!({ "to": "level 2", "reason": "deep" }))),
        11 => ("csat.responded", with(json!({ "score": n % 6 }))),
        12 => ("help.searched", json!({ "results": n % 2 })),
        13 => ("help.viewed", json!({ "article": "x" })),
        14 => (
            "feedback.submitted",
            json!({ "feedback": format!("f{}", n % 4), "type": "bug", "product_area": "exports" }),
        ),
        15 => (
            "feedback.status_changed",
            json!({ "feedback": format!("f{}", n % 4), "status": "done", "shipped_on": day }),
        ),
        16 => ("incident.covers", json!({ "incident": "i", "opened": n % 2 == 0, "at": now })),
        _ => return world.pass(i64::from(n) * 60 * MINUTE_MS),
    };
    world.hear(account, kind, &data);
    world.pass(i64::from(n) * MINUTE_MS);
}

fn lived(moves: &[(u8, u8, u8)]) -> World {
    let mut world = World::new();
    for one in moves {
        play(&mut world, *one);
    }
    world.pass(40 * DAY_MS);
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn one_escalation_is_open_for_a_cause_and_one_pattern_for_a_group(moves in moves()) {
        let world = lived(&moves);
        let mut open: BTreeMap<(Entity, String), String> = BTreeMap::new();
        let mut ids: BTreeMap<String, (Entity, String)> = BTreeMap::new();
        let mut patterns: BTreeSet<Entity> = BTreeSet::new();
        let mut covered: BTreeSet<(Entity, String)> = BTreeSet::new();
        for (_, entity, data) in &world.said {
            match data {
                Data::EscalationRaised(data) => {
                    let cause = (entity.clone(), data.cause.clone());
                    prop_assert!(open.insert(cause.clone(), data.escalation.clone()).is_none(), "{:?}", data);
                    ids.insert(data.escalation.clone(), cause);
                    prop_assert!(data.severity >= world.policy.severity.escalated_from);
                    prop_assert!(!data.events.is_empty() && !data.tickets.is_empty() && !data.reasons.is_empty());
                    let points: u16 = data
                        .reasons
                        .iter()
                        .filter_map(|reason| reason.rsplit(": ").next()?.parse::<u16>().ok())
                        .sum();
                    prop_assert_eq!(points, data.severity, "every point has its reason");
                }
                Data::EscalationUpdated(data) => prop_assert!(ids.contains_key(&data.escalation)),
                Data::EscalationResolved(data) => {
                    let cause = ids.get(&data.escalation).cloned();
                    prop_assert!(cause.is_some_and(|cause| open.remove(&cause).is_some()));
                }
                Data::PatternOpened(data) => {
                    prop_assert!(patterns.insert(entity.clone()));
                    prop_assert!(data.tickets >= world.policy.spike.tickets_min);
                }
                Data::PatternUpdated(_) => prop_assert!(patterns.contains(entity)),
                Data::PatternClosed(_) => prop_assert!(patterns.remove(entity)),
                Data::PatternCovers(data) => {
                    let of = (entity.clone(), format!("{}/{}", data.area, data.category));
                    let once = if data.opened { covered.insert(of) } else { covered.remove(&of) };
                    prop_assert!(once);
                }
                Data::SupportReviewed(data) => {
                    for measure in &data.measures {
                        prop_assert_eq!(measure.mean, measure.sum / i64::from(measure.n));
                    }
                }
                _ => {}
            }
        }
        for (entity, state) in &world.states {
            if let State::Account(account) = state {
                prop_assert_eq!(account.escalations.len(), open.keys().filter(|(of, _)| of == entity).count());
                prop_assert!(account.tickets.len() <= ticket::TICKETS_MAX);
            }
        }
    }

    /// Each clock is warned of once at each edge, in order; another priority is another promise.
    #[test]
    fn clocks_are_warned_of_in_order(moves in moves()) {
        let moves: Vec<_> = moves.into_iter().filter(|(_, what, _)| *what != 7).collect();
        let world = lived(&moves);
        let mut last: BTreeMap<(Entity, String, &str), (u8, Position)> = BTreeMap::new();
        for (_, entity, data) in &world.said {
            let (ticket, clock, edge, event) = match data {
                Data::SlaWarned(data) => (&data.ticket, data.clock, 1 + u8::from(data.urgent), data.events.last()),
                Data::SlaBreached(data) => (&data.ticket, data.clock, 3, data.events.last()),
                _ => continue,
            };
            let key = (entity.clone(), ticket.clone(), clock.name());
            let event = *event.unwrap();
            let known = last.insert(key, (edge, event));
            // A ticket that was settled may be opened anew under its old name.
            prop_assert!(known.is_none_or(|(before, of)| before < edge || of != event), "{:?}", data);
        }
    }

    #[test]
    fn the_same_history_gives_the_same_facts_and_state_whatever_restarts(moves in moves(), cut in 0..100_usize) {
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
        world.pass(40 * DAY_MS);
        prop_assert_eq!(&whole.said, &world.said);
        prop_assert_eq!(whole.states(), world.states());
    }

    /// Each sign adds points or leaves them, and a level never falls with more points.
    #[test]
    fn severity_is_monotone_in_every_sign(signs in 0..256_u16, one in 0..8_u16) {
        let policy = Policy::read(Escalation::DEFAULT_POLICY).unwrap();
        let points = |signs: u16| {
            let on = |bit: u16| signs & (1 << bit) != 0;
            let data = Data::from_json(Kind::TicketOpened, &ticket(if on(0) { 0 } else { 2 }).to_string()).unwrap();
            let Data::TicketOpened(data) = data else { unreachable!() };
            let mut ticket = ticket::Ticket::new(&data, Time(0), Position { seq: 1, index: 0 });
            ticket.texts = if on(1) { [0, -6_000, -9_000].into() } else { [0, 0, 0].into() };
            ticket.reopened = if on(2) { 2 } else { 0 };
            (ticket.asks, ticket.executive, ticket.desk) = (on(3), on(4), on(5));
            ticket.resolution_edge = if on(6) { ticket::Edge::Breached } else { ticket::Edge::Calm };
            let mut account = state::Account::default();
            account.profile.segment = on(7).then(|| "enterprise".to_owned());
            severity::points(&policy, &account, &ticket, bus_schema::Day(0)).sum
        };
        let (less, more) = (points(signs & !(1 << one)), points(signs | 1 << one));
        prop_assert!(more >= less);
        prop_assert!(severity::level(&policy, more) >= severity::level(&policy, less));
        prop_assert!(severity::level(&policy, points(1 << 7)).is_none(), "value alone never escalates");
    }
}

#[test]
fn an_account_in_everyday_support_is_small() {
    let mut world = World::new();
    for n in 0..60_u8 {
        world.hear(
            1,
            "ticket.opened",
            &json!({
                "ticket": format!("t{n}"), "priority": "p3", "category": "bug", "channel": "email", "contact": "c_ann",
            }),
        );
        world.hear(1, "ticket.replied", &json!({ "ticket": format!("t{n}"), "by": "agent" }));
        world.hear(1, "ticket.resolved", &json!({ "ticket": format!("t{n}") }));
        world.pass(6 * DAY_MS);
    }
    let size = world.states()[&Entity::account("a1")].len();
    assert!(size <= 1_024, "{size} bytes");
}

#[test]
fn a_flood_of_tickets_stays_bounded_and_escalates_once() {
    let mut world = World::new();
    for n in 0..600_u16 {
        world.hear(
            1,
            "ticket.opened",
            &json!({
                "ticket": format!("t{n}"), "priority": "p1", "category": "bug", "channel": "email", "contact": "c_ann",
            }),
        );
        world.pass(MINUTE_MS);
    }
    let State::Account(account) = &world.states[&Entity::account("a1")] else { panic!("an account") };
    assert_eq!(account.tickets.len(), ticket::TICKETS_MAX);
    let raised = world.said.iter().filter(|(_, _, data)| matches!(data, Data::EscalationRaised(_))).count();
    assert_eq!(raised, 1);
    assert!(account.escalations.values().all(|case| case.level >= EscalationLevel::Escalated));
}

//! Alerts under any order of events: one open for each cause, closed as it was opened, quiet after a rejection.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use agent::{Agent, Effect, Effects, Input, Turn};
use bus_schema::{
    Data, Entity, Event, Header, Position, Time,
    data::{
        Kind,
        action::ClockMode,
        facts::{CauseGroup, Tier},
    },
    time::{DAY_MS, HOUR_MS},
};
use churn::{Churn, Policy, State};
use proptest::prelude::*;

struct World {
    policy: Policy,
    state: State,
    timers: BTreeMap<String, Time>,
    now: Time,
    seq: u64,
    said: Vec<(Time, Data)>,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            policy: Churn::policy(Churn::DEFAULT_POLICY).unwrap(),
            state: State::default(),
            timers: BTreeMap::new(),
            now: Time::parse("2026-03-02T10:00:00Z").unwrap(),
            seq: 0,
            said: Vec::new(),
        };
        world.hear(Kind::AccountCreated, None, r#"{"kind":"customer","started_on":"2024-06-01"}"#);
        world.hear(Kind::ContactAdded, None, r#"{"contact":"c_sue","roles":["sponsor"]}"#);
        world.hear(
            Kind::SubscriptionStarted,
            None,
            r#"{"subscription":"s","plan":"p","mrr":{"minor":100000,"currency":"USD"},"quantity":1,"effective_on":"2024-06-01"}"#,
        );
        world
    }

    fn turn(&mut self, input: Input<'_>) {
        let entity = Entity::account("acme");
        let turn = Turn {
            entity: &entity,
            now: self.now,
            cause: Position { seq: self.seq, index: 0 },
            ordinal: 0,
            log: "log",
            agent: "churn",
            policy_version: 1,
            clock: ClockMode::Live,
        };
        let mut effects = Effects::new(entity.clone());
        Churn::step(&turn, &self.policy, &mut self.state, input, &mut effects);
        for effect in effects.into_list() {
            match effect {
                Effect::Emit(fact) => self.said.push((self.now, fact.data)),
                Effect::SetTimer { name, due } => drop(self.timers.insert(name, due)),
                Effect::CancelTimer { name } => drop(self.timers.remove(&name)),
            }
        }
    }

    fn hear(&mut self, kind: Kind, contact: Option<&str>, data: &str) {
        self.seq += 1;
        let header = Header {
            source: "test".into(),
            id: self.seq.to_string(),
            entity: Entity::account("acme"),
            time: self.now,
            logtime: self.now,
            actor: None,
            contact: contact.map(ToOwned::to_owned),
            correlation: None,
            causation: None,
            stage: None,
            segment: None,
            late: false,
        };
        let data = Data::from_json(kind, data).unwrap();
        self.turn(Input::Event(&Event { header, data }));
    }

    fn pass(&mut self, ms: i64) {
        let until = self.now.plus_ms(ms);
        while let Some((due, name)) =
            self.timers.iter().filter(|(_, due)| **due <= until).map(|(name, due)| (*due, name.clone())).min()
        {
            self.timers.remove(&name);
            self.now = self.now.max(due);
            self.seq += 1;
            self.turn(Input::Timer(&name));
        }
        self.now = until;
    }

    fn overdue(&mut self, invoice: &str, days: u32) {
        let amount = r#"{"minor":125000,"currency":"USD"}"#;
        let data = format!(r#"{{"invoice":"{invoice}","amount":{amount},"days_late":{days}}}"#);
        self.hear(Kind::InvoiceOverdue, None, &data);
    }

    fn paid(&mut self, invoice: &str) {
        let data = format!(r#"{{"invoice":"{invoice}","amount":{{"minor":125000,"currency":"USD"}}}}"#);
        self.hear(Kind::InvoicePaid, None, &data);
    }

    /// Ids of alerts opened for a cause.
    fn opened(&self, group: CauseGroup) -> Vec<String> {
        let opened = self.said.iter().filter_map(|(_, data)| match data {
            Data::AlertOpened(data) if data.group == group => Some(data.alert.clone()),
            _ => None,
        });
        opened.collect()
    }

    /// A card on an alert comes up and is rejected.
    fn reject(&mut self, alert: &str) {
        let data = format!(
            r#"{{"proposal":"p1","version":1,"verdict":"reject","by":"person/jo","edited":false,"decision":"9.0",
            "cause_key":"alert:{alert}"}}"#
        );
        self.hear(Kind::ProposalDecided, None, &data);
    }
}

#[test]
fn after_a_rejected_card_its_cause_is_quiet_for_14_days() {
    for (wait_days, alerts) in [(8, 1), (15, 2)] {
        let mut world = World::new();
        world.overdue("a", 20);
        let alert = world.opened(CauseGroup::Money).first().unwrap().clone();
        world.reject(&alert);
        world.paid("a");
        world.pass(4 * DAY_MS);
        assert!(world.state.alerts.is_empty());
        world.pass((wait_days - 4) * DAY_MS);
        world.overdue("b", 20);
        assert_eq!(world.opened(CauseGroup::Money).len(), alerts, "after {wait_days} days");
    }
}

#[test]
fn a_tier_that_rises_breaks_the_quiet() {
    let mut world = World::new();
    world.hear(Kind::BudgetReported, None, r#"{"state":"concern"}"#);
    let alert = world.opened(CauseGroup::Money).first().unwrap().clone();
    world.reject(&alert);
    world.hear(Kind::BudgetReported, None, r#"{"state":"confirmed"}"#);
    world.pass(4 * DAY_MS);
    world.hear(Kind::BudgetReported, None, r#"{"state":"concern"}"#);
    assert_eq!(world.opened(CauseGroup::Money).len(), 1, "the same tier stays quiet");
    world.overdue("a", 20);
    assert_eq!(world.opened(CauseGroup::Money).len(), 2, "a strong sign does not");
}

#[test]
fn a_play_is_asked_for_once_per_alert() {
    let mut world = World::new();
    world.overdue("a", 20);
    world.overdue("b", 40);
    world.pass(20 * DAY_MS);
    let asked = world.said.iter().filter(|(_, data)| data.kind() == Kind::TouchpointRequested).count();
    assert_eq!(asked, 1);
}

#[derive(Clone, Debug)]
enum Move {
    Use(u8),
    Overdue(u8, u32),
    Paid(u8),
    Budget(&'static str),
    Competitor(&'static str),
    Sponsor(bool),
    Escalation(u8, bool),
    Rating(u8),
    Incident(bool),
    Reject,
    Pass(i64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        6 => (0..40u8).prop_map(Move::Use),
        1 => (0..4u8, 0..50u32).prop_map(|(n, days)| Move::Overdue(n, days)),
        1 => (0..4u8).prop_map(Move::Paid),
        1 => prop::sample::select(vec!["concern", "frozen", "confirmed"]).prop_map(Move::Budget),
        1 => prop::sample::select(vec!["mention", "evaluation"]).prop_map(Move::Competitor),
        1 => any::<bool>().prop_map(Move::Sponsor),
        1 => (0..4u8, any::<bool>()).prop_map(|(n, open)| Move::Escalation(n, open)),
        1 => (0..11u8).prop_map(Move::Rating),
        1 => any::<bool>().prop_map(Move::Incident),
        1 => Just(Move::Reject),
        4 => (1..100i64).prop_map(|hours| Move::Pass(hours * HOUR_MS)),
    ];
    prop::collection::vec(one, 1..120)
}

fn play(world: &mut World, step: &Move) {
    let (day, now) = (world.now.day(), world.now);
    match step {
        Move::Use(users) => world.hear(
            Kind::UsageAggregated,
            None,
            &format!(r#"{{"day":"{day}","active_users":{users},"quantity":{users}}}"#),
        ),
        Move::Overdue(n, days) => world.overdue(&n.to_string(), *days),
        Move::Paid(n) => world.paid(&n.to_string()),
        Move::Budget(state) => world.hear(Kind::BudgetReported, None, &format!(r#"{{"state":"{state}"}}"#)),
        Move::Competitor(stage) => world.hear(
            Kind::CompetitorMentioned,
            None,
            &format!(r#"{{"competitor":"Other","stage":"{stage}","where":"call"}}"#),
        ),
        Move::Sponsor(true) => world.hear(
            Kind::MeetingHeld,
            None,
            r#"{"meeting":"m","type":"check_in","invited":["c_new"],"attended":["c_new"]}"#,
        ),
        Move::Sponsor(false) => {
            world.hear(Kind::ContactLeft, None, &format!(r#"{{"contact":"c_sue","on":"{day}","confirmed":true}}"#));
        }
        Move::Escalation(n, true) => world.hear(
            Kind::EscalationRaised,
            None,
            &format!(r#"{{"escalation":"e{n}","cause":"ticket/1","severity":60,"level":"urgent"}}"#),
        ),
        Move::Escalation(n, false) => world.hear(
            Kind::EscalationResolved,
            None,
            &format!(r#"{{"escalation":"e{n}","opened_at":"{now}","reason":"done"}}"#),
        ),
        Move::Rating(score) => world.hear(
            Kind::NpsResponded,
            Some("c_ann"),
            &format!(r#"{{"survey":"s","type":"relationship","score":{score}}}"#),
        ),
        Move::Incident(opened) => {
            world.hear(Kind::IncidentCovers, None, &format!(r#"{{"incident":"i","opened":{opened},"at":"{now}"}}"#));
        }
        Move::Reject => {
            if let Some(alert) = world.state.alerts.values().next().map(|alert| alert.id.clone()) {
                world.reject(&alert);
            }
        }
        Move::Pass(ms) => world.pass(*ms),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn at_most_one_alert_is_open_for_each_cause(moves in moves()) {
        let mut world = World::new();
        for step in &moves {
            play(&mut world, step);
        }
        let mut open: BTreeMap<CauseGroup, (String, Tier, u32)> = BTreeMap::new();
        for (_, data) in &world.said {
            match data {
                Data::AlertOpened(data) => {
                    let before = open.insert(data.group, (data.alert.clone(), data.tier, 0));
                    prop_assert!(before.is_none(), "two alerts for {:?}", data.group);
                    prop_assert!(data.tier >= Tier::Monitor);
                }
                Data::AlertUpdated(data) => {
                    let known = open.get_mut(&data.group);
                    prop_assert!(known.is_some());
                    let (alert, tier, updates) = known.unwrap();
                    prop_assert_eq!(&*alert, &data.alert);
                    prop_assert_eq!((*tier, *updates + 1), (data.from_tier, data.updates));
                    (*tier, *updates) = (data.tier, data.updates);
                }
                Data::AlertClosed(data) => {
                    let known = open.remove(&data.group);
                    prop_assert_eq!(known.map(|(alert, tier, _)| (alert, tier)), Some((data.alert.clone(), data.tier)));
                }
                Data::ChurnForecasted(data) => {
                    prop_assert!(data.p30_bp <= data.p90_bp && data.p90_bp <= 10_000);
                    let sum: i32 = data.factors.iter().map(|factor| factor.counted_bp).sum();
                    prop_assert_eq!(sum, data.logodds_bp);
                }
                _ => {}
            }
        }
        let standing: Vec<&String> = world.state.alerts.values().map(|alert| &alert.id).collect();
        let told: Vec<&String> = open.values().map(|(alert, ..)| alert).collect();
        prop_assert_eq!(standing, told);
    }
}

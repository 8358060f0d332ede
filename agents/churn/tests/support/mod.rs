//! An account with the agent, its timers and its time.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::BTreeMap;

use agent::{Agent, Effect, Effects, Input, Turn};
use bus_schema::{
    Data, Entity, Event, Header, Position, Time,
    data::{Kind, action::ClockMode, facts::CauseGroup},
    time::HOUR_MS,
};
use churn::{Churn, Policy, State};
use proptest::prelude::*;

pub(crate) struct World {
    pub(crate) account: String,
    pub(crate) policy: Policy,
    pub(crate) state: State,
    timers: BTreeMap<String, Time>,
    pub(crate) now: Time,
    seq: u64,
    /// What was said about the account, and about others.
    pub(crate) said: Vec<(Time, Data)>,
    /// The state is kept and read again before each turn.
    pub(crate) forgetful: bool,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with("acme", Churn::DEFAULT_POLICY, false)
    }

    pub(crate) fn with(account: &str, policy: &str, forgetful: bool) -> Self {
        let mut world = Self {
            account: account.to_owned(),
            forgetful,
            policy: Churn::policy(policy).unwrap(),
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
        let entity = Entity::account(self.account.as_str());
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
        if self.forgetful {
            self.state = postcard::from_bytes(&postcard::to_stdvec(&self.state).unwrap()).unwrap();
        }
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

    pub(crate) fn hear(&mut self, kind: Kind, contact: Option<&str>, data: &str) {
        self.seq += 1;
        let header = Header {
            source: "test".into(),
            id: self.seq.to_string(),
            entity: Entity::account(self.account.as_str()),
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

    pub(crate) fn pass(&mut self, ms: i64) {
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

    pub(crate) fn overdue(&mut self, invoice: &str, days: u32) {
        let amount = r#"{"minor":125000,"currency":"USD"}"#;
        let data = format!(r#"{{"invoice":"{invoice}","amount":{amount},"days_late":{days}}}"#);
        self.hear(Kind::InvoiceOverdue, None, &data);
    }

    pub(crate) fn paid(&mut self, invoice: &str) {
        let data = format!(r#"{{"invoice":"{invoice}","amount":{{"minor":125000,"currency":"USD"}}}}"#);
        self.hear(Kind::InvoicePaid, None, &data);
    }

    /// Ids of alerts opened for a cause.
    pub(crate) fn opened(&self, group: CauseGroup) -> Vec<String> {
        let opened = self.said.iter().filter_map(|(_, data)| match data {
            Data::AlertOpened(data) if data.group == group => Some(data.alert.clone()),
            _ => None,
        });
        opened.collect()
    }

    /// A card on an alert comes up and is rejected.
    pub(crate) fn reject(&mut self, alert: &str) {
        let data = format!(
            r#"{{"proposal":"p1","version":1,"verdict":"reject","by":"person/jo","edited":false,"decision":"9.0",
            "cause_key":"alert:{alert}"}}"#
        );
        self.hear(Kind::ProposalDecided, None, &data);
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Move {
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
    Approve,
    TaskDone,
    Stalled(bool),
    Notice,
    Left(&'static str),
    Interview,
    Back,
    Pass(i64),
}

pub(crate) fn moves() -> impl Strategy<Value = Vec<Move>> {
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
        1 => prop::sample::select(vec![Move::Reject, Move::Approve, Move::TaskDone, Move::Interview]),
        1 => any::<bool>().prop_map(Move::Stalled),
        1 => prop_oneof![
            1 => Just(Move::Notice),
            1 => prop::sample::select(vec!["price", "closed", "other"]).prop_map(Move::Left),
            4 => Just(Move::Back),
        ],
        5 => (1..300i64).prop_map(|hours| Move::Pass(hours * HOUR_MS)),
    ];
    prop::collection::vec(one, 1..120)
}

pub(crate) fn play(world: &mut World, step: &Move) {
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
        Move::Reject | Move::Approve | Move::TaskDone => decide(world, step),
        Move::Stalled(_) | Move::Notice | Move::Left(_) | Move::Interview | Move::Back => end(world, step),
        Move::Pass(ms) => world.pass(*ms),
    }
}

fn decide(world: &mut World, step: &Move) {
    match step {
        Move::Reject => {
            if let Some(alert) = world.state.alerts.values().next().map(|alert| alert.id.clone()) {
                world.reject(&alert);
            }
        }
        Move::Approve => {
            if let Some(alert) = world.state.alerts.values().next().map(|alert| alert.id.clone()) {
                let data = format!(
                    r#"{{"proposal":"p2","version":1,"verdict":"approve","by":"person/jo","edited":false,
                    "decision":"9.0","cause_key":"alert:{alert}"}}"#
                );
                world.hear(Kind::ProposalDecided, None, &data);
                world.hear(Kind::DeliverySent, None, r#"{"proposal":"p2","bytes_hash":"00"}"#);
            }
        }
        Move::TaskDone => {
            let task = world.said.iter().rev().find_map(|(_, data)| match data {
                Data::TaskCreated(data) => Some(data.task.clone()),
                _ => None,
            });
            if let Some(task) = task {
                world.hear(Kind::TaskCompleted, None, &format!(r#"{{"task":"{task}"}}"#));
            }
        }
        _ => {}
    }
}

fn end(world: &mut World, step: &Move) {
    let (day, now) = (world.now.day(), world.now);
    match step {
        Move::Stalled(true) => {
            world.hear(Kind::SourceStalled, None, &format!(r#"{{"source":"test","since":"{now}"}}"#));
        }
        Move::Stalled(false) => {
            world.hear(Kind::SourceResumed, None, &format!(r#"{{"source":"test","stalled_at":"{now}"}}"#));
        }
        Move::Notice => {
            world.hear(Kind::ContractNoticeGiven, None, &format!(r#"{{"contract":"k","effective_on":"{day}"}}"#));
        }
        Move::Left(reason) => world.hear(
            Kind::AccountChurned,
            None,
            &format!(r#"{{"service_ended_on":"{day}","reason_code":"{reason}","voluntary":true}}"#),
        ),
        Move::Interview => {
            world.hear(Kind::ExitInterviewHeld, None, r#"{"reasons":["support"],"would_return":true}"#);
        }
        Move::Back => world.hear(
            Kind::AccountWonBack,
            None,
            &format!(r#"{{"on":"{day}","arr":{{"minor":1200000,"currency":"USD"}}}}"#),
        ),
        _ => {}
    }
}

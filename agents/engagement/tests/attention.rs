//! The queue of a CSM under every order of offers, closings and days: never more cards than the policy says, and none lost.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use agent::{Agent, Effect, Effects, Input, Turn};
use bus_schema::{
    Data, Day, Entity, Event, Header, Position, Time,
    data::{
        action::ClockMode,
        facts::{CardClosed, CardEnd, CardOffered},
    },
    time::{DAY_MS, HOUR_MS},
};
use engagement::{Engagement, Policy, State};
use proptest::prelude::*;

const START: &str = "2026-03-02T10:00:00Z";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    Waits,
    Shown,
    Closed,
    Dropped,
}

/// A queue, and what it said of every card, kept beside it in the simplest way.
struct Queue {
    policy: Policy,
    state: State,
    now: Time,
    due: Option<Time>,
    seq: u64,
    fates: BTreeMap<String, Fate>,
    accounts: BTreeMap<String, String>,
    /// Cards that took a place, by working day.
    days: BTreeMap<Day, Vec<String>>,
}

impl Queue {
    fn new() -> Self {
        Self {
            policy: Engagement::policy(Engagement::DEFAULT_POLICY).unwrap(),
            state: State::default(),
            now: Time::parse(START).unwrap(),
            due: None,
            seq: 0,
            fates: BTreeMap::new(),
            accounts: BTreeMap::new(),
            days: BTreeMap::new(),
        }
    }

    fn turn(&mut self, input: Input<'_>) {
        let entity = Entity::Csm("jo".into());
        let turn = Turn {
            entity: &entity,
            now: self.now,
            cause: Position { seq: self.seq, index: 0 },
            ordinal: 0,
            log: "log",
            agent: Engagement::NAME,
            policy_version: 1,
            clock: ClockMode::Live,
        };
        // Kept and read again, as over a restart.
        let bytes = postcard::to_stdvec(&self.state).unwrap();
        self.state = postcard::from_bytes(&bytes).unwrap();
        let mut effects = Effects::new(entity.clone());
        Engagement::step(&turn, &self.policy, &mut self.state, input, &mut effects);
        for effect in effects.into_list() {
            match effect {
                Effect::SetTimer { due, .. } => self.due = Some(due),
                Effect::CancelTimer { .. } => self.due = None,
                Effect::Emit(fact) => match fact.data {
                    Data::CardShown(data) => {
                        assert_eq!(fact.entity, Entity::account(&self.accounts[&data.proposal]));
                        assert_eq!(self.fates.insert(data.proposal.clone(), Fate::Shown), Some(Fate::Waits));
                        if data.place > 0 {
                            self.days.entry(data.day).or_default().push(data.proposal);
                        }
                    }
                    Data::CardDropped(data) => {
                        let before = self.fates.insert(data.proposal.clone(), Fate::Dropped);
                        assert!(matches!(before, Some(Fate::Waits | Fate::Shown)), "{before:?}");
                    }
                    other => panic!("{other:?}"),
                },
            }
        }
    }

    fn hear(&mut self, data: Data) {
        self.seq += 1;
        let header = Header {
            source: "agent/engagement".into(),
            id: self.seq.to_string(),
            entity: Entity::Csm("jo".into()),
            time: self.now,
            logtime: self.now,
            actor: None,
            contact: None,
            correlation: None,
            causation: None,
            stage: None,
            segment: None,
            late: false,
        };
        self.turn(Input::Event(&Event { header, data }));
    }

    fn offer(&mut self, account: u8, rank: i64, critical: bool, bulk: bool) {
        let (proposal, account) = (format!("p{:04}", self.fates.len()), format!("a{account}"));
        self.fates.insert(proposal.clone(), Fate::Waits);
        self.accounts.insert(proposal.clone(), account.clone());
        let bulk = bulk.then(|| "incident:i1".into());
        let reason = "because".into();
        self.hear(Data::CardOffered(CardOffered { account, proposal, rank, critical, bulk, again: false, reason }));
    }

    fn close(&mut self, n: usize) {
        let open: Vec<String> = self.fates.iter().filter(|(_, fate)| open(**fate)).map(|(id, _)| id.clone()).collect();
        let Some(proposal) = n.checked_rem(open.len()).map(|n| open[n].clone()) else { return };
        self.fates.insert(proposal.clone(), Fate::Closed);
        let account = self.accounts[&proposal].clone();
        self.hear(Data::CardClosed(CardClosed { account, proposal, reason: CardEnd::Decided }));
    }

    fn pass(&mut self, ms: i64) {
        let until = self.now.plus_ms(ms);
        while let Some(due) = self.due.filter(|due| *due <= until) {
            (self.now, self.due) = (due, None);
            self.seq += 1;
            self.turn(Input::Timer("day"));
        }
        self.now = until;
    }

    /// Cards that are open: one an account, unless it is part of a bulk.
    fn open(&self) -> BTreeSet<&str> {
        let State::Csm(csm) = &self.state else { return BTreeSet::new() };
        csm.open()
    }
}

fn open(fate: Fate) -> bool {
    matches!(fate, Fate::Waits | Fate::Shown)
}

#[derive(Clone, Debug)]
enum Move {
    Offer(u8, i64, bool, bool),
    Close(usize),
    Pass(i64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        12 => (0..120u8, 0..1_000i64, prop::bool::weighted(0.1), prop::bool::weighted(0.05))
            .prop_map(|(a, r, c, b)| Move::Offer(a, r, c, b)),
        4 => any::<usize>().prop_map(Move::Close),
        1 => (1..60i64).prop_map(|h| Move::Pass(h * HOUR_MS)),
    ];
    prop::collection::vec(one, 1..300)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_events_asks_for_more_attention_than_there_is(moves in moves()) {
        let mut queue = Queue::new();
        for step in moves {
            match step {
                Move::Offer(account, rank, critical, bulk) => queue.offer(account, rank, critical, bulk),
                Move::Close(n) => queue.close(n),
                Move::Pass(ms) => queue.pass(ms),
            }
            prop_assert!(queue.days.values().all(|cards| cards.len() <= 18), "{:?}", queue.days);
            prop_assert!(queue.open().len() <= 60, "{} open", queue.open().len());
        }
        // Nothing is lost: whatever waits is shown in the end.
        for _ in 0..12 {
            queue.pass(DAY_MS);
        }
        let waits = queue.fates.values().filter(|fate| **fate == Fate::Waits).count();
        prop_assert_eq!(waits, 0);
    }
}

#[test]
fn what_a_day_has_no_room_for_is_shown_on_the_next_by_rank() {
    let mut queue = Queue::new();
    for rank in 0..60 {
        queue.offer(u8::try_from(rank).unwrap(), i64::from(rank), false, false);
    }
    queue.pass(DAY_MS);
    let second = queue.days.values().nth(1).unwrap();
    let wanted: Vec<String> = (45..60).rev().map(|n| format!("p{n:04}")).collect();
    assert_eq!(*second, wanted);
}

//! The budget under every order of requests, decisions, deliveries and time: no window ever holds more than its maximum.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use agent::{Agent, Effect, Effects, Input, Turn};
use bus_schema::{
    Actor, ActorKind, Data, Entity, Event, Header, Position, Time,
    data::{
        account::{AccountCreated, AccountKind},
        action::{ClockMode, DeliveryFailed, DeliverySent, DeliveryUnknown, FailureReason},
        contact::{ContactAdded, Role},
        facts::{
            ApprovalSigned, HeldReason, MergeField, MessageClass, OutreachProposed, Priority, ProposalDecided,
            ProposalExpired, ProposalReopened, ProposalVoided, ReleaseReason, TouchpointRequested, VoidReason,
        },
        people::{RejectReason, Verdict},
        words::Label,
    },
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};
use engagement::{Engagement, Policy, State};
use proptest::prelude::*;

const START: &str = "2026-03-02T10:00:00Z";

/// How a proposal stands at the gate and at the courier.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stand {
    Open,
    Held,
    Signed(Time),
}

struct World {
    policy: Policy,
    state: State,
    timers: BTreeMap<String, Time>,
    now: Time,
    seq: u64,
    said: Vec<Data>,
    proposals: BTreeMap<String, (OutreachProposed, Stand)>,
    /// Ended by the gate while an approval was out: the courier may still send until then.
    strays: BTreeMap<String, (OutreachProposed, Time)>,
    sent: Vec<(String, MessageClass, Time)>,
}

fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

impl World {
    /// An account of three contacts, and drafts that are never too alike or too thin.
    fn new() -> Self {
        let text = Engagement::DEFAULT_POLICY
            .replace("like_contact_bp = 6000", "like_contact_bp = 10000")
            .replace("like_account_bp = 8500", "like_account_bp = 10000")
            .replace("facts_min = 2", "facts_min = 0")
            .replace("rejected_quiet_days = 14", "rejected_quiet_days = 0");
        Self::with(&text)
    }

    fn with(policy: &str) -> Self {
        let mut world = Self {
            policy: Engagement::policy(policy).unwrap(),
            state: State::default(),
            timers: BTreeMap::new(),
            now: Time::parse(START).unwrap(),
            seq: 0,
            said: Vec::new(),
            proposals: BTreeMap::new(),
            strays: BTreeMap::new(),
            sent: Vec::new(),
        };
        let text = "Subject: Hi\n\nHello {{ contact.first_name }}, it is {{ a.n }} now. How does the work go on, and what could we do for your people this month?";
        Engagement::adopt(&mut world.policy, "template/note", 1, text).unwrap();
        let kind = AccountKind::Customer;
        world.hear(Data::AccountCreated(AccountCreated {
            kind,
            started_on: world.now.day(),
            licensed_seats: None,
            core_features: None,
            plan: None,
            industry: None,
            time_zone: None,
            language: None,
            currency: None,
            personas: None,
        }));
        for contact in ["c_a", "c_b", "c_c"] {
            world.hear(Data::ContactAdded(ContactAdded {
                contact: label(contact),
                roles: [Role::Champion].into_iter().collect(),
                time_zone: None,
                language: None,
                department: None,
                seniority: None,
                domain: None,
            }));
        }
        world
    }

    fn turn(&mut self, input: Input<'_>) {
        let entity = Entity::account("acme");
        let cause = Position { seq: self.seq, index: 0 };
        let turn = Turn {
            entity: &entity,
            now: self.now,
            cause,
            ordinal: 0,
            log: "log",
            agent: "engagement",
            policy_version: 1,
            clock: ClockMode::Live,
        };
        let mut effects = Effects::new(entity.clone());
        Engagement::step(&turn, &self.policy, &mut self.state, input, &mut effects);
        for effect in effects.into_list() {
            match effect {
                Effect::Emit(fact) => {
                    if let Data::OutreachProposed(data) = &fact.data {
                        self.proposals.insert(data.proposal.clone(), (data.clone(), Stand::Open));
                    }
                    self.said.push(fact.data);
                }
                Effect::SetTimer { name, due } => {
                    self.timers.insert(name, due);
                }
                Effect::CancelTimer { name } => {
                    self.timers.remove(&name);
                }
            }
        }
    }

    fn hear(&mut self, data: Data) {
        self.hear_from(None, data);
    }

    fn hear_from(&mut self, actor: Option<Actor>, data: Data) {
        self.seq += 1;
        let header = Header {
            source: "agent/test".into(),
            id: self.seq.to_string(),
            entity: Entity::account("acme"),
            time: self.now,
            logtime: self.now,
            actor,
            contact: None,
            correlation: None,
            causation: None,
            stage: None,
            segment: None,
            late: false,
        };
        self.turn(Input::Event(&Event { header, data }));
    }

    fn pass(&mut self, ms: i64) {
        let until = self.now.plus_ms(ms);
        while let Some((name, due)) = self
            .timers
            .iter()
            .filter(|(_, due)| **due <= until)
            .min_by_key(|(_, due)| **due)
            .map(|(n, d)| (n.clone(), *d))
        {
            self.timers.remove(&name);
            self.now = self.now.max(due);
            self.seq += 1;
            self.turn(Input::Timer(&name));
        }
        self.now = until;
    }

    fn request(&mut self, play: &str, class: MessageClass, priority: Priority) {
        let events = vec![Position { seq: self.seq, index: 0 }];
        let n = self.seq.to_string();
        let field = MergeField { name: "a.n".into(), value: n.clone(), source: "test".into(), at: self.now, events };
        self.hear(Data::TouchpointRequested(TouchpointRequested {
            touch: n,
            play: play.into(),
            play_version: 1,
            priority,
            class,
            template: "note".into(),
            roles: vec!["champion".into()],
            why: "because".into(),
            evidence: Vec::new(),
            fields: vec![field],
            value: None,
            cause_key: "k".into(),
        }));
    }

    fn pick(&self, n: usize, stand: impl Fn(Stand) -> bool) -> Option<String> {
        let fit: Vec<&String> = self.proposals.iter().filter(|(_, (_, s))| stand(*s)).map(|(id, _)| id).collect();
        fit.get(n.checked_rem(fit.len())?).map(|id| (*id).clone())
    }

    fn decide(&mut self, id: &str, verdict: Verdict) {
        match verdict {
            Verdict::Approve => self.proposals.get_mut(id).unwrap().1 = Stand::Held,
            Verdict::Reject => {
                self.proposals.remove(id);
            }
        }
        self.hear(Data::ProposalDecided(ProposalDecided {
            proposal: id.into(),
            version: 1,
            verdict,
            by: "person/jo".into(),
            edited: false,
            hold_until: None,
            reason: (verdict == Verdict::Reject).then_some(RejectReason::BadTiming),
            decision: Position { seq: self.seq, index: 0 },
            bytes_hash: None,
        }));
    }

    fn sign(&mut self, id: &str) {
        let not_after = self.now.plus_ms(10 * MINUTE_MS);
        self.proposals.get_mut(id).unwrap().1 = Stand::Signed(not_after);
        self.hear(Data::ApprovalSigned(ApprovalSigned {
            proposal: id.into(),
            decision: Position { seq: 1, index: 0 },
            bytes_hash: "x".into(),
            play: "play".into(),
            channel: "email".into(),
            contact: "c_a".into(),
            not_after,
            clock: ClockMode::Live,
        }));
    }

    /// The gate ends it; an approval that is out lives on at the courier.
    fn end(&mut self, id: &str, expired: bool) {
        let (draft, stand) = self.proposals.remove(id).unwrap();
        if let Stand::Signed(until) = stand {
            self.strays.insert(id.into(), (draft, until));
        }
        let proposal = id.to_owned();
        self.hear(if expired {
            Data::ProposalExpired(ProposalExpired { proposal, expired_at: self.now })
        } else {
            let event = Position { seq: 1, index: 0 };
            Data::ProposalVoided(ProposalVoided { proposal, reason: VoidReason::BandChanged, event })
        });
    }

    fn deliver(&mut self, id: &str, outcome: u8) {
        let stray = self.strays.remove(id).map(|(draft, _)| draft);
        let Some(draft) = stray.or_else(|| self.proposals.remove(id).map(|(draft, _)| draft)) else { return };
        let proposal = label(id);
        let data = match outcome {
            0 => Data::DeliverySent(DeliverySent { proposal, bytes_hash: label("x"), response: None }),
            1 => Data::DeliveryUnknown(DeliveryUnknown { proposal, reason: "?".into() }),
            _ => {
                let reason = FailureReason::Refused;
                Data::DeliveryFailed(DeliveryFailed { proposal, reason, stop_scope: None, retryable: false })
            }
        };
        if outcome < 2 {
            self.sent.push((draft.contact, draft.class, self.now));
        }
        self.hear(data);
    }

    /// The approval ran out: the courier says so, and the gate lets the proposal wait again.
    fn run_out(&mut self, id: &str) {
        self.proposals.get_mut(id).unwrap().1 = Stand::Open;
        let (proposal, reason) = (label(id), FailureReason::Expired);
        self.hear(Data::DeliveryFailed(DeliveryFailed { proposal, reason, stop_scope: None, retryable: true }));
        let actor = Actor { kind: ActorKind::Agent, id: "supervisor".into() };
        self.hear_from(
            Some(actor),
            Data::ProposalReopened(ProposalReopened { proposal: id.into(), by: "courier".into() }),
        );
    }

    fn most(&self, days: i64, counts: impl Fn(&(String, MessageClass, Time)) -> bool) -> usize {
        let times: Vec<Time> = self.sent.iter().filter(|sent| counts(sent)).map(|(_, _, at)| *at).collect();
        let within = |end: &Time| times.iter().filter(|at| **at <= *end && end.since_ms(**at) < days * DAY_MS).count();
        times.iter().map(within).max().unwrap_or(0)
    }
}

/// The table of the domain, for a small customer.
fn check(world: &World) -> Result<(), TestCaseError> {
    use MessageClass::{Commercial, Relationship, Survey, Transactional};
    let of = |class: MessageClass| move |sent: &(String, MessageClass, Time)| sent.1 == class;
    let all = |sent: &(String, MessageClass, Time)| sent.1 != Transactional;
    let account = [(Transactional, 7, 10), (Relationship, 7, 2), (Commercial, 30, 2), (Survey, 30, 3)];
    for (class, days, max) in account {
        prop_assert!(world.most(days, of(class)) <= max, "account {class:?} {days} d: {:?}", world.sent);
    }
    prop_assert!(world.most(30, all) <= 6);
    let contact = [
        (Transactional, 7, 5),
        (Relationship, 3, 1),
        (Relationship, 30, 4),
        (Commercial, 14, 1),
        (Commercial, 90, 2),
        (Survey, 30, 1),
    ];
    for who in ["c_a", "c_b", "c_c"] {
        for (class, days, max) in contact {
            let most = world.most(days, |sent| sent.0 == who && sent.1 == class);
            prop_assert!(most <= max, "{who} {class:?} {days} d: {:?}", world.sent);
        }
        prop_assert!(world.most(2, |sent| sent.0 == who && all(sent)) <= 1);
        prop_assert!(world.most(30, |sent| sent.0 == who && all(sent)) <= 5);
    }
    Ok(())
}

#[derive(Clone, Debug)]
enum Move {
    Request(usize, usize, usize),
    Approve(usize),
    Reject(usize),
    Sign(usize),
    Deliver(usize, u8),
    DeliverStray(usize, u8),
    End(usize, bool),
    RunOut(usize),
    Pass(i64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        4 => (0..6usize, 0..4usize, 0..11usize).prop_map(|(p, c, r)| Move::Request(p, c, r)),
        3 => any::<usize>().prop_map(Move::Approve),
        1 => any::<usize>().prop_map(Move::Reject),
        3 => any::<usize>().prop_map(Move::Sign),
        4 => (any::<usize>(), 0..3u8).prop_map(|(n, o)| Move::Deliver(n, o)),
        1 => (any::<usize>(), 0..3u8).prop_map(|(n, o)| Move::DeliverStray(n, o)),
        1 => (any::<usize>(), any::<bool>()).prop_map(|(n, e)| Move::End(n, e)),
        1 => any::<usize>().prop_map(Move::RunOut),
        3 => (1..96i64).prop_map(|h| Move::Pass(h * HOUR_MS)),
        2 => (1..9i64).prop_map(|m| Move::Pass(m * MINUTE_MS)),
    ];
    prop::collection::vec(one, 1..160)
}

const CLASSES: [MessageClass; 4] =
    [MessageClass::Transactional, MessageClass::Relationship, MessageClass::Commercial, MessageClass::Survey];
const PRIORITIES: [Priority; 11] = [
    Priority::Incident,
    Priority::Escalation,
    Priority::Save,
    Priority::Renewal,
    Priority::Onboarding,
    Priority::ClosedLoop,
    Priority::Review,
    Priority::Adoption,
    Priority::Expansion,
    Priority::Advocacy,
    Priority::Survey,
];

fn play(world: &mut World, step: &Move) {
    let open = |stand: Stand| stand == Stand::Open;
    let held = |stand: Stand| stand == Stand::Held;
    let signed = |stand: Stand| matches!(stand, Stand::Signed(_));
    match *step {
        Move::Request(name, class, priority) => {
            world.request(&format!("play {name}"), CLASSES[class], PRIORITIES[priority]);
        }
        Move::Approve(n) => drop(world.pick(n, open).map(|id| world.decide(&id, Verdict::Approve))),
        Move::Reject(n) => drop(world.pick(n, open).map(|id| world.decide(&id, Verdict::Reject))),
        Move::Sign(n) => drop(world.pick(n, held).map(|id| world.sign(&id))),
        Move::Deliver(n, outcome) => drop(world.pick(n, signed).map(|id| world.deliver(&id, outcome))),
        Move::DeliverStray(n, outcome) => {
            let now = world.now;
            let alive = world.strays.iter().filter(|(_, (_, until))| now <= *until).map(|(id, _)| id.clone());
            let alive: Vec<String> = alive.collect();
            if let Some(id) = n.checked_rem(alive.len()).and_then(|n| alive.get(n)) {
                world.deliver(id, outcome);
            }
        }
        Move::End(n, expired) => drop(world.pick(n, |_| true).map(|id| world.end(&id, expired))),
        Move::RunOut(n) => drop(world.pick(n, signed).map(|id| world.run_out(&id))),
        Move::Pass(ms) => world.pass(ms),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_events_exceeds_a_budget(moves in moves()) {
        let mut world = World::new();
        for step in &moves {
            play(&mut world, step);
            check(&world)?;
            // One open proposal for each play and cause.
            let mut plays: Vec<&str> = world.proposals.values().map(|(draft, _)| draft.play.as_str()).collect();
            plays.sort_unstable();
            let all = plays.len();
            plays.dedup();
            prop_assert_eq!(plays.len(), all);
        }
    }

    #[test]
    fn every_reservation_is_given_back_once(moves in moves()) {
        let mut world = World::new();
        for step in &moves {
            play(&mut world, step);
        }
        let count = |wanted: &str| {
            let ids = world.said.iter().filter_map(|data| match data {
                Data::BudgetReserved(data) if wanted == "reserved" => Some(data.proposal.clone()),
                Data::BudgetReleased(data) if wanted == "released" => Some(data.proposal.clone()),
                _ => None,
            });
            let mut ids: Vec<String> = ids.collect();
            ids.sort_unstable();
            ids
        };
        let (reserved, released) = (count("reserved"), count("released"));
        let mut once = released.clone();
        once.dedup();
        prop_assert_eq!(&once, &released);
        prop_assert!(released.iter().all(|id| reserved.contains(id)));
        prop_assert_eq!(reserved.len() - released.len(), world.state.open.len());
    }
}

fn last_proposal(world: &World) -> String {
    world.proposals.keys().next_back().cloned().unwrap()
}

fn reasons(world: &World) -> Vec<ReleaseReason> {
    let released =
        world.said.iter().filter_map(|data| if let Data::BudgetReleased(d) = data { Some(d.reason) } else { None });
    released.collect()
}

fn held(world: &World) -> Option<HeldReason> {
    world.said.iter().rev().find_map(|data| if let Data::TouchpointHeld(d) = data { Some(d.reason) } else { None })
}

#[test]
fn a_rejected_play_gives_its_budget_back_and_rests_on_that_cause() {
    let mut world = World::with(&Engagement::DEFAULT_POLICY.replace("facts_min = 2", "facts_min = 0"));
    world.request("save", MessageClass::Relationship, Priority::Save);
    let id = last_proposal(&world);
    world.decide(&id, Verdict::Reject);
    assert_eq!(reasons(&world), [ReleaseReason::Rejected]);
    world.request("save", MessageClass::Relationship, Priority::Save);
    assert_eq!(held(&world), Some(HeldReason::Cooldown));
    world.pass(15 * DAY_MS);
    world.request("save", MessageClass::Relationship, Priority::Save);
    assert_eq!(world.proposals.len(), 1);
}

#[test]
fn doubt_counts_as_sent_and_the_window_begins_with_the_send() {
    let mut world = World::new();
    world.request("save", MessageClass::Relationship, Priority::Save);
    let id = last_proposal(&world);
    world.decide(&id, Verdict::Approve);
    world.pass(40 * HOUR_MS);
    world.sign(&id);
    world.deliver(&id, 1);
    assert_eq!(reasons(&world), [ReleaseReason::Unknown]);
    world.request("review", MessageClass::Relationship, Priority::Review);
    assert_eq!(held(&world), Some(HeldReason::Outranked));
    world.pass(71 * HOUR_MS);
    assert!(world.proposals.is_empty());
    world.pass(2 * HOUR_MS);
    assert_eq!(world.proposals.len(), 1, "three days after the send, not after the proposal");
}

#[test]
fn an_approval_that_is_out_keeps_its_budget_until_it_cannot_be_sent_any_more() {
    let mut world = World::new();
    world.request("save", MessageClass::Relationship, Priority::Save);
    let id = last_proposal(&world);
    world.decide(&id, Verdict::Approve);
    world.sign(&id);
    world.end(&id, false);
    assert_eq!(reasons(&world), []);
    world.pass(3 * HOUR_MS);
    assert_eq!(reasons(&world), [ReleaseReason::Voided]);
}

#[test]
fn what_was_sent_is_not_drafted_again_for_the_same_reader() {
    let mut world = World::with(
        &Engagement::DEFAULT_POLICY
            .replace("facts_min = 2", "facts_min = 0")
            .replace("max = 2, days = 7", "max = 9, days = 7"),
    );
    for _ in 0..3 {
        world.request("save", MessageClass::Relationship, Priority::Save);
        let id = last_proposal(&world);
        world.decide(&id, Verdict::Approve);
        world.sign(&id);
        world.deliver(&id, 0);
        world.pass(35 * DAY_MS);
    }
    let mut readers: Vec<&str> = world.sent.iter().map(|(contact, ..)| contact.as_str()).collect();
    readers.sort_unstable();
    assert_eq!(readers, ["c_a", "c_b", "c_c"]);
    world.request("save", MessageClass::Relationship, Priority::Save);
    assert_eq!(held(&world), Some(HeldReason::ReadsGeneric));
}

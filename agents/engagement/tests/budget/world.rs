//! An account with a gate and a courier played by the test.

use std::collections::BTreeMap;

use agent::{Agent, Effect, Effects, Input, Turn};
use bus_schema::{
    Actor, ActorKind, Data, Entity, Event, Header, Position, Time,
    data::{
        account::{AccountCreated, AccountKind},
        action::{ClockMode, DeliveryFailed, DeliverySent, DeliveryUnknown, FailureReason},
        contact::{ContactAdded, Role},
        facts::{
            ApprovalSigned, ExpiredReason, MergeField, MessageClass, OutreachProposed, Priority, ProposalDecided,
            ProposalExpired, ProposalReopened, ProposalVoided, TouchpointRequested, VoidReason,
        },
        people::{RejectReason, Verdict},
        words::Label,
    },
    time::{DAY_MS, MINUTE_MS},
};
use engagement::{Engagement, Policy, State};
/// Thirty waiting touches, the open proposals and the messages of a few months, each with its text as hashes.
const STATE_BYTES_MAX: usize = 64 * 1024;
const START: &str = "2026-03-02T10:00:00Z";

/// How a proposal stands at the gate and at the courier.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stand {
    Open,
    Held,
    Signed(Time),
}

pub(crate) struct World {
    pub(crate) policy: Policy,
    pub(crate) state: State,
    pub(crate) timers: BTreeMap<String, Time>,
    pub(crate) now: Time,
    /// How far the clocks of others are ahead of log time.
    pub(crate) ahead_ms: i64,
    pub(crate) clock: ClockMode,
    pub(crate) seq: u64,
    pub(crate) said: Vec<Data>,
    pub(crate) proposals: BTreeMap<String, (OutreachProposed, Stand)>,
    /// Ended by the gate while an approval was out: the courier may still send until then.
    pub(crate) strays: BTreeMap<String, (OutreachProposed, Time)>,
    pub(crate) sent: Vec<(String, MessageClass, Time)>,
}

fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

impl World {
    /// An account of three contacts, and drafts that are never too alike or too thin.
    pub(crate) fn new() -> Self {
        let text = Engagement::DEFAULT_POLICY
            .replace("like_contact_bp = 6000", "like_contact_bp = 10000")
            .replace("like_account_bp = 8500", "like_account_bp = 10000")
            .replace("facts_min = 2", "facts_min = 0")
            .replace("rejected_quiet_days = 14", "rejected_quiet_days = 0");
        Self::with(&text)
    }

    pub(crate) fn with(policy: &str) -> Self {
        let mut world = Self {
            policy: Engagement::policy(policy).unwrap(),
            state: State::default(),
            timers: BTreeMap::new(),
            now: Time::parse(START).unwrap(),
            ahead_ms: 0,
            clock: ClockMode::Live,
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

    /// Proposals that hold budget.
    pub(crate) fn reserved(&self) -> usize {
        self.state.account().map_or(0, |account| account.open.len())
    }

    pub(crate) fn turn(&mut self, input: Input<'_>) {
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
            clock: self.clock,
        };
        // Kept and read again, as over a restart; and small, however long the history is.
        let bytes = postcard::to_stdvec(&self.state).unwrap();
        assert!(bytes.len() <= STATE_BYTES_MAX, "{} bytes of state", bytes.len());
        self.state = postcard::from_bytes(&bytes).unwrap();
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

    pub(crate) fn hear(&mut self, data: Data) {
        self.hear_from(None, data);
    }

    pub(crate) fn hear_from(&mut self, actor: Option<Actor>, data: Data) {
        self.seq += 1;
        let header = Header {
            source: "agent/test".into(),
            id: self.seq.to_string(),
            entity: Entity::account("acme"),
            time: self.now.plus_ms(self.ahead_ms),
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

    pub(crate) fn pass(&mut self, ms: i64) {
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

    pub(crate) fn request(&mut self, play: &str, class: MessageClass, priority: Priority) {
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

    pub(crate) fn pick(&self, n: usize, stand: impl Fn(Stand) -> bool) -> Option<String> {
        let fit: Vec<&String> = self.proposals.iter().filter(|(_, (_, s))| stand(*s)).map(|(id, _)| id).collect();
        fit.get(n.checked_rem(fit.len())?).map(|id| (*id).clone())
    }

    pub(crate) fn decide(&mut self, id: &str, verdict: Verdict) {
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
            cause_key: None,
        }));
    }

    pub(crate) fn sign(&mut self, id: &str) {
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
    pub(crate) fn end(&mut self, id: &str, expired: bool) {
        let (draft, stand) = self.proposals.remove(id).unwrap();
        if let Stand::Signed(until) = stand {
            self.strays.insert(id.into(), (draft, until));
        }
        let proposal = id.to_owned();
        self.hear(if expired {
            Data::ProposalExpired(ProposalExpired { proposal, expired_at: self.now, reason: ExpiredReason::Undecided })
        } else {
            let event = Position { seq: 1, index: 0 };
            Data::ProposalVoided(ProposalVoided { proposal, reason: VoidReason::BandChanged, event })
        });
    }

    pub(crate) fn deliver(&mut self, id: &str, outcome: u8) {
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
    pub(crate) fn run_out(&mut self, id: &str) {
        self.proposals.get_mut(id).unwrap().1 = Stand::Open;
        let (proposal, reason) = (label(id), FailureReason::Expired);
        self.hear(Data::DeliveryFailed(DeliveryFailed { proposal, reason, stop_scope: None, retryable: true }));
        let actor = Actor { kind: ActorKind::Agent, id: "supervisor".into() };
        self.hear_from(
            Some(actor),
            Data::ProposalReopened(ProposalReopened { proposal: id.into(), by: "courier".into() }),
        );
    }

    pub(crate) fn most(&self, days: i64, counts: impl Fn(&(String, MessageClass, Time)) -> bool) -> usize {
        let times: Vec<Time> = self.sent.iter().filter(|sent| counts(sent)).map(|(_, _, at)| *at).collect();
        let within = |end: &Time| times.iter().filter(|at| **at <= *end && end.since_ms(**at) < days * DAY_MS).count();
        times.iter().map(within).max().unwrap_or(0)
    }
}

//! No sequence of events leads to a signature without a valid decision, before its hold is over, or after the proposal
//! fell. The oracle here knows nothing of the state: it judges by what was heard and said.

use std::collections::BTreeSet;

use agent::Effect;
use bus_schema::{
    Actor, ActorKind, Day, Entity, Header, Position, Time,
    data::{
        account::AccountChurned,
        action::{ClockMode, DeliveryFailed, DeliveryIntended, DeliverySent, FailureReason},
        contact::ContactLeft,
        facts::{Band, BandChanged, MessageClass, OutreachProposed, Priority},
        people::{DecisionRecorded, DecisionUndone, Verdict},
        words::Label,
    },
};
use proptest::prelude::*;

use super::*;

const HOLD_MS: i64 = 30_000;
const CONTACTS: [&str; 2] = ["c_ana", "c_ben"];

#[derive(Clone, Copy, Debug)]
enum Move {
    Propose { id: u8, version: u32, contact: usize, play: u8, expires_min: i64, not_before_min: i64 },
    Decide { id: u8, version: u32, approve: bool, bytes: bool, actor: usize, draft: bool },
    Undo { id: u8 },
    Left { contact: usize },
    Churned,
    Band(Band),
    Intended { id: u8 },
    Sent { id: u8 },
    Failed { id: u8, expired: bool },
    Wait { seconds: i64 },
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let id = 0..3_u8;
    let version = 1..3_u32;
    let one = prop_oneof![
        4 => (id.clone(), version.clone(), 0..2_usize, 0..2_u8, 1..600_i64, -5..30_i64).prop_map(
            |(id, version, contact, play, expires_min, not_before_min)| Move::Propose {
                id, version, contact, play, expires_min, not_before_min
            }
        ),
        6 => (id.clone(), version, any::<bool>(), prop::bool::weighted(0.8), 0..6_usize, prop::bool::weighted(0.8))
            .prop_map(|(id, version, approve, bytes, actor, draft)| Move::Decide {
                id, version, approve, bytes, actor, draft
            }),
        1 => id.clone().prop_map(|id| Move::Undo { id }),
        1 => (0..2_usize).prop_map(|contact| Move::Left { contact }),
        1 => Just(Move::Churned),
        1 => prop_oneof![Just(Band::Red), Just(Band::Yellow), Just(Band::Green)].prop_map(Move::Band),
        1 => id.clone().prop_map(|id| Move::Intended { id }),
        1 => id.clone().prop_map(|id| Move::Sent { id }),
        1 => (id, any::<bool>()).prop_map(|(id, expired)| Move::Failed { id, expired }),
        6 => prop_oneof![0..40_i64, 200..2_000_i64].prop_map(|seconds| Move::Wait { seconds }),
    ];
    prop::collection::vec(one, 1..60)
}

/// The world around the agent, and what was heard and said.
struct World {
    entity: Entity,
    policy: Policy,
    state: State,
    timers: BTreeSet<(Time, String)>,
    now: Time,
    seq: u64,
    heard: Vec<(Position, Time, Event)>,
    said: Vec<(Position, Time, Data)>,
}

impl World {
    fn new() -> Self {
        Self {
            entity: Entity::account("acme"),
            policy: Policy::read(policy::DEFAULT).unwrap(),
            state: State::default(),
            timers: BTreeSet::new(),
            now: Time(1_800_000_000_000),
            seq: 0,
            heard: Vec::new(),
            said: Vec::new(),
        }
    }

    fn step(&mut self, input: Input<'_>) {
        let cause = Position { seq: self.seq, index: 0 };
        let entity = self.entity.clone();
        let turn = Turn {
            entity: &entity,
            now: self.now,
            cause,
            ordinal: 0,
            log: "log",
            agent: "supervisor",
            policy_version: 1,
            clock: ClockMode::Live,
        };
        let mut effects = Effects::new(entity.clone());
        Supervisor::step(&turn, &self.policy, &mut self.state, input, &mut effects);
        for effect in effects.into_list() {
            match effect {
                Effect::Emit(fact) => self.said.push((cause, self.now, fact.data)),
                Effect::SetTimer { name, due } => {
                    self.timers.retain(|(_, set)| *set != name);
                    self.timers.insert((due, name));
                }
                Effect::CancelTimer { name } => self.timers.retain(|(_, set)| *set != name),
            }
        }
    }

    fn wait(&mut self, seconds: i64) {
        let until = self.now.plus_ms(seconds * 1_000);
        while let Some((due, name)) = self.timers.first().cloned().filter(|(due, _)| *due <= until) {
            self.timers.remove(&(due, name.clone()));
            self.now = self.now.max(due);
            self.seq += 1;
            self.step(Input::Timer(&name));
        }
        self.now = until;
    }

    fn hear(&mut self, actor: Option<Actor>, data: Data) {
        self.seq += 1;
        let header = Header {
            source: "test".into(),
            id: self.seq.to_string(),
            entity: self.entity.clone(),
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
        let event = Event { header, data };
        self.step(Input::Event(&event));
        self.heard.push((Position { seq: self.seq, index: 0 }, self.now, event));
    }

    fn play(&mut self, step: Move) {
        let person = Some(Actor { kind: ActorKind::Person, id: "jo".into() });
        match step {
            Move::Propose { id, version, contact, play, expires_min, not_before_min } => {
                let now = self.now;
                self.hear(
                    None,
                    Data::OutreachProposed(proposed(id, version, contact, play, now, expires_min, not_before_min)),
                );
            }
            Move::Decide { id, version, approve, bytes, actor, draft } => {
                let kinds = [
                    ActorKind::Person,
                    ActorKind::Person,
                    ActorKind::Simulated,
                    ActorKind::Agent,
                    ActorKind::System,
                    ActorKind::Install,
                ];
                let actor = Some(Actor { kind: kinds[actor], id: "x".into() });
                let data = DecisionRecorded {
                    proposal: label(&format!("p{id}")),
                    verdict: if approve { Verdict::Approve } else { Verdict::Reject },
                    version,
                    draft_hash: label(&if draft { format!("d{id}.{version}") } else { "other".into() }),
                    bytes_hash: bytes.then(|| label(&format!("b{}", self.seq))),
                    recipients_hash: None,
                    channel: None,
                    edited: false,
                    reason: None,
                };
                self.hear(actor, Data::DecisionRecorded(data));
            }
            Move::Undo { id } => {
                self.hear(person, Data::DecisionUndone(DecisionUndone { proposal: label(&format!("p{id}")) }));
            }
            Move::Left { contact } => {
                let contact = label(CONTACTS[contact]);
                let left = ContactLeft { contact, on: self.now.day(), confirmed: true, successor: None };
                self.hear(None, Data::ContactLeft(left));
            }
            Move::Churned => self.hear(None, Data::AccountChurned(churned(self.now.day()))),
            Move::Band(to) => {
                let data = BandChanged { from: Band::Unknown, to, score: 0, reason: String::new() };
                self.hear(None, Data::HealthBandChanged(data));
            }
            Move::Intended { id } => {
                let data = DeliveryIntended { proposal: label(&format!("p{id}")), deadline: self.now };
                self.hear(None, Data::DeliveryIntended(data));
            }
            Move::Sent { id } => {
                let proposal = label(&format!("p{id}"));
                self.hear(None, Data::DeliverySent(DeliverySent { proposal, bytes_hash: label("b"), response: None }));
            }
            Move::Failed { id, expired } => {
                let reason = if expired { FailureReason::Expired } else { FailureReason::Stopped };
                let proposal = label(&format!("p{id}"));
                let data = DeliveryFailed { proposal, reason, stop_scope: None, retryable: expired };
                self.hear(None, Data::DeliveryFailed(data));
            }
            Move::Wait { seconds } => self.wait(seconds),
        }
    }
}

fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

fn churned(on: Day) -> AccountChurned {
    let reason_code = bus_schema::data::account::ChurnReason::Price;
    AccountChurned { service_ended_on: on, notice_on: None, reason_code, competitor: None, voluntary: true }
}

fn proposed(
    id: u8,
    version: u32,
    contact: usize,
    play: u8,
    now: Time,
    expires_min: i64,
    not_before_min: i64,
) -> OutreachProposed {
    OutreachProposed {
        proposal: format!("p{id}"),
        version,
        touches: Vec::new(),
        play: format!("play{play}"),
        play_version: 1,
        priority: Priority::Save,
        class: MessageClass::Relationship,
        channel: "email".into(),
        template: "t".into(),
        template_version: 1,
        contact: CONTACTS[contact].into(),
        role: "champion".into(),
        subject: "s".into(),
        body: "b".into(),
        draft_hash: format!("d{id}.{version}"),
        shingles: Vec::new(),
        fields: Vec::new(),
        why: "w".into(),
        evidence: Vec::new(),
        value: None,
        if_nothing: "n".into(),
        agent: "churn".into(),
        cause_key: "band:red".into(),
        hours: None,
        not_before: (not_before_min > 0).then(|| now.plus_ms(not_before_min * 60_000)),
        expires: now.plus_ms(expires_min * 60_000),
    }
}

/// Whether what was said at `at` about a proposal takes its approval away.
fn takes_away(data: &Data, id: &str) -> bool {
    match data {
        Data::ProposalVoided(data) => data.proposal == id,
        Data::ProposalExpired(data) => data.proposal == id,
        Data::ProposalReopened(data) => data.proposal == id,
        Data::ProposalFiled(data) => data.proposal == id,
        Data::ProposalDecided(data) => data.proposal == id && data.verdict == Verdict::Reject,
        _ => false,
    }
}

fn judge(world: &World) -> Result<usize, TestCaseError> {
    let mut signed = BTreeSet::new();
    for (number, (place, at, data)) in world.said.iter().enumerate() {
        let Data::ApprovalSigned(approval) = data else { continue };
        let id = approval.proposal.as_str();
        prop_assert!(signed.insert(approval.decision), "one decision is signed once");
        prop_assert_eq!(approval.not_after, at.plus_ms(600_000));
        let found = world.heard.iter().find(|(position, ..)| *position == approval.decision);
        let Some((_, decided_at, event)) = found else { return Err(TestCaseError::fail("no such decision")) };
        let Data::DecisionRecorded(decision) = &event.data else {
            return Err(TestCaseError::fail("the position is no decision"));
        };
        prop_assert_eq!(event.header.actor.as_ref().map(|a| a.kind), Some(ActorKind::Person));
        prop_assert_eq!(decision.verdict, Verdict::Approve);
        prop_assert_eq!(decision.proposal.as_str(), id);
        prop_assert_eq!(decision.bytes_hash.as_ref().map(Label::as_str), Some(approval.bytes_hash.as_str()));
        prop_assert!(at.since_ms(*decided_at) >= HOLD_MS, "signed {} ms after", at.since_ms(*decided_at));
        let between = |(position, ..): &&(Position, Time, Data)| *position > approval.decision;
        let fell = world.said[..number].iter().filter(between).find(|(_, _, data)| takes_away(data, id));
        prop_assert!(fell.is_none(), "signed although {:?}", fell);
        let draft = world.heard.iter().rev().filter(|(position, ..)| *position < approval.decision).find_map(
            |(_, heard_at, event)| match &event.data {
                Data::OutreachProposed(p) if p.proposal == id && p.version == decision.version => Some((*heard_at, p)),
                _ => None,
            },
        );
        let Some((_, draft)) = draft else { return Err(TestCaseError::fail("no such version")) };
        prop_assert_eq!(decision.draft_hash.as_str(), draft.draft_hash.as_str());
        // By their order in the log: two events may have one instant.
        let before = world.heard.iter().filter(|(position, ..)| position < place);
        let gone = before.into_iter().any(|(_, _, event)| matches!(&event.data, Data::AccountChurned(_)));
        prop_assert!(!gone, "signed for an account that ended");
    }
    Ok(signed.len())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_signed_without_a_valid_decision_and_its_hold(moves in moves()) {
        let mut world = World::new();
        for step in moves {
            world.play(step);
        }
        world.wait(86_400 * 20);
        judge(&world)?;
        prop_assert!(world.state.proposals.values().all(|p| p.step == state::Step::Intended), "no proposal waits for ever");
    }

    #[test]
    fn a_decision_and_a_quiet_half_minute_are_signed(version in 1..3_u32, waits in prop::collection::vec(0..12_i64, 0..4)) {
        let mut world = World::new();
        world.play(Move::Propose { id: 0, version, contact: 0, play: 0, expires_min: 600, not_before_min: 0 });
        world.play(Move::Decide { id: 0, version, approve: true, bytes: true, actor: 0, draft: true });
        for seconds in waits {
            world.wait(seconds);
        }
        world.wait(30);
        prop_assert_eq!(judge(&world)?, 1);
    }
}

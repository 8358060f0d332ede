//! Approvals reach ACTION once, with the bytes of the decision, and never when their time or their reason is gone.

use std::sync::atomic::{AtomicI64, Ordering};

use bus::{Chain, MemoryBus, Packed, memory::Fault};
use bus_schema::{
    TurnId,
    data::{
        action::{DeliveryFailed, DeliveryIntended},
        facts::{ProposalReopened, ProposalVoided, VoidReason},
        people::{DecisionRecorded, Verdict},
    },
};
use serde_json::json;
use tempfile::TempDir;

use super::*;

const NOON: Time = Time(1_772_366_400_000);
const P: Partition = Partition(3);

struct Rig {
    memory: MemoryBus,
    bus: Bus,
    people: Chain,
    gate: Chain,
    wall: Arc<AtomicI64>,
    folder: TempDir,
    turns: u64,
}

fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

fn event(id: String, data: Data) -> Event {
    let header = Header {
        source: "test".into(),
        id,
        entity: Entity::account("acme"),
        time: NOON,
        logtime: NOON,
        actor: None,
        contact: None,
        correlation: None,
        causation: None,
        stage: None,
        segment: None,
        late: false,
    };
    Event { header, data }
}

impl Rig {
    async fn new() -> Self {
        let wall = Arc::new(AtomicI64::new(NOON.0));
        let clock = Arc::clone(&wall);
        let memory = MemoryBus::with_clock(move || Time(clock.load(Ordering::SeqCst)));
        let bus: Bus = memory.clone().into();
        let chain = async |subject| Chain::open(bus.clone(), Stream::Log, subject, 1).await.unwrap();
        let people = chain(subject::log_people(P)).await;
        let gate = chain(subject::log_fact(P, "supervisor", P)).await;
        Self { memory, bus, people, gate, wall, folder: tempfile::tempdir().unwrap(), turns: 0 }
    }

    async fn append(&mut self, gate: bool, data: Data, personal: &serde_json::Value) -> Position {
        self.turns += 1;
        let event = event(self.turns.to_string(), data);
        let json = serde_json::to_vec(&Envelope::of(&event, personal.as_object())).unwrap();
        let packed = Packed { kind: event.kind(), entity_hash: event.header.entity.hash(), json };
        let chain = if gate { &self.gate } else { &self.people };
        chain.push(TurnId { seq: self.turns, index: 0, ordinal: 0 }, vec![packed]).await.unwrap();
        chain.flush().await.unwrap();
        Position { seq: chain.progress().borrow().seq, index: 0 }
    }

    async fn decide(&mut self, recipient: &str, approved: &str) -> Position {
        let data = DecisionRecorded {
            proposal: label("p1"),
            verdict: Verdict::Approve,
            version: 1,
            draft_hash: label("d"),
            bytes_hash: Some(label("b")),
            recipients_hash: Some(label(&agent::digest::sha256_hex(approved.as_bytes()))),
            channel: None,
            edited: false,
            reason: None,
        };
        let personal = json!({ "recipient": recipient, "message": "Ynl0ZXM=", "note": "not for the courier" });
        self.append(false, Data::DecisionRecorded(data), &personal).await
    }

    async fn sign(&mut self, decision: Position) -> u64 {
        let signed = ApprovalSigned {
            proposal: "p1".into(),
            decision,
            bytes_hash: "b".into(),
            not_after: NOON.plus_ms(600_000),
            clock: ClockMode::Live,
            play: "save".into(),
            contact: "c_ana".into(),
            channel: "email".into(),
        };
        self.append(true, Data::ApprovalSigned(signed), &json!({})).await.seq
    }

    async fn void(&mut self) -> u64 {
        let event = Position { seq: 1, index: 0 };
        let void = ProposalVoided { proposal: "p1".into(), reason: VoidReason::ContactLeft, event };
        self.append(true, Data::ProposalVoided(void), &json!({})).await.seq
    }

    async fn reopen(&mut self) -> u64 {
        let reopened = ProposalReopened { proposal: "p1".into(), by: "supervisor".into() };
        self.append(true, Data::ProposalReopened(reopened), &json!({})).await.seq
    }

    /// Runs a publisher up to a message; `afresh` without what an earlier one kept.
    async fn publish(&self, until: u64, afresh: bool) {
        let state = self.folder.path().join("state");
        if afresh {
            let _ = std::fs::remove_dir_all(&state);
        }
        let config = PublisherConfig {
            disk: runtime::store::Disk::Machine,
            log: self.bus.clone(),
            out: self.bus.clone(),
            state,
            address_hash: Arc::new(|address| agent::digest::sha256_hex(address.as_bytes())),
            log_time: Arc::new(|| Time(i64::MAX)),
        };
        let publisher = Publisher::start(config).await.unwrap();
        tokio::time::timeout(Duration::from_secs(20), publisher.wait(until)).await.expect("too slow").unwrap();
        publisher.stop().await;
    }

    /// Puts the courier's word behind the last one.
    async fn courier(&self, data: Data) {
        let subject = subject::action(P, "p1");
        let last = self.bus.last(Stream::Action, &subject).await.unwrap().map_or(0, |stored| stored.seq);
        let mut event = event("courier".into(), data);
        event.header.causation = self.actions().await.pop().map(|(_, envelope)| envelope.id);
        let message = message(subject, &event, &serde_json::Map::new());
        self.bus.publish(message, Some(last)).await.unwrap();
    }

    async fn actions(&self) -> Vec<(Kind, Envelope)> {
        let mut reader = self.bus.reader(Stream::Action, "eyes", &[], 1).await.unwrap();
        let stored = reader.next(100, Duration::from_millis(20)).await.unwrap();
        stored
            .iter()
            .map(|stored| {
                let envelope = read_event(stored, Position { seq: stored.seq, index: 0 }).unwrap();
                (envelope.kind().unwrap(), envelope)
            })
            .collect()
    }

    async fn kinds(&self) -> Vec<Kind> {
        self.actions().await.into_iter().map(|(kind, _)| kind).collect()
    }
}

/// What was kept is of a log that was replaced: the same number is another message there.
#[tokio::test]
async fn a_position_of_another_log_passes_no_approval_by() {
    let mut before = Rig::new().await;
    let decision = before.decide("ana@example.com", "ana@example.com").await;
    before.sign(decision).await;
    let later = before.sign(decision).await;
    before.publish(later, false).await;
    let mut rig = Rig { folder: before.folder, ..Rig::new().await };
    let decision = rig.decide("ana@example.com", "ana@example.com").await;
    rig.sign(decision).await;
    assert_eq!(rig.void().await, later);
    let end = rig.void().await;
    rig.publish(end, false).await;
    assert_eq!(rig.kinds().await, [Kind::DeliveryApproved, Kind::DeliveryWithdrawn]);
}

#[tokio::test]
async fn an_approval_is_published_once_with_the_bytes_of_its_decision() {
    for fault in [None, Some(Fault::LoseAck), Some(Fault::LoseMessage), Some(Fault::Refuse)] {
        let mut rig = Rig::new().await;
        let decision = rig.decide("ana@example.com", "ana@example.com").await;
        let signed = rig.sign(decision).await;
        if let Some(fault) = fault {
            rig.memory.fail_next("cs.action.>", fault);
        }
        rig.publish(signed, false).await;
        rig.publish(signed, true).await;
        let actions = rig.actions().await;
        assert_eq!(actions.len(), 1, "{fault:?}");
        let (_, approved) = &actions[0];
        let personal = approved.open_personal();
        assert_eq!(personal.keys().collect::<Vec<_>>(), ["message", "recipient"]);
        assert_eq!(personal["message"], "Ynl0ZXM=");
        let Data::DeliveryApproved(data) = approved.event().unwrap().data else { panic!() };
        assert_eq!((data.decision, data.bytes_hash.as_str()), (decision, "b"));
        assert_eq!(data.address_hmac.as_str(), agent::digest::sha256_hex(b"ana@example.com"));
        assert!(!approved.data.as_ref().unwrap().get().contains("ana@"), "only what is personal names the address");
    }
}

#[tokio::test]
async fn nothing_is_published_whose_time_is_over_or_whose_recipient_was_not_approved() {
    let mut rig = Rig::new().await;
    let decision = rig.decide("ana@example.com", "ana@example.com").await;
    let signed = rig.sign(decision).await;
    rig.wall.store(NOON.0 + 600_001, Ordering::SeqCst);
    rig.publish(signed, true).await;
    assert_eq!(rig.kinds().await, []);
    rig.wall.store(NOON.0, Ordering::SeqCst);
    let mut other = Rig::new().await;
    let decision = other.decide("eve@example.com", "ana@example.com").await;
    let signed = other.sign(decision).await;
    other.publish(signed, true).await;
    assert_eq!(other.kinds().await, []);
}

#[tokio::test]
async fn a_signed_approval_that_is_void_is_withdrawn_before_the_courier_begins() {
    let mut rig = Rig::new().await;
    let decision = rig.decide("ana@example.com", "ana@example.com").await;
    let signed = rig.sign(decision).await;
    rig.publish(signed, false).await;
    let void = rig.void().await;
    rig.publish(void, false).await;
    // A replay finds the approval withdrawn and leaves it so.
    rig.publish(void, true).await;
    assert_eq!(rig.kinds().await, [Kind::DeliveryApproved, Kind::DeliveryWithdrawn]);
    let withdrawn = rig.actions().await.remove(1).1.event().unwrap();
    assert_eq!(withdrawn.header.actor.unwrap().kind, ActorKind::Agent);
}

#[tokio::test]
async fn what_the_courier_has_begun_is_not_withdrawn() {
    let mut rig = Rig::new().await;
    let decision = rig.decide("ana@example.com", "ana@example.com").await;
    let signed = rig.sign(decision).await;
    rig.publish(signed, false).await;
    rig.courier(Data::DeliveryIntended(DeliveryIntended { proposal: label("p1"), deadline: NOON })).await;
    let void = rig.void().await;
    rig.publish(void, false).await;
    assert_eq!(rig.kinds().await, [Kind::DeliveryApproved, Kind::DeliveryIntended]);
}

#[tokio::test]
async fn an_approval_follows_one_that_ran_out_or_was_withdrawn_and_a_replay_leaves_it() {
    for ran_out in [true, false] {
        let mut rig = Rig::new().await;
        let first = rig.decide("ana@example.com", "ana@example.com").await;
        let signed = rig.sign(first).await;
        rig.publish(signed, false).await;
        if ran_out {
            let reason = FailureReason::Expired;
            let failed = DeliveryFailed { proposal: label("p1"), reason, stop_scope: None, retryable: true };
            rig.courier(Data::DeliveryFailed(failed)).await;
        }
        rig.reopen().await;
        let second = rig.decide("ana@example.com", "ana@example.com").await;
        let signed = rig.sign(second).await;
        rig.publish(signed, false).await;
        rig.publish(signed, true).await;
        let between = if ran_out { Kind::DeliveryFailed } else { Kind::DeliveryWithdrawn };
        assert_eq!(rig.kinds().await, [Kind::DeliveryApproved, between, Kind::DeliveryApproved]);
    }
}

#[tokio::test]
async fn nothing_follows_a_message_that_may_be_out() {
    let mut rig = Rig::new().await;
    let decision = rig.decide("ana@example.com", "ana@example.com").await;
    let signed = rig.sign(decision).await;
    rig.publish(signed, false).await;
    rig.courier(Data::DeliveryIntended(DeliveryIntended { proposal: label("p1"), deadline: NOON })).await;
    let again = rig.decide("ana@example.com", "ana@example.com").await;
    let signed = rig.sign(again).await;
    rig.publish(signed, false).await;
    assert_eq!(rig.kinds().await, [Kind::DeliveryApproved, Kind::DeliveryIntended]);
}

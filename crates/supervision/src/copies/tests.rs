//! Copies are verbatim, complete, in order, and there once, whatever happens to the copier.

use bus::{MemoryBus, Message, memory::Fault};
use bus_schema::{
    Actor, ActorKind, Batch, Data, Entity, Envelope, Event, Header, Time,
    batch::HEADER_INDEX,
    data::{
        action::{DeliveryIntended, StopSet},
        people::DecisionUndone,
        words::Label,
    },
    subject::Stop,
};

use super::*;

const PARTS: Partitions = Partitions(16);
const PATIENCE: Duration = Duration::from_secs(20);

fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

fn message(subject: String, id: usize, data: Data) -> Message {
    let header = Header {
        source: "console".into(),
        id: id.to_string(),
        entity: Entity::account("acme"),
        time: Time(1_772_355_600_000),
        logtime: Time(0),
        actor: Some(Actor { kind: ActorKind::Person, id: "jo".into() }),
        contact: None,
        correlation: None,
        causation: None,
        stage: None,
        segment: None,
        late: false,
    };
    let event = Event { header, data };
    let json = serde_json::to_vec(&Envelope::of(&event, None)).unwrap();
    let mut batch = Batch::new();
    batch.push_raw(event.kind(), event.header.entity.hash(), &json);
    let (body, index) = batch.finish();
    Message::new(subject, body).with_header(HEADER_INDEX, index)
}

fn undone(p: Partition, id: usize) -> Message {
    let subject = subject::people_proposal(p, "p1");
    message(subject, id, Data::DecisionUndone(DecisionUndone { proposal: label("p1") }))
}

async fn start(bus: &Bus, what: Copied) -> Copies {
    Copies::start(what, bus.clone(), bus.clone(), PARTS).await.unwrap()
}

async fn done(copies: &Copies, seq: u64) {
    tokio::time::timeout(PATIENCE, copies.wait(seq)).await.expect("copying is too slow").unwrap();
}

/// The bodies on a subject of the log, event by event.
async fn copied(bus: &Bus, subject: String) -> Vec<String> {
    let mut reader = bus.reader(Stream::Log, "eyes", &[subject], 1).await.unwrap();
    let stored = reader.next(10_000, Duration::from_millis(20)).await.unwrap();
    let packed = stored.iter().flat_map(|stored| Packed::unpack(stored).unwrap());
    packed.map(|packed| String::from_utf8(packed.json).unwrap()).collect()
}

fn id(json: &str) -> usize {
    serde_json::from_str::<Envelope>(json).unwrap().id.parse().unwrap()
}

#[tokio::test]
async fn what_a_person_says_is_copied_verbatim_to_its_partition_and_rules_to_all() {
    let bus: Bus = MemoryBus::new().into();
    let said = undone(Partition(3), 1);
    bus.publish(said.clone(), None).await.unwrap();
    let all =
        message(subject::people_all("policy/x"), 2, Data::DecisionUndone(DecisionUndone { proposal: label("x") }));
    let last = bus.publish(all, None).await.unwrap();
    let copies = start(&bus, Copied::People).await;
    done(&copies, last).await;
    for p in PARTS.all() {
        let found = copied(&bus, subject::log_people(p)).await;
        let ids: Vec<usize> = found.iter().map(|json| id(json)).collect();
        assert_eq!(ids, if p.0 == 3 { vec![1, 2] } else { vec![2] }, "partition {p}");
        if p.0 == 3 {
            let body = String::from_utf8(said.body.to_vec()).unwrap();
            assert_eq!(format!("[{}]", found[0]), body);
        }
    }
    copies.stop().await;
}

#[tokio::test]
async fn approvals_and_stops_are_no_outcomes() {
    let bus: Bus = MemoryBus::new().into();
    let stop = StopSet { scope: Stop::All, by: label("jo") };
    bus.publish(message(Stop::All.subject(), 1, Data::StopSet(stop)), None).await.unwrap();
    let intended = DeliveryIntended { proposal: label("p1"), deadline: Time(0) };
    let subject = subject::action(Partition(5), "p1");
    let last = bus.publish(message(subject, 2, Data::DeliveryIntended(intended)), None).await.unwrap();
    let copies = start(&bus, Copied::Outcomes).await;
    done(&copies, last).await;
    for p in PARTS.all() {
        let ids: Vec<usize> = copied(&bus, subject::log_outcome(p)).await.iter().map(|json| id(json)).collect();
        assert_eq!(ids, if p.0 == 5 { vec![2] } else { Vec::new() });
    }
    copies.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copiers_that_are_killed_leave_each_word_once_and_in_order() {
    let memory = MemoryBus::new();
    let bus: Bus = memory.clone().into();
    let mut last = 0;
    for n in 0..60 {
        last = bus.publish(undone(Partition(u8::try_from(n % 3).unwrap()), n), None).await.unwrap();
        if n % 10 == 0 {
            let faults = [Fault::LoseAck, Fault::LoseMessage, Fault::Refuse, Fault::Duplicate];
            memory.fail_next("cs.log.*.people", faults[n / 10 % 4]);
            let copies = start(&bus, Copied::People).await;
            let reached = copies.wait(last.saturating_sub(5));
            let _ = tokio::time::timeout(Duration::from_millis(15), reached).await;
            drop(copies);
        }
    }
    let copies = start(&bus, Copied::People).await;
    done(&copies, last).await;
    for p in 0..3 {
        let found = copied(&bus, subject::log_people(Partition(p))).await;
        let ids: Vec<usize> = found.iter().map(|json| id(json)).collect();
        assert_eq!(ids, (0..60).filter(|n| n % 3 == usize::from(p)).collect::<Vec<_>>());
    }
    copies.stop().await;
}

#[tokio::test]
async fn a_source_that_is_shorter_than_its_copy_is_refused() {
    let (whole, older): (Bus, Bus) = (MemoryBus::new().into(), MemoryBus::new().into());
    let mut last = 0;
    for n in 0..3 {
        last = whole.publish(undone(Partition(0), n), None).await.unwrap();
    }
    let copies = start(&whole, Copied::People).await;
    done(&copies, last).await;
    copies.stop().await;
    older.publish(undone(Partition(0), 0), None).await.unwrap();
    let error = Copies::start(Copied::People, older, whole, PARTS).await.unwrap_err();
    assert!(matches!(error, SupervisionError::Shrunk { stream: "PEOPLE", found: 1, seen: 3 }), "{error}");
}

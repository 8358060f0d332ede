//! Rules are published once, whoever starts at the same time, and a new program changes nothing by itself.

use bus::{MemoryBus, memory::Fault};
use bus_schema::ActorKind;

use super::*;

const NOW: Time = Time(1_772_355_600_000);

fn actor() -> Actor {
    Actor { kind: ActorKind::Install, id: "0.1.0".into() }
}

fn rule(text: &str) -> Rule {
    Rule { kind: RuleKind::Policy, name: "health".into(), text: text.into() }
}

async fn count(bus: &Bus) -> u64 {
    bus.state(Stream::People).await.unwrap().messages
}

#[tokio::test]
async fn a_second_start_publishes_nothing_even_with_another_text() {
    let bus: Bus = MemoryBus::new().into();
    let template = Rule { kind: RuleKind::Playbook, name: "template/x".into(), text: "hi".into() };
    let first = publish_first(&bus, &[rule("a = 1"), template.clone()], &actor(), NOW).await.unwrap();
    assert_eq!((first, count(&bus).await), (2, 2));
    let again = publish_first(&bus, &[rule("a = 2"), template], &actor(), NOW).await.unwrap();
    assert_eq!((again, count(&bus).await), (2, 2));
}

#[tokio::test]
async fn two_starts_at_once_and_lost_answers_publish_a_rule_once() {
    for fault in [None, Some(Fault::LoseAck)] {
        let memory = MemoryBus::new();
        let bus: Bus = memory.clone().into();
        if let Some(fault) = fault {
            memory.fail_next("cs.people.>", fault);
        }
        let (rules, by) = ([rule("a = 1")], actor());
        let (one, other) = tokio::join!(publish_first(&bus, &rules, &by, NOW), publish_first(&bus, &rules, &by, NOW));
        assert_eq!((one.unwrap(), other.unwrap(), count(&bus).await), (1, 1, 1));
    }
}

#[tokio::test]
async fn a_person_publishes_the_next_version_and_the_same_text_only_once() {
    let bus: Bus = MemoryBus::new().into();
    publish_first(&bus, &[rule("a = 1")], &actor(), NOW).await.unwrap();
    let person = Actor { kind: ActorKind::Person, id: "jo".into() };
    let next = publish(&bus, &rule("a = 2"), &person, NOW).await.unwrap();
    assert_eq!(next, Published { version: 2, seq: 2, changed: true });
    let same = publish(&bus, &rule("a = 2"), &person, NOW).await.unwrap();
    assert_eq!(same, Published { version: 2, seq: 2, changed: false });
}

#[tokio::test]
async fn what_is_in_force_is_what_was_published_last_and_by_whom() {
    let bus: Bus = MemoryBus::new().into();
    assert_eq!(in_force(&bus, RuleKind::Policy, "health").await.unwrap(), None);
    publish_first(&bus, &[rule("a = 1")], &actor(), NOW).await.unwrap();
    let person = Actor { kind: ActorKind::Person, id: "jo".into() };
    publish(&bus, &rule("a = 2"), &person, NOW.plus_ms(1)).await.unwrap();
    let found = in_force(&bus, RuleKind::Policy, "health").await.unwrap().unwrap();
    assert_eq!(found, InForce { version: 2, text: "a = 2".into(), by: Some(person), at: NOW.plus_ms(1) });
}

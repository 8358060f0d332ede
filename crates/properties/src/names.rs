//! Short texts with a meaning: entities, positions, partitions, times, stops, labels, subjects.

use bus_schema::{
    Actor, Currency, Day, Entity, Partition, Partitions, Position, Time, TurnId,
    data::words::Label,
    entity::{from_token, token},
    subject::{self, Stop},
};
use serde_json::Value;

use crate::readable;

/// Any text under each of these names is refused, or is written again as it was read.
pub(crate) fn names(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let text = text.as_ref();
    match Entity::parse(text) {
        Ok(entity) => {
            assert_eq!(entity.to_string(), text);
            assert_eq!(from_token(&entity.token()).as_deref(), Some(text));
            let subject = subject::event(&entity);
            assert!(subject.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.'), "{subject}");
            assert_eq!(subject.split('.').count(), 3, "an id broke its subject");
            let partition = Partitions::default().of(&entity);
            assert_eq!(Partitions::default().of_token(&entity.token()), partition);
            assert!(partition.0 < 16);
        }
        Err(error) => assert!(error.to_string().len() <= 1_200, "an error is as long as its input"),
    }
    if let Ok(position) = text.parse::<Position>() {
        assert_eq!(position.to_string().parse(), Ok(position));
    }
    if let Ok(turn) = text.parse::<TurnId>() {
        assert_eq!(turn.to_string().parse(), Ok(turn));
    }
    if let Some(partition) = Partition::parse(text) {
        assert_eq!(Partition::parse(&partition.to_string()), Some(partition));
    }
    assert_eq!(from_token(&token(text)).as_deref(), Some(text));
    drop((from_token(text), subject::partition_of(text), subject::log_writer(text)));
    moments(text);
    words(text);
}

fn moments(text: &str) {
    let quoted = Value::from(text).to_string();
    if let Ok(time) = Time::parse(text) {
        assert_eq!(Time::parse(&time.to_string()).ok(), Some(time), "an instant reads back as another");
        let json = serde_json::to_string(&time).expect("an instant is JSON");
        assert_eq!(serde_json::from_str::<Time>(&json).ok(), Some(time));
        let _ = (time.day(), time.plus_ms(i64::MAX), time.plus_ms(i64::MIN));
    }
    if let Ok(day) = serde_json::from_str::<Day>(&quoted) {
        let json = serde_json::to_string(&day).expect("a date is JSON");
        assert_eq!(serde_json::from_str::<Day>(&json).ok(), Some(day), "a date reads back as another");
        let _ = day.start();
    }
}

fn words(text: &str) {
    match text.parse::<Stop>() {
        Ok(stop) => {
            assert_eq!(stop.to_string(), text);
            let subject = stop.subject();
            assert!(subject.starts_with("cs.stop."), "{subject}");
            assert!(subject.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.'), "{subject}");
        }
        Err(error) => assert!(error.to_string().len() <= 1_200),
    }
    if let Some(actor) = Actor::parse(text) {
        assert_eq!(actor.to_string(), text);
    }
    let nearest = Label::nearest(text);
    assert_eq!(Label::new(nearest.as_str()).as_ref(), Ok(&nearest), "the nearest label is none");
    match Label::new(text) {
        Ok(label) => assert!(label == nearest || text.trim() != text, "a label is not nearest to itself"),
        Err(error) => readable(&error.to_string()),
    }
    if let Some(currency) = Currency::new(text) {
        assert_eq!(currency.code(), text);
    }
}

//! Stops: a customer who unsubscribes, and a person who stops a play or everything.

use std::sync::Arc;

use bus::Bus;
use bus_schema::{
    Actor, ActorKind, Data, Entity, Event, Header, Partitions, Time,
    data::{
        action::StopSet,
        engagement::OutreachUnsubscribed,
        words::{Label, TouchClass},
    },
    subject::{self, Stop},
};
use serde_json::Map;

use super::{person::packed, process::STOP_KEY, shared::Shared};
use crate::observe::Stopped;

/// Sets a stop. As the console does, without a second try: what is not acknowledged is not promised.
pub(crate) async fn set(shared: Arc<Shared>, bus: Bus, scope: Stop, account: String) -> bool {
    let subject = scope.subject();
    let header = header(&shared, &account, None);
    let data = Data::StopSet(StopSet { scope, by: Label::nearest("somebody") });
    let message = packed(subject.clone(), &Event { header, data }, &Map::new());
    let answer = bus.publish(message, None).await;
    shared.note(format!("stop {subject}: {answer:?}"));
    let Ok(seq) = answer else { return false };
    let at_ms = shared.time.virtual_ms();
    shared.book().stopped.push(Stopped { at_ms, subject, seq });
    shared.met("stops");
    true
}

/// A customer follows the link in a mail: the stop first, then the word to the log.
pub(crate) async fn unsubscribe(shared: Arc<Shared>, bus: Bus, account: String, contact: String, address: String) {
    let scope = Stop::Address(subject::address_hash(&STOP_KEY, &address));
    if !set(Arc::clone(&shared), bus.clone(), scope, account.clone()).await {
        return;
    }
    let mut header = header(&shared, &account, Some(contact.clone()));
    header.id = format!("unsubscribe/{contact}");
    let class = TouchClass::Relationship;
    let data =
        Data::OutreachUnsubscribed(OutreachUnsubscribed { proposal: None, message: Label::nearest("link"), class });
    let partition = Partitions(shared.shape.partitions).of(&header.entity);
    let message = packed(subject::in_batch(partition), &Event { header, data }, &Map::new());
    // The stop holds without it.
    bus.publish(message.with_header(supervision::HEADER_OWN, "forward"), None).await.ok();
}

fn header(shared: &Shared, account: &str, contact: Option<String>) -> Header {
    Header {
        source: "console".into(),
        id: shared.word(),
        entity: Entity::account(account),
        time: shared.time.now(),
        logtime: Time(0),
        actor: Some(Actor { kind: ActorKind::System, id: "unsubscribe".into() }),
        contact,
        correlation: None,
        causation: None,
        stage: None,
        segment: None,
        late: false,
    }
}

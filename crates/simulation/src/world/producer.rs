//! Producers: what they say of an account, and how often they say it.

use std::{sync::Arc, time::Duration};

use bus::{Bus, Message};
use bus_schema::{Batch, Entity, Kind, Partitions, Time, batch::HEADER_INDEX, subject};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::shared::Shared;
use crate::{observe::Sent, plan::What};

/// Between two tries.
const RETRY: Duration = Duration::from_millis(700);
/// The source of every event.
const SOURCE: &str = "producer";

/// Says things, and says them again until they are acknowledged.
#[derive(Clone)]
pub(crate) struct Producer {
    shared: Arc<Shared>,
    bus: Bus,
}

/// Name of an account.
pub(crate) fn account(shape: &crate::plan::Shape, number: u8) -> String {
    format!("acct{}", number.checked_rem(shape.accounts.max(1)).unwrap_or(0))
}

/// A contact's id at its producer, which is its address as well.
pub(crate) fn contact(shape: &crate::plan::Shape, account: &str, number: u8) -> String {
    format!("user{}@{account}.example", number.checked_rem(shape.contacts.max(1)).unwrap_or(0))
}

impl Producer {
    pub(crate) fn new(shared: &Arc<Shared>, bus: Bus) -> Self {
        Self { shared: Arc::clone(shared), bus }
    }

    /// Says something that happened at a moment.
    pub(crate) fn say(&self, account: &str, kind: &str, data: &Value, time: Time) {
        let (id, sound, nth) = {
            let book = self.shared.book();
            (format!("e{}", book.sent.len()), Kind::from_name(kind).is_some(), book.sent.len())
        };
        let entity = Entity::account(account);
        let event = json!({
            "specversion": "1.0", "id": id, "source": SOURCE, "type": kind, "subject": entity.to_string(),
            "time": time.to_string(), "data": data,
        });
        let sent = Sent { source: SOURCE.into(), id, account: account.to_owned(), sound, acknowledged: None };
        self.shared.book().sent.push(sent);
        let bytes = serde_json::to_vec(&event).unwrap_or_default();
        // By either way: one event on its own, or packed as a gateway does.
        let message = match Kind::from_name(kind).filter(|_| nth % 2 == 1) {
            None => Message::new(subject::event(&entity), bytes),
            Some(kind) => packed(Partitions(self.shared.shape.partitions), &entity, kind, &bytes),
        };
        self.shared.book().messages.insert(nth, message.clone());
        let producer = self.clone();
        tokio::spawn(async move { producer.insist(nth, message).await });
    }

    async fn insist(&self, nth: usize, message: Message) {
        loop {
            if let Ok(seq) = self.bus.publish(message.clone(), None).await {
                if let Some(sent) = self.shared.book().sent.get_mut(nth) {
                    sent.acknowledged.get_or_insert(seq);
                }
                return;
            }
            sleep(RETRY).await;
        }
    }

    /// Says again, byte for byte, what was said.
    pub(crate) fn again(&self, nth: u16) {
        let book = self.shared.book();
        let Some(nth) = usize::from(nth).checked_rem(book.messages.len()) else { return };
        let Some(message) = book.messages.get(&nth).cloned() else { return };
        drop(book);
        let producer = self.clone();
        tokio::spawn(async move { producer.insist(nth, message).await });
    }

    /// Everything that makes an account known, and green.
    pub(crate) fn introduce(&self, account: &str) {
        let shape = &self.shared.shape;
        let now = self.shared.time.now();
        let created = json!({"kind": "customer", "started_on": "2025-01-01", "licensed_seats": 20});
        self.say(account, "account.created", &created, now);
        for number in 0..shape.contacts.max(1) {
            let address = contact(shape, account, number);
            let roles = match number {
                0 => json!(["champion", "billing"]),
                1 => json!(["sponsor"]),
                _ => json!(["admin"]),
            };
            let added = json!({"contact": address, "roles": roles, "name": format!("Dana {number}"), "email": address});
            self.say(account, "contact.added", &added, now);
        }
        for _ in 0..2 {
            self.what(account, What::SupportGood, now);
        }
    }

    /// Says one of the things a plan knows.
    pub(crate) fn what(&self, account: &str, what: What, at: Time) {
        let shape = &self.shared.shape;
        let person = |number| contact(shape, account, number);
        let nth = self.shared.book().sent.len();
        let day = at.day().to_string();
        let amount = |minor: i64| json!({"minor": minor, "currency": "USD"});
        let (kind, data) = match what {
            What::LoggedIn { contact } => ("user.logged_in", json!({"user": person(contact)})),
            What::SupportGood => ("csat.responded", json!({"score": 5, "scale": 5, "sentiment_bp": 9000})),
            What::SupportBad => (
                "ticket.opened",
                json!({"ticket": format!("t{nth}"), "priority": "p2", "category": "outage", "channel": "email",
                    "contact": person(0), "sentiment_bp": -10000}),
            ),
            What::PaymentFailed { invoice } => (
                "invoice.payment_failed",
                json!({"invoice": format!("{account}-i{invoice}"), "amount": amount(125_000), "attempt": 1, "days_late": 20}),
            ),
            What::PaymentSucceeded { invoice } => {
                ("invoice.paid", json!({"invoice": format!("{account}-i{invoice}"), "amount": amount(125_000)}))
            }
            What::Competitor => {
                ("competitor.mentioned", json!({"competitor": "other", "stage": "evaluation", "where": "call"}))
            }
            What::ContactLeft { contact } => {
                ("contact.left", json!({"contact": person(contact), "on": day, "confirmed": true}))
            }
            What::Consent { contact, granted } => (
                "consent.changed",
                json!({"contact": person(contact), "channel": "email", "class": "all",
                    "state": if granted { "granted" } else { "revoked" }}),
            ),
            What::Revalued { thousands } => (
                "contract.amended",
                json!({"contract": format!("{account}-c"), "arr": amount(i64::from(thousands) * 100_000),
                    "term_start": "2026-01-01", "term_end": "2026-12-31", "auto_renew": true, "notice_days": 30}),
            ),
            What::Churned => {
                ("account.churned", json!({"service_ended_on": day, "reason_code": "other", "voluntary": true}))
            }
            What::WonBack => ("account.won_back", json!({"on": day, "arr": amount(1_000_000)})),
            What::Nonsense => ("no.such_kind", json!({"x": 1})),
        };
        self.say(account, kind, &data, at);
    }
}

fn packed(partitions: Partitions, entity: &Entity, kind: Kind, json: &[u8]) -> Message {
    let mut batch = Batch::new();
    batch.push_raw(kind, entity.hash(), json);
    let (body, index) = batch.finish();
    Message::new(subject::in_batch(partitions.of(entity)), body)
        .with_header(bus::HEADER_CONTENT_TYPE, bus::CONTENT_TYPE_BATCH)
        .with_header(HEADER_INDEX, index)
}

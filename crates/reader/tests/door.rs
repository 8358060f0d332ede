//! A text at the door: what is found stands in the data, the text is personal, and what the producer says stands.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use bus_schema::{
    Data, Time,
    data::contact::Seniority,
    door::{Admitted, Door},
};
use reader::{DEFAULT_WORDS, LexiconReader};
use serde_json::{Value, json};

fn received() -> Time {
    Time::parse("2026-06-01T12:00:00Z").unwrap()
}

fn plain() -> Door {
    Door::new([7; 32])
}

fn door() -> Door {
    plain().reading(Arc::new(LexiconReader::new(DEFAULT_WORDS).unwrap()))
}

fn event(kind: &str, data: &Value) -> Vec<u8> {
    let event = json!({
        "specversion": "1.0", "id": "1", "source": "desk", "type": kind, "subject": "account/acme",
        "time": "2026-05-31T08:00:00Z", "data": data,
    });
    event.to_string().into_bytes()
}

fn ticket(more: &Value) -> Admitted {
    let mut data = json!({
        "ticket": "t1", "priority": "p2", "category": "how-to", "channel": "email", "contact": "jo",
        "subject": "Export", "text": "The CSV export is broken again. We will cancel our contract.",
    });
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    door().admit(&event("ticket.opened", &data), received()).unwrap()
}

#[test]
fn what_is_found_becomes_data_and_the_text_stays_personal() {
    let admitted = ticket(&json!({}));
    let Data::TicketOpened(opened) = &admitted.event.data else { panic!("{:?}", admitted.event) };
    assert!(opened.reading.sentiment_bp.is_some_and(|tone| tone.bp() < 0));
    assert_eq!(opened.reading.threatens_to_leave, Some(true));
    assert_eq!(opened.product_area.as_ref().map(bus_schema::data::words::Label::as_str), Some("exports"));
    assert_eq!(opened.category.as_str(), "how-to", "the desk says it");
    let data = opened.clone();
    assert!(!serde_json::to_string(&data).unwrap().contains("broken"));
    assert_eq!(admitted.personal["subject"], "Export");
}

#[test]
fn what_the_producer_says_stands() {
    let admitted = ticket(&json!({ "sentiment_bp": 900, "product_area": "billing", "threatens_to_leave": false }));
    let Data::TicketOpened(opened) = &admitted.event.data else { panic!("{:?}", admitted.event) };
    assert_eq!(opened.reading.sentiment_bp.map(bus_schema::data::words::Sentiment::bp), Some(900));
    assert_eq!(opened.reading.threatens_to_leave, Some(false));
    assert_eq!(opened.product_area.as_ref().map(bus_schema::data::words::Label::as_str), Some("billing"));
}

#[test]
fn a_door_without_a_reader_and_a_kind_without_text_stay_as_they_were() {
    let reply = event("ticket.replied", &json!({ "ticket": "t1", "by": "customer", "text": "I am very unhappy" }));
    let Data::TicketReplied(unread) = plain().admit(&reply, received()).unwrap().event.data else { panic!() };
    assert_eq!(unread.reading.sentiment_bp, None);
    let login = event("user.logged_in", &json!({ "user": "jo", "text": "I am very unhappy" }));
    let one = door().admit(&login, received()).unwrap();
    assert_eq!(one.event, plain().admit(&login, received()).unwrap().event);
}

#[test]
fn the_subject_of_an_answer_is_ours_and_is_not_read() {
    let data = json!({
        "message": "m1", "class": "relationship", "subject": "Re: before you cancel your contract",
        "text": "Thanks, that was very helpful, we are happy.",
    });
    let admitted = door().admit(&event("outreach.replied", &data), received()).unwrap();
    let Data::OutreachReplied(reply) = admitted.event.data else { panic!() };
    assert_eq!(reply.reading.threatens_to_leave, Some(false));
    assert!(reply.reading.sentiment_bp.is_some_and(|tone| tone.bp() > 0));
}

#[test]
fn a_title_gives_department_and_seniority_and_stays_personal() {
    let data = json!({ "contact": "jo", "roles": ["champion"], "title": "VP of Engineering" });
    let admitted = door().admit(&event("contact.added", &data), received()).unwrap();
    let Data::ContactAdded(added) = admitted.event.data else { panic!() };
    assert_eq!(added.department.map(|name| name.as_str().to_owned()), Some("engineering".into()));
    assert_eq!(added.seniority, Some(Seniority::Head));
    assert_eq!(admitted.personal["title"], "VP of Engineering");
}

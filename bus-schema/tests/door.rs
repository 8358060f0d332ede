//! What passes the door, what does not, and what is left of an event on the other side.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use bus_schema::{
    Data, Entity, Envelope, Kind, Origin, Time,
    batch::BATCH_BYTES_MAX,
    data::words::Label,
    door::{Admitted, Door, EXTENSIONS, Reason, SOURCE_ID, SOURCE_IDS, is_pseudonym},
};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

const KEY: [u8; 32] = [7; 32];

fn door() -> Door {
    Door::new(KEY)
}

fn received() -> Time {
    Time::parse("2026-06-01T12:00:00Z").unwrap()
}

fn event(kind: &str, data: impl Into<Value>) -> Value {
    json!({
        "specversion": "1.0", "id": "1", "source": "crm", "type": kind, "subject": "account/acme",
        "time": "2026-05-31T08:00:00Z", "data": data.into(),
    })
}

fn admit(event: &Value) -> Result<Admitted, String> {
    door().admit(event.to_string().as_bytes(), received()).map_err(|refusal| refusal.to_string())
}

/// Sends a login with some attributes changed; null takes one away.
fn with(changes: &Value) -> Result<Admitted, String> {
    let mut event = event("user.logged_in", json!({ "user": "jo" }));
    for (name, value) in changes.as_object().unwrap() {
        event[name] = value.clone();
    }
    admit(&event)
}

fn contract(changes: &Value) -> Result<Admitted, String> {
    let mut data = json!({
        "contract": "c1", "arr": { "minor": 100, "currency": "EUR" }, "term_start": "2026-01-01",
        "term_end": "2026-12-31", "auto_renew": true, "notice_days": 30,
    });
    for (name, value) in changes.as_object().unwrap() {
        data[name] = value.clone();
    }
    admit(&event("contract.signed", data))
}

/// Expects a refusal that says each of some things.
fn refused(result: Result<Admitted, String>, says: &[&str]) {
    let text = result.expect_err("must be refused");
    for part in says {
        assert!(text.contains(part), "`{text}` does not say `{part}`");
    }
}

#[test]
fn a_valid_event_passes_with_its_attributes() {
    let admitted = with(&json!({ "actor": "system/crm", "correlationid": "k", "causationid": "l" })).unwrap();
    let header = &admitted.event.header;
    assert_eq!((header.source.as_str(), header.id.as_str()), ("crm", "1"));
    assert_eq!(header.entity, Entity::account("acme"));
    assert_eq!(header.time, Time::parse("2026-05-31T08:00:00Z").unwrap());
    assert_eq!(header.logtime, Time(0));
    assert_eq!(header.actor.as_ref().unwrap().to_string(), "system/crm");
    assert_eq!((header.correlation.as_deref(), header.causation.as_deref()), (Some("k"), Some("l")));
    assert_eq!(admitted.event.kind(), Kind::UserLoggedIn);
}

#[test]
fn attributes_are_checked() {
    let long = "x".repeat(513);
    for (changes, says) in [
        (json!({ "specversion": "0.3" }), ["`specversion`", "send CloudEvents 1.0"]),
        (json!({ "specversion": null }), ["`specversion`", "missing"]),
        (json!({ "id": null }), ["`id`", "missing"]),
        (json!({ "id": "" }), ["`id`", "1 to 512 bytes"]),
        (json!({ "id": 7 }), ["`id`", "must be text"]),
        (json!({ "id": long }), ["`id`", "1 to 512 bytes"]),
        (json!({ "id": "a\nb" }), ["`id`", "control"]),
        (json!({ "source": null }), ["`source`", "missing"]),
        (json!({ "type": null }), ["`type`", "missing"]),
        (json!({ "type": "user.jumped" }), ["`user.jumped`", "unknown"]),
        (json!({ "subject": null }), ["`subject`", "missing"]),
        (json!({ "subject": "acme" }), ["`acme`", "account/<id>"]),
        (json!({ "subject": "account/" }), ["`subject`", "1 to 128 bytes"]),
        (json!({ "subject": "csm/ana" }), ["`subject`", "account/<id>"]),
        (json!({ "time": null }), ["`time`", "missing"]),
        (json!({ "time": "yesterday" }), ["`time`", "RFC 3339"]),
        (json!({ "time": "1999-12-31T23:59:59Z" }), ["`time`", "before 2000-01-01"]),
        (json!({ "time": "2026-06-02T12:00:01Z" }), ["from the future", "clock"]),
        (json!({ "time": "9999-01-01T00:00:00Z" }), ["from the future", "9999"]),
        (json!({ "time": "9999-12-31T23:59:59.999+01:00" }), ["from the future", "9999"]),
        (json!({ "time": "9999-12-31T99:59:59Z" }), ["`time`", "RFC 3339"]),
        (json!({ "dataschema": "mainstay:user.logged_in:2" }), ["`dataschema`", "mainstay:user.logged_in:1"]),
        (json!({ "datacontenttype": "text/plain" }), ["`datacontenttype`", "application/json"]),
        (json!({ "data_base64": "e30=" }), ["`data_base64`", "put JSON into `data`"]),
        (json!({ "actor": "jo" }), ["`actor`", "person/<id>"]),
        (json!({ "actor": "agent/health" }), ["`actor`", "must not be an agent"]),
        (json!({ "personal": "e30=" }), ["`personal`", "put the fields into `data`"]),
        (json!({ "contact": "" }), ["`contact`", "1 to 512 bytes"]),
    ] {
        refused(with(&changes), &says);
    }
    for changes in [
        json!({ "time": "2026-06-02T12:00:00Z" }),
        json!({ "time": "2000-01-01T00:00:00Z" }),
        json!({ "dataschema": "mainstay:user.logged_in:1", "datacontenttype": "application/json; charset=utf-8" }),
        json!({ "dataschema": "https://example.com/schema" }),
        json!({ "subject": "account/a.b*c > 💡" }),
    ] {
        with(&changes).unwrap();
    }
}

#[test]
fn a_refusal_says_which_event_it_was() {
    let raw = event("user.jumped", json!({})).to_string();
    let refusal = door().admit(raw.as_bytes(), received()).unwrap_err();
    assert_eq!((refusal.source.as_deref(), refusal.id.as_deref()), (Some("crm"), Some("1")));
    assert_eq!(refusal.reason.code(), "unknown_kind");
}

#[test]
fn what_is_no_event_is_refused() {
    let login = event("user.logged_in", json!({ "user": "jo" })).to_string();
    let large = login.replace("jo", &"x".repeat(256 * 1024));
    let deep = event("user.logged_in", json!({ "user": "jo", "x": "DEEP" })).to_string();
    let nested = |levels: usize| deep.replace("\"DEEP\"", &format!("{}{}", "[".repeat(levels), "]".repeat(levels)));
    for (raw, says) in [
        (String::new(), "no JSON object"),
        ("[]".into(), "no JSON object"),
        (login[1..].into(), "no JSON object"),
        (format!("{login} {login}"), "no JSON object"),
        (login.replace("\"id\":\"1\"", "\"id\":\"1\",\"id\":\"2\""), "`id` stands twice"),
        (login.replace("\"user\":\"jo\"", "\"user\":\"jo\",\"user\":\"al\""), "`user` stands twice"),
        (login.replace("\"jo\"", "NaN"), "no JSON object"),
        (login.replace("{\"user\":\"jo\"}", "[]"), "data of `user.logged_in`"),
        (login.replace("{\"user\":\"jo\"}", "null"), "missing field `user`"),
        (login.replace("\"user\":\"jo\"", "\"user\":\"jo\",\"x\":1e999"), "`x` cannot be read"),
        (large, "262144 are the most"),
        (nested(31), "deeper than 32"),
    ] {
        let error = door().admit(raw.as_bytes(), received()).unwrap_err().to_string();
        assert!(error.contains(says), "`{error}` does not say `{says}`");
    }
    door().admit(nested(30).as_bytes(), received()).unwrap();
}

#[test]
fn only_kinds_of_producers_come_in() {
    for kind in Kind::ALL {
        let taken = kind.origin() == Origin::Input;
        let raw = event(kind.name(), json!({ "user": "jo" })).to_string();
        let outside = door().admit(raw.as_bytes(), received());
        let refused = matches!(outside.map_err(|r| r.reason), Err(Reason::Origin(_)));
        assert_eq!(refused, !taken, "{kind}");
    }
    let tick = json!({
        "specversion": "1.0", "id": "tick/03/1", "source": "clock", "type": "clock.ticked", "subject": "account/any",
        "time": "2026-06-01T12:00:00Z", "data": {},
    });
    refused(admit(&tick), &["`clock.ticked`", "not taken from outside"]);
    let reason = door().readmit(tick.to_string().as_bytes(), received()).map(|a| a.event.kind());
    assert!(!matches!(reason.map_err(|r| r.reason), Err(Reason::Origin(_))));
}

#[test]
fn values_are_checked() {
    for (kind, data, says) in [
        ("usage.recorded", json!({ "user": "jo", "feature": "f", "quantity": -1 }), ["`quantity`", "-1"]),
        ("usage.recorded", json!({ "user": "jo", "feature": "f", "quantity": 1.5 }), ["`quantity`", "1.5"]),
        ("usage.recorded", json!({ "user": "jo", "feature": "", "quantity": 1 }), ["`feature`", "must not be empty"]),
        ("usage.recorded", json!({ "user": "jo", "feature": "a\tb", "quantity": 1 }), ["`feature`", "control"]),
        ("usage.recorded", json!({ "user": "jo", "quantity": 1 }), ["data of", "missing field `feature`"]),
        ("usage.recorded", json!({ "user": 7, "feature": "f", "quantity": 1 }), ["`user`", "7"]),
        ("usage.recorded", json!({ "user": "", "feature": "f", "quantity": 1 }), ["`user`", "1 to 512"]),
        ("plan.usage_measured", json!({ "meter": "m", "used": 1, "limit": 0, "hard": true }), ["`limit`", "not be 0"]),
        ("csat.responded", json!({ "score": 6 }), ["`score`", "above `scale`"]),
        ("csat.responded", json!({ "score": 0, "scale": 0 }), ["`scale`", "not be 0"]),
        ("survey.responded", json!({ "survey": "s", "type": "milestone", "score": 11 }), ["`score`", "above `scale`"]),
        ("nps.responded", json!({ "survey": "s", "type": "relationship", "score": 11 }), ["`score`", "0 to 10"]),
        ("public_review.posted", json!({ "site": "s", "rating": 0 }), ["`rating`", "1 to 5"]),
        ("rating.received", json!({ "rating": 6 }), ["`rating`", "1 to 5"]),
        ("api.called", json!({ "count": 1, "errors": 0 }), ["`day`", "`hour`"]),
        (
            "api.called",
            json!({ "count": 1, "errors": 0, "day": "2026-05-01", "hour": "2026-05-01T00:00:00Z" }),
            ["`day`", "not both"],
        ),
        (
            "incident.opened",
            json!({ "incident": "i", "scope": "accounts", "severity": "major" }),
            ["`accounts`", "must name"],
        ),
        ("goal.set", json!({ "goal": "g", "due_on": "31.01.2026" }), ["`due_on`", "2026-01-31"]),
        ("ticket.replied", json!({ "ticket": "t", "by": "agent", "words": -3 }), ["`words`", "-3"]),
        (
            "ticket.replied",
            json!({ "ticket": "t", "by": "agent", "sentiment_bp": 10_001 }),
            ["`sentiment_bp`", "10000"],
        ),
        (
            "ticket.replied",
            json!({ "ticket": "t", "by": "agent", "text": "x".repeat(16 * 1024 + 1) }),
            ["`text`", "16384 bytes"],
        ),
        (
            "meeting.held",
            json!({ "meeting": "m", "type": "check_in", "attended": vec!["a"; 101] }),
            ["`attended`", "at most 100"],
        ),
    ] {
        refused(admit(&event(kind, data)), &says);
    }
}

#[test]
fn contracts_dates_and_money_are_checked() {
    contract(&json!({})).unwrap();
    contract(&json!({ "term_end": "2031-05-30", "price_uplift_bp": -500 })).unwrap();
    contract(&json!({ "term_start": "2026-12-31" })).unwrap();
    for (changes, says) in [
        (json!({ "term_end": "2025-12-31" }), ["`term_end`", "before `term_start`"]),
        (json!({ "term_start": "1999-12-31" }), ["`term_start`", "from 2000-01-01"]),
        (json!({ "term_end": "2032-01-01" }), ["`term_end`", "from 2000-01-01 to 2031"]),
        (json!({ "term_end": "9999-12-31" }), ["`term_end`", "9999"]),
        (json!({ "term_end": "2026-02-30" }), ["`term_end`", "2026-02-30"]),
        (json!({ "arr": { "minor": 1, "currency": "EURO" } }), ["`arr`", "ISO 4217"]),
        (json!({ "arr": { "minor": 1, "currency": "eur" } }), ["`arr`", "ISO 4217"]),
        (json!({ "arr": { "minor": 1.5, "currency": "EUR" } }), ["`arr`", "1.5"]),
        (json!({ "arr": 12 }), ["`arr`", "12"]),
        (json!({ "notice_days": -1 }), ["`notice_days`", "-1"]),
        (json!({ "auto_renew": "yes" }), ["`auto_renew`", "yes"]),
    ] {
        refused(contract(&changes), &says);
    }
}

#[test]
fn an_unknown_word_is_kept() {
    let data = json!({ "contact": "jo", "channel": "pigeon", "class": "survey", "state": "granted" });
    let admitted = admit(&event("consent.changed", data)).unwrap();
    let raw = admitted.event.data.to_raw();
    assert!(raw.get().contains("\"pigeon\""), "{raw}");
}

#[test]
fn personal_and_unknown_fields_are_parted() {
    let data = json!({
        "ticket": "t1", "priority": "p1", "category": "bug", "channel": "email", "contact": "jo@acme.example",
        "subject": "It broke", "text": "Jo says it broke", "email": "jo@acme.example", "favourite_colour": "teal",
        "source_ids": { "c_x": "forged" }, "words": 4,
    });
    let mut sent = event("ticket.opened", data);
    sent["traceparent"] = "00-abc".into();
    let admitted = admit(&sent).unwrap();
    let Data::TicketOpened(ticket) = &admitted.event.data else { panic!("wrong kind") };
    let contact = door().pseudonym("jo@acme.example");
    assert_eq!(ticket.contact, contact.as_str());
    assert_eq!(ticket.reading.words, Some(4));
    assert_eq!(admitted.event.header.contact, Some(contact.clone()));
    let personal = &admitted.personal;
    assert_eq!(personal["text"], "Jo says it broke");
    assert_eq!(personal["favourite_colour"], "teal");
    assert_eq!(personal["data_source_ids"], json!({ "c_x": "forged" }));
    assert_eq!(personal[SOURCE_ID], "jo@acme.example");
    assert_eq!(personal[SOURCE_IDS], json!({ contact: "jo@acme.example" }));
    assert_eq!(personal[EXTENSIONS], json!({ "traceparent": "00-abc" }));
    let travelling = serde_json::to_string(&Envelope::of(&admitted.event, None)).unwrap();
    for secret in ["broke", "jo@", "teal", "forged", "traceparent"] {
        assert!(!travelling.contains(secret), "{travelling} holds `{secret}`");
    }
}

#[test]
fn every_personal_field_of_every_kind_stays_out_of_data() {
    let secret = "SECRET-7f3a";
    for kind in inputs() {
        let mut data = sample(kind);
        for name in kind.personal().iter().chain(&["unheard_of"]) {
            data[*name] = secret.into();
        }
        let mut sent = event(kind.name(), data);
        if matches!(kind, Kind::MembershipRecorded | Kind::IdentityMerged) {
            sent["subject"] = "user/a".into();
        }
        let admitted = admit(&sent).unwrap_or_else(|refusal| panic!("{kind}: {refusal}"));
        let raw = admitted.event.data.to_raw();
        assert!(!raw.get().contains(secret), "{kind}: {raw}");
        let parted = admitted.personal.values().filter(|value| **value == secret).count();
        assert_eq!(parted, kind.personal().len() + 1, "{kind}");
        let back = Envelope::of(&admitted.event, Some(&admitted.personal));
        assert_eq!(back.event().unwrap(), admitted.event, "{kind}");
        assert_eq!(back.open_personal(), admitted.personal, "{kind}");
    }
}

/// The smallest data the schema of a kind allows.
fn sample(kind: Kind) -> Value {
    let schema = bus_schema::schema::incoming(kind);
    let mut data = json!({});
    let persons = ["contact", "user"].map(|name| json!(name));
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    for name in
        required.iter().chain(persons.iter().filter(|name| !schema["properties"][name.as_str().unwrap()].is_null()))
    {
        let name = name.as_str().unwrap();
        data[name] = value_of(&schema["properties"][name]);
    }
    if kind == Kind::ApiCalled {
        data["day"] = "2026-05-01".into();
    }
    data
}

fn value_of(property: &Value) -> Value {
    if let Some(choice) = property["anyOf"].as_array().and_then(|choices| choices.first()) {
        return value_of(choice);
    }
    if let Some(word) = property["enum"].as_array().and_then(|words| words.first()) {
        return word.clone();
    }
    let kind = property["type"].as_array().and_then(|types| types.first()).unwrap_or(&property["type"]);
    match (kind.as_str().unwrap(), property["format"].as_str()) {
        ("string", Some("date")) => json!("2026-05-01"),
        ("string", Some("date-time")) => json!("2026-05-01T00:00:00Z"),
        ("string", None) if property["pattern"] == "^[A-Z]{3}$" => json!("EUR"),
        ("string", None) => json!("a"),
        ("integer", _) => json!(1),
        ("boolean", _) => json!(true),
        ("array", _) => json!([]),
        ("object", _) => {
            let mut object = json!({});
            for name in property["required"].as_array().into_iter().flatten() {
                object[name.as_str().unwrap()] = value_of(&property["properties"][name.as_str().unwrap()]);
            }
            object
        }
        other => panic!("no sample of {other:?}"),
    }
}

#[test]
fn pseudonyms_are_stable_keyed_and_of_one_form() {
    let jo = door().pseudonym("jo");
    assert!(is_pseudonym(&jo) && jo.len() == 28, "{jo}");
    assert_eq!(jo, door().pseudonym("jo"));
    assert_ne!(jo, door().pseudonym("Jo"));
    assert_ne!(jo, Door::new([8; 32]).pseudonym("jo"));
    for text in ["c_", "jo", "c_ABCDEFGHIJKLMNOPQRSTUVWXYZ", "c_abcdefghijklmnopqrstuvwxy1", "c_abc"] {
        assert!(!is_pseudonym(text), "{text}");
    }
}

/// HMAC-SHA256 of the key 07 × 32 over `jo`, computed apart.
#[test]
fn pseudonyms_are_hmac_sha256() {
    assert_eq!(door().pseudonym("jo"), "c_xrexz2cla5twpc3be3z7bpgaye");
}

#[test]
fn persons_get_pseudonyms_wherever_they_stand() {
    let (jo, al) = (door().pseudonym("jo"), door().pseudonym("al"));
    let data = json!({ "meeting": "m", "type": "check_in", "invited": ["jo", "al"], "attended": ["al"] });
    let mut sent = event("meeting.held", data);
    sent["contact"] = "al".into();
    let admitted = admit(&sent).unwrap();
    let Data::MeetingHeld(meeting) = &admitted.event.data else { panic!("wrong kind") };
    assert_eq!(meeting.invited.iter().map(Label::as_str).collect::<Vec<_>>(), [&jo, &al]);
    assert_eq!(meeting.attended.iter().map(Label::as_str).collect::<Vec<_>>(), [&al]);
    assert_eq!(admitted.event.header.contact, Some(al.clone()));
    assert_eq!(admitted.personal[SOURCE_IDS], json!({ jo: "jo", al: "al" }));
}

#[test]
fn a_person_is_said_once() {
    let jo = door().pseudonym("jo");
    let mut by_subject = event("usage.recorded", json!({ "feature": "f", "quantity": 1 }));
    by_subject["subject"] = "user/jo".into();
    let mut by_attribute = event("usage.recorded", json!({ "feature": "f", "quantity": 1 }));
    by_attribute["contact"] = "jo".into();
    let in_data = event("usage.recorded", json!({ "user": "jo", "feature": "f", "quantity": 1 }));
    for sent in [by_subject, by_attribute, in_data] {
        let admitted = admit(&sent).unwrap();
        let Data::UsageRecorded(usage) = &admitted.event.data else { panic!("wrong kind") };
        assert_eq!(usage.user, jo.as_str());
        assert_eq!(admitted.event.header.contact, Some(jo.clone()));
    }
    refused(admit(&event("usage.recorded", json!({ "feature": "f", "quantity": 1 }))), &["missing field `user`"]);
}

#[test]
fn users_are_addressed_by_their_pseudonym() {
    let mut sent = event("membership.recorded", json!({ "user": "jo", "account": "acme" }));
    refused(admit(&sent), &["`subject`", "user/<id>"]);
    sent["subject"] = "user/al".into();
    refused(admit(&sent), &["`user`", "`subject`"]);
    sent["subject"] = "user/jo".into();
    let admitted = admit(&sent).unwrap();
    assert_eq!(admitted.event.header.entity, Entity::User(door().pseudonym("jo")));
    assert_eq!(admitted.addressed, Entity::User("jo".into()));
}

#[test]
fn what_the_router_sends_on_passes_again_unchanged() {
    let mut sent = event("usage.recorded", json!({ "feature": "f", "quantity": 1, "email": "jo@acme.example" }));
    sent["subject"] = "user/jo".into();
    let first = admit(&sent).unwrap();
    let mut on = first.event.clone();
    on.header.entity = Entity::account("acme");
    on.header.late = true;
    let raw = serde_json::to_vec(&Envelope::of(&on, Some(&first.personal))).unwrap();
    let second = door().readmit(&raw, received()).unwrap();
    assert_eq!(second.event.data, first.event.data);
    assert_eq!(second.event.header.contact, first.event.header.contact);
    assert_eq!(second.personal, first.personal);
    assert!(!second.event.header.late, "the router decides anew");
    // The same bytes from anybody else are a forgery.
    refused(door().admit(&raw, received()).map_err(|r| r.to_string()), &["`personal`"]);
    let pseudonym = door().pseudonym("jo");
    let forged = with(&json!({ "data": { "user": pseudonym.as_str() } })).unwrap();
    assert_ne!(forged.event.header.contact, Some(pseudonym));
}

#[test]
fn the_largest_event_that_is_taken_can_be_sent_on() {
    let people: Vec<String> = (0..90).map(|n| format!("{n:0>512}")).collect();
    let mut sent = event("meeting.held", json!({ "meeting": "m", "type": "qbr", "invited": people, "attended": [] }));
    sent["subject"] = "user/jo".into();
    sent["data"]["more"] = "x".repeat(256 * 1024 - sent.to_string().len() - "\"more\":\"\",".len()).into();
    assert_eq!(sent.to_string().len(), 256 * 1024);
    let first = admit(&sent).unwrap();
    let raw = serde_json::to_vec(&Envelope::of(&first.event, Some(&first.personal))).unwrap();
    assert!(raw.len() > 256 * 1024, "the personal part grows: {}", raw.len());
    assert!(raw.len() <= BATCH_BYTES_MAX);
    let second = door().readmit(&raw, received()).unwrap();
    assert_eq!((second.event, second.personal), (first.event, first.personal));
}

#[test]
fn the_domain_of_an_address_is_data_and_the_address_is_not() {
    let admitted = admit(&event("contact.added", json!({ "contact": "7", "email": "Jo <jo@ACME.Example"}))).unwrap();
    let Data::ContactAdded(contact) = &admitted.event.data else { panic!("wrong kind") };
    assert_eq!(contact.domain.as_deref(), Some("acme.example"));
    for email in ["jo", "jo@", "jo@a b", "jo@[::1]"] {
        let admitted = admit(&event("contact.added", json!({ "contact": "7", "email": email }))).unwrap();
        let Data::ContactAdded(contact) = &admitted.event.data else { panic!("wrong kind") };
        assert_eq!(contact.domain, None, "{email}");
    }
}

#[test]
fn an_old_name_says_its_field() {
    let admitted = admit(&event("budget.concern_raised", json!({}))).unwrap();
    assert_eq!(admitted.event.data.to_raw().get(), r#"{"state":"concern"}"#);
}

/// Kinds that producers send.
fn inputs() -> Vec<Kind> {
    Kind::ALL.iter().copied().filter(|kind| kind.origin() == Origin::Input).collect()
}

proptest! {
    #[test]
    fn any_bytes_get_an_answer(raw in vec(any::<u8>(), 0..300)) {
        let _ = door().admit(&raw, received());
        let _ = door().readmit(&raw, received());
    }

    #[test]
    fn any_change_of_a_valid_event_gets_an_answer(
        at in any::<prop::sample::Index>(), byte: u8, kind in prop::sample::select(inputs()), cut: bool,
    ) {
        let mut raw = event(kind.name(), sample(kind)).to_string().into_bytes();
        let at = at.index(raw.len());
        raw[at] = byte;
        if cut {
            raw.truncate(at);
        }
        let _ = door().admit(&raw, received());
        let _ = door().readmit(&raw, received());
    }

    #[test]
    fn any_value_of_any_field_gets_an_answer(
        kind in prop::sample::select(inputs()), name in prop::sample::select(vec!["user", "day", "score", "arr", "words", "type"]),
        value in prop_oneof![
            Just(json!(null)), any::<i64>().prop_map(|v| json!(v)), any::<f64>().prop_map(|v| json!(v)),
            ".{0,20}".prop_map(|v| json!(v)), vec(".{0,5}", 0..3).prop_map(|v| json!(v)),
        ],
    ) {
        let mut data = sample(kind);
        data[name] = value;
        if let Ok(admitted) = door().admit(event(kind.name(), data).to_string().as_bytes(), received()) {
            let back = Envelope::of(&admitted.event, Some(&admitted.personal));
            prop_assert_eq!(back.event().unwrap(), admitted.event);
        }
    }
}

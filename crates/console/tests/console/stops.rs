//! Unsubscribing by the link of a mail.

use bus_schema::{Data, Entity, Partitions, subject::Stream};
use data_encoding::BASE64;
use mainstay_console::StopKey;
use reqwest::StatusCode;

use crate::support::{self, Running, Wanted, world};

/// The link in the mail of an approved card.
async fn link(running: &Running) -> String {
    let last = world::write(&running.log).await;
    running.reached(last).await;
    let id = world::proposal("kestrel");
    let url = format!("{}/api/v1/proposals/{id}/approve", running.url);
    let answer = Running::stranger().post(url).bearer_auth("api-token").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let subject = bus_schema::subject::people_proposal(Partitions::default().of(&Entity::account("kestrel")), &id);
    let stored = running.log.bus.last(Stream::People, &subject).await.unwrap().unwrap();
    let message = support::personal_of(&stored)["message"].as_str().unwrap().to_owned();
    let mail = String::from_utf8(BASE64.decode(message.as_bytes()).unwrap()).unwrap();
    let line = mail.lines().find(|line| line.starts_with("List-Unsubscribe: ")).expect("the header");
    line.trim_start_matches("List-Unsubscribe: <").trim_end_matches('>').to_owned()
}

#[tokio::test]
async fn one_post_stops_the_address_and_a_look_does_not() {
    let running = Running::start(Wanted::default()).await;
    let link = link(&running).await;
    let stop = StopKey::open(running.folder.path()).unwrap().address("dana@kestrel.example");
    let subject = bus_schema::subject::Stop::Address(stop).subject();
    let look = Running::stranger().get(&link).send().await.unwrap();
    assert_eq!(look.status(), StatusCode::OK);
    assert!(look.text().await.unwrap().contains("Nothing changes until you press it"));
    assert!(running.log.bus.last(Stream::Action, &subject).await.unwrap().is_none());
    // What a mail program posts by itself (RFC 8058).
    let body = [("List-Unsubscribe", "One-Click")];
    let done = support::with_form(Running::stranger().post(&link), &body).send().await.unwrap();
    assert_eq!(done.status(), StatusCode::OK);
    assert!(running.log.bus.last(Stream::Action, &subject).await.unwrap().is_some());
    let partition = Partitions::default().of(&Entity::account("kestrel"));
    let told = running.log.bus.last(Stream::In, &bus_schema::subject::in_batch(partition)).await.unwrap().unwrap();
    // Without this the door would take the pseudonym for a source id.
    assert_eq!(told.headers.get("Ms-Own"), Some("forward"));
    let (_, event) = support::event_of(&told);
    assert!(matches!(event.data, Data::OutreachUnsubscribed(_)), "{event:?}");
    assert_eq!(event.header.contact.as_deref(), Some("c_kestrel"));
    running.stop().await;
}

#[tokio::test]
async fn a_forged_link_leads_nowhere() {
    let running = Running::start(Wanted::default()).await;
    for token in ["x", "eA.eA", "..%2f", "%3Cscript%3E"] {
        let url = format!("{}/u/{token}", running.url);
        assert_eq!(Running::stranger().get(&url).send().await.unwrap().status(), StatusCode::NOT_FOUND, "{token}");
        assert_eq!(Running::stranger().post(&url).send().await.unwrap().status(), StatusCode::NOT_FOUND, "{token}");
    }
    assert_eq!(running.log.bus.state(Stream::Action).await.unwrap().last_seq, 0);
    running.stop().await;
}

#[tokio::test]
async fn without_an_acknowledgement_nothing_is_promised() {
    let running = Running::start(Wanted::default()).await;
    let link = link(&running).await;
    running.memory.set_away(true);
    let answer = Running::stranger().post(&link).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.text().await.unwrap().contains("This was not recorded"));
    running.memory.set_away(false);
    running.stop().await;
}

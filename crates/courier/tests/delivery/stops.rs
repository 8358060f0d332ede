//! Sending once, and not sending when somebody said stop.

use std::time::Duration;

use bus::memory::Fault;
use bus_schema::{
    Data, Time,
    data::action::{ClockMode, DeliveryFailed, DeliverySent, DeliveryWithdrawn, FailureReason},
    data::words::Label,
    subject::Stop,
};
use courier::bytes_hash;
use serde_json::Map;
use testkit::smtp::{Behaviour, SmtpServer};

use crate::desk::{Desk, approval, failure, subject_of, text};

#[tokio::test]
async fn what_was_approved_arrives_once_with_identical_bytes() {
    let server = SmtpServer::start().await.unwrap();
    let desk = Desk::new(Some(&server));
    let courier = desk.courier();
    let approval = approval("p1", &Behaviour::Accept.address("a"));
    desk.approve(&approval).await;
    let ended = desk.ended("p1").await;
    assert_eq!(ended.kinds, ["delivery.approved", "delivery.intended", "delivery.sent"]);
    let Data::DeliverySent(DeliverySent { bytes_hash: hash, response, .. }) = &ended.data else { panic!("{ended:?}") };
    assert_eq!(hash.as_str(), bytes_hash(&approval.bytes));
    assert!(response.as_ref().unwrap().starts_with("250"), "{response:?}");
    assert_eq!(ended.envelope.subject, "account/acme");
    assert_eq!(ended.envelope.contact.as_deref(), Some("c_ana"));
    assert_eq!(ended.envelope.actor.as_deref(), Some("system/courier"));
    assert!(!desk.eml("p1").exists());
    desk.settled(&courier).await;
    let received = server.received().unwrap();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].bytes, approval.bytes);
    assert_eq!(received[0].to, [approval.recipient]);
    assert_eq!(received[0].from, "bounces@vendor.example");
    courier.stop().await;
    // A restart folds the stream from its beginning, and finds nothing to do.
    let again = desk.courier();
    desk.settled(&again).await;
    again.stop().await;
    assert_eq!(server.received().unwrap().len(), 1);
}

#[tokio::test]
async fn without_a_mail_server_and_on_event_time_messages_become_files() {
    let server = SmtpServer::start().await.unwrap();
    for (server, clock) in [(None, ClockMode::Live), (None, ClockMode::Event), (Some(&server), ClockMode::Event)] {
        let desk = Desk::new(server);
        let courier = desk.courier();
        let mut approval = approval("p1", &Behaviour::Accept.address("a"));
        approval.data.clock = clock;
        if clock == ClockMode::Event {
            approval.data.not_after = Time::parse("2014-01-01T00:00:00Z").unwrap();
        }
        desk.approve(&approval).await;
        assert!(matches!(desk.ended("p1").await.data, Data::DeliverySent(_)));
        assert_eq!(std::fs::read(desk.eml("p1")).unwrap(), approval.bytes);
        let files = std::fs::read_dir(desk.folder.path().join("outbox")).unwrap().count();
        assert_eq!(files, 1, "nothing half is left");
        courier.stop().await;
    }
    assert_eq!(server.received().unwrap(), []);
}

#[tokio::test]
async fn a_stop_of_any_scope_that_came_before_the_intent_holds() {
    let server = SmtpServer::start().await.unwrap();
    let scopes = [
        Stop::All,
        Stop::Play("usage-drop".into()),
        Stop::Contact("c_ana".into()),
        Stop::Address("hmac-of-ana".into()),
    ];
    for scope in scopes {
        let desk = Desk::new(Some(&server));
        desk.stop(scope.clone()).await;
        desk.stop(Stop::Play("another".into())).await;
        desk.approve(&approval("p1", &Behaviour::Accept.address("a"))).await;
        let courier = desk.courier();
        let ended = desk.ended("p1").await;
        assert_eq!(ended.kinds, ["delivery.approved", "delivery.intended", "delivery.failed"]);
        assert_eq!(failure(&ended), (FailureReason::Stopped, false));
        let Data::DeliveryFailed(DeliveryFailed { stop_scope, .. }) = ended.data else { panic!() };
        assert_eq!(stop_scope, Some(scope));
        courier.stop().await;
    }
    assert_eq!(server.received().unwrap(), []);
}

#[tokio::test]
async fn a_stop_between_intent_and_attempt_holds_too() {
    let server = SmtpServer::start().await.unwrap();
    let desk = Desk::new(Some(&server));
    let approved = desk.approve(&approval("p1", &Behaviour::Accept.address("a"))).await;
    desk.memory.fail_next("cs.action.>", Fault::DelayAck(Duration::from_secs(2)));
    let courier = desk.courier();
    // The intent is stored while its acknowledgement is still on the way.
    desk.until("the intent", async || desk.chain("p1").await.len() == 2).await;
    desk.stop(Stop::Address("hmac-of-ana".into())).await;
    let ended = desk.ended("p1").await;
    assert_eq!(failure(&ended), (FailureReason::Stopped, false));
    assert!(approved > 0 && ended.kinds.len() == 3);
    courier.stop().await;
    assert_eq!(server.received().unwrap(), []);
}

#[tokio::test]
async fn a_stop_during_the_repetitions_ends_them() {
    let server = SmtpServer::start().await.unwrap();
    let mut desk = Desk::new(Some(&server));
    desk.config.retry_after = vec![Duration::from_secs(2)];
    desk.approve(&approval("p1", &Behaviour::BusyOnce.address("a"))).await;
    let courier = desk.courier();
    desk.until("the first attempt", async || server.put_off().unwrap() == 1).await;
    desk.stop(Stop::All).await;
    assert_eq!(failure(&desk.ended("p1").await), (FailureReason::Stopped, false));
    courier.stop().await;
    assert_eq!(server.received().unwrap(), []);
}

#[tokio::test]
async fn a_withdrawn_approval_is_not_sent() {
    let server = SmtpServer::start().await.unwrap();
    let desk = Desk::new(Some(&server));
    let approved = desk.approve(&approval("p1", &Behaviour::Accept.address("a"))).await;
    let withdrawn = Data::DeliveryWithdrawn(DeliveryWithdrawn { proposal: Label::nearest("p1") });
    desk.put(&subject_of("p1"), approved, withdrawn, &Map::new()).await;
    let courier = desk.courier();
    desk.settled(&courier).await;
    courier.stop().await;
    assert_eq!(desk.ended("p1").await.kinds, ["delivery.approved", "delivery.withdrawn"]);
    assert_eq!(server.received().unwrap(), []);
}

#[tokio::test]
async fn what_does_not_fit_together_is_not_even_intended() {
    let server = SmtpServer::start().await.unwrap();
    let desk = Desk::new(Some(&server));
    let courier = desk.courier();
    let address = Behaviour::Accept.address("a");
    let mut changed = approval("changed", &address);
    changed.bytes.extend_from_slice(b"one line more\r\n");
    let mut redirected = approval("redirected", &address);
    redirected.recipient = Behaviour::Accept.address("b");
    let mut empty = approval("empty", &address);
    empty.recipient = "nobody".into();
    let mut other_way = approval("other", &address);
    other_way.data.channel = bus_schema::data::words::Channel::Call;
    let cases = [
        (changed, FailureReason::HashMismatch, "not the one that was approved"),
        (redirected, FailureReason::HashMismatch, "addressed to somebody else"),
        (empty, FailureReason::NotPermitted, "no mail address"),
        (other_way, FailureReason::NotPermitted, "mail only"),
    ];
    for (approval, reason, words) in cases {
        desk.approve(&approval).await;
        let ended = desk.ended(approval.data.proposal.as_str()).await;
        assert_eq!(ended.kinds, ["delivery.approved", "delivery.failed"]);
        assert_eq!(failure(&ended), (reason, false));
        assert!(text(&ended).contains(words), "{}", text(&ended));
    }
    let misplaced = approval("p1", &address);
    desk.put(&subject_of("p2"), 0, Data::DeliveryApproved(misplaced.data), &Map::new()).await;
    assert_eq!(failure(&desk.ended("p2").await), (FailureReason::NotPermitted, false));
    courier.stop().await;
    assert_eq!(server.received().unwrap(), []);
}

#[tokio::test]
async fn an_approval_that_ran_out_is_not_sent() {
    let server = SmtpServer::start().await.unwrap();
    let desk = Desk::new(Some(&server));
    let mut late = approval("p1", &Behaviour::Accept.address("a"));
    late.data.not_after = crate::desk::now().plus_ms(-1_000);
    desk.approve(&late).await;
    let courier = desk.courier();
    let ended = desk.ended("p1").await;
    assert_eq!(failure(&ended), (FailureReason::Expired, true));
    assert!(text(&ended).contains("the approval ended at"));
    courier.stop().await;
    assert_eq!(server.received().unwrap(), []);
}

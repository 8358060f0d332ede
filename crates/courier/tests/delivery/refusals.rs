//! What each behaviour of a mail server comes to.

use std::time::Duration;

use bus_schema::{
    Data,
    data::action::{DeliveryUnknown, FailureReason},
};
use courier::Smtp;
use testkit::smtp::{Behaviour, Options, SmtpServer};

use crate::desk::{Desk, Ended, approval, failure, text};

/// One message to an address of this behaviour, and how many the server took.
async fn deliver(behaviour: Behaviour, change: impl FnOnce(&mut Desk)) -> (Ended, usize) {
    let server = SmtpServer::start().await.unwrap();
    let mut desk = Desk::new(Some(&server));
    change(&mut desk);
    let courier = desk.courier();
    desk.approve(&approval("p1", &behaviour.address("a"))).await;
    let ended = desk.ended("p1").await;
    desk.settled(&courier).await;
    courier.stop().await;
    assert_eq!(ended.kinds.len(), 3, "one intent, one outcome: {:?}", ended.kinds);
    (ended, server.received().unwrap().len())
}

fn doubt(ended: &Ended) -> &str {
    let Data::DeliveryUnknown(DeliveryUnknown { reason, .. }) = &ended.data else { panic!("not unknown: {ended:?}") };
    reason
}

#[tokio::test]
async fn a_refusal_for_good_is_a_failure_that_needs_no_repetition() {
    for (behaviour, code) in [(Behaviour::Refuse550, "550"), (Behaviour::Data554, "554")] {
        let (ended, taken) = deliver(behaviour, |_| {}).await;
        assert_eq!(failure(&ended), (FailureReason::Refused, false));
        assert!(text(&ended).contains(code), "{}", text(&ended));
        assert_eq!(taken, 0);
    }
}

#[tokio::test]
async fn a_refusal_for_now_is_repeated_and_then_given_up() {
    let (ended, taken) = deliver(Behaviour::BusyOnce, |_| {}).await;
    assert!(matches!(ended.data, Data::DeliverySent(_)), "{ended:?}");
    assert_eq!(taken, 1);
    for (behaviour, code) in [(Behaviour::Busy451, "451"), (Behaviour::Data452, "452")] {
        let (ended, taken) = deliver(behaviour, |_| {}).await;
        assert_eq!(failure(&ended), (FailureReason::Refused, true));
        assert!(text(&ended).contains(code), "{}", text(&ended));
        assert_eq!(taken, 0);
    }
}

#[tokio::test]
async fn a_break_before_the_message_is_a_failure() {
    let (ended, taken) = deliver(Behaviour::ResetAtData, |_| {}).await;
    assert_eq!(failure(&ended), (FailureReason::Refused, true));
    assert!(text(&ended).contains("DATA"), "{}", text(&ended));
    assert_eq!(taken, 0);
    let hasty = |desk: &mut Desk| {
        desk.config.retry_after.clear();
        desk.config.smtp.as_mut().unwrap().reply_timeout = Duration::from_millis(500);
    };
    let (ended, taken) = deliver(Behaviour::Slow, hasty).await;
    assert_eq!(failure(&ended), (FailureReason::Refused, true));
    assert!(text(&ended).contains("RCPT took too long"), "{}", text(&ended));
    assert_eq!(taken, 0);
}

#[tokio::test]
async fn a_break_after_the_message_is_a_doubt_and_never_repeated() {
    let (ended, taken) = deliver(Behaviour::ResetAfterDot, |_| {}).await;
    assert_eq!(doubt(&ended), "the connection broke after the message was sent");
    assert_eq!(taken, 1);
    let hasty = |desk: &mut Desk| desk.config.smtp.as_mut().unwrap().accept_timeout = Duration::from_secs(1);
    let (ended, taken) = deliver(Behaviour::SlowAfterDot, hasty).await;
    assert_eq!(doubt(&ended), "the mail server did not confirm the message in time");
    assert_eq!(taken, 1);
}

#[tokio::test]
async fn the_deadline_ends_an_attempt() {
    let short = |desk: &mut Desk| desk.config.deadline = Duration::from_secs(1);
    let (ended, taken) = deliver(Behaviour::SlowAfterDot, short).await;
    assert_eq!(doubt(&ended), "the mail server did not confirm the message in time");
    assert_eq!(taken, 1);
    let (ended, _) = deliver(Behaviour::Slow, short).await;
    assert_eq!(failure(&ended), (FailureReason::Refused, true));
}

#[tokio::test]
async fn an_absent_server_is_a_definite_refusal() {
    // A port that was free a moment ago, and that nobody listens on.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let elsewhere =
        |desk: &mut Desk| desk.config.smtp = Some(Smtp::parse(&format!("smtp://127.0.0.1:{port}")).unwrap());
    let (ended, _) = deliver(Behaviour::Accept, elsewhere).await;
    assert_eq!(failure(&ended), (FailureReason::Refused, true));
    assert!(text(&ended).contains("connecting"), "{}", text(&ended));
}

#[tokio::test]
async fn an_outbox_that_cannot_be_written_is_a_failure() {
    let file = |desk: &mut Desk| {
        desk.config.smtp = None;
        std::fs::write(desk.folder.path().join("outbox"), "a file, no folder").unwrap();
    };
    let (ended, _) = deliver(Behaviour::Accept, file).await;
    assert_eq!(failure(&ended), (FailureReason::Refused, true));
    assert!(text(&ended).contains("make the folder writable"), "{}", text(&ended));
}

#[tokio::test]
async fn nothing_travels_in_clear_to_another_machine() {
    // The resolver reads 127.1 as this machine; for the courier it is a name like any other.
    let outside = |desk: &mut Desk| desk.config.smtp.as_mut().unwrap().host = "127.1".into();
    let (ended, taken) = deliver(Behaviour::Accept, outside).await;
    assert_eq!(failure(&ended), (FailureReason::Refused, true));
    assert!(text(&ended).contains("no STARTTLS"), "{}", text(&ended));
    assert_eq!(taken, 0);
}

#[tokio::test]
async fn with_starttls_the_certificate_must_be_good_and_the_login_right() {
    let options = Options { starttls: true, credentials: Some(("jo".into(), "p@ss word".into())) };
    let server = SmtpServer::start_with(&options).await.unwrap();
    let send = async |host: &str, login: &str, trusted: Option<&[u8]>| {
        let mut desk = Desk::new(None);
        let mut smtp = Smtp::parse(&format!("smtp://{login}@{host}:{}", server.port())).unwrap();
        smtp.authority_pem = trusted.map(<[u8]>::to_vec);
        desk.config.smtp = Some(smtp);
        desk.config.retry_after.clear();
        let courier = desk.courier();
        let approval = approval("p1", &Behaviour::Accept.address("a"));
        desk.approve(&approval).await;
        let ended = desk.ended("p1").await;
        courier.stop().await;
        (ended, approval.bytes)
    };
    let pem = server.certificate_pem().unwrap().as_bytes();
    let (ended, bytes) = send("localhost", "jo:p%40ss%20word", Some(pem)).await;
    assert!(matches!(ended.data, Data::DeliverySent(_)), "{ended:?}");
    let received = server.received().unwrap();
    assert!(received[0].encrypted && received[0].authenticated);
    assert_eq!(received[0].bytes, bytes);
    // Another name than the certificate's, a certificate nobody knows, a wrong password.
    for (host, login, trusted) in
        [("127.0.0.1", "jo:p%40ss%20word", Some(pem)), ("127.1", "jo:x", None), ("localhost", "jo:wrong", Some(pem))]
    {
        let (ended, _) = send(host, login, trusted).await;
        assert_eq!(failure(&ended).0, FailureReason::Refused, "{host} {login}");
        assert!(!text(&ended).contains("wrong"), "no password in a text: {}", text(&ended));
    }
    assert_eq!(server.received().unwrap().len(), 1);
}

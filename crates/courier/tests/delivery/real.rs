//! The separate binary on a real nats-server, killed at any moment: one mail at most, and the record says which.
#![cfg(unix)]

use std::{process::Stdio, time::Duration};

use bus::Role;
use bus_schema::Data;
use testkit::{
    nats::TestServer,
    smtp::{Behaviour, SmtpServer},
};
use tokio::{
    process::{Child, Command},
    time::sleep,
};

use crate::desk::{Desk, approval};

fn start(server: &TestServer, mail: &SmtpServer) -> Child {
    let mut binary = Command::new(env!("CARGO_BIN_EXE_mainstay-courier"));
    binary.env_clear().env("MAINSTAY_DATA", server.data()).env("MAINSTAY_NATS_URL", server.url());
    binary.env("MAINSTAY_SMTP", format!("smtp://{}", mail.address()));
    binary.env("MAINSTAY_FROM", "Customer success <success@vendor.example>").env("MAINSTAY_LOG", "warn");
    binary.env("MAINSTAY_INTENT_DEADLINE_SECONDS", "2").env("MAINSTAY_INTENT_GRACE_SECONDS", "1");
    binary.stderr(Stdio::inherit()).kill_on_drop(true).spawn().unwrap()
}

#[tokio::test]
async fn a_courier_killed_at_any_moment_never_sends_twice() {
    let server = TestServer::start().await.unwrap();
    let mail = SmtpServer::start().await.unwrap();
    let mut desk = Desk::new(None);
    desk.bus = server.bus(Role::GateOut).await.unwrap();
    let names: Vec<String> = (0..10_u64).map(|n| format!("p{n}")).collect();
    for (name, n) in names.iter().zip(0_u64..) {
        desk.approve(&approval(name, &Behaviour::Accept.address(name))).await;
        let mut child = start(&server, &mail);
        // Between its first breath and after its delivery, a little later each time.
        sleep(Duration::from_millis(15 * n)).await;
        child.kill().await.unwrap();
    }
    let mut child = start(&server, &mail);
    let mut sent = 0;
    for name in &names {
        let ended = desk.ended(name).await;
        let received = mail.received().unwrap();
        let mails = received.iter().filter(|mail| mail.to == [Behaviour::Accept.address(name)]).count();
        match &ended.data {
            Data::DeliverySent(_) => assert_eq!(mails, 1, "{name}: {:?}", ended.kinds),
            Data::DeliveryUnknown(_) => assert!(mails <= 1, "{name} was sent {mails} times"),
            other => panic!("{name}: {other:?}"),
        }
        sent += mails;
    }
    assert!(sent > 0, "at least the last courier had the time to send");
    let term = Command::new("kill").args(["-TERM", &child.id().unwrap().to_string()]).status().await.unwrap();
    assert!(term.success());
    let status = tokio::time::timeout(Duration::from_secs(10), child.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn a_server_killed_at_any_moment_is_waited_for_and_each_mail_arrives_once() {
    let mut server = TestServer::start().await.unwrap();
    let mail = SmtpServer::start().await.unwrap();
    let mut desk = Desk::new(Some(&mail));
    for n in 0..6_u64 {
        let name = format!("p{n}");
        desk.bus = server.bus(Role::GateOut).await.unwrap();
        desk.approve(&approval(&name, &Behaviour::Accept.address(&name))).await;
        desk.bus = server.bus(Role::Courier).await.unwrap();
        let courier = desk.courier();
        sleep(Duration::from_millis(4 * n)).await;
        server.kill().await;
        server.restart().await.unwrap();
        desk.bus = server.bus(Role::GateOut).await.unwrap();
        let ended = desk.ended(&name).await;
        assert!(matches!(ended.data, Data::DeliverySent(_)), "{ended:?}");
        courier.stop().await;
    }
    assert_eq!(mail.received().unwrap().len(), 6);
}

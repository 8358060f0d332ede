//! Crashes, races and a bus that loses what it is told: at most one message, and an honest record.

use std::time::Duration;

use bus::memory::Fault;
use bus_schema::{Data, data::action::DeliveryUnknown, time::DAY_MS};
use testkit::smtp::{Behaviour, SmtpServer};

use crate::desk::{Desk, approval, now};

#[tokio::test]
async fn of_two_couriers_one_sends() {
    let server = SmtpServer::start().await.unwrap();
    let desk = Desk::new(Some(&server));
    let (one, other) = (desk.courier(), desk.courier());
    let names: Vec<String> = (0..12).map(|n| format!("p{n}")).collect();
    for name in &names {
        desk.approve(&approval(name, &Behaviour::Accept.address(name))).await;
    }
    for name in &names {
        let ended = desk.ended(name).await;
        assert_eq!(ended.kinds, ["delivery.approved", "delivery.intended", "delivery.sent"]);
    }
    desk.settled(&one).await;
    desk.settled(&other).await;
    one.stop().await;
    other.stop().await;
    let mut to: Vec<String> = server.received().unwrap().into_iter().flat_map(|received| received.to).collect();
    to.sort();
    let mut wanted: Vec<String> = names.iter().map(|name| Behaviour::Accept.address(name)).collect();
    wanted.sort();
    assert_eq!(to, wanted);
}

/// A bus that was replaced by an older copy has the approval and knows nothing of what became of it.
#[tokio::test]
async fn what_was_sent_before_the_bus_forgot_it_is_in_doubt_and_not_sent_again() {
    let server = SmtpServer::start().await.unwrap();
    let mut desk = Desk::new(Some(&server));
    desk.config.begun = Some(desk.folder.path().join("begun"));
    let approval = approval("p1", &Behaviour::Accept.address("a"));
    desk.approve(&approval).await;
    let courier = desk.courier();
    assert!(matches!(desk.ended("p1").await.data, Data::DeliverySent(_)));
    courier.stop().await;
    let older = Desk { folder: desk.folder, config: desk.config, ..Desk::new(Some(&server)) };
    older.approve(&approval).await;
    let courier = older.courier();
    let Data::DeliveryUnknown(DeliveryUnknown { reason, .. }) = older.ended("p1").await.data else { panic!() };
    assert!(reason.contains("older copy"), "{reason}");
    courier.stop().await;
    assert_eq!(server.received().unwrap().len(), 1);
}

#[tokio::test]
async fn an_intent_left_by_a_crash_is_unknown_after_its_deadline_and_never_sent() {
    let server = SmtpServer::start().await.unwrap();
    let desk = Desk::new(Some(&server));
    let approved = desk.approve(&approval("p1", &Behaviour::Accept.address("a"))).await;
    let deadline = now().plus_ms(1_500);
    desk.intend("p1", approved, deadline).await;
    let courier = desk.courier();
    let ended = desk.ended("p1").await;
    assert!(now() >= deadline.plus_ms(300), "not before deadline and grace are over");
    assert_eq!(ended.kinds, ["delivery.approved", "delivery.intended", "delivery.unknown"]);
    let Data::DeliveryUnknown(DeliveryUnknown { reason, .. }) = ended.data else { panic!() };
    assert!(reason.contains("ended before it recorded"), "{reason}");
    courier.stop().await;
    assert_eq!(server.received().unwrap(), []);
}

#[tokio::test]
async fn an_intent_ends_also_where_its_deadline_is_days_off() {
    let mut desk = Desk::new(None);
    desk.config.deadline = Duration::from_secs(1);
    let approved = desk.approve(&approval("p1", "ana@customer.example")).await;
    desk.intend("p1", approved, now().plus_ms(10 * DAY_MS)).await;
    let courier = desk.courier();
    let ended = desk.ended("p1").await;
    assert_eq!(ended.kinds, ["delivery.approved", "delivery.intended", "delivery.unknown"]);
    courier.stop().await;
}

#[tokio::test]
async fn a_courier_killed_after_the_message_leaves_a_doubt_and_one_message() {
    let server = SmtpServer::start().await.unwrap();
    let mut desk = Desk::new(Some(&server));
    desk.config.deadline = Duration::from_secs(2);
    let courier = desk.courier();
    desk.approve(&approval("p1", &Behaviour::SlowAfterDot.address("a"))).await;
    server.wait_for(1, Duration::from_secs(10)).await.unwrap();
    courier.kill().await;
    assert_eq!(desk.chain("p1").await.len(), 2, "an intent without outcome");
    let next = desk.courier();
    assert!(matches!(desk.ended("p1").await.data, Data::DeliveryUnknown(_)));
    desk.settled(&next).await;
    next.stop().await;
    assert_eq!(server.received().unwrap().len(), 1);
}

#[tokio::test]
async fn a_courier_killed_before_its_intent_leaves_the_message_to_the_next() {
    let server = SmtpServer::start().await.unwrap();
    let desk = Desk::new(Some(&server));
    desk.approve(&approval("p1", &Behaviour::Accept.address("a"))).await;
    // The intent is on its way for longer than the courier lives.
    desk.memory.fail_next("cs.action.>", Fault::Delay(Duration::from_mins(1)));
    let courier = desk.courier();
    desk.until("the beginning of a delivery", async || courier.progress.open() > 0).await;
    courier.kill().await;
    let next = desk.courier();
    assert!(matches!(desk.ended("p1").await.data, Data::DeliverySent(_)));
    next.stop().await;
    assert_eq!(server.received().unwrap().len(), 1);
}

#[tokio::test]
async fn lost_acknowledgements_and_lost_messages_change_nothing() {
    let server = SmtpServer::start().await.unwrap();
    // The first fault hits the intent, the second the outcome.
    let faults = [Fault::LoseAck, Fault::LoseMessage, Fault::Refuse, Fault::Delay(Duration::from_millis(50))];
    for (round, fault) in faults.into_iter().enumerate() {
        let desk = Desk::new(Some(&server));
        desk.approve(&approval("p1", &Behaviour::Accept.address("a"))).await;
        desk.memory.fail_next("cs.action.>", fault);
        desk.memory.fail_next("cs.action.>", fault);
        let courier = desk.courier();
        let ended = desk.ended("p1").await;
        assert_eq!(ended.kinds, ["delivery.approved", "delivery.intended", "delivery.sent"], "{fault:?}");
        desk.settled(&courier).await;
        courier.stop().await;
        assert_eq!(server.received().unwrap().len(), round + 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_bus_that_is_away_for_a_while_is_waited_for() {
    let server = SmtpServer::start().await.unwrap();
    let desk = Desk::new(Some(&server));
    let courier = desk.courier();
    desk.approve(&approval("p1", &Behaviour::Accept.address("a"))).await;
    assert!(matches!(desk.ended("p1").await.data, Data::DeliverySent(_)));
    desk.approve(&approval("p2", &Behaviour::Accept.address("b"))).await;
    let before = desk.memory.missed();
    desk.memory.set_away(true);
    desk.missed(before + 3).await;
    desk.memory.set_away(false);
    assert!(matches!(desk.ended("p2").await.data, Data::DeliverySent(_)));
    courier.stop().await;
    assert_eq!(server.received().unwrap().len(), 2);
}

//! Single messages: publish, expectations, reading back, limits, epochs, provisioning.

use std::time::Duration;

use bus::{BusError, Message, Provisioning, PublishError, Role};
use bus_schema::subject::Stream;
use bus_schema::{Partition, Partitions, Time, subject};

use crate::bench::{Bench, read};

const SUBJECT: &str = "cs.log.00.in";

pub(crate) async fn a_stored_message_reads_back_as_it_was_sent(bench: Bench) {
    let bus = bench.bus(Role::Router).await;
    let message = Message::new(SUBJECT, "[\"ä\"]").with_header("Ms-Turn", "1.2.3").with_header("Ms-Epoch", "4");
    let before = now();
    let asked = bus.time(Stream::Log).await.unwrap();
    let seq = bus.publish(message.clone(), Some(0)).await.unwrap();
    let by_seq = bus.get(Stream::Log, seq).await.unwrap().unwrap();
    assert_eq!(bus.last(Stream::Log, SUBJECT).await.unwrap(), Some(by_seq.clone()));
    let mut reader = bus.reader(Stream::Log, "test", &[], 1).await.unwrap();
    assert_eq!(read(&mut reader, 1).await, std::slice::from_ref(&by_seq));
    assert_eq!((by_seq.seq, &by_seq.subject, &by_seq.headers), (seq, &message.subject, &message.headers));
    assert_eq!(by_seq.body, message.body);
    assert!(before <= by_seq.time && by_seq.time <= now(), "{} is not within the test", by_seq.time);
    let asked = [asked, bus.time(Stream::Log).await.unwrap()];
    assert!(before <= asked[0] && asked[0] <= by_seq.time, "{} is not the time before {}", asked[0], by_seq.time);
    assert!(by_seq.time <= asked[1] && asked[1] <= now(), "{} is not the time after {}", asked[1], by_seq.time);
    let state = bus.state(Stream::Log).await.unwrap();
    assert_eq!((state.first_seq, state.last_seq, state.messages), (1, 1, 1));
}

pub(crate) async fn nothing_is_found_where_nothing_is(bench: Bench) {
    let bus = bench.bus(Role::Router).await;
    assert_eq!(bus.last(Stream::Log, SUBJECT).await.unwrap(), None);
    assert_eq!(bus.get(Stream::Log, 7).await.unwrap(), None);
    let state = bus.state(Stream::Log).await.unwrap();
    assert_eq!((state.first_seq, state.last_seq, state.messages, state.bytes), (1, 0, 0, 0));
}

pub(crate) async fn only_the_expected_last_message_is_followed(bench: Bench) {
    let bus = bench.bus(Role::Router).await;
    let publish = |subject: &'static str, expected| bus.publish(Message::new(subject, "x"), expected);
    assert_eq!(publish(SUBJECT, Some(7)).await, Err(PublishError::WrongLast));
    assert_eq!(publish(SUBJECT, Some(0)).await, Ok(1));
    assert_eq!(publish(SUBJECT, Some(0)).await, Err(PublishError::WrongLast));
    assert_eq!(publish("cs.log.01.in", Some(0)).await, Ok(2));
    assert_eq!(publish(SUBJECT, Some(2)).await, Err(PublishError::WrongLast));
    assert_eq!(publish(SUBJECT, Some(1)).await, Ok(3));
    assert_eq!(publish(SUBJECT, None).await, Ok(4));
}

pub(crate) async fn of_many_that_expect_the_same_exactly_one_wins(bench: Bench) {
    let bus = bench.bus(Role::Router).await;
    for round in 0..20 {
        let expected = bus.last(Stream::Log, SUBJECT).await.unwrap().map_or(0, |stored| stored.seq);
        let racers: Vec<_> = (0..8)
            .map(|racer| {
                let bus = bus.clone();
                tokio::spawn(async move {
                    bus.publish(Message::new(SUBJECT, format!("{round}/{racer}")), Some(expected)).await
                })
            })
            .collect();
        let mut won = 0;
        for racer in racers {
            match racer.await.unwrap() {
                Ok(_) => won += 1,
                Err(e) => assert_eq!(e, PublishError::WrongLast),
            }
        }
        assert_eq!(won, 1, "round {round}");
    }
    assert_eq!(bus.state(Stream::Log).await.unwrap().messages, 20);
}

pub(crate) async fn a_large_message_fits_and_is_read_back(bench: Bench) {
    let bus = bench.bus(Role::Router).await;
    // The largest a chain makes, and then some for its brackets and headers.
    let body = vec![b'x'; bus_schema::batch::BATCH_BYTES_MAX + 1024];
    let message = Message::new(SUBJECT, body.clone()).with_header("Ms-Index", "A".repeat(4096));
    bus.publish(message, None).await.unwrap();
    let last = bus.last(Stream::Log, SUBJECT).await.unwrap().unwrap();
    assert!(last.body == body);
    let mut reader = bus.reader(Stream::Log, "test", &[], 1).await.unwrap();
    assert!(read(&mut reader, 1).await[0].body == body);
}

pub(crate) async fn a_header_that_cannot_be_sent_is_refused(bench: Bench) {
    let bus = bench.bus(Role::Router).await;
    let message = Message::new(SUBJECT, "x").with_header("Ms-Turn", "1.0.0\r\nMs-Epoch: 9");
    assert!(matches!(bus.publish(message, None).await, Err(PublishError::Refused { .. })));
    assert_eq!(bus.state(Stream::Log).await.unwrap().messages, 0);
}

pub(crate) async fn a_subject_of_no_stream_has_no_answer(bench: Bench) {
    let bus = bench.bus(Role::Router).await;
    let answer = bus.publish(Message::new("cs.nowhere.x", "x"), None).await;
    assert!(matches!(answer, Err(PublishError::Unknown(_))), "{answer:?}");
}

pub(crate) async fn a_producers_event_gets_the_partition_of_its_token(bench: Bench) {
    let bus = bench.bus(Role::Gateway).await;
    let partitions = Partitions::default();
    let mut seen = std::collections::BTreeSet::new();
    for n in 0..200 {
        let entity = bus_schema::Entity::account(format!("acme-{n}"));
        let seq = bus.publish(Message::new(subject::event(&entity), "{}"), None).await.unwrap();
        let stored = bus.get(Stream::In, seq).await.unwrap().unwrap();
        let expected = partitions.of(&entity);
        assert_eq!(subject::partition_of(&stored.subject), Some(expected), "{}", stored.subject);
        assert_eq!(stored.subject, format!("cs.in.{}.{}", expected.0, entity.token()));
        seen.insert(expected);
    }
    assert_eq!(seen.len(), 16, "200 accounts should reach every partition");
    // What is packed already keeps its subject.
    let packed = subject::in_batch(Partition(3));
    let seq = bus.publish(Message::new(packed.clone(), "[]"), None).await.unwrap();
    assert_eq!(bus.get(Stream::In, seq).await.unwrap().unwrap().subject, packed);
}

pub(crate) async fn a_full_stream_refuses_and_keeps_what_it_has(bench: Bench) {
    let empty;
    let bytes_max = 16 * 1024;
    let bus = if let Some(memory) = &bench.memory {
        memory.set_bytes_max(Stream::In, bytes_max);
        bench.bus(Role::Gateway).await
    } else {
        let small = Provisioning { in_bytes_max: bytes_max, ..Provisioning::default() };
        empty = testkit::nats::TestServer::start_empty(true).await.unwrap();
        empty.provision(&small).await.unwrap();
        empty.bus(Role::Gateway).await.unwrap()
    };
    let publish = || bus.publish(Message::new(subject::in_batch(Partition(0)), vec![b'x'; 1000]), None);
    let mut stored = 0;
    let error = loop {
        match publish().await {
            Ok(_) => stored += 1,
            Err(e) => break e,
        }
        assert!(stored < 100, "the limit does not hold");
    };
    assert_eq!(error, PublishError::Full);
    assert!(stored >= 10, "only {stored} fit");
    let state = bus.state(Stream::In).await.unwrap();
    assert_eq!((state.first_seq, state.messages), (1, stored));
    assert_eq!(bus.purge(Stream::In, None, 4).await.unwrap(), 3);
    publish().await.unwrap();
}

pub(crate) async fn purging_removes_below_a_sequence_and_never_from_the_log(bench: Bench) {
    let bus = bench.bus(Role::Router).await;
    for n in 0..6 {
        bus.publish(Message::new(subject::in_batch(Partition(n % 2)), "[]"), None).await.unwrap();
    }
    let first = subject::in_batch(Partition(0));
    assert_eq!(bus.purge(Stream::In, None, 0).await.unwrap(), 0);
    assert_eq!(bus.purge(Stream::In, None, 1).await.unwrap(), 0);
    assert_eq!(bus.purge(Stream::In, Some(&first), 4).await.unwrap(), 2);
    assert_eq!(bus.purge(Stream::In, None, 5).await.unwrap(), 2);
    let state = bus.state(Stream::In).await.unwrap();
    assert_eq!((state.first_seq, state.last_seq, state.messages), (5, 6, 2));
    assert_eq!(bus.purge(Stream::In, None, 100).await.unwrap(), 2);
    let state = bus.state(Stream::In).await.unwrap();
    assert_eq!((state.first_seq, state.last_seq, state.messages), (7, 6, 0));
    assert_eq!(bus.last(Stream::In, &first).await.unwrap(), None);
    bus.publish(Message::new(SUBJECT, "[]"), None).await.unwrap();
    let refused = bus.purge(Stream::Log, None, 2).await;
    assert!(matches!(refused, Err(BusError::Refused { code: 10110, .. })), "{refused:?}");
    assert_eq!(bus.state(Stream::Log).await.unwrap().messages, 1);
}

pub(crate) async fn an_epoch_is_given_once(bench: Bench) {
    let (one, two) = (bench.bus(Role::Router).await, bench.bus(Role::Agent("health")).await);
    assert_eq!(one.next_epoch("in.00").await.unwrap(), 1);
    assert_eq!(two.next_epoch("in.00").await.unwrap(), 2);
    assert_eq!(one.next_epoch("health.00").await.unwrap(), 1);
    let takers: Vec<_> = (0..10)
        .map(|n| {
            let bus = if n % 2 == 0 { one.clone() } else { two.clone() };
            tokio::spawn(async move { bus.next_epoch("in.00").await.unwrap() })
        })
        .collect();
    let mut taken = Vec::new();
    for taker in takers {
        taken.push(taker.await.unwrap());
    }
    taken.sort_unstable();
    assert_eq!(taken, (3..=12).collect::<Vec<u64>>());
}

pub(crate) async fn provisioning_twice_changes_nothing_and_another_log_is_refused(bench: Bench) {
    let bus = bench.bus(Role::Admin).await;
    let info = bus.log_info().await.unwrap();
    assert_eq!(info.partitions, Partitions(16));
    assert_eq!(info.id.len(), 26);
    bus.publish(Message::new(SUBJECT, "[]"), None).await.unwrap();
    bus.provision(&Provisioning::default()).await.unwrap();
    let same = Provisioning { log_id: Some(info.id.clone()), partitions: Partitions(4), ..Provisioning::default() };
    bus.provision(&same).await.unwrap();
    // An existing log keeps its partitions, whatever a later start asks for.
    assert_eq!(bus.log_info().await.unwrap(), info);
    let other = Provisioning { log_id: Some("another".into()), ..Provisioning::default() };
    let error = bus.provision(&other).await.unwrap_err();
    assert!(matches!(error, BusError::Different { field: "log id", .. }), "{error}");
    assert_eq!(bus.state(Stream::Log).await.unwrap().messages, 1);
    bench.bus(Role::AdminOut).await.provision(&Provisioning::default()).await.unwrap();
}

fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Time(i64::try_from(Duration::as_millis(&since)).unwrap())
}

pub(crate) async fn the_last_message_of_a_pattern_is_the_last_of_all_its_subjects(bench: Bench) {
    let bus = bench.bus(Role::Router).await;
    for subject in ["cs.log.03.in", "cs.log.04.in", "cs.log.03.health.03", "cs.log.04.people"] {
        bus.publish(Message::new(subject, "x"), None).await.unwrap();
    }
    for (pattern, expected) in
        [("cs.log.03.>", Some(3)), ("cs.log.*.in", Some(2)), ("cs.log.>", Some(4)), ("cs.log.05.>", None)]
    {
        let found = bus.last(Stream::Log, pattern).await.unwrap();
        assert_eq!(found.map(|stored| stored.seq), expected, "{pattern}");
    }
}

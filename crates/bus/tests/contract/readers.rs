//! Readers: waiting, resuming, filters, order.

use std::time::{Duration, Instant};

use bus::{Bus, BusError, Message, Role, Stored};
use bus_schema::subject::Stream;

use crate::bench::{Bench, PATIENCE, read};

async fn fill(bus: &Bus, range: std::ops::RangeInclusive<u64>) {
    for n in range {
        bus.publish(Message::new(format!("cs.log.{:02}.in", n % 2), n.to_string()), None).await.unwrap();
    }
}

fn seqs(messages: &[Stored]) -> Vec<u64> {
    messages.iter().map(|stored| stored.seq).collect()
}

pub(crate) async fn a_reader_waits_for_the_first_message_and_no_longer(bench: Bench) {
    let bus = bench.bus(Role::Router).await;
    let mut reader = bus.reader(Stream::Log, "test", &[], 1).await.unwrap();
    let start = Instant::now();
    assert_eq!(reader.next(10, Duration::from_millis(150)).await.unwrap(), []);
    assert!(start.elapsed() >= Duration::from_millis(150));
    assert_eq!(reader.next(10, Duration::ZERO).await.unwrap(), []);
    let writer = tokio::spawn(async move {
        fill(&bus, 1..=1).await;
        Instant::now()
    });
    let found = reader.next(10, PATIENCE).await.unwrap();
    let after = writer.await.unwrap().elapsed();
    assert_eq!(seqs(&found), [1]);
    assert!(after < Duration::from_secs(5), "handed out {after:?} after it was stored");
    assert_eq!((reader.position(), reader.pending()), (2, 0));
}

pub(crate) async fn a_reader_resumes_where_it_is_told(bench: Bench) {
    let bus = bench.bus(Role::Router).await;
    fill(&bus, 1..=20).await;
    let mut reader = bus.reader(Stream::Log, "test", &[], 1).await.unwrap();
    assert_eq!(seqs(&read(&mut reader, 5).await), [1, 2, 3, 4, 5]);
    assert_eq!(reader.pending(), 15);
    drop(reader);
    // Forward, back below what was read, and by a reset of the same reader.
    let mut reader = bus.reader(Stream::Log, "test", &[], 18).await.unwrap();
    assert_eq!(seqs(&read(&mut reader, 3).await), [18, 19, 20]);
    let mut reader = bus.reader(Stream::Log, "test", &[], 3).await.unwrap();
    assert_eq!(seqs(&read(&mut reader, 2).await), [3, 4]);
    reader.reset(11).await.unwrap();
    assert_eq!(reader.position(), 11);
    assert_eq!(seqs(&read(&mut reader, 10).await), (11..=20).collect::<Vec<_>>());
    // A position of another, longer stream.
    let error = reader.reset(22).await.unwrap_err();
    assert!(matches!(error, BusError::Shrunk { position: 22, last: 20, .. }), "{error}");
    assert!(matches!(bus.reader(Stream::Log, "test", &[], 90).await, Err(BusError::Shrunk { position: 90, .. })));
    // Behind the end: nothing until somebody writes.
    reader.reset(21).await.unwrap();
    assert_eq!(reader.next(10, Duration::from_millis(50)).await.unwrap(), []);
    fill(&bus, 21..=21).await;
    assert_eq!(seqs(&read(&mut reader, 1).await), [21]);
}

pub(crate) async fn a_reader_sees_its_subjects_only(bench: Bench) {
    let bus = bench.bus(Role::Router).await;
    fill(&bus, 1..=9).await;
    let filters = ["cs.log.00.>".to_owned()];
    let mut even = bus.reader(Stream::Log, "even", &filters, 1).await.unwrap();
    assert_eq!(seqs(&read(&mut even, 4).await), [2, 4, 6, 8]);
    assert_eq!(even.next(10, Duration::from_millis(50)).await.unwrap(), []);
    fill(&bus, 10..=10).await;
    assert_eq!(seqs(&read(&mut even, 1).await), [10]);
    // The same name with other subjects: the reader of today decides.
    let filters = ["cs.log.00.in".to_owned(), "cs.log.01.in".to_owned()];
    let mut both = bus.reader(Stream::Log, "even", &filters, 7).await.unwrap();
    assert_eq!(seqs(&read(&mut both, 4).await), [7, 8, 9, 10]);
}

pub(crate) async fn a_reader_far_behind_gets_everything_in_order(bench: Bench) {
    let bus = bench.bus(Role::Router).await;
    // More than one pull by number, and with the large ones more than one by bytes.
    let publishers: Vec<_> = (0..8)
        .map(|n| {
            let bus = bus.clone();
            tokio::spawn(async move {
                for at in 0..150 {
                    let size = if at % 10 == 0 { 200_000 } else { 50 };
                    let message = Message::new(format!("cs.log.{n:02}.in"), vec![b'x'; size]);
                    bus.publish(message, None).await.unwrap();
                }
            })
        })
        .collect();
    for publisher in publishers {
        publisher.await.unwrap();
    }
    let mut reader = bus.reader(Stream::Log, "test", &[], 1).await.unwrap();
    assert_eq!(seqs(&read(&mut reader, 1200).await), (1..=1200).collect::<Vec<_>>());
    assert_eq!(reader.next(10, Duration::from_millis(50)).await.unwrap(), []);
}

pub(crate) async fn two_readers_of_one_name_skip_and_double_nothing(bench: Bench) {
    let bus = bench.bus(Role::Router).await;
    let mut old = bus.reader(Stream::Log, "test", &[], 1).await.unwrap();
    fill(&bus, 1..=5).await;
    assert_eq!(seqs(&read(&mut old, 5).await), [1, 2, 3, 4, 5]);
    // A successor takes the consumer over while the old reader still pulls.
    let mut new = bus.reader(Stream::Log, "test", &[], 3).await.unwrap();
    fill(&bus, 6..=30).await;
    assert_eq!(seqs(&read(&mut new, 28).await), (3..=30).collect::<Vec<_>>());
    assert_eq!(seqs(&read(&mut old, 25).await), (6..=30).collect::<Vec<_>>());
}

pub(crate) async fn a_reader_far_behind_is_not_carried_away_by_one_of_its_name(bench: Bench) {
    let bus = bench.bus(Role::Router).await;
    fill(&bus, 1..=20).await;
    // A replica that folds from the start, and before its first pull another that is near the end.
    let mut behind = bus.reader(Stream::Log, "test", &[], 1).await.unwrap();
    let mut ahead = bus.reader(Stream::Log, "test", &[], 18).await.unwrap();
    assert_eq!(seqs(&read(&mut behind, 20).await), (1..=20).collect::<Vec<_>>());
    assert_eq!(seqs(&read(&mut ahead, 3).await), [18, 19, 20]);
}

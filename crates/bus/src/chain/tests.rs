//! A chain over the memory twin: faults, takeover, order, bounds.

use std::time::Duration;

use bus_schema::{
    Kind, TurnId,
    batch::{decode_index, slice},
    subject::Stream,
};

use proptest::prelude::*;

use super::*;
use crate::{MemoryBus, MessageHash, Stored, memory::Fault};

const SUBJECT: &str = "cs.log.00.in";

fn turn(seq: u64) -> TurnId {
    TurnId { seq, index: 0, ordinal: 0 }
}

fn event(n: u64) -> Packed {
    Packed { kind: Kind::ClockTicked, entity_hash: 7, json: format!("{{\"n\":{n}}}").into_bytes() }
}

async fn stored(bus: &Bus) -> Vec<Stored> {
    let mut reader = bus.reader(Stream::Log, "test", &[], 1).await.unwrap();
    reader.next(10_000, Duration::ZERO).await.unwrap()
}

fn said(messages: &[Stored]) -> Vec<String> {
    let events = |stored: &Stored| {
        let index = decode_index(stored.headers.index().unwrap()).unwrap();
        (0..index.len())
            .map(|at| String::from_utf8(slice(&stored.body, &index, at).unwrap().to_vec()).unwrap())
            .collect::<Vec<_>>()
    };
    messages.iter().flat_map(events).collect()
}

fn expected(turns: std::ops::RangeInclusive<u64>) -> Vec<String> {
    turns.map(|n| format!("{{\"n\":{n}}}")).collect()
}

async fn open(memory: &MemoryBus, epoch: u64) -> Result<Chain, ChainError> {
    Chain::open(memory.clone().into(), Stream::Log, SUBJECT.into(), epoch).await
}

#[tokio::test(start_paused = true)]
async fn faults_neither_lose_nor_double_a_turn() {
    let memory = MemoryBus::new();
    let faults = [
        Fault::LoseAck,
        Fault::LoseMessage,
        Fault::Refuse,
        Fault::Duplicate,
        Fault::Delay(Duration::from_millis(5)),
        Fault::DelayAck(Duration::from_millis(5)),
    ];
    let chain = open(&memory, 1).await.unwrap();
    let mut faults = faults.into_iter().cycle();
    for n in 1..=60 {
        if n % 5 == 0 {
            memory.fail_next(SUBJECT, faults.next().unwrap());
        }
        chain.push(turn(n), vec![event(n)]).await.unwrap();
        if n % 7 == 0 {
            chain.flush().await.unwrap();
        }
    }
    chain.flush().await.unwrap();
    assert_eq!(chain.last_turn(), Some(turn(60)));
    assert_eq!(said(&stored(&memory.into()).await), expected(1..=60));
}

#[tokio::test(start_paused = true)]
async fn what_waits_goes_into_one_message_and_a_turn_is_never_split() {
    let memory = MemoryBus::new();
    memory.fail_next(SUBJECT, Fault::DelayAck(Duration::from_secs(1)));
    let chain = open(&memory, 1).await.unwrap();
    chain.push(turn(1), vec![event(1)]).await.unwrap();
    tokio::task::yield_now().await;
    for n in 2..=4 {
        chain.push(turn(n), (0..100).map(|_| event(n)).collect()).await.unwrap();
    }
    chain.flush().await.unwrap();
    let messages = stored(&memory.into()).await;
    let sizes: Vec<usize> = messages.iter().map(|m| decode_index(m.headers.index().unwrap()).unwrap().len()).collect();
    assert_eq!(sizes, [1, 200, 100]);
    assert_eq!(messages[1].headers.turn(), Some(turn(3)));
}

#[tokio::test(start_paused = true)]
async fn each_message_names_the_hash_of_the_one_before() {
    let memory = MemoryBus::new();
    for epoch in 1..=3 {
        let chain = open(&memory, epoch).await.unwrap();
        for n in 1..=epoch * 2 {
            chain.push(turn(n), vec![event(n)]).await.unwrap();
            chain.flush().await.unwrap();
        }
    }
    let messages = stored(&memory.into()).await;
    assert_eq!(messages.len(), 6);
    let mut prev = MessageHash::NONE;
    for message in &messages {
        assert_eq!(message.headers.prev(), Some(prev.to_string().as_str()));
        prev = message.hash();
    }
}

#[tokio::test(start_paused = true)]
async fn a_zombie_stops_and_its_successor_says_nothing_twice() {
    let memory = MemoryBus::new();
    let zombie = open(&memory, 1).await.unwrap();
    zombie.push(turn(1), vec![event(1)]).await.unwrap();
    zombie.flush().await.unwrap();
    let owner = open(&memory, 2).await.unwrap();
    // The successor has opened, but not said anything: the zombie's append still counts.
    zombie.push(turn(2), vec![event(2)]).await.unwrap();
    zombie.flush().await.unwrap();
    for n in 1..=4 {
        owner.push(turn(n), vec![event(n)]).await.unwrap();
    }
    owner.flush().await.unwrap();
    zombie.push(turn(3), vec![event(3)]).await.unwrap();
    let error = zombie.flush().await.unwrap_err();
    assert!(matches!(error, ChainError::Superseded { ours: 1, theirs: 2, .. }), "{error}");
    let error = zombie.push(turn(4), vec![event(4)]).await.unwrap_err();
    assert!(matches!(error, ChainError::Superseded { .. }), "{error}");
    assert!(matches!(open(&memory, 1).await, Err(ChainError::Superseded { .. })));
    assert_eq!(said(&stored(&memory.into()).await), expected(1..=4));
}

#[tokio::test(start_paused = true)]
async fn a_chain_waits_for_the_bus_and_says_since_when() {
    let memory = MemoryBus::new();
    let chain = open(&memory, 1).await.unwrap();
    memory.set_away(true);
    chain.push(turn(1), vec![event(1)]).await.unwrap();
    let mut progress = chain.progress();
    progress.wait_for(|p| p.stalled_since.is_some()).await.unwrap();
    memory.set_away(false);
    chain.flush().await.unwrap();
    assert_eq!(chain.stalled_since(), None);
    assert_eq!(said(&stored(&memory.into()).await), expected(1..=1));
}

#[tokio::test]
async fn turns_out_of_order_or_too_big_are_refused() {
    let memory = MemoryBus::new();
    let chain = open(&memory, 1).await.unwrap();
    chain.push(turn(5), vec![event(5)]).await.unwrap();
    for late in [4, 5] {
        let error = chain.push(turn(late), vec![event(late)]).await.unwrap_err();
        assert!(matches!(error, ChainError::Order { .. }), "{error}");
    }
    let many = (0..=BATCH_EVENTS_MAX as u64).map(event).collect();
    assert!(matches!(chain.push(turn(6), many).await, Err(ChainError::TurnTooBig { events: 257, .. })));
    let huge = Packed { json: vec![b' '; BATCH_BYTES_MAX + 1], ..event(6) };
    assert!(matches!(chain.push(turn(6), vec![huge]).await, Err(ChainError::TurnTooBig { .. })));
    chain.push(turn(6), vec![]).await.unwrap();
    chain.flush().await.unwrap();
    assert_eq!(said(&stored(&memory.into()).await), expected(5..=5));
}

#[tokio::test(start_paused = true)]
async fn turns_pushed_together_may_be_more_than_wait_at_once_and_end_at_the_first_wrong_one() {
    let memory = MemoryBus::new();
    let chain = open(&memory, 1).await.unwrap();
    let (count, large) = (40, BATCH_BYTES_MAX / 2);
    assert!(40 * large > 2 * QUEUE_BYTES_MAX);
    let large = |n| Packed { json: [b"{".to_vec(), vec![b' '; large], b"}".to_vec()].concat(), ..event(n) };
    chain.push_all((1..=count).map(|n| (turn(n), vec![large(n)]))).await.unwrap();
    let next = [count + 1, count + 2, count + 2, count + 3].map(|n| (turn(n), vec![event(n)]));
    assert!(matches!(chain.push_all(next).await, Err(ChainError::Order { .. })));
    chain.flush().await.unwrap();
    let mut said = said(&stored(&memory.into()).await);
    said.retain(|json| json.len() < 100);
    assert_eq!(said, expected(count + 1..=count + 2));
}

#[tokio::test]
async fn a_message_that_no_chain_wrote_is_named() {
    let memory = MemoryBus::new();
    let bus: Bus = memory.clone().into();
    bus.publish(crate::Message::new(SUBJECT, "[]"), None).await.unwrap();
    let error = open(&memory, 1).await.unwrap_err().to_string();
    assert!(error.contains(SUBJECT) && error.contains("Ms-Epoch"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_copy_keeps_every_event_byte_for_byte() {
    let memory = MemoryBus::new();
    let chain = open(&memory, 1).await.unwrap();
    chain.push(turn(1), vec![event(1), event(2)]).await.unwrap();
    chain.flush().await.unwrap();
    let messages = stored(&memory.clone().into()).await;
    assert_eq!(Packed::unpack(&messages[0]).unwrap(), [event(1), event(2)]);
    let bare = Stored { headers: crate::Headers::new(), ..messages[0].clone() };
    assert!(Packed::unpack(&bare).is_err());
}

/// What may happen to a writer.
#[derive(Clone, Copy, Debug)]
enum Step {
    Say(u64),
    Fail(Fault),
    Flush,
    /// Taken over by the next epoch, which folds again from some turns back, while the old writer goes on for some.
    Takeover {
        back: u64,
        ahead: u64,
    },
    Away,
    Back,
}

fn step() -> impl Strategy<Value = Step> {
    let fault = prop_oneof![
        Just(Fault::LoseAck),
        Just(Fault::LoseMessage),
        Just(Fault::Refuse),
        Just(Fault::Duplicate),
        (0_u64..50).prop_map(|ms| Fault::Delay(Duration::from_millis(ms))),
        (0_u64..50).prop_map(|ms| Fault::DelayAck(Duration::from_millis(ms))),
    ];
    prop_oneof![
        6 => (1_u64..5).prop_map(Step::Say),
        3 => fault.prop_map(Step::Fail),
        1 => Just(Step::Flush),
        1 => (0_u64..20, 0_u64..5).prop_map(|(back, ahead)| Step::Takeover { back, ahead }),
        1 => Just(Step::Away),
        1 => Just(Step::Back),
    ]
}

/// Says what the steps say, in the face of what they do to the bus; answers with the last turn.
async fn live_through(memory: &MemoryBus, steps: &[Step]) -> u64 {
    let mut epoch = 1;
    let mut chain = open(memory, epoch).await.unwrap();
    let mut zombies = Vec::new();
    let (mut n, mut input) = (0, 0);
    for step in steps {
        match step {
            Step::Say(turns) => {
                for _ in 0..*turns {
                    n += 1;
                    chain.push(turn(n), vec![event(n)]).await.unwrap();
                    tokio::task::yield_now().await;
                }
            }
            Step::Fail(fault) => memory.fail_next(SUBJECT, *fault),
            Step::Flush => {
                memory.set_away(false);
                chain.flush().await.unwrap();
            }
            Step::Takeover { back, ahead } => {
                memory.set_away(false);
                epoch += 1;
                let before = std::mem::replace(&mut chain, open(memory, epoch).await.unwrap());
                input = input.max(n + ahead);
                for more in n + 1..=n + ahead {
                    before.push(turn(more), vec![event(more)]).await.unwrap();
                    before.flush().await.unwrap();
                }
                zombies.push(before);
                // What was never acknowledged was never checkpointed: it is folded again.
                let from = chain.last_turn().map_or(1, |said| said.seq.saturating_sub(*back).max(1));
                for again in from..=n {
                    chain.push(turn(again), vec![event(again)]).await.unwrap();
                }
            }
            Step::Away => memory.set_away(true),
            Step::Back => memory.set_away(false),
        }
    }
    memory.set_away(false);
    // The last writer reads as far as any before it did.
    for rest in n + 1..=input {
        chain.push(turn(rest), vec![event(rest)]).await.unwrap();
    }
    chain.flush().await.unwrap();
    n.max(input)
}

proptest! {
    #[test]
    fn whatever_happens_every_turn_is_stored_once_and_in_order(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let memory = MemoryBus::new();
            let last = live_through(&memory, &steps).await;
            let messages = stored(&memory.into()).await;
            let turns: Vec<String> = (1..=last).map(|n| format!("{{\"n\":{n}}}")).collect();
            assert_eq!(said(&messages), turns);
            let mut prev = MessageHash::NONE;
            for message in &messages {
                assert_eq!(message.headers.prev(), Some(prev.to_string().as_str()));
                prev = message.hash();
            }
        });
    }
}

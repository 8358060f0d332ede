//! Chains: order, takeover, the end of a zombie.

use bus::{Bus, Chain, ChainError, MessageHash, Role};
use bus_schema::subject::Stream;

use crate::bench::{Bench, event, said, turn};

const SUBJECT: &str = "cs.log.00.in";

async fn open(bus: &Bus, epoch: u64) -> Result<Chain, ChainError> {
    Chain::open(bus.clone(), Stream::Log, SUBJECT.into(), epoch).await
}

pub(crate) async fn a_chain_says_every_turn_once_and_in_order(bench: Bench) {
    let bus = bench.bus(Role::Router).await;
    let chain = open(&bus, 1).await.unwrap();
    for n in 1..=500 {
        chain.push(turn(n), vec![event(n)]).await.unwrap();
    }
    chain.flush().await.unwrap();
    assert_eq!(chain.last_turn(), Some(turn(500)));
    assert_eq!(said(&bus, SUBJECT).await, (1..=500).collect::<Vec<_>>());
    let mut prev = MessageHash::NONE;
    for seq in 1..=bus.state(Stream::Log).await.unwrap().last_seq {
        let stored = bus.get(Stream::Log, seq).await.unwrap().unwrap();
        assert_eq!(stored.headers.prev(), Some(prev.to_string().as_str()), "message {seq}");
        prev = stored.hash();
    }
}

pub(crate) async fn a_successor_goes_on_where_the_log_ends(bench: Bench) {
    let bus = bench.bus(Role::Router).await;
    let first = open(&bus, 1).await.unwrap();
    for n in 1..=10 {
        first.push(turn(n), vec![event(n)]).await.unwrap();
    }
    first.flush().await.unwrap();
    drop(first);
    // It refolds from an older place and stays silent about what was said.
    let second = open(&bus, 2).await.unwrap();
    assert_eq!(second.last_turn(), Some(turn(10)));
    for n in 4..=15 {
        second.push(turn(n), vec![event(n)]).await.unwrap();
    }
    second.flush().await.unwrap();
    assert_eq!(said(&bus, SUBJECT).await, (1..=15).collect::<Vec<_>>());
}

pub(crate) async fn a_superseded_chain_stops(bench: Bench) {
    let bus = bench.bus(Role::Router).await;
    let zombie = open(&bus, 1).await.unwrap();
    let owner = open(&bus, 2).await.unwrap();
    owner.push(turn(1), vec![event(1)]).await.unwrap();
    owner.flush().await.unwrap();
    zombie.push(turn(1), vec![event(1)]).await.unwrap();
    let error = zombie.flush().await.unwrap_err();
    assert!(matches!(error, ChainError::Superseded { ours: 1, theirs: 2, .. }), "{error}");
    assert!(matches!(open(&bus, 1).await, Err(ChainError::Superseded { .. })));
    owner.push(turn(2), vec![event(2)]).await.unwrap();
    owner.flush().await.unwrap();
    assert_eq!(said(&bus, SUBJECT).await, [1, 2]);
}

/// Both fold the same input; whoever is first says a turn, the other finds it said.
pub(crate) async fn two_chains_at_once_leave_one_order(bench: Bench) {
    let (here, there) = (bench.bus(Role::Router).await, bench.bus(Role::Gate).await);
    let old = open(&here, 1).await.unwrap();
    let new = open(&there, 2).await.unwrap();
    let speak = |chain: Chain| {
        tokio::spawn(async move {
            for n in 1..=300 {
                chain.push(turn(n), vec![event(n)]).await?;
                if n % 20 == 0 {
                    chain.flush().await?;
                }
            }
            chain.flush().await
        })
    };
    let (old, new) = (speak(old), speak(new));
    new.await.unwrap().unwrap();
    // The old one either lost on the way or had finished before.
    if let Err(e) = old.await.unwrap() {
        assert!(matches!(e, ChainError::Superseded { .. }), "{e}");
    }
    assert_eq!(said(&here, SUBJECT).await, (1..=300).collect::<Vec<_>>());
}

//! Proof that the states are the fold of the log: fold it again beside the running system and compare.

use std::{sync::Arc, time::Duration};

use bus_schema::{
    Partition,
    subject::{Stream, log_partition},
};
use data_encoding::HEXLOWER;
use serde::Serialize;

use crate::{
    error::RuntimeError,
    fold::{Fold, Indexed, Place},
    partition::{Command, Digested},
    runtime::{Inner, Runtime},
};

/// Messages read at once.
const MESSAGES_MAX: usize = 64;
/// How long the log may take to hand out a message that was applied.
const WAIT: Duration = Duration::from_secs(10);

/// A fold compared with its refold.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Verified {
    /// The agent.
    pub agent: &'static str,
    /// The partition.
    pub partition: Partition,
    /// The position both are at.
    pub position: u64,
    /// Digest of the running fold.
    pub live: String,
    /// Digest of the refold.
    pub refolded: String,
    /// Whether they are the same.
    pub equal: bool,
}

/// A fold on its way to the position of its running twin.
struct Twin {
    live: Digested,
    fold: Fold,
    digest: Option<[u8; 32]>,
}

impl Runtime {
    /// Folds the log again from the start up to where each running fold is, in memory and silently, and compares.
    ///
    /// # Errors
    /// A partition does not go on, the log cannot be read, or it ends before what was applied.
    pub async fn verify(&self) -> Result<Vec<Verified>, RuntimeError> {
        let inner = self.inner();
        let _one = inner.verifying.lock().await;
        let mut verified = Vec::new();
        for (partition, worker) in &inner.workers {
            let live = worker.ask(*partition, Command::Digest).await?;
            verified.extend(refold(inner, *partition, live).await?);
        }
        verified.sort_by_key(|one| (one.agent, one.partition));
        Ok(verified)
    }
}

async fn refold(inner: &Inner, partition: Partition, live: Vec<Digested>) -> Result<Vec<Verified>, RuntimeError> {
    let place = Place { log: Arc::clone(&inner.log), partitions: inner.partitions, partition };
    let about = |agent| inner.agents.iter().find(|about| about.name() == agent);
    let twins = live.into_iter().filter_map(|live| {
        let fold = Fold::new(*about(live.agent)?, place.clone());
        let digest = (live.applied == 0).then(|| fold.digest());
        Some(Twin { live, fold, digest })
    });
    let mut twins: Vec<_> = twins.collect();
    let until = twins.iter().map(|twin| twin.live.applied).max().unwrap_or(0);
    let bus_error = |source| RuntimeError::Bus { action: format!("be read in partition {partition}"), source };
    let mut at = 0;
    if until > 0 {
        let (name, filters) = (format!("verify-{partition}"), [log_partition(partition)]);
        let mut reader = inner.bus.reader(Stream::Log, &name, &filters, 1).await.map_err(bus_error)?;
        while at < until {
            let messages = reader.next(MESSAGES_MAX, WAIT).await.map_err(bus_error)?;
            if messages.is_empty() {
                return Err(RuntimeError::LogEnds { partition, found: at, applied: until });
            }
            for message in messages.into_iter().take_while(|message| message.seq <= until) {
                at = message.seq;
                take(&mut twins, message, partition)?;
                tokio::task::yield_now().await;
            }
        }
    }
    Ok(twins.into_iter().map(|twin| twin.compare(partition)).collect())
}

fn take(twins: &mut [Twin], message: bus::Stored, partition: Partition) -> Result<(), RuntimeError> {
    let seq = message.seq;
    let behind = twins.iter_mut().filter(|twin| twin.live.applied >= seq);
    match Indexed::new(message) {
        Ok(message) => {
            for twin in behind {
                twin.fold.apply(&message).map_err(|source| RuntimeError::Halt { partition, source })?;
                twin.arrive();
            }
        }
        Err((message, _)) => {
            for twin in behind {
                twin.fold.pass(&message);
                twin.arrive();
            }
        }
    }
    Ok(())
}

impl Twin {
    fn arrive(&mut self) {
        if self.fold.applied() == self.live.applied {
            self.digest = Some(self.fold.digest());
        }
    }

    fn compare(self, partition: Partition) -> Verified {
        let Self { live, digest, .. } = self;
        Verified {
            agent: live.agent,
            partition,
            position: live.applied,
            live: HEXLOWER.encode(&live.digest),
            refolded: digest.map(|digest| HEXLOWER.encode(&digest)).unwrap_or_default(),
            equal: digest == Some(live.digest),
        }
    }
}

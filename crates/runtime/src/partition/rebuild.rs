//! Folding an agent again from the start while the others go on.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::{Feed, Worker};
use crate::error::RuntimeError;

/// Between two tries while the bus is away.
const RETRY: Duration = Duration::from_millis(200);
/// How long a rebuild waits for what was said before.
const FLUSH_WAIT: Duration = Duration::from_secs(5);

/// The name under which the epochs of a fold's writers are counted.
pub(crate) fn writer(agent: &str, partition: bus_schema::Partition) -> String {
    format!("{agent}-{partition}")
}

impl Worker {
    /// Forgets an agent's states and reads the log from the start; folds that have seen a message pass it by.
    ///
    /// Answers up to which position the fold is silent and behind.
    pub(super) async fn rebuild(&mut self, agent: &'static str) -> Result<u64, RuntimeError> {
        let partition = self.partition;
        let epoch = self.bus.next_epoch(&writer(agent, partition)).await;
        let epoch = epoch.map_err(|source| self.bus_error("count an epoch", source))?;
        let part = self.parts.iter_mut().find(|part| part.fold.name() == agent);
        let part = part.ok_or_else(|| RuntimeError::NoAgent(agent.to_owned()))?;
        // What is still under way when this ends is found by the next writer of the subject.
        timeout(FLUSH_WAIT, part.voice.flush()).await.ok();
        let states = part.states.clone();
        let wiped = part.states.disk().run(move || states.wipe(partition)).await.and_then(|wiped| wiped);
        wiped.map_err(|source| RuntimeError::Store { agent, source })?;
        let applied = part.fold.applied();
        part.fold = part.fold.afresh();
        part.voice.restart(epoch);
        part.rebuilds += 1;
        part.checkpoint = 0;
        part.counted = part.fold.counts().clone();
        self.read_from(1).await?;
        Ok(applied)
    }

    pub(super) async fn read_from(&mut self, from_seq: u64) -> Result<(), RuntimeError> {
        self.feed.end().await;
        self.read = from_seq.saturating_sub(1);
        self.feed = loop {
            match Feed::open(&self.bus, &self.durable, self.partition, from_seq).await {
                Err(error) if error.is_transient() => sleep(RETRY).await,
                opened => break opened.map_err(|source| self.bus_error("be read", source))?,
            }
        };
        Ok(())
    }
}

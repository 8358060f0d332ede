//! Stage and segment, as the supervisor says them: read beside `IN`, in a task of their own.

use std::time::Duration;

use bus::{Bus, Packed, Stored};
use bus_schema::{Event, Kind, Partition, envelope::Envelope, subject};
use tokio::{sync::mpsc, task::JoinHandle};

use super::PART;
use crate::SupervisionError;

const MESSAGES_MAX: usize = 256;
const WAIT: Duration = Duration::from_secs(5);
const RETRY: Duration = Duration::from_millis(200);

/// What one message of the supervisor says about stages and segments.
pub(super) struct Said {
    pub(super) partition: Partition,
    pub(super) seq: u64,
    pub(super) facts: Vec<Event>,
}

/// The supervisor's messages from a position on.
pub(super) struct Facts {
    incoming: mpsc::Receiver<Said>,
    task: JoinHandle<()>,
}

impl Facts {
    pub(super) async fn open(bus: &Bus, from_seq: u64) -> Result<Self, SupervisionError> {
        let filter = ["cs.log.*.supervisor".to_owned()];
        let reader = bus.reader(subject::Stream::Log, "router-facts", &filter, from_seq).await;
        let mut reader = reader.map_err(|source| SupervisionError::read(PART, source))?;
        let (sender, incoming) = mpsc::channel(1_024);
        let task = tokio::spawn(async move {
            loop {
                match reader.next(MESSAGES_MAX, WAIT).await {
                    Ok(batch) => {
                        for stored in batch {
                            if let Some(said) = said(&stored)
                                && sender.send(said).await.is_err()
                            {
                                return;
                            }
                        }
                        if sender.is_closed() {
                            return;
                        }
                    }
                    Err(error) => {
                        tracing::warn!(error = &error as &dyn std::error::Error, "facts cannot be read, trying on");
                        tokio::time::sleep(RETRY).await;
                    }
                }
            }
        });
        Ok(Self { incoming, task })
    }

    /// What was read so far, without waiting.
    pub(super) fn read(&mut self) -> Vec<Said> {
        let mut read = Vec::new();
        while let Ok(said) = self.incoming.try_recv() {
            read.push(said);
        }
        read
    }

    /// The next message, waiting for it.
    pub(super) async fn next(&mut self) -> Option<Said> {
        self.incoming.recv().await
    }
}

impl Drop for Facts {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A message's facts about stages and segments. One that cannot be read says nothing about them.
pub(super) fn said(stored: &Stored) -> Option<Said> {
    let partition = subject::partition_of(&stored.subject)?;
    let packed = Packed::unpack(stored).unwrap_or_default();
    let facts = packed.iter().filter(|packed| matches!(packed.kind, Kind::StageChanged | Kind::SegmentChanged));
    let facts = facts.filter_map(|packed| {
        let envelope: Envelope = serde_json::from_slice(&packed.json).ok()?;
        envelope.event().ok()
    });
    Some(Said { partition, seq: stored.seq, facts: facts.collect() })
}

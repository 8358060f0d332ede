//! What stands between one process and the memory twin: its network, and its own life.

use std::time::Duration;

use bus_schema::{Time, subject::Stream};
use futures_util::future::BoxFuture;

use super::MemoryBus;
use crate::{Doubt, Message, PublishError, Stored};

/// A wire to the memory twin. By itself it carries everything at once and changes nothing.
///
/// A process whose wire never carries again is dead to everybody: whatever of it is left has no effect.
pub trait Wire: Send + Sync {
    /// One way of one operation: once before it, once before its answer.
    fn carry(&self) -> BoxFuture<'_, Result<(), Doubt>> {
        Box::pin(async { Ok(()) })
    }

    /// A publish between its two ways.
    fn publish<'a>(
        &'a self,
        bus: &'a MemoryBus,
        message: Message,
        expect_last: Option<u64>,
    ) -> BoxFuture<'a, Result<u64, PublishError>> {
        Box::pin(bus.publish_here(message, expect_last))
    }

    /// A subject's last message.
    fn last(&self, bus: &MemoryBus, subject: &str, found: Option<Stored>) -> Option<Stored> {
        let (_, _) = (bus, subject);
        found
    }

    /// The message of a sequence.
    fn get(&self, stream: Stream, found: Option<Stored>) -> Option<Stored> {
        let _ = stream;
        found
    }

    /// The broker's time.
    fn time(&self, found: Time) -> Time {
        found
    }

    /// Where a reader begins.
    fn begins(&self, stream: Stream, from_seq: u64) -> u64 {
        let _ = stream;
        from_seq
    }

    /// What a reader hands out.
    fn read(&self, stream: Stream, messages: Vec<Stored>) -> Vec<Stored> {
        let _ = stream;
        messages
    }

    /// How long a reader waits that was told to wait so long.
    fn patience(&self, wait: Duration) -> Duration {
        wait
    }
}

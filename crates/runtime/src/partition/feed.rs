//! The messages of a partition, read ahead of the worker.
//!
//! The reader runs in a task of its own, because giving up a read half way could lose what it had already taken. To read
//! from elsewhere the task is ended and another begun.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bus::{Bus, BusError, Reader, Stored};
use bus_schema::{
    Partition,
    subject::{Stream, log_partition},
};
use tokio::{sync::mpsc, task::JoinHandle};

/// Messages handed over at once; each may hold 256 events.
const MESSAGES_MAX: usize = 64;
/// Hand-overs that may wait for the worker.
const AHEAD_MAX: usize = 2;
/// How long one read waits before it looks after itself.
const WAIT: Duration = Duration::from_secs(5);
/// Between two tries while the bus is away.
const RETRY: Duration = Duration::from_millis(200);

/// How many messages wait, as far as known.
struct Waiting {
    in_stream: AtomicU64,
    read_ahead: AtomicU64,
}

/// A partition's messages from a position on.
pub(crate) struct Feed {
    batches: mpsc::Receiver<Result<Vec<Stored>, BusError>>,
    waiting: Arc<Waiting>,
    task: JoinHandle<()>,
}

impl Feed {
    /// Begins to read at `from_seq`, as the durable reader `<durable>-<partition>`.
    pub(crate) async fn open(bus: &Bus, durable: &str, partition: Partition, from_seq: u64) -> Result<Self, BusError> {
        let (name, filters) = (format!("{durable}-{partition}"), [log_partition(partition)]);
        let reader = bus.reader(Stream::Log, &name, &filters, from_seq).await?;
        let (sender, batches) = mpsc::channel(AHEAD_MAX);
        let waiting = Arc::new(Waiting { in_stream: AtomicU64::new(reader.pending()), read_ahead: AtomicU64::new(0) });
        let task = tokio::spawn(run(reader, sender, Arc::clone(&waiting), name));
        Ok(Self { batches, waiting, task })
    }

    /// The next messages. Giving up loses nothing.
    pub(crate) async fn next(&mut self) -> Option<Result<Vec<Stored>, BusError>> {
        let batch = self.batches.recv().await;
        if let Some(Ok(messages)) = &batch {
            self.waiting.read_ahead.fetch_sub(messages.len() as u64, Ordering::Relaxed);
        }
        batch
    }

    /// How many messages wait, read ahead or in the stream.
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.in_stream.load(Ordering::Relaxed) + self.waiting.read_ahead.load(Ordering::Relaxed)
    }

    /// Ends the reading and waits for its end: one reader at a time has the name.
    pub(crate) async fn end(&mut self) {
        self.task.abort();
        (&mut self.task).await.ok();
        // What was read ahead belongs to the old position.
        self.batches.close();
        while self.batches.recv().await.is_some() {}
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(
    mut reader: Reader,
    sender: mpsc::Sender<Result<Vec<Stored>, BusError>>,
    waiting: Arc<Waiting>,
    name: String,
) {
    let mut away = false;
    loop {
        match reader.next(MESSAGES_MAX, WAIT).await {
            Ok(messages) => {
                if std::mem::take(&mut away) {
                    tracing::info!(bus.reader = name, "reads again");
                }
                waiting.in_stream.store(reader.pending(), Ordering::Relaxed);
                waiting.read_ahead.fetch_add(messages.len() as u64, Ordering::Relaxed);
                if !messages.is_empty() && sender.send(Ok(messages)).await.is_err() {
                    return;
                }
            }
            Err(error) if error.is_transient() => {
                if !std::mem::replace(&mut away, true) {
                    tracing::warn!(bus.reader = name, error = %error, "cannot read, tries again");
                }
                if sender.is_closed() {
                    return;
                }
                tokio::time::sleep(RETRY).await;
            }
            Err(error) => {
                sender.send(Err(error)).await.ok();
                return;
            }
        }
    }
}

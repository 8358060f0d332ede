//! The courier's loop: folds `ACTION` into what is open, and acts on it.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bus::{Bus, BusError, Stored};
use bus_schema::{Time, subject::Stream};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    action::{self, Approved, Step},
    config::Config,
    delivery::{self, Outcome},
};

const PULL_MESSAGES_MAX: usize = 256;
const PULL_WAIT: Duration = Duration::from_millis(500);

/// Why the courier ended badly.
#[derive(Debug, thiserror::Error)]
pub enum CourierError {
    /// Stream `ACTION` cannot be read.
    #[error("the courier cannot read the approvals")]
    Bus(#[from] BusError),
}

/// How far a courier is; cheap to clone.
#[derive(Clone, Default, Debug)]
pub struct Progress {
    read: Arc<AtomicU64>,
    open: Arc<AtomicUsize>,
}

impl Progress {
    /// Whether every approval up to this sequence of `ACTION` has its outcome, as far as this courier can bring it.
    pub fn is_settled(&self, seq: u64) -> bool {
        self.read.load(Ordering::SeqCst) >= seq && self.open.load(Ordering::SeqCst) == 0
    }

    /// Messages on their way.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }
}

/// A courier that has not started yet.
#[derive(Debug)]
pub struct Courier {
    config: Arc<Config>,
    bus: Bus,
    progress: Progress,
}

/// Runs a courier until `shutdown` is done. `bus_out` is a connection to account `OUT`.
///
/// # Errors
/// Stream `ACTION` cannot be read.
pub async fn run(config: Config, bus_out: Bus, shutdown: impl Future<Output = ()> + Send) -> Result<(), CourierError> {
    Courier::new(config, bus_out).run(shutdown).await
}

impl Courier {
    /// A courier on a connection to account `OUT`.
    pub fn new(config: Config, bus_out: Bus) -> Self {
        Self { config: Arc::new(config), bus: bus_out, progress: Progress::default() }
    }

    /// A view of how far it is.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// Delivers until `shutdown` is done; then finishes what is on its way, within the drain time. What is cut off
    /// stands as an intent and is declared unknown by the next courier.
    ///
    /// # Errors
    /// Stream `ACTION` cannot be read.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) -> Result<(), CourierError> {
        let drain = self.config.drain;
        let mut work = Work::new(self);
        tokio::select! {
            biased;
            result = work.follow() => result?,
            () = shutdown => {}
        }
        let rest = async { while work.deliveries.join_next().await.is_some() {} };
        if timeout(drain, rest).await.is_err() {
            tracing::warn!("messages were still on their way at the end of the graceful stop");
        }
        Ok(())
    }
}

/// What a courier has in hand.
struct Work {
    courier: Courier,
    /// The last step of every proposal that is not at its end, by subject.
    open: BTreeMap<String, (u64, Step)>,
    deliveries: JoinSet<()>,
    watches: JoinSet<()>,
    parallel: Arc<Semaphore>,
}

impl Work {
    fn new(courier: Courier) -> Self {
        let parallel = Arc::new(Semaphore::new(courier.config.parallel_max.max(1)));
        Self { courier, open: BTreeMap::new(), deliveries: JoinSet::new(), watches: JoinSet::new(), parallel }
    }

    /// Reads to the end, then acts on what is open, then on each step that comes.
    async fn follow(&mut self) -> Result<(), CourierError> {
        let name = self.courier.config.name.clone();
        let mut reader = loop {
            if let Some(reader) = available(self.courier.bus.reader(Stream::Action, &name, &[], 1).await).await? {
                break reader;
            }
        };
        let end = loop {
            if let Some(state) = available(self.courier.bus.state(Stream::Action).await).await? {
                break state.last_seq;
            }
        };
        let mut touched = BTreeSet::new();
        loop {
            let Some(messages) = available(reader.next(PULL_MESSAGES_MAX, PULL_WAIT).await).await? else { continue };
            let last = messages.last().map(|message| message.seq);
            touched.extend(messages.iter().filter_map(|message| self.fold(message)));
            let read = last.unwrap_or_else(|| self.courier.progress.read.load(Ordering::SeqCst));
            // An approval of long ago may have its outcome further on.
            if read >= end || last.is_none() {
                for subject in std::mem::take(&mut touched) {
                    self.act(&subject);
                }
            }
            self.courier.progress.read.store(read, Ordering::SeqCst);
            while self.deliveries.try_join_next().is_some() {}
            while self.watches.try_join_next().is_some() {}
        }
    }

    /// Keeps the last step of a proposal; gives its subject. Stops are read when they matter, not here.
    fn fold(&mut self, stored: &Stored) -> Option<String> {
        if !stored.subject.starts_with("cs.action.") {
            return None;
        }
        match action::step(stored) {
            Ok(step @ (Step::Approved | Step::Intended(_))) => {
                self.open.insert(stored.subject.clone(), (stored.seq, step));
            }
            Ok(Step::Final) => {
                self.open.remove(&stored.subject);
            }
            Err(error) => {
                // Nothing may be sent on a subject whose last word is not understood.
                self.open.remove(&stored.subject);
                metrics::counter!("mainstay_courier_unreadable_total").increment(1);
                tracing::error!(courier.error = %error, "an action cannot be read; nothing is sent for it");
            }
        }
        Some(stored.subject.clone())
    }

    fn act(&mut self, subject: &str) {
        match self.open.get(subject) {
            Some((seq, Step::Approved)) => self.deliver(*seq),
            Some((seq, Step::Intended(deadline))) => self.watch(subject.to_owned(), *seq, *deadline),
            Some((_, Step::Final)) | None => {}
        }
    }

    fn deliver(&mut self, seq: u64) {
        let open = Open::begin(&self.courier.progress.open);
        let (config, bus) = (Arc::clone(&self.courier.config), self.courier.bus.clone());
        let parallel = Arc::clone(&self.parallel);
        self.deliveries.spawn(async move {
            let _open = open;
            // The semaphore is never closed.
            let Ok(_turn) = parallel.acquire().await else { return };
            if let Some(approved) = approval(&bus, seq).await {
                count(delivery::deliver(&config, &bus, &approved).await);
            }
        });
    }

    fn watch(&mut self, subject: String, intent: u64, deadline: Time) {
        let (config, bus) = (Arc::clone(&self.courier.config), self.courier.bus.clone());
        self.watches.spawn(async move {
            let outcome = delivery::settle(&config, &bus, &subject, intent, deadline).await;
            if outcome != Outcome::NotOurs {
                count(outcome);
            }
        });
    }
}

/// The answer of the bus, or nothing after a pause where it is away; only a refusal is an error.
async fn available<T>(answer: Result<T, BusError>) -> Result<Option<T>, BusError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is_transient() => {
            tracing::warn!(courier.error = %error, "the bus is away; going on when it is back");
            sleep(PULL_WAIT).await;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Fetches an approval again when its turn comes, so that waiting ones take no memory.
async fn approval(bus: &Bus, seq: u64) -> Option<Approved> {
    loop {
        match bus.get(Stream::Action, seq).await {
            Ok(Some(stored)) => match Approved::read(&stored) {
                Ok(approved) => return approved,
                Err(error) => {
                    tracing::error!(courier.error = %error, "an approval cannot be read; nothing is sent for it");
                    return None;
                }
            },
            Ok(None) => {
                tracing::error!(courier.seq = seq, "an approval is gone from the stream; nothing is sent for it");
                return None;
            }
            Err(error) => {
                tracing::warn!(courier.error = %error, "cannot fetch an approval; trying again");
                sleep(PULL_WAIT).await;
            }
        }
    }
}

fn count(outcome: Outcome) {
    metrics::counter!("mainstay_courier_outcomes_total", "outcome" => outcome.name()).increment(1);
}

/// Counts a message as on its way until it is dropped.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn begin(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        metrics::gauge!("mainstay_courier_open").increment(1);
        Self(Arc::clone(count))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
        metrics::gauge!("mainstay_courier_open").decrement(1);
    }
}

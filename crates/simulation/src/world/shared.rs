//! What everything in a world shares: time, the streams, faults to come, and what was seen.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering},
    },
};

use bus::{MemoryBus, Message};
use bus_schema::Time;
use tokio::time::{Duration, Instant};

use crate::{
    observe::{Accepted, Decided, Folded, Sent, Stopped, Who},
    plan::{Mail, Process, Shape, Subjects},
    twist::Twist,
};

/// 2 March 2026, a Monday, 09:00 UTC.
const BEGINS: i64 = 1_772_442_000_000;
/// Lines of a trace at most.
const TRACE_MAX: usize = 20_000;

/// What happens to a publish on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    LoseAck,
    LoseMessage,
    Delay(Duration),
    Duplicate,
}

/// Shared by everything in a world.
pub(crate) struct Shared {
    pub(crate) seed: u64,
    pub(crate) shape: Shape,
    pub(crate) twist: Arc<dyn Twist>,
    pub(crate) time: WorldTime,
    pub(crate) book: Mutex<Book>,
    numbers: AtomicU32,
    words: AtomicU64,
}

/// The broker's clock, and how far the machines' are from it.
#[derive(Clone)]
pub(crate) struct WorldTime {
    started: Instant,
    passed_ms: Arc<AtomicI64>,
    skews_ms: Arc<[AtomicI64; 3]>,
}

/// Everything seen, and everything to come.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) faults: Vec<(Subjects, Fault)>,
    pub(crate) mail_to_come: VecDeque<Mail>,
    pub(crate) sent: Vec<Sent>,
    /// What producers sent, as it went out.
    pub(crate) messages: BTreeMap<usize, Message>,
    pub(crate) mail: Vec<Accepted>,
    pub(crate) decided: Vec<Decided>,
    pub(crate) stopped: Vec<Stopped>,
    pub(crate) folds: Vec<Folded>,
    pub(crate) ended: Vec<(Who, String)>,
    pub(crate) coverage: BTreeMap<&'static str, u64>,
    pub(crate) trace: Vec<String>,
}

impl Shared {
    pub(crate) fn new(seed: u64, shape: Shape, twist: Arc<dyn Twist>) -> Self {
        Self {
            seed,
            shape,
            twist,
            time: WorldTime::new(),
            book: Mutex::default(),
            numbers: AtomicU32::new(0),
            words: AtomicU64::new(0),
        }
    }

    /// A panic while the lock was held ends the history anyway.
    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next process.
    pub(crate) fn who(&self, process: Option<Process>) -> Who {
        Who { process, number: self.numbers.fetch_add(1, Ordering::Relaxed) }
    }

    /// A word nobody else has.
    pub(crate) fn word(&self) -> String {
        format!("w{}", self.words.fetch_add(1, Ordering::Relaxed))
    }

    /// Counts something that was met.
    pub(crate) fn met(&self, what: &'static str) {
        *self.book().coverage.entry(what).or_default() += 1;
    }

    /// Writes a line of what happened.
    pub(crate) fn note(&self, text: impl AsRef<str>) {
        let line = format!("{:>8} {}", self.time.virtual_ms(), text.as_ref());
        let mut book = self.book();
        if book.trace.len() < TRACE_MAX {
            book.trace.push(line);
        }
    }
}

impl WorldTime {
    fn new() -> Self {
        Self { started: Instant::now(), passed_ms: Arc::default(), skews_ms: Arc::default() }
    }

    /// Virtual time since the world began.
    pub(crate) fn virtual_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The broker's clock.
    pub(crate) fn now(&self) -> Time {
        let virtual_ms = i64::try_from(self.virtual_ms()).unwrap_or(i64::MAX);
        Time(BEGINS.saturating_add(virtual_ms).saturating_add(self.passed_ms.load(Ordering::Relaxed)))
    }

    /// The clock of a machine.
    pub(crate) fn now_of(&self, process: Process) -> Time {
        self.now().plus_ms(self.skew(process).load(Ordering::Relaxed))
    }

    /// Time passes everywhere.
    pub(crate) fn pass(&self, ms: u64) {
        self.passed_ms.fetch_add(i64::try_from(ms).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// The clock of a machine jumps.
    pub(crate) fn jump(&self, process: Process, ms: i64) {
        self.skew(process).fetch_add(ms, Ordering::Relaxed);
    }

    /// All clocks are right again.
    pub(crate) fn set_right(&self) {
        self.skews_ms.iter().for_each(|skew| skew.store(0, Ordering::Relaxed));
    }

    fn skew(&self, process: Process) -> &AtomicI64 {
        let [router, agents, courier] = &*self.skews_ms;
        match process {
            Process::Router => router,
            Process::Agents => agents,
            Process::Courier => courier,
        }
    }
}

/// The streams of a world.
pub(crate) fn streams(shared: &Shared) -> MemoryBus {
    let time = shared.time.clone();
    MemoryBus::with_clock(move || time.now())
}

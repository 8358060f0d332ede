//! The processes of a world: started with the product's own assembly, killed, frozen, and started again.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bus::MemoryBus;
use bus_schema::{door::Door, subject};
use courier::Courier;
use runtime::{
    Config, Member, Runtime,
    store::{Disk, MemoryDisk},
};
use standalone::with_causes;
use supervision::process::{Failure, Given, Parts};
use tokio::task::JoinHandle;

use super::{
    line::{Life, Line},
    post::Post,
    shared::Shared,
    stores::{Stores, Treatment},
};
use crate::{observe::Who, plan::Process};

/// The key of pseudonyms.
pub(crate) const TENANT_KEY: [u8; 32] = [3; 32];
/// The key of hashed addresses.
pub(crate) const STOP_KEY: [u8; 32] = [5; 32];
/// Between two ticks, and while an approval is held.
const TICK: (Duration, Duration) = (Duration::from_millis(TICK_MS_MAX.unsigned_abs()), Duration::from_secs(5));
/// The longer of the two.
pub(crate) const TICK_MS_MAX: i64 = 30 * bus_schema::time::SECOND_MS;
/// How long after its end a process is started again where none of its kind is left.
const RESTART_MS: u64 = 1_000;
/// A courier's bounds.
const DEADLINE: Duration = Duration::from_secs(20);
const GRACE: Duration = Duration::from_secs(5);

/// All processes.
pub(crate) struct Processes {
    shared: Arc<Shared>,
    streams: MemoryBus,
    stores: Stores,
    running: Vec<Running>,
    /// Where PEOPLE ended when the first rules were there.
    installed: u64,
    /// Kinds to be started again, and when.
    due: Vec<(Process, u64)>,
}

/// A process that was started and not killed.
pub(crate) struct Running {
    pub(crate) who: Who,
    pub(crate) process: Process,
    slot: u8,
    pub(crate) life: Arc<Life>,
    core: Arc<Mutex<Option<Core>>>,
    task: JoinHandle<()>,
}

/// What can be asked of a running process.
#[derive(Clone)]
pub(crate) enum Core {
    Router(Arc<Parts>),
    Agents(Runtime),
    Courier(courier::Progress),
}

impl Processes {
    pub(crate) fn new(shared: &Arc<Shared>, streams: &MemoryBus, installed: u64) -> Self {
        let (shared, streams) = (Arc::clone(shared), streams.clone());
        Self { shared, streams, stores: Stores::default(), running: Vec::new(), installed, due: Vec::new() }
    }

    /// Those of a kind that run, the oldest first.
    pub(crate) fn of(&self, process: Process) -> impl Iterator<Item = &Running> {
        self.running.iter().filter(move |running| running.process == process && !running.life.is_over())
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Running> {
        self.running.iter().filter(|running| !running.life.is_over())
    }

    /// One of those of a kind that run.
    fn chosen(&self, process: Process, replica: u8) -> Option<&Running> {
        let count = self.of(process).count();
        self.of(process).nth(usize::from(replica).checked_rem(count)?)
    }

    /// Starts one, unless two of its kind run.
    pub(crate) fn start(&mut self, process: Process) {
        let taken: Vec<u8> = self.of(process).map(|running| running.slot).collect();
        let Some(slot) = [0, 1].into_iter().find(|slot| !taken.contains(slot)) else { return };
        let (who, life) = (self.shared.who(Some(process)), Arc::new(Life::default()));
        let core = Arc::new(Mutex::new(None));
        let disk = self.stores.open(process, slot).clone();
        let disk = self.tapped(&disk, who, &life);
        let start = Start {
            who,
            life: Arc::clone(&life),
            shared: Arc::clone(&self.shared),
            streams: self.streams.clone(),
            installed: self.installed,
            disk,
            core: Arc::clone(&core),
        };
        self.shared.note(format!("start {process:?} {} in {slot}", who.number));
        let task = tokio::spawn(start.run(process));
        self.running.push(Running { who, process, slot, life, core, task });
    }

    fn tapped(&self, disk: &MemoryDisk, who: Who, life: &Arc<Life>) -> Disk {
        let (life, shared) = (Arc::clone(life), Arc::clone(&self.shared));
        let tap = move |folder: &std::path::Path, changes| {
            if life.is_over() { Vec::new() } else { shared.twist.write(who, &folder.to_string_lossy(), changes) }
        };
        Disk::Memory(disk.through(Arc::new(tap)))
    }

    /// kill −9. It is started again after a while, as by the machine's own supervisor.
    pub(crate) fn kill(&mut self, process: Process, replica: u8) {
        let Some(who) = self.chosen(process, replica).map(|running| running.who) else { return };
        self.end(who);
        self.shared.note(format!("kill {process:?} {}", who.number));
        self.shared.met("kills");
        self.due.push((process, self.shared.time.virtual_ms() + RESTART_MS));
    }

    /// Ends every process of a kind.
    pub(crate) fn end_all(&mut self, process: Process) {
        let all: Vec<Who> = self.of(process).map(|running| running.who).collect();
        for who in all {
            self.end(who);
        }
    }

    fn end(&mut self, who: Who) {
        for running in self.running.iter().filter(|running| running.who == who) {
            running.life.end();
            running.task.abort();
        }
        self.running.retain(|running| running.who != who);
    }

    pub(crate) fn freeze(&self, process: Process, replica: u8) -> Option<Arc<Life>> {
        let running = self.chosen(process, replica)?;
        running.life.freeze();
        self.shared.note(format!("freeze {process:?} {}", running.who.number));
        self.shared.met("freezes");
        Some(Arc::clone(&running.life))
    }

    pub(crate) fn thaw_all(&self) {
        for running in &self.running {
            running.life.thaw();
        }
    }

    pub(crate) fn treat(&mut self, process: Process, treatment: Treatment) {
        self.stores.treat(process, treatment);
    }

    /// Forgets those that ended by themselves, and starts again what has to run.
    pub(crate) fn tend(&mut self) {
        let now = self.shared.time.virtual_ms();
        let over: Vec<Who> =
            self.running.iter().filter(|running| running.life.is_over()).map(|running| running.who).collect();
        for who in over {
            self.end(who);
            self.due.extend(who.process.map(|process| (process, now + RESTART_MS)));
        }
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.due).into_iter().partition(|(_, at)| *at <= now);
        self.due = later;
        for (process, _) in due {
            // Another one at work makes this one unneeded; a frozen one does not.
            if !self.of(process).any(|running| !running.life.is_frozen()) {
                self.start(process);
            }
        }
    }

    /// Starts one of each kind where none runs.
    pub(crate) fn complete(&mut self) {
        self.due.clear();
        for process in [Process::Router, Process::Agents, Process::Courier] {
            if self.of(process).next().is_none() {
                self.start(process);
            }
        }
    }
}

impl Running {
    /// What can be asked of it, once it is up.
    pub(crate) fn core(&self) -> Option<Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for running in &self.running {
            running.life.end();
            running.task.abort();
        }
    }
}

/// A process that is about to run.
struct Start {
    who: Who,
    life: Arc<Life>,
    shared: Arc<Shared>,
    streams: MemoryBus,
    installed: u64,
    disk: Disk,
    core: Arc<Mutex<Option<Core>>>,
}

impl Start {
    async fn run(self, process: Process) {
        let error = match process {
            Process::Router => Box::pin(self.router()).await,
            Process::Agents => Box::pin(self.agents()).await,
            Process::Courier => Box::pin(self.courier()).await,
        };
        // It exits, and nothing of it is left.
        self.life.end();
        let text = with_causes(&*error);
        self.shared.note(format!("ended {process:?} {}: {text}", self.who.number));
        self.shared.met("ends");
        self.shared.book().ended.push((self.who, text));
    }

    fn bus(&self) -> bus::Bus {
        Line::bus(&self.streams, &self.shared, self.who, &self.life)
    }

    fn clock(&self, process: Process) -> Arc<dyn Fn() -> bus_schema::Time + Send + Sync> {
        let time = self.shared.time.clone();
        Arc::new(move || time.now_of(process))
    }

    fn show(&self, core: Core) {
        *self.core.lock().unwrap_or_else(PoisonError::into_inner) = Some(core);
    }

    async fn router(&self) -> Failure {
        let bus = self.bus();
        let given = Given {
            routing: bus.clone(),
            gate: bus.clone(),
            out: bus,
            door: Door::new(TENANT_KEY),
            address_hash: Arc::new(|address| subject::address_hash(&STOP_KEY, address)),
            fold: self.shared.twist.gate(),
            disk: self.disk.clone(),
            data: PathBuf::from("supervisor"),
            tick: TICK,
            checkpoint_every: Duration::from_millis(self.shared.shape.checkpoint_ms.into()),
            now: self.clock(Process::Router),
        };
        match Parts::start(given, self.installed).await {
            Ok(parts) => {
                let parts = Arc::new(parts);
                self.show(Core::Router(Arc::clone(&parts)));
                let failure = parts.failed().await;
                self.core.lock().unwrap_or_else(PoisonError::into_inner).take();
                failure
            }
            Err(failure) => failure,
        }
    }

    async fn agents(&self) -> Failure {
        let bus = self.bus();
        let members = self.shared.twist.agents().into_iter().map(|fold| Member { fold, bus: bus.clone() }).collect();
        let config = Config {
            disk: self.disk.clone(),
            checkpoint_every: Duration::from_millis(self.shared.shape.checkpoint_ms.into()),
            ..Config::new("agents")
        };
        match Runtime::start(config, bus, members).await {
            Ok(runtime) => {
                self.show(Core::Agents(runtime.clone()));
                let failure = runtime.failed().await;
                self.core.lock().unwrap_or_else(PoisonError::into_inner).take();
                failure.into()
            }
            Err(failure) => failure.into(),
        }
    }

    async fn courier(&self) -> Failure {
        let Ok(from) = courier::Address::parse("bounces@vendor.example") else { return "no sender".into() };
        let mut config = courier::Config::new("outbox", from);
        let post = Post { who: self.who, life: Arc::clone(&self.life), shared: Arc::clone(&self.shared) };
        config.outlet = Some(Arc::new(post));
        let shared = Arc::clone(&self.shared);
        config.unique = courier::Unique(Arc::new(move || shared.word()));
        config.name = format!("courier-{}", self.who.number);
        config.deadline = DEADLINE;
        config.grace = GRACE;
        config.retry_after = [2, 5].map(Duration::from_secs).to_vec();
        let courier = Courier::new(config, self.bus());
        self.show(Core::Courier(courier.progress()));
        match courier.run(std::future::pending()).await {
            Ok(()) => "it came to its end".into(),
            Err(error) => error.into(),
        }
    }
}

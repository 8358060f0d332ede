//! The folds of a process, from outside.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use agent::Agent;
use bus::Bus;
use bus_schema::{Entity, Partition, Partitions, Time, subject::Stream};
use data_encoding::HEXLOWER;
use serde::Serialize;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

use crate::{
    error::RuntimeError,
    fold::AgentFold,
    partition::{Chorus, Command, Glance, with_causes},
    start,
    status::{FoldStatus, Status},
    store::Disk,
};

/// How long a stop waits for a worker; it needs up to 5 s for its last acknowledgements.
const STOP_WAIT: Duration = Duration::from_secs(10);
/// How long it waits for the end of a worker that was told to end.
const END_WAIT: Duration = Duration::from_secs(1);
/// How often the numbers of all folds go to the metrics.
const METRICS_EVERY: Duration = Duration::from_secs(2);

/// What to run, and where.
#[derive(Clone, Debug)]
pub struct Config {
    /// The data folder: states go to `state/<agent>`, what is set aside to `quarantine`.
    pub data: PathBuf,
    /// The disk the data folder is on.
    pub disk: Disk,
    /// The partitions of this process; none means all.
    pub partitions: Option<Vec<Partition>>,
    /// First part of the durable readers' names: `all`, or the agent of a single-agent process.
    pub durable: String,
    /// Longest time between two checkpoints.
    pub checkpoint_every: Duration,
    /// Most events between two checkpoints.
    pub checkpoint_events: u64,
}

impl Config {
    /// All partitions, with their states below this folder.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            disk: Disk::Machine,
            partitions: None,
            durable: "all".into(),
            checkpoint_every: Duration::from_secs(5),
            checkpoint_events: 20_000,
        }
    }
}

/// An agent to run, and the connection it speaks through.
#[derive(Clone, Debug)]
pub struct Member {
    /// The agent.
    pub fold: AgentFold,
    /// Its own user's connection.
    pub bus: Bus,
}

impl Member {
    /// An agent that speaks through `bus`.
    pub fn of<A: Agent>(bus: Bus) -> Self {
        Self { fold: AgentFold::of::<A>(), bus }
    }
}

/// The digest of a fold at a position.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Digest {
    /// The agent.
    pub agent: &'static str,
    /// The partition.
    pub partition: Partition,
    /// Sequence of the last message it took.
    pub position: u64,
    /// SHA-256 over states, timers, rules and skipped entities, in hex.
    pub sha256: String,
}

/// The running folds. Cheap to clone; when the last one is dropped, everything ends without a checkpoint.
#[derive(Clone)]
pub struct Runtime {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) log: Arc<str>,
    pub(crate) partitions: Partitions,
    pub(crate) bus: Bus,
    pub(crate) agents: Vec<AgentFold>,
    pub(crate) workers: BTreeMap<Partition, WorkerHandle>,
    pub(crate) chorus: Chorus,
    pub(crate) failed: watch::Receiver<Option<Arc<RuntimeError>>>,
    /// One at a time: the readers of a verification have names.
    pub(crate) verifying: tokio::sync::Mutex<()>,
    metrics: JoinHandle<()>,
}

/// A worker from outside.
pub(crate) struct WorkerHandle {
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) progress: watch::Receiver<Glance>,
    pub(crate) task: Mutex<Option<JoinHandle<()>>>,
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime").field("log", &self.inner.log).finish_non_exhaustive()
    }
}

impl Runtime {
    /// Opens the states, checks them against the log, and starts a worker per partition. `bus` reads the log.
    ///
    /// States that cannot be used are set aside and folded again; nothing is said twice.
    ///
    /// # Errors
    /// The bus does not answer or has no log, or a store folder cannot be used.
    pub async fn start(config: Config, bus: Bus, members: Vec<Member>) -> Result<Self, RuntimeError> {
        let started = start::start(config, &bus, &members).await?;
        let watches: Vec<_> = started.workers.iter().map(|(p, worker)| (*p, worker.progress.clone())).collect();
        let metrics = tokio::spawn(async move {
            let mut every = tokio::time::interval(METRICS_EVERY);
            loop {
                every.tick().await;
                statuses(&watches).iter().for_each(FoldStatus::record);
            }
        });
        let inner = Inner {
            log: started.log,
            partitions: started.partitions,
            bus,
            agents: members.iter().map(|member| member.fold).collect(),
            workers: started.workers,
            chorus: started.chorus,
            failed: started.failed,
            verifying: tokio::sync::Mutex::new(()),
            metrics,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    /// How every fold is.
    pub async fn status(&self) -> Status {
        let state = self.inner.bus.state(Stream::Log).await;
        let watches: Vec<_> = self.inner.workers.iter().map(|(p, worker)| (*p, worker.progress.clone())).collect();
        Status {
            log: self.inner.log.to_string(),
            last_in_stream: state.ok().map(|state| state.last_seq),
            folds: statuses(&watches),
            failure: self.failure().map(|error| with_causes(&error)),
        }
    }

    /// Writes the numbers of all folds to the process's metrics at once; they are written every two seconds anyway.
    pub fn record_metrics(&self) {
        let watches: Vec<_> = self.inner.workers.iter().map(|(p, worker)| (*p, worker.progress.clone())).collect();
        statuses(&watches).iter().for_each(FoldStatus::record);
    }

    /// Whether the bus is there, nothing failed, and no partition is behind by more than `lag_max` messages.
    pub fn is_ready(&self, lag_max: u64) -> bool {
        let near = |worker: &WorkerHandle| worker.progress.borrow().is_near(lag_max);
        self.inner.bus.is_connected() && self.failure().is_none() && self.inner.workers.values().all(near)
    }

    /// The digests of one agent or all, each at the position it names.
    ///
    /// # Errors
    /// A partition does not go on.
    pub async fn digest(&self, agent: Option<&str>) -> Result<Vec<Digest>, RuntimeError> {
        let mut digests = Vec::new();
        for (partition, worker) in &self.inner.workers {
            let found = worker.ask(*partition, Command::Digest).await?;
            let wanted = found.iter().filter(|found| agent.is_none_or(|agent| agent == found.agent));
            digests.extend(wanted.map(|found| Digest {
                agent: found.agent,
                partition: *partition,
                position: found.applied,
                sha256: HEXLOWER.encode(&found.digest),
            }));
        }
        digests.sort_by_key(|digest| (digest.agent, digest.partition));
        Ok(digests)
    }

    /// Forgets an agent's states and folds them again, beside the others, silently up to what was said. Returns when the
    /// agent is where it was.
    ///
    /// # Errors
    /// The agent does not run here, its store cannot be emptied, or a partition does not go on.
    pub async fn rebuild(&self, agent: &str) -> Result<(), RuntimeError> {
        let known = self.inner.agents.iter().find(|known| known.name() == agent);
        let agent = known.ok_or_else(|| RuntimeError::NoAgent(agent.to_owned()))?.name();
        let mut targets = BTreeMap::new();
        for (partition, worker) in &self.inner.workers {
            let until = worker.ask(*partition, |answer| Command::Rebuild(agent, answer)).await??;
            targets.insert(*partition, until);
        }
        self.wait_applied(&targets).await
    }

    /// What an agent keeps of an entity, for people.
    ///
    /// # Errors
    /// The entity's partition does not run here, or does not go on.
    pub async fn state(&self, agent: &str, entity: &Entity) -> Result<Option<serde_json::Value>, RuntimeError> {
        let partition = self.inner.partitions.of(entity);
        let worker = self.inner.workers.get(&partition).ok_or(RuntimeError::NoPartition(partition))?;
        worker.ask(partition, |answer| Command::State(agent.to_owned(), entity.clone(), answer)).await
    }

    /// The position all folds of a partition have applied.
    pub fn applied(&self, partition: Partition) -> Option<u64> {
        self.inner.workers.get(&partition).map(|worker| worker.progress.borrow().applied)
    }

    /// The positions all folds have applied, by partition.
    pub fn positions(&self) -> BTreeMap<Partition, u64> {
        self.inner.workers.iter().map(|(p, worker)| (*p, worker.progress.borrow().applied)).collect()
    }

    /// When the next timer is due, by agent; of those that can fire.
    pub fn next_due(&self) -> BTreeMap<&'static str, Time> {
        let mut next = BTreeMap::new();
        for worker in self.inner.workers.values() {
            for fold in &worker.progress.borrow().folds {
                if let Some(due) = fold.next_due {
                    next.entry(fold.agent).and_modify(|known: &mut Time| *known = due.min(*known)).or_insert(due);
                }
            }
        }
        next
    }

    /// Waits until all folds have applied these positions. Partitions that do not run here are no matter.
    ///
    /// # Errors
    /// A partition does not go on.
    pub async fn wait_applied(&self, positions: &BTreeMap<Partition, u64>) -> Result<(), RuntimeError> {
        for (partition, seq) in positions {
            let Some(worker) = self.inner.workers.get(partition) else { continue };
            worker.reached(*partition, *seq).await?;
        }
        Ok(())
    }

    /// Waits until nothing is left to do: all folds have applied what is written at `written` and everything that came
    /// of it, and all they said is stored. Answers the last position of each partition.
    ///
    /// `written` names the last message of every other writer of the log: router and copies.
    ///
    /// # Errors
    /// A partition does not go on, or a writer ended.
    pub async fn idle(&self, written: &BTreeMap<Partition, u64>) -> Result<BTreeMap<Partition, u64>, RuntimeError> {
        let mut targets = written.clone();
        loop {
            self.wait_applied(&targets).await?;
            let said = self
                .inner
                .chorus
                .flush()
                .await
                .map_err(|((agent, partition, _), source)| RuntimeError::Chain { agent, partition, source })?;
            let mut more = false;
            for (partition, seq) in said {
                let target = targets.entry(partition).or_default();
                more |= seq > *target;
                *target = seq.max(*target);
            }
            if !more {
                return Ok(targets);
            }
        }
    }

    /// Why a partition does not go on, where one does not.
    pub fn failure(&self) -> Option<Arc<RuntimeError>> {
        self.inner.failed.borrow().clone()
    }

    /// Waits until a partition does not go on. Never ends while all is well.
    pub async fn failed(&self) -> Arc<RuntimeError> {
        let mut failed = self.inner.failed.clone();
        loop {
            if let Some(error) = failed.borrow_and_update().clone() {
                return error;
            }
            if failed.changed().await.is_err() {
                // Every worker was stopped, and none failed.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Says what is left to say, checkpoints and ends all workers.
    pub async fn stop(&self) {
        let mut waiting = Vec::new();
        for (partition, worker) in &self.inner.workers {
            let (done, stopped) = oneshot::channel();
            if worker.commands.send(Command::Stop(done)).await.is_ok() {
                waiting.push((*partition, worker, stopped));
            }
        }
        let deadline = tokio::time::Instant::now() + STOP_WAIT;
        for (partition, worker, stopped) in waiting {
            if tokio::time::timeout_at(deadline, stopped).await.is_err() {
                tracing::warn!(partition = %partition, "a worker did not stop in time; its next start folds a little more");
            }
            worker.end().await;
        }
        self.inner.metrics.abort();
    }
}

impl WorkerHandle {
    /// Sends a command and waits for its answer.
    pub(crate) async fn ask<T>(
        &self,
        partition: Partition,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, RuntimeError> {
        let (answer, answered) = oneshot::channel();
        if self.commands.send(command(answer)).await.is_err() {
            return Err(self.ended(partition));
        }
        answered.await.map_err(|_| self.ended(partition))
    }

    async fn reached(&self, partition: Partition, seq: u64) -> Result<(), RuntimeError> {
        let mut progress = self.progress.clone();
        let there = progress.wait_for(|glance| glance.applied >= seq || glance.ended.is_some()).await;
        let ended = there.map_or(true, |glance| glance.applied < seq);
        if ended { Err(self.ended(partition)) } else { Ok(()) }
    }

    fn ended(&self, partition: Partition) -> RuntimeError {
        match &self.progress.borrow().ended {
            Some(source) => RuntimeError::Failed { partition, source: Arc::clone(source) },
            None => RuntimeError::Stopped(partition),
        }
    }

    async fn end(&self) {
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            task.abort();
            // Ended or aborted, both are the end; a step that never returns cannot be waited for.
            tokio::time::timeout(END_WAIT, task).await.ok();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.metrics.abort();
        for worker in self.workers.values() {
            if let Some(task) = worker.task.lock().unwrap_or_else(PoisonError::into_inner).take() {
                task.abort();
            }
        }
    }
}

fn statuses(watches: &[(Partition, watch::Receiver<Glance>)]) -> Vec<FoldStatus> {
    let mut found = Vec::new();
    for (partition, progress) in watches {
        let glance = progress.borrow();
        found.extend(glance.folds.iter().map(|fold| FoldStatus::of(*partition, &glance, fold)));
    }
    found.sort_by_key(|fold| (fold.agent, fold.partition));
    found
}

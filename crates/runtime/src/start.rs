//! Starting: open the states, check them against the log, begin to read.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use bus::{Bus, BusError, MessageHash};
use bus_schema::{
    Partition, Partitions,
    subject::{Stream, log_partition},
};
use futures_util::future::try_join_all;
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

use crate::{
    error::RuntimeError,
    fold::{AgentFold, Counts, Fold, Meta, Place},
    partition::{COMMANDS_MAX, Chorus, Command, Feed, Glance, Pace, Part, Voice, Worker, with_causes, writer},
    runtime::{Config, Member, WorkerHandle},
    store::{Entries, Loaded, States},
};

/// What a start brought up.
pub(crate) struct Started {
    pub(crate) log: Arc<str>,
    pub(crate) partitions: Partitions,
    pub(crate) workers: BTreeMap<Partition, WorkerHandle>,
    pub(crate) chorus: Chorus,
    pub(crate) failed: watch::Receiver<Option<Arc<RuntimeError>>>,
}

/// An agent with its states, opened.
struct Opened {
    member: Member,
    states: States,
    loaded: Loaded,
}

pub(crate) async fn start(config: Config, bus: &Bus, members: &[Member]) -> Result<Started, RuntimeError> {
    let info = bus.log_info().await.map_err(|source| bus_error("say whose log this is", source))?;
    let log: Arc<str> = info.id.into();
    let owned = config.partitions.clone().unwrap_or_else(|| info.partitions.all().collect());
    if let Some(unknown) = owned.iter().find(|partition| partition.0 >= info.partitions.0) {
        return Err(RuntimeError::NoPartition(*unknown));
    }
    let opening = members.iter().map(|member| open(&config, &log, &owned, member.clone()));
    let mut opened = try_join_all(opening).await?;
    let (failing, failed) = watch::channel(None);
    let failing = Arc::new(failing);
    let chorus = Chorus::default();
    let mut starting = Vec::new();
    for partition in &owned {
        let place = Place { log: Arc::clone(&log), partitions: info.partitions, partition: *partition };
        let mut folds = Vec::new();
        for opened in &mut opened {
            let (fold, stale) = restore(opened.member.fold, &place, opened.loaded.remove(partition));
            folds.push((opened.member.clone(), opened.states.clone(), fold, stale));
        }
        starting.push(start_worker(&config, bus, &chorus, *partition, folds));
    }
    let mut workers = BTreeMap::new();
    for (partition, (worker, commands, progress)) in owned.into_iter().zip(try_join_all(starting).await?) {
        let task = tokio::spawn(run(worker, Arc::clone(&failing)));
        workers.insert(partition, WorkerHandle { commands, progress, task: Mutex::new(Some(task)) });
    }
    Ok(Started { log, partitions: info.partitions, workers, chorus, failed })
}

async fn open(config: &Config, log: &Arc<str>, owned: &[Partition], member: Member) -> Result<Opened, RuntimeError> {
    let (data, log, owned) = (config.data.clone(), Arc::clone(log), owned.to_vec());
    let (agent, disk) = (member.fold.name(), config.disk.clone());
    let opened = config.disk.run(move || States::open(&disk, &data, agent, &log, &owned)).await;
    let opened = opened.and_then(|opened| opened).map_err(|source| RuntimeError::Store { agent, source });
    opened.map(|(states, loaded)| Opened { member, states, loaded })
}

/// The fold as it was stored, or an empty one and why what was stored cannot be used.
fn restore(about: AgentFold, place: &Place, found: Option<Result<(Meta, Entries), String>>) -> (Fold, Option<String>) {
    let mut fold = Fold::new(about, place.clone());
    let loaded = match found {
        None => return (fold, None),
        Some(Ok((meta, rows))) => fold.load(&meta, &rows).map_err(|error| error.to_string()),
        Some(Err(problem)) => Err(problem),
    };
    match loaded {
        Ok(()) => (fold, None),
        Err(problem) => (Fold::new(about, place.clone()), Some(problem)),
    }
}

type Folds = Vec<(Member, States, Fold, Option<String>)>;

async fn start_worker(
    config: &Config,
    bus: &Bus,
    chorus: &Chorus,
    partition: Partition,
    folds: Folds,
) -> Result<(Worker, mpsc::Sender<Command>, watch::Receiver<Glance>), RuntimeError> {
    let mut parts = Vec::new();
    for (member, states, mut fold, mut stale) in folds {
        let agent = fold.name();
        if stale.is_none() {
            stale = differs(bus, fold.mark()).await?;
        }
        let rebuilt = stale.is_some();
        if let Some(reason) = stale {
            tracing::error!(agent, partition = %partition, reason, "stored states are dropped and folded again");
            fold = fold.afresh();
            let wiping = states.clone();
            let wiped = states.disk().run(move || wiping.wipe(partition)).await.and_then(|wiped| wiped);
            wiped.map_err(|source| RuntimeError::Store { agent, source })?;
        }
        let epoch = member.bus.next_epoch(&writer(agent, partition)).await;
        let epoch = epoch.map_err(|source| bus_error("count an epoch", source))?;
        let voice = Voice::new(member.bus, agent, partition, epoch, chorus.clone());
        let checkpoint = fold.applied();
        parts.push(Part {
            fold,
            voice,
            states,
            rebuilds: rebuilt.into(),
            checkpoint,
            store_error: None,
            store_broken: false,
            counted: Counts::default(),
            care_until: 0,
        });
    }
    let applied = parts.iter().map(|part| part.fold.applied()).min().unwrap_or(0);
    let feed = Feed::open(bus, &config.durable, partition, applied + 1)
        .await
        .map_err(|source| bus_error("be read", source))?;
    let last = bus.last(Stream::Log, &log_partition(partition)).await;
    let last = last.map_err(|source| bus_error("say where a partition ends", source))?;
    let (sender, commands) = mpsc::channel(COMMANDS_MAX);
    let (progress, watching) = watch::channel(Glance::default());
    let pace = Pace { every: config.checkpoint_every, events: config.checkpoint_events };
    let worker = Worker {
        partition,
        bus: bus.clone(),
        durable: config.durable.clone(),
        parts,
        feed,
        commands,
        progress,
        pace,
        since: 0,
        next_checkpoint: Instant::now() + config.checkpoint_every,
        put_off: false,
        read: applied,
        ended_at_start: last.map_or(0, |stored| stored.seq),
    };
    worker.publish();
    Ok((worker, sender, watching))
}

/// Why a fold was not made from this log: the message it came to is another one, or is gone.
async fn differs(bus: &Bus, mark: Option<(u64, MessageHash)>) -> Result<Option<String>, RuntimeError> {
    let Some((seq, hash)) = mark else { return Ok(None) };
    let found = bus.get(Stream::Log, seq).await.map_err(|source| bus_error("hand out a message", source))?;
    Ok(match found {
        Some(found) if found.hash() == hash => None,
        Some(_) => Some(format!("message {seq} of the log is not the one that was folded")),
        None => Some(format!("message {seq} of the log was folded and is not there")),
    })
}

async fn run(worker: Worker, failing: Arc<watch::Sender<Option<Arc<RuntimeError>>>>) {
    let (partition, progress) = (worker.partition, worker.progress.clone());
    let Err(error) = worker.run().await else { return };
    tracing::error!(partition = %partition, error = with_causes(&error), "a partition does not go on");
    let error = Arc::new(error);
    progress.send_modify(|glance| glance.ended = Some(Arc::clone(&error)));
    failing.send_if_modified(|first| {
        let unset = first.is_none();
        first.get_or_insert(error);
        unset
    });
}

fn bus_error(action: &str, source: BusError) -> RuntimeError {
    RuntimeError::Bus { action: action.to_owned(), source }
}

//! What the console asks of the running system.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Instant,
};

use bus::server::ServerFacts;
use bus_schema::{data::facts::ClockMode, subject::Stream};
use mainstay_console::{
    AgentStatus, Answer, BusStatus, ControlError, DeadSelection, Difference, Digest, Rebuilt, Replayed, StreamStatus,
    SystemControl, SystemStatus, Verification,
};
use runtime::RuntimeError;
use supervision::DeadWhich;
use tokio::sync::watch;

use super::{keeper::BusHealth, parts::Parts, wall};
use crate::error::chain;

/// The running system, as the console sees it.
pub(crate) struct Control {
    pub(crate) parts: Arc<Parts>,
    pub(crate) log_id: String,
    pub(crate) facts: Option<ServerFacts>,
    pub(crate) health: watch::Receiver<BusHealth>,
}

impl SystemControl for Control {
    fn status(&self) -> Answer<SystemStatus> {
        let (parts, log_id, facts) = (Arc::clone(&self.parts), self.log_id.clone(), self.facts.clone());
        let health = self.health.borrow().clone();
        Box::pin(async move {
            let log_time = parts.router.log_time();
            let event_time = parts.router.mode() == Some(ClockMode::Event);
            Ok(SystemStatus {
                version: env!("CARGO_PKG_VERSION").into(),
                log_id,
                clock: if event_time { "event" } else { "live" }.into(),
                log_time,
                bus: bus_status(&parts, facts.as_ref(), health).await,
                agents: agents(&parts).await,
            })
        })
    }

    fn digest(&self) -> Answer<Vec<Digest>> {
        let parts = Arc::clone(&self.parts);
        Box::pin(async move {
            let found = parts.runtime.digest(None).await.map_err(|error| failed(&error))?;
            let digests = found.into_iter().map(|digest| Digest {
                agent: digest.agent.into(),
                partition: digest.partition.0,
                applied: digest.position,
                digest: digest.sha256,
            });
            Ok(digests.collect())
        })
    }

    fn verify(&self) -> Answer<Verification> {
        let parts = Arc::clone(&self.parts);
        Box::pin(async move {
            let started = Instant::now();
            let found = parts.runtime.verify().await.map_err(|error| failed(&error))?;
            let differences = found.iter().filter(|fold| !fold.equal).map(|fold| Difference {
                agent: fold.agent.into(),
                partition: fold.partition.0,
                live: fold.live.clone(),
                refolded: fold.refolded.clone(),
            });
            let differences: Vec<Difference> = differences.collect();
            Ok(Verification {
                equal: differences.is_empty(),
                compared: found.len() as u64,
                took_ms: millis(started),
                differences,
            })
        })
    }

    fn rebuild(&self, agent: String) -> Answer<Rebuilt> {
        let parts = Arc::clone(&self.parts);
        Box::pin(async move {
            let started = Instant::now();
            match parts.runtime.rebuild(&agent).await {
                Ok(()) => {}
                Err(RuntimeError::NoAgent(_)) => {
                    let known: Vec<_> = crate::rules::AGENTS.iter().map(|rules| rules.agent).collect();
                    return Err(ControlError::NotFound {
                        message: format!("there is no agent `{agent}`"),
                        cure: format!("name one of {}", known.join(", ")),
                    });
                }
                Err(error) => return Err(failed(&error)),
            }
            let status = parts.runtime.status().await;
            let turns = status.folds.iter().filter(|fold| fold.agent == agent).map(|fold| fold.turns).sum();
            Ok(Rebuilt { agent, events: turns, took_ms: millis(started) })
        })
    }

    fn replay_dead(&self, which: DeadSelection) -> Answer<Replayed> {
        let parts = Arc::clone(&self.parts);
        Box::pin(async move {
            let which = match which {
                DeadSelection::All => DeadWhich::All,
                DeadSelection::Ids(ids) => DeadWhich::These(ids),
            };
            let replayed = parts.router.replay_dead(which).await.map_err(|error| ControlError::Failed {
                message: chain(&error),
                cure: "look at `mainstay status` and try again".into(),
            })?;
            Ok(Replayed { replayed: replayed.replayed, missing: replayed.missing })
        })
    }
}

fn failed(error: &RuntimeError) -> ControlError {
    ControlError::Failed { message: chain(error), cure: "look at `mainstay status` and the log of the process".into() }
}

fn millis(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}

async fn bus_status(parts: &Parts, facts: Option<&ServerFacts>, health: BusHealth) -> BusStatus {
    let mut streams = BTreeMap::new();
    for stream in Stream::ALL {
        let bus = match stream {
            Stream::In | Stream::Log | Stream::Dead => &parts.router_bus,
            Stream::People | Stream::Action => &parts.gate_out,
        };
        if let Ok(state) = bus.state(stream).await {
            let status = StreamStatus { last_seq: state.last_seq, messages: state.messages, bytes: state.bytes };
            streams.insert(stream.name().to_owned(), status);
        }
    }
    BusStatus {
        connected: parts.router_bus.is_connected() && parts.gate_out.is_connected(),
        server: facts.map_or_else(|| "unknown: no monitoring address".into(), |facts| facts.version.clone()),
        sync_always: facts.is_some_and(|facts| facts.sync_always),
        trouble: health.trouble,
        restarts: health.restarts,
        streams,
    }
}

async fn agents(parts: &Parts) -> Vec<AgentStatus> {
    let status = parts.runtime.status().await;
    let now = parts.router.log_time().unwrap_or_else(wall);
    let names: BTreeSet<&str> = status.folds.iter().map(|fold| fold.agent).collect();
    let one = |name: &str| {
        let mut found = AgentStatus { name: name.to_owned(), applied: u64::MAX, ..AgentStatus::default() };
        for fold in status.folds.iter().filter(|fold| fold.agent == name) {
            found.applied = found.applied.min(fold.applied);
            found.behind += fold.lag;
            found.timers += fold.timers as u64;
            found.timers_due += u64::from(fold.next_due.is_some_and(|due| due <= now));
            found.unusable += fold.refused;
            found.failed += fold.skipped.len() as u64;
            found.rebuilds += fold.rebuilds;
            found.last_error = found.last_error.or_else(|| fold.last_error.clone());
        }
        let halted = status.failure.is_some();
        found.state = if halted {
            "halted"
        } else if found.behind > 0 {
            "behind"
        } else {
            "current"
        }
        .into();
        found.last_error = status.failure.clone().or(found.last_error);
        found
    };
    // In the order of the pipeline, as the rules are listed.
    crate::rules::AGENTS.iter().filter(|rules| names.contains(rules.agent)).map(|rules| one(rules.agent)).collect()
}

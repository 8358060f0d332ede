//! Everything in one process: bus, router, agents, gate, courier, gateway and console.
//!
//! The same parts run as separate programs; here they share one reader per partition. Invariant: no command acts on any
//! of them but through `/api/v1`.

mod api;
mod clocks;
mod connect;
mod control;
mod counts;
mod parts;
mod ready;
mod rest;
mod start;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bus::LogInfo;
use bus_schema::{Time, data::facts::ClockMode};
use supervision::{Clock, EventTime};
use tokio::{sync::watch, task::JoinHandle};

pub(crate) use self::connect::{BusPlace, bus_error};
use self::{parts::Parts, rest::Rest};
use crate::{
    client::{Client, Run},
    error::Error,
    folder::Folder,
};

/// What a system is started for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// To run: live ticks.
    Up,
    /// To live through a made-up history; time follows its events, then the wall clock's pace.
    Demo,
    /// For the duration of one command: no ticks.
    Command,
    /// To be measured: no ticks, no edges' ports that matter.
    Bench,
}

/// A running system.
pub(crate) struct System {
    run: Run,
    link: String,
    log: LogInfo,
    folder: Folder,
    place: BusPlace,
    parts: Arc<Parts>,
    stop: watch::Sender<bool>,
    tasks: Vec<(&'static str, JoinHandle<Result<(), String>>)>,
}

impl System {
    /// How to reach it.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.run.clone())
    }

    /// Addresses and token.
    pub(crate) const fn run(&self) -> &Run {
        &self.run
    }

    /// The one-time link to its console.
    pub(crate) fn link(&self) -> &str {
        &self.link
    }

    /// Identity of its log.
    pub(crate) const fn log(&self) -> &LogInfo {
        &self.log
    }

    /// Its data folder.
    pub(crate) fn data(&self) -> &Path {
        self.folder.path()
    }

    /// The parts, for the bench and the demo.
    pub(crate) fn parts(&self) -> &Arc<Parts> {
        &self.parts
    }

    /// Process of its nats-server, where that is ours.
    pub(crate) fn nats_pid(&self) -> Option<u32> {
        self.place.server.as_ref().map(bus::server::Server::pid)
    }

    /// A driver of event time that goes on where the log is.
    pub(crate) fn event_time(&self) -> EventTime {
        self.parts.event_time()
    }

    /// Lets log time go on with the wall clock's pace from where event time ended.
    pub(crate) fn pace_event_time(&mut self, settings: &crate::config::Settings) {
        let stop = self.stop.subscribe();
        let task = clocks::paced(&self.parts, settings, stop);
        self.tasks.push(("clock", task));
    }

    /// Waits for SIGINT or SIGTERM, or for a part that ends by itself.
    pub(crate) async fn until_asked_to_stop(&mut self) -> Result<(), Error> {
        let server_ended = async {
            match &self.place.server {
                Some(server) => server.ended().await,
                None => std::future::pending().await,
            }
        };
        let parts = Arc::clone(&self.parts);
        let tasks = &mut self.tasks;
        let task_ended = async {
            loop {
                if let Some(at) = tasks.iter().position(|(_, task)| task.is_finished()) {
                    let (part, task) = tasks.swap_remove(at);
                    let what = match task.await {
                        Ok(Ok(())) => "it ended by itself".to_owned(),
                        Ok(Err(what)) => what,
                        Err(error) => error.to_string(),
                    };
                    return Error::Part { part, what };
                }
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            }
        };
        tokio::select! {
            signal = signal() => signal,
            () = server_ended => Err(Error::Part { part: "nats-server", what: "the process ended".into() }),
            error = task_ended => Err(error),
            (part, what) = parts.failed() => Err(Error::Part { part, what }),
        }
    }

    /// Stops in the order of the pipeline, so that what was taken in is worked off.
    pub(crate) async fn stop(self) {
        self.folder.remove(Run::FILE);
        self.stop.send_replace(true);
        for (part, task) in self.tasks {
            match task.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(part, error, "a part did not end well"),
                Err(error) => tracing::warn!(part, error = &error as &dyn std::error::Error, "a part did not end well"),
            }
        }
        self.parts.stop().await;
        if let Some(server) = self.place.server {
            server.stop().await;
        }
    }
}

impl Parts {
    fn event_time(&self) -> EventTime {
        let clock = Clock::new(self.router_bus.clone(), self.partitions);
        let at = self.router.log_time().filter(|_| self.router.mode() == Some(ClockMode::Event));
        EventTime::new(clock, Arc::new(Rest::of(self)), at)
    }
}

async fn signal() -> Result<(), Error> {
    let fail = |source| Error::File { path: PathBuf::from("the signals of this process"), source };
    let mut terminate =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).map_err(fail)?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(fail),
        _ = terminate.recv() => Ok(()),
    }
}

/// The wall clock, at the edge where it may be read.
pub(crate) fn wall() -> Time {
    jiff::Timestamp::now().into()
}

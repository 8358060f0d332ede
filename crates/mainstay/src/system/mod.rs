//! Everything in one process: bus, router, agents, gate, courier, gateway and console.
//!
//! The same parts run as separate programs; here they share one reader per partition. Invariant: no command acts on any
//! of them but through `/api/v1`.

mod apart;
mod api;
mod clocks;
mod connect;
mod control;
mod keeper;
mod parts;
mod policies;
mod ready;
mod rest;
mod start;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use bus::LogInfo;
use bus_schema::{Time, data::facts::ClockMode, subject::Stream};
use supervision::{Clock, EventTime};
use tokio::{sync::watch, task::JoinHandle};

pub(crate) use self::{
    apart::Apart,
    connect::{BusPlace, bus_error},
};
use self::{parts::Parts, rest::Rest};
use crate::{
    client::{Client, Run},
    config::Settings,
    error::Error,
    folder::Folder,
};

/// How long a start may take to catch up with the log.
const READY_MAX: Duration = Duration::from_mins(10);
const POLL: Duration = Duration::from_millis(50);

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
    views: mainstay_console::Views,
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

    /// Writes a small file of the data folder, in one step.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        self.folder.write(name, text)
    }

    /// The gateway's write key.
    pub(crate) fn write_key(&self, settings: &Settings) -> Result<String, Error> {
        settings.write_key.clone().map_or_else(|| self.folder.word("write.key"), Ok)
    }

    /// Whether the server says that every message is on disk before it is acknowledged.
    pub(crate) fn is_durable(&self) -> bool {
        self.place.durable()
    }

    /// What a person should know before they rely on it.
    pub(crate) fn warning(&self, settings: &Settings) -> Option<&'static str> {
        match (self.place.durable(), settings.allow_volatile_bus) {
            (true, _) => None,
            (false, true) => {
                Some("the bus may lose acknowledged events at a power cut; approvals are taken all the same")
            }
            (false, false) => Some(
                "the bus may lose acknowledged events at a power cut, so no approvals are taken: start nats-server with \
                 sync_interval: always and give --nats-monitor-url, or start with --allow-volatile-bus",
            ),
        }
    }

    /// Waits until the agents have caught up with the log and the views follow.
    pub(crate) async fn until_ready(&self) -> Result<(), Error> {
        let client = self.client();
        let deadline = Instant::now() + READY_MAX;
        loop {
            let ready: serde_json::Value = client.get("status").await?;
            if crate::print::at(&ready, "/ready") == true {
                return Ok(());
            }
            if let Some(error) = self.parts.runtime.failure() {
                return Err(Error::Part { part: "agents", what: crate::error::chain(&*error) });
            }
            if Instant::now() > deadline {
                let what =
                    crate::print::at(&ready, "/reason").as_str().unwrap_or("they did not catch up in time").to_owned();
                return Err(Error::Part { part: "agents", what });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until the console's views are at the log's end.
    pub(crate) async fn until_views_follow(&self) -> Result<(), Error> {
        let end = self.parts.router_bus.state(Stream::Log).await.map_err(bus_error("its log cannot be read"))?.last_seq;
        let mut changes = self.views.changes();
        let followed = tokio::time::timeout(READY_MAX, changes.wait_for(|position| *position >= end)).await;
        match followed {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Error::Part { part: "console", what: "its views do not follow the log".into() }),
        }
    }

    /// One more connection to its bus, as a role.
    pub(crate) async fn connect(&self, role: bus::Role) -> Result<bus::Bus, Error> {
        self.place.connect(role).await
    }

    /// The parts, for the bench and the demo.
    pub(crate) fn parts(&self) -> &Arc<Parts> {
        &self.parts
    }

    /// Process of its nats-server, where that is ours.
    pub(crate) fn nats_pid(&self) -> Option<u32> {
        self.place.server.pid()
    }

    /// A driver of event time that goes on where the log is.
    pub(crate) fn event_time(&self) -> EventTime {
        self.parts.event_time()
    }

    /// Lets log time go on with the wall clock's pace from where event time ended.
    pub(crate) fn pace_event_time(&mut self, settings: &Settings) {
        let stop = self.stop.subscribe();
        let task = clocks::paced(&self.parts, settings, stop);
        self.tasks.push(("clock", task));
    }

    /// Waits for SIGINT or SIGTERM, or for a part that ends by itself.
    pub(crate) async fn until_asked_to_stop(&mut self) -> Result<(), Error> {
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
        // A server that was started again meanwhile has said so there.
        self.folder.remove(Run::FILE);
        self.parts.stop().await;
        self.place.close().await;
    }
}

/// When all of a system's parts have come to rest.
pub(crate) fn rest_of(parts: &Parts) -> Rest {
    Rest::of(parts)
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
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).map_err(fail)?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(fail),
        _ = terminate.recv() => Ok(()),
    }
}

/// The configuration of a nats-server for this data folder's keys.
pub(crate) fn server_config(data: &Path) -> Result<String, Error> {
    let keys = bus::BusKeys::load_or_create(&data.join("keys")).map_err(bus_error("its keys cannot be used"))?;
    let settings = bus::server::ServerSettings {
        dir: PathBuf::from("."),
        name: "mainstay".into(),
        port: 4222,
        monitor_port: 8222,
        sync_always: true,
    };
    bus::server::server_config_text(&settings, &keys).map_err(bus_error("its keys cannot be used"))
}

/// The wall clock, at the edge where it may be read.
pub(crate) fn wall() -> Time {
    jiff::Timestamp::now().into()
}

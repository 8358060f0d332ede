//! Router and agents of a system by themselves, one after the other, on a bus of their own: so that what each costs can
//! be told. No console, no courier; everything else is as in [`System`](super::System).

use std::{collections::BTreeMap, path::Path};

use bus::{Bus, LogInfo, Role};
use bus_schema::{
    Partition, Partitions,
    subject::{Stream, log_partition},
};
use runtime::Runtime;
use supervision::{Copied, Copies, RouterHandle};

use super::{
    bus_error,
    connect::BusPlace,
    start::{install, members, open_router},
};
use crate::{
    config::Settings,
    error::{Error, chain},
    folder::Folder,
};

/// A data folder with its bus, on which parts are run.
pub(crate) struct Apart {
    folder: Folder,
    place: BusPlace,
    log: LogInfo,
    bus: Bus,
    gate: Bus,
}

impl Apart {
    /// Starts the bus of a data folder, with its streams and rules.
    ///
    /// # Errors
    /// Whatever stands in the way, with the cure.
    pub(crate) async fn open(data: &Path, settings: &Settings) -> Result<Self, Error> {
        let folder = Folder::open(data)?;
        let place = BusPlace::open(folder.path(), settings).await?;
        let log = place.provision(BTreeMap::new(), Partitions::default()).await?;
        let (bus, gate, out) =
            (place.connect(Role::Router).await?, place.connect(Role::Gate).await?, place.connect(Role::GateOut).await?);
        let fail = |error: supervision::SupervisionError| Error::Part { part: "people", what: chain(&error) };
        let installed = install(settings, &out, false).await?;
        let people = Copies::start(Copied::People, out, gate.clone(), log.partitions).await.map_err(fail)?;
        people.wait(installed).await.map_err(fail)?;
        people.stop().await;
        Ok(Self { folder, place, log, bus, gate })
    }

    /// Writes `IN`, reads and writes the log.
    pub(crate) const fn bus(&self) -> &Bus {
        &self.bus
    }

    /// Process of its nats-server, where that is ours.
    pub(crate) fn nats_pid(&self) -> Option<u32> {
        self.place.server.pid()
    }

    /// Starts the router, and waits until everything on `IN` is in the log.
    ///
    /// # Errors
    /// It cannot go on.
    pub(crate) async fn route(&self) -> Result<(), Error> {
        let fail = |error: supervision::SupervisionError| Error::Part { part: "router", what: chain(&error) };
        let end = self.bus.state(Stream::In).await.map_err(bus_error("its events cannot be read"))?.last_seq;
        let router = self.router().await?;
        router.wait_routed(end).await.map_err(fail)?;
        router.stop().await;
        Ok(())
    }

    /// Starts the router.
    ///
    /// # Errors
    /// What it remembers cannot be opened.
    pub(crate) async fn router(&self) -> Result<RouterHandle, Error> {
        open_router(&self.folder, &self.bus, self.log.partitions, crate::rules::reader(None)?).await
    }

    /// Starts agents by name on states in a folder, and waits until they have folded the log and said what is to say.
    ///
    /// # Errors
    /// They cannot go on.
    pub(crate) async fn agents(&self, names: &[&str], states: &Path) -> Result<Runtime, Error> {
        let fail = |error: runtime::RuntimeError| Error::Part { part: "agents", what: chain(&error) };
        let all = members(&self.place, &self.gate).await?;
        let chosen = all.into_iter().filter(|member| names.contains(&member.fold.name())).collect();
        let ends = self.ends().await?;
        let runtime = Runtime::start(runtime::Config::new(states), self.bus.clone(), chosen).await.map_err(fail)?;
        runtime.idle(&ends).await.map_err(fail)?;
        Ok(runtime)
    }

    /// The last message of each partition of the log.
    async fn ends(&self) -> Result<BTreeMap<Partition, u64>, Error> {
        let mut ends = BTreeMap::new();
        for partition in self.log.partitions.all() {
            let last = self.bus.last(Stream::Log, &log_partition(partition)).await;
            let last = last.map_err(bus_error("its log cannot be read"))?;
            ends.insert(partition, last.map_or(0, |stored| stored.seq));
        }
        Ok(ends)
    }

    /// Ends the bus.
    pub(crate) async fn close(self) {
        self.place.close().await;
    }
}

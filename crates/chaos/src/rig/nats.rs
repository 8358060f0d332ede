//! The nats-server of a rig: its own process over a folder that a scenario may damage, replace or put elsewhere.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use bus::{
    Bus, BusKeys, Connect, NatsBus, Role,
    server::{FindServer, Server, ServerSettings, find_server},
};
use testkit::nats::free_ports;

use super::process::signal;
use crate::Broken;

/// How long a connection of the oracle may take.
const CONNECT_MAX: Duration = Duration::from_secs(30);

/// A nats-server that is killed, frozen and started again, always at the same ports.
#[derive(Debug)]
pub struct Nats {
    binary: PathBuf,
    settings: ServerSettings,
    keys: BusKeys,
    server: Option<Server>,
}

impl Nats {
    /// Starts a server over `dir`, for the keys of the data folder.
    ///
    /// # Errors
    /// No server can be had, or it does not start.
    pub async fn start(data: &Path, dir: PathBuf) -> Result<Self, Broken> {
        let binary = find_server(&FindServer::from_env()).await?;
        let keys = BusKeys::load_or_create(&data.join("keys"))?;
        let name_path = data.join("keys").join("server.name");
        let name = std::fs::read_to_string(&name_path).map_err(Broken::path("read", &name_path))?;
        let [port, monitor_port] = free_ports().map_err(Broken::io("find free ports"))?;
        let settings = ServerSettings { dir, name: name.trim().to_owned(), port, monitor_port, sync_always: true };
        let mut nats = Self { binary, settings, keys, server: None };
        nats.restart().await?;
        Ok(nats)
    }

    /// Where clients connect.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.settings.port)
    }

    /// Its port for clients.
    pub const fn port(&self) -> u16 {
        self.settings.port
    }

    /// Where it is monitored.
    pub fn monitor_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.settings.monitor_port)
    }

    /// Its store.
    pub fn dir(&self) -> &Path {
        &self.settings.dir
    }

    /// Lets the next start use another store.
    pub fn set_dir(&mut self, dir: PathBuf) {
        self.settings.dir = dir;
    }

    /// Its process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.server.as_ref().map(Server::pid)
    }

    /// kill −9; what it acknowledged is on its disk.
    pub async fn kill(&mut self) {
        if let Some(server) = self.server.take() {
            server.kill().await;
        }
    }

    /// Asks it to end, and waits.
    pub async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
    }

    /// Starts it at the same ports; kills it first where it runs.
    ///
    /// # Errors
    /// It does not start.
    pub async fn restart(&mut self) -> Result<(), Broken> {
        self.kill().await;
        self.server = Some(Server::start(&self.binary, self.settings.clone(), &self.keys).await?);
        Ok(())
    }

    /// SIGSTOP.
    ///
    /// # Errors
    /// It does not run.
    pub fn freeze(&self) -> Result<(), Broken> {
        self.signal("STOP")
    }

    /// SIGCONT.
    ///
    /// # Errors
    /// It does not run.
    pub fn thaw(&self) -> Result<(), Broken> {
        self.signal("CONT")
    }

    /// A connection as a role.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn connect(&self, role: Role) -> Result<Bus, Broken> {
        let seed = Some(self.keys.seed(role)?.to_owned());
        let connect = Connect { url: self.url(), role, seed };
        // A machine that is busy may take longer than the server waits for a client's signature.
        let connected = tokio::time::timeout(CONNECT_MAX, NatsBus::connect_patiently(connect)).await;
        let late = || Broken::late(format!("a connection as {role}"), CONNECT_MAX, "the server does not take it");
        Ok(connected.map_err(|_| late())??.into())
    }

    fn signal(&self, name: &str) -> Result<(), Broken> {
        let pid = self.pid().ok_or_else(|| Broken::Answer {
            asked: format!("SIG{name} for the nats-server"),
            answer: "that it does not run".into(),
        })?;
        signal(pid, name)
    }
}

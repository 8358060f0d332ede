//! The nats-server of a rig: its own process over a folder that a scenario may damage, replace or put elsewhere.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use bus::{Bus, BusKeys, Connect, NatsBus, Role};
use testkit::nats::TestServer;

use super::process::signal;
use crate::Broken;

/// How long a connection of the oracle may take.
const CONNECT_MAX: Duration = Duration::from_secs(30);

/// A nats-server that is killed, frozen and started again, always at the same ports.
#[derive(Debug)]
pub struct Nats {
    port: u16,
    dir: PathBuf,
    keys: BusKeys,
    /// None where a program under test keeps the server itself.
    server: Option<TestServer>,
}

impl Nats {
    /// Starts a server over `dir`, for the keys of the data folder.
    ///
    /// # Errors
    /// No server can be had, or it does not start.
    pub async fn start(data: &Path, dir: PathBuf) -> Result<Self, Broken> {
        let name_path = data.join("keys").join("server.name");
        let name = std::fs::read_to_string(&name_path).map_err(Broken::path("read", &name_path))?;
        let server = TestServer::start_over(data, dir.clone(), name.trim(), true).await?;
        let (port, keys) = (server.settings().port, server.keys().clone());
        Ok(Self { port, dir, keys, server: Some(server) })
    }

    /// A server that a program under test keeps, at a port, over `dir`.
    ///
    /// # Errors
    /// The data folder has no keys.
    pub fn of_another(data: &Path, dir: PathBuf, port: u16) -> Result<Self, Broken> {
        Ok(Self { port, dir, keys: BusKeys::load(&data.join("keys"))?, server: None })
    }

    /// Where clients connect.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Its port for clients.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Where it is monitored.
    pub fn monitor_url(&self) -> String {
        self.server.as_ref().map(TestServer::monitor_url).unwrap_or_default()
    }

    /// Its store.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Lets the next start use another store.
    pub fn set_dir(&mut self, dir: PathBuf) {
        self.dir.clone_from(&dir);
        if let Some(server) = &mut self.server {
            server.set_dir(dir);
        }
    }

    /// Its process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.server.as_ref().and_then(TestServer::pid)
    }

    /// kill −9; what it acknowledged is on its disk.
    pub async fn kill(&mut self) {
        if let Some(server) = &mut self.server {
            server.kill().await;
        }
    }

    /// Asks it to end, and waits.
    pub async fn stop(&mut self) {
        if let Some(server) = &mut self.server {
            server.stop().await;
        }
    }

    /// Starts it at the same ports; kills it first where it runs.
    ///
    /// # Errors
    /// It does not start.
    pub async fn restart(&mut self) -> Result<(), Broken> {
        let Some(server) = &mut self.server else { return Err(absent("another start of")) };
        Ok(server.restart().await?)
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
        signal(self.pid().ok_or_else(|| absent("a signal for"))?, name)
    }
}

fn absent(wish: &str) -> Broken {
    Broken::Answer { asked: format!("{wish} the nats-server"), answer: "that it does not run here".into() }
}

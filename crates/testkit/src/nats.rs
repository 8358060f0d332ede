//! A real nats-server for one test: own folder, own ports, own keys; gone when it is dropped.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use bus::{
    Bus, BusError, BusKeys, Connect, KeyError, NatsBus, Provisioning, Role,
    server::{FindServer, Server, ServerError, ServerSettings, find_server},
};
use tempfile::TempDir;

/// A nats-server that a test may stop, kill and start again.
#[derive(Debug)]
pub struct TestServer {
    server: Option<Server>,
    settings: ServerSettings,
    binary: PathBuf,
    keys: BusKeys,
    data: PathBuf,
    /// The folder of one that has its own.
    _own: Option<TempDir>,
}

/// Why there is no server for a test. The message says what to do; a test must not pass without one.
#[derive(Debug, thiserror::Error)]
pub enum TestServerError {
    /// No folder or no port.
    #[error("cannot make a place for a nats-server")]
    Place(#[from] io::Error),
    /// No keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// No server.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// No connection, or no streams.
    #[error(transparent)]
    Bus(#[from] BusError),
}

/// How often free ports are looked for again when another program was quicker.
const PORT_TRIES: u32 = 5;

impl TestServer {
    /// Starts a server that puts every message on disk, with the streams of both accounts.
    ///
    /// # Errors
    /// No server can be had; the message names the cure.
    pub async fn start() -> Result<Self, TestServerError> {
        let server = Self::start_empty(true).await?;
        server.provision(&Provisioning::default()).await?;
        Ok(server)
    }

    /// Starts a server without streams; `sync_always` as in [`ServerSettings`].
    ///
    /// # Errors
    /// No server can be had; the message names the cure.
    pub async fn start_empty(sync_always: bool) -> Result<Self, TestServerError> {
        let own = tempfile::tempdir()?;
        let (data, dir) = (own.path().to_owned(), own.path().join("nats"));
        // A name of its own: a server that is found under its name is taken for one that outlived its parent.
        let name = data.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let server = Self::start_over(&data, dir, &name, sync_always).await?;
        Ok(Self { _own: Some(own), ..server })
    }

    /// Starts a server for the keys of a data folder, over the store in `dir`, as `name`.
    ///
    /// # Errors
    /// No server can be had; the message names the cure.
    pub async fn start_over(data: &Path, dir: PathBuf, name: &str, sync_always: bool) -> Result<Self, TestServerError> {
        let binary = find_server(&FindServer::from_env()).await?;
        let keys = BusKeys::load_or_create(&data.join("keys"))?;
        let mut tries = 0;
        loop {
            tries += 1;
            let [port, monitor_port] = free_ports()?;
            let settings = ServerSettings { dir: dir.clone(), name: name.to_owned(), port, monitor_port, sync_always };
            match Server::start(&binary, settings.clone(), &keys).await {
                Ok(server) => {
                    return Ok(Self {
                        server: Some(server),
                        settings,
                        binary,
                        keys,
                        data: data.to_owned(),
                        _own: None,
                    });
                }
                Err(ServerError::PortTaken(_) | ServerError::Ended { .. }) if tries < PORT_TRIES => {}
                Err(e) => return Err(e.into()),
            }
        }
    }

    /// Creates the streams of both accounts.
    ///
    /// # Errors
    /// The server does not answer, or has other streams.
    pub async fn provision(&self, settings: &Provisioning) -> Result<(), TestServerError> {
        for role in [Role::Admin, Role::AdminOut] {
            self.bus(role).await?.provision(settings).await?;
        }
        Ok(())
    }

    /// A connection as a role.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn bus(&self, role: Role) -> Result<Bus, TestServerError> {
        let seed = Some(self.keys.seed(role)?.to_owned());
        Ok(NatsBus::connect(Connect { url: self.url(), role, seed }).await?.into())
    }

    /// Kills the server; what it acknowledged stays on disk.
    pub async fn kill(&mut self) {
        if let Some(server) = self.server.take() {
            server.kill().await;
        }
    }

    /// Asks the server to end.
    pub async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
    }

    /// Starts it again, at the same ports and over the same store; kills it first where it runs.
    ///
    /// # Errors
    /// It does not start.
    pub async fn restart(&mut self) -> Result<(), TestServerError> {
        self.kill().await;
        self.server = Some(Server::start(&self.binary, self.settings.clone(), &self.keys).await?);
        Ok(())
    }

    /// Its process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.server.as_ref().map(Server::pid)
    }

    /// Where clients connect.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.settings.port)
    }

    /// Where it is monitored.
    pub fn monitor_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.settings.monitor_port)
    }

    /// The keys of all roles; their files are in `keys/` of [`TestServer::data`].
    pub const fn keys(&self) -> &BusKeys {
        &self.keys
    }

    /// The folder of this test, with `keys/` and `nats/` in it.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Its settings.
    pub const fn settings(&self) -> &ServerSettings {
        &self.settings
    }

    /// Lets the next start use another store.
    pub fn set_dir(&mut self, dir: PathBuf) {
        self.settings.dir = dir;
    }
}

/// Below the ports that a system takes for connections: one of those may be gone before whoever was given it listens.
const PORTS: std::ops::Range<u16> = 12_000..32_000;

/// Ports that nobody listens on at the moment, on loopback. No two calls of a process get the same one soon.
///
/// # Errors
/// The machine has none left.
pub fn free_ports<const N: usize>() -> io::Result<[u16; N]> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let count = u32::from(PORTS.end - PORTS.start);
    // Tests that run beside each other begin in different places.
    let begin = std::process::id().wrapping_mul(7_919);
    let mut ports = [0; N];
    let mut held = Vec::with_capacity(N);
    for port in &mut ports {
        let mut tries = 0..count;
        // Held until all are found, so that they differ.
        let listener = loop {
            let at = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % count;
            let candidate = PORTS.start + u16::try_from(at).unwrap_or(0);
            match TcpListener::bind((Ipv4Addr::LOCALHOST, candidate)) {
                Ok(listener) => break listener,
                Err(error) if tries.next().is_none() => return Err(error),
                Err(_) => {}
            }
        };
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}

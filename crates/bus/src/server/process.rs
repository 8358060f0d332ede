//! The server's process: started on a thread of its own, ended with us, recognised when it outlived us.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use tokio::sync::{oneshot, watch};

use super::{ServerError, ServerSettings, monitor, server_config_text};
use crate::BusKeys;

/// How long a server may recover its streams before it answers.
const START_MAX: Duration = Duration::from_mins(2);
/// How long a server may take to end after it was asked to.
const STOP_MAX: Duration = Duration::from_secs(15);
/// How long a port may stay taken by a server that is just ending.
const PORT_MAX: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(20);

/// A running server. Dropping it kills the process; with `sync_interval: always` that loses nothing.
#[derive(Debug)]
pub struct Server {
    settings: ServerSettings,
    binary: PathBuf,
    pid: u32,
    orders: mpsc::Sender<Order>,
    ended: watch::Receiver<bool>,
}

/// What the thread that owns the process is told.
enum Order {
    Kill,
}

/// What the next start must know to recognise a server that outlived us.
#[derive(Serialize, Deserialize)]
struct Running {
    pid: u32,
    name: String,
    monitor_url: String,
}

impl Server {
    /// Writes the configuration, ends a server that a killed process left behind, starts one and waits until it
    /// answers. No other process of ours may be at work on the folder: its server would be ended as left behind.
    ///
    /// # Errors
    /// A folder that cannot be written, a port that is taken, a server that ends or does not answer.
    pub async fn start(binary: &Path, settings: ServerSettings, keys: &BusKeys) -> Result<Self, ServerError> {
        let text = server_config_text(&settings, keys)?;
        let config = settings.config_path();
        fs::create_dir_all(&settings.dir)
            .and_then(|()| fs::write(&config, text))
            .map_err(|source| ServerError::Write { path: config.clone(), source })?;
        end_leftover(binary, &settings).await;
        for port in [settings.port, settings.monitor_port] {
            wait_for_port(port).await?;
        }
        fs::rename(settings.log_path(), settings.log_path().with_extension("log.old")).ok();
        let (pid, orders, ended) = spawn(binary, &settings).await?;
        let server = Self { settings, binary: binary.into(), pid, orders, ended };
        server.remember()?;
        server.wait_until_up().await?;
        Ok(server)
    }

    /// Where clients connect.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.settings.port)
    }

    /// Where it is monitored.
    pub fn monitor_url(&self) -> String {
        self.settings.monitor_url()
    }

    /// Its process.
    pub const fn pid(&self) -> u32 {
        self.pid
    }

    /// Its settings.
    pub const fn settings(&self) -> &ServerSettings {
        &self.settings
    }

    /// Whether the process ended.
    pub fn has_ended(&self) -> bool {
        *self.ended.borrow()
    }

    /// Waits until the process ends.
    pub async fn ended(&self) {
        self.ended.clone().wait_for(|ended| *ended).await.ok();
    }

    /// Ends the server and starts another in its place: over the same store, at the same ports.
    ///
    /// # Errors
    /// As [`Server::start`]; there is none then.
    pub async fn restart(self, keys: &BusKeys) -> Result<Self, ServerError> {
        let (binary, settings) = (self.binary.clone(), self.settings.clone());
        self.stop().await;
        Self::start(&binary, settings, keys).await
    }

    /// Asks the server to end, and kills it where it does not.
    pub async fn stop(self) {
        quit(&self.binary, self.pid).await;
        if tokio::time::timeout(STOP_MAX, self.ended()).await.is_err() {
            tracing::warn!(server.pid = self.pid, "nats-server does not end; it is killed");
            self.kill().await;
        }
    }

    /// Kills the server as a failing machine would.
    pub async fn kill(self) {
        self.orders.send(Order::Kill).ok();
        self.ended().await;
    }

    fn remember(&self) -> Result<(), ServerError> {
        let path = self.settings.running_path();
        let running = Running { pid: self.pid, name: self.settings.name.clone(), monitor_url: self.monitor_url() };
        let text = serde_json::to_string(&running).unwrap_or_default();
        fs::write(&path, text).map_err(|source| ServerError::Write { path, source })
    }

    async fn wait_until_up(&self) -> Result<(), ServerError> {
        let url = self.monitor_url();
        let deadline = Instant::now() + START_MAX;
        while Instant::now() < deadline {
            if self.has_ended() {
                let log = self.settings.log_path();
                return Err(ServerError::Ended { tail: tail(&log), log });
            }
            // The name tells ours from a stranger that took the port in between.
            let ours = monitor::server_facts(&url).await.is_ok_and(|facts| facts.name == self.settings.name);
            if ours && monitor::server_health(&url).await == monitor::ServerHealth::Good && self.takes_clients().await {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
        Err(ServerError::Silent { url, seconds: START_MAX.as_secs(), log: self.settings.log_path() })
    }

    async fn takes_clients(&self) -> bool {
        tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, self.settings.port)).await.is_ok()
    }
}

impl ServerSettings {
    fn monitor_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.monitor_port)
    }

    fn config_path(&self) -> PathBuf {
        self.dir.join("nats-server.conf")
    }

    fn log_path(&self) -> PathBuf {
        self.dir.join("nats-server.log")
    }

    fn running_path(&self) -> PathBuf {
        self.dir.join("nats-server.json")
    }
}

type Spawned = (u32, mpsc::Sender<Order>, watch::Receiver<bool>);

/// Starts the process on a thread that lives as long as it does.
///
/// The signal that ends an orphan on Linux is sent when the *thread* that started it ends, so a thread of a pool will
/// not do.
async fn spawn(binary: &Path, settings: &ServerSettings) -> Result<Spawned, ServerError> {
    let mut command = command(binary, settings)?;
    let (started, answer) = oneshot::channel();
    let (orders, inbox) = mpsc::channel();
    let (ending, ended) = watch::channel(false);
    let error = |source| ServerError::Spawn { path: binary.into(), source };
    thread::Builder::new()
        .name("nats-server".into())
        .spawn(move || {
            let child = command.spawn();
            match child {
                Ok(child) => {
                    started.send(Ok(child.id())).ok();
                    attend(child, &inbox);
                }
                Err(e) => drop(started.send(Err(e))),
            }
            ending.send_replace(true);
        })
        .map_err(error)?;
    let pid = answer.await.map_err(|e| error(std::io::Error::other(e)))?.map_err(error)?;
    Ok((pid, orders, ended))
}

fn command(binary: &Path, settings: &ServerSettings) -> Result<Command, ServerError> {
    let path = settings.log_path();
    let write = |source| ServerError::Write { path: path.clone(), source };
    let out = fs::File::create(&path).map_err(write)?;
    let err = out.try_clone().map_err(write)?;
    let mut command = if cfg!(target_os = "linux") && has_setpriv() {
        let mut wrapped = Command::new("setpriv");
        wrapped.args(["--pdeathsig", "KILL"]).arg(binary);
        wrapped
    } else {
        Command::new(binary)
    };
    command.arg("--config").arg(settings.config_path());
    command.stdin(Stdio::null()).stdout(out).stderr(err);
    // A Ctrl-C in the terminal is for us; the server is stopped after everything that uses it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    Ok(command)
}

/// Without it an orphan is found by its pid file at the next start.
fn has_setpriv() -> bool {
    let probe = Command::new("setpriv").arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).status();
    probe.is_ok_and(|status| status.success())
}

/// Waits for the end of the process, or ends it when told to or when nobody holds the server any more.
fn attend(mut child: Child, inbox: &mpsc::Receiver<Order>) {
    loop {
        match inbox.recv_timeout(POLL) {
            Ok(Order::Kill) | Err(mpsc::RecvTimeoutError::Disconnected) => {
                child.kill().ok();
                child.wait().ok();
                return;
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
    }
}

/// Ends a server of this folder that outlived its parent. It is recognised by its name, never by its pid alone,
/// because a pid is given again.
async fn end_leftover(binary: &Path, settings: &ServerSettings) {
    let Ok(text) = fs::read_to_string(settings.running_path()) else { return };
    let Ok(running) = serde_json::from_str::<Running>(&text) else { return };
    let answers =
        || async { monitor::server_facts(&running.monitor_url).await.is_ok_and(|facts| facts.name == running.name) };
    if running.name != settings.name || !answers().await {
        return;
    }
    tracing::warn!(server.pid = running.pid, "ending a nats-server that outlived its parent");
    quit(binary, running.pid).await;
    let deadline = Instant::now() + STOP_MAX;
    while Instant::now() < deadline && answers().await {
        tokio::time::sleep(POLL).await;
    }
}

/// The server's own way to signal a process; a signal from here would need unsafe code.
async fn quit(binary: &Path, pid: u32) {
    let mut command = tokio::process::Command::new(binary);
    command.arg("--signal").arg(format!("quit={pid}"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().await.ok();
}

async fn wait_for_port(port: u16) -> Result<(), ServerError> {
    let deadline = Instant::now() + PORT_MAX;
    while TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err() {
        if Instant::now() >= deadline {
            return Err(ServerError::PortTaken(port));
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

/// The last lines of a log.
fn tail(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(8)..).unwrap_or_default().join("\n")
}

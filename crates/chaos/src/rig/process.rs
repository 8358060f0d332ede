//! One process under test: started with settings in its environment, signalled, watched, and gone with its owner.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use crate::Broken;

/// How long a process may take to end after SIGTERM. The courier waits for mails on their way.
const STOP_MAX: Duration = Duration::from_secs(40);
const POLL: Duration = Duration::from_millis(20);
/// Lines of a log that are shown.
const TAIL_LINES: usize = 12;

/// A running process.
#[derive(Debug)]
pub struct Process {
    label: String,
    child: Child,
    log: PathBuf,
    /// Where it answers `/readyz`, where it does.
    address: Option<String>,
}

impl Process {
    /// Starts a program with its arguments; what it says goes to the end of `log`.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(
        label: &str,
        program: (&Path, &[&str]),
        env: &BTreeMap<String, String>,
        log: PathBuf,
        address: Option<String>,
    ) -> Result<Self, Broken> {
        let out = fs::OpenOptions::new().create(true).append(true).open(&log).map_err(Broken::path("open", &log))?;
        let err = out.try_clone().map_err(Broken::path("open", &log))?;
        let (program, arguments) = program;
        let mut command = bound(program);
        command.args(arguments);
        // What the settings of the caller say is not for the programs under test.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MAINSTAY_")) {
            command.env_remove(name);
        }
        command.env("RUST_BACKTRACE", "0").envs(env).stdin(Stdio::null()).stdout(out).stderr(err);
        let child = command.spawn().map_err(Broken::path("start", program))?;
        Ok(Self { label: label.to_owned(), child, log, address })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Base address of its port.
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// What it said so far.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// How it ended, where it did.
    ///
    /// # Errors
    /// The system does not say.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>, Broken> {
        self.child.try_wait().map_err(Broken::io(format!("look after {}", self.label)))
    }

    /// An error where it ended by itself.
    ///
    /// # Errors
    /// It ended.
    pub fn lives(&mut self) -> Result<(), Broken> {
        match self.ended()? {
            None => Ok(()),
            Some(status) => {
                Err(Broken::Ended { part: self.label.clone(), status: status.to_string(), tail: self.tail() })
            }
        }
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    /// It does not, in time.
    pub async fn until_ended(&mut self, limit: Duration) -> Result<ExitStatus, Broken> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                return Err(Broken::late(format!("the end of {}", self.label), limit, self.tail()));
            }
            sleep(POLL).await;
        }
    }

    /// kill −9.
    ///
    /// # Errors
    /// The system refuses.
    pub fn kill(mut self) -> Result<(), Broken> {
        self.child.kill().map_err(Broken::io(format!("kill {}", self.label)))?;
        self.child.wait().map(drop).map_err(Broken::io(format!("wait for {}", self.label)))
    }

    /// SIGSTOP.
    ///
    /// # Errors
    /// The system refuses.
    pub fn freeze(&self) -> Result<(), Broken> {
        signal(self.pid(), "STOP")
    }

    /// SIGCONT.
    ///
    /// # Errors
    /// The system refuses.
    pub fn thaw(&self) -> Result<(), Broken> {
        signal(self.pid(), "CONT")
    }

    /// SIGTERM, and waits for the end.
    ///
    /// # Errors
    /// It does not end, or ends with an error.
    pub async fn stop(mut self) -> Result<(), Broken> {
        signal(self.pid(), "TERM")?;
        let status = self.until_ended(STOP_MAX).await?;
        if status.success() {
            return Ok(());
        }
        Err(Broken::Ended { part: self.label.clone(), status: status.to_string(), tail: self.tail() })
    }

    fn tail(&self) -> String {
        let said = self.said();
        let lines: Vec<&str> = said.lines().collect();
        lines.get(lines.len().saturating_sub(TAIL_LINES)..).unwrap_or_default().join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that ended already is no matter.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A command for a program that ends with this process, also where this one is killed, on a system that can do it.
fn bound(program: &Path) -> Command {
    let probe = Command::new("setpriv").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if cfg!(target_os = "linux") && probe.is_ok_and(|status| status.success()) {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(program);
        return command;
    }
    Command::new(program)
}

/// Sends a signal by name.
///
/// # Errors
/// There is no such process.
pub fn signal(pid: u32, name: &str) -> Result<(), Broken> {
    let action = format!("send SIG{name} to process {pid}");
    let sent = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).stdin(Stdio::null()).status();
    match sent.map_err(Broken::io(action.clone()))? {
        status if status.success() => Ok(()),
        status => Err(Broken::Io { action, source: std::io::Error::other(status.to_string()) }),
    }
}

//! A real SMTP server (aiosmtpd) whose behaviour is chosen by the recipient's address.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde::Deserialize;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

use crate::tool::{self, ToolError, io};

const START_SECONDS: u64 = 30;

/// What the server does with a message, chosen by the recipient.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Behaviour {
    /// Takes it.
    Accept,
    /// Refuses the recipient for good.
    Refuse550,
    /// Refuses the recipient for now, every time.
    Busy451,
    /// Refuses the recipient for now, the first time only.
    BusyOnce,
    /// Hangs at the recipient.
    Slow,
    /// Drops the connection when DATA is asked for: nothing of the message was sent.
    ResetAtData,
    /// Takes and stores the whole message, then drops the connection without a reply.
    ResetAfterDot,
    /// Takes and stores the whole message, then hangs.
    SlowAfterDot,
    /// Refuses the message for good after reading it.
    Data554,
    /// Refuses the message for now after reading it.
    Data452,
}

impl Behaviour {
    /// An address that asks for it; the label makes it unique.
    pub fn address(self, label: &str) -> String {
        let name = match self {
            Self::Accept => "accept",
            Self::Refuse550 => "refuse-550",
            Self::Busy451 => "busy-451",
            Self::BusyOnce => "busy-once",
            Self::Slow => "slow",
            Self::ResetAtData => "reset-at-data",
            Self::ResetAfterDot => "reset-after-dot",
            Self::SlowAfterDot => "slow-after-dot",
            Self::Data554 => "data-554",
            Self::Data452 => "data-452",
        };
        format!("{name}+{label}@customer.example")
    }
}

/// How the server is set up.
#[derive(Clone, Default, Debug)]
pub struct Options {
    /// Offers STARTTLS with a certificate of its own for `localhost`.
    pub starttls: bool,
    /// User and password it asks for.
    pub credentials: Option<(String, String)>,
}

/// A message the server took.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Received {
    /// Envelope sender.
    pub from: String,
    /// Envelope recipients.
    pub to: Vec<String>,
    /// Over TLS.
    pub encrypted: bool,
    /// After a login.
    pub authenticated: bool,
    /// The message as it came, without dot-stuffing.
    pub bytes: Vec<u8>,
}

#[derive(Deserialize)]
struct About {
    from: Option<String>,
    to: Vec<String>,
    encrypted: bool,
    authenticated: bool,
}

/// A running server on a port of its own. It ends with this value, and also when the test process is killed.
#[derive(Debug)]
pub struct SmtpServer {
    port: u16,
    folder: TempDir,
    certificate_pem: Option<String>,
    _process: Child,
}

impl SmtpServer {
    /// Starts one without TLS or login.
    ///
    /// # Errors
    /// No python or pip, or the server does not start.
    pub async fn start() -> Result<Self, ToolError> {
        Self::start_with(&Options::default()).await
    }

    /// Starts one.
    ///
    /// # Errors
    /// No python or pip, or the server does not start.
    pub async fn start_with(options: &Options) -> Result<Self, ToolError> {
        let install = || tool::pip("smtp", include_str!("../smtp/requirements.txt"));
        let packages = tokio::task::spawn_blocking(install)
            .await
            .map_err(|e| ToolError::Answer { tool: "the installation", said: e.to_string() })??;
        let folder = tempfile::tempdir().map_err(io("make a folder for mails"))?;
        let script = folder.path().join("server.py");
        fs::write(&script, include_str!("../smtp/server.py")).map_err(io("write server.py"))?;
        let mut command = Command::new(tool::python()?);
        let certificate = if options.starttls { Some(Certificate::make(folder.path())?) } else { None };
        command.arg("-u").arg(&script).arg(folder.path()).arg(arguments(options, certificate.as_ref()));
        command.env("PYTHONPATH", &packages).env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONWARNINGS", "ignore");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
        let mut process = command.spawn().map_err(io("start the SMTP server"))?;
        let port = port(&mut process).await?;
        let certificate_pem = certificate.map(|certificate| certificate.pem);
        Ok(Self { port, folder, certificate_pem, _process: process })
    }

    /// The certificate to trust, where it offers STARTTLS.
    pub fn certificate_pem(&self) -> Option<&str> {
        self.certificate_pem.as_deref()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it took so far, in order.
    ///
    /// # Errors
    /// A stored message cannot be read.
    pub fn received(&self) -> Result<Vec<Received>, ToolError> {
        self.files("json")?.iter().map(|path| read(path)).collect()
    }

    /// How often it refused a recipient for now.
    ///
    /// # Errors
    /// Its folder cannot be read.
    pub fn put_off(&self) -> Result<usize, ToolError> {
        Ok(self.files("busy")?.len())
    }

    /// The files it wrote that end so, in order.
    fn files(&self, ends: &str) -> Result<Vec<PathBuf>, ToolError> {
        let entries = fs::read_dir(self.folder.path()).map_err(io("list the mails"))?;
        let mut paths: Vec<_> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == ends));
        paths.sort();
        Ok(paths)
    }

    /// Waits until it took that many messages, and returns them all.
    ///
    /// # Errors
    /// They did not come in time.
    pub async fn wait_for(&self, count: usize, at_most: Duration) -> Result<Vec<Received>, ToolError> {
        let end = Instant::now() + at_most;
        loop {
            let received = self.received()?;
            if received.len() >= count {
                return Ok(received);
            }
            if Instant::now() >= end {
                return Err(ToolError::Silent { tool: "the sender of mails", seconds: at_most.as_secs() });
            }
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// A self-signed certificate for `localhost`, with its key beside it in files.
struct Certificate {
    pem: String,
    path: PathBuf,
    key_path: PathBuf,
}

impl Certificate {
    fn make(folder: &Path) -> Result<Self, ToolError> {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])
            .map_err(|e| ToolError::Answer { tool: "the certificate maker", said: e.to_string() })?;
        let (path, key_path) = (folder.join("certificate.pem"), folder.join("key.pem"));
        let pem = made.cert.pem();
        fs::write(&path, &pem).map_err(io("write a certificate"))?;
        fs::write(&key_path, made.signing_key.serialize_pem()).map_err(io("write a key"))?;
        Ok(Self { pem, path, key_path })
    }
}

fn arguments(options: &Options, certificate: Option<&Certificate>) -> String {
    let (user, password) = options.credentials.clone().unzip();
    let paths = certificate.map(|certificate| (&certificate.path, &certificate.key_path));
    let (certificate, key) = paths.unzip();
    serde_json::json!({ "certificate": certificate, "key": key, "user": user, "password": password }).to_string()
}

async fn port(process: &mut Child) -> Result<u16, ToolError> {
    let answer = |said: String| ToolError::Answer { tool: "the SMTP server", said };
    let stdout = process.stdout.take().ok_or_else(|| answer("no output".into()))?;
    let mut line = String::new();
    let mut reader = BufReader::new(stdout);
    let read = timeout(Duration::from_secs(START_SECONDS), reader.read_line(&mut line)).await;
    read.map_err(|_| ToolError::Silent { tool: "the SMTP server", seconds: START_SECONDS })?
        .map_err(io("read the SMTP server's port"))?;
    line.trim().parse().map_err(|_| answer(line))
}

fn read(path: &Path) -> Result<Received, ToolError> {
    let text = fs::read(path).map_err(io(format!("read {}", path.display())))?;
    let about: About = serde_json::from_slice(&text)
        .map_err(|e| ToolError::Answer { tool: "the SMTP server", said: e.to_string() })?;
    let mail = path.with_extension("eml");
    Ok(Received {
        from: about.from.unwrap_or_default(),
        to: about.to,
        encrypted: about.encrypted,
        authenticated: about.authenticated,
        bytes: fs::read(&mail).map_err(io(format!("read {}", mail.display())))?,
    })
}

//! A nats-server as anybody has it, without accounts or roles: what the pipeline is compared with, and what peers read.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use bus::{
    nats::plain::publish_plainly,
    server::{FindServer, find_server},
};
use bytes::Bytes;
use tokio::process::{Child, Command};

use super::{raw::Raw, stat::length};
use crate::{error::Error, system::bus_error};

/// Single publishes in flight.
const IN_FLIGHT: usize = 1_024;
/// The same where each is synced: an acknowledgement must not come too late to count.
const SYNCED_IN_FLIGHT: usize = 256;
/// Packed publishes in flight: one for each partition, as the router has them.
const PACKED_IN_FLIGHT: usize = 16;
/// How long a server may take to answer.
const START_MAX: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);
/// The stream that peers read.
const STREAM: &str = r#"{"name":"B","subjects":["b.>"],"storage":"file","num_replicas":1}"#;

/// When a server writes through to the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sync {
    /// Before each acknowledgement.
    Always,
    /// Every two minutes, as it comes.
    Default,
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Plain {
    dir: PathBuf,
    sync: Sync,
    port: u16,
    child: Child,
}

impl Plain {
    /// Starts one on a folder of its own.
    ///
    /// # Errors
    /// None can be found or started.
    pub(crate) async fn start(dir: &Path, sync: Sync) -> Result<Self, Error> {
        let binary = find_server(&FindServer::from_env()).await.map_err(bus_error("no nats-server"))?;
        let failed = failed("a plain nats-server cannot be started");
        std::fs::create_dir_all(dir).map_err(&failed)?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr()).map_err(&failed)?;
        let port = port.port();
        let interval = match sync {
            Sync::Always => "always",
            Sync::Default => "\"2m\"",
        };
        let text = format!(
            "listen: \"127.0.0.1:{port}\"\njetstream {{\n  store_dir: {:?}\n  sync_interval: {interval}\n}}\n",
            dir.display().to_string()
        );
        let config = dir.join("nats-server.conf");
        std::fs::write(&config, text).map_err(&failed)?;
        let log = std::fs::File::create(dir.join("nats-server.log")).map_err(&failed)?;
        let mut command = Command::new(binary);
        command.arg("--config").arg(&config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.kill_on_drop(true).spawn().map_err(&failed)?;
        let mut server = Self { dir: dir.to_owned(), sync, port, child };
        server.until_up().await.map_err(&failed)?;
        Ok(server)
    }

    async fn until_up(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + START_MAX;
        loop {
            let known = match Raw::connect(self.port).await {
                Ok(mut raw) => raw.request("$JS.API.INFO", "").await,
                Err(error) => Err(error),
            };
            match known {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > deadline || self.child.try_wait()?.is_some() => return Err(error),
                Err(_) => tokio::time::sleep(POLL).await,
            }
        }
    }

    /// Where clients connect.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Makes the stream, empty.
    ///
    /// # Errors
    /// The server does not answer or refuses.
    pub(crate) async fn fresh_stream(&self) -> Result<(), Error> {
        let work = async {
            let mut raw = Raw::connect(self.port).await?;
            // It may not be there.
            raw.request("$JS.API.STREAM.DELETE.B", "").await?;
            let made = raw.request("$JS.API.STREAM.CREATE.B", STREAM).await?;
            if made.contains("\"error\"") { Err(io::Error::other(made)) } else { Ok(()) }
        };
        work.await.map_err(failed("the stream of the plain server cannot be made"))
    }

    /// Publishes events one by one with the client library, many in flight; answers how many a second.
    ///
    /// # Errors
    /// The server does not take them.
    pub(crate) async fn publish(&self, events: &[Bytes]) -> Result<f64, Error> {
        let url = format!("nats://127.0.0.1:{}", self.port);
        let in_flight = match self.sync {
            Sync::Always => SYNCED_IN_FLIGHT,
            Sync::Default => IN_FLIGHT,
        };
        let took = publish_plainly(&url, &subjects(), events, in_flight).await;
        let took = took.map_err(bus_error("the plain publish failed"))?;
        Ok(length(events.len()) / took.as_secs_f64())
    }

    /// The same with nothing but the protocol: the most the server can take.
    ///
    /// # Errors
    /// The server does not take them.
    pub(crate) async fn publish_raw(&self, events: &[Bytes]) -> Result<f64, Error> {
        self.timed(events, events.len(), IN_FLIGHT).await
    }

    /// Publishes packed messages; answers how many events a second.
    ///
    /// # Errors
    /// The server does not take them.
    pub(crate) async fn publish_packed(&self, bodies: &[Bytes], events: usize) -> Result<f64, Error> {
        self.timed(bodies, events, PACKED_IN_FLIGHT).await
    }

    async fn timed(&self, bodies: &[Bytes], events: usize, in_flight: usize) -> Result<f64, Error> {
        let subjects = subjects();
        let work = async {
            let mut raw = Raw::connect(self.port).await?;
            // A round trip, so that connecting is not counted.
            raw.request("$JS.API.INFO", "").await?;
            let started = Instant::now();
            let to = subjects.iter().map(String::as_str).cycle();
            raw.publish_all(to.zip(bodies.iter().map(|body| &body[..])), in_flight).await?;
            Ok(length(events) / started.elapsed().as_secs_f64())
        };
        work.await.map_err(failed("the plain publish failed"))
    }

    /// Ends it, and starts it again on what it stored.
    ///
    /// # Errors
    /// It cannot be started.
    pub(crate) async fn restart(mut self, sync: Sync) -> Result<Self, Error> {
        self.child.kill().await.map_err(failed("the plain server cannot be ended"))?;
        let dir = self.dir.clone();
        Self::start(&dir, sync).await
    }
}

fn subjects() -> Vec<String> {
    (0..PACKED_IN_FLIGHT).map(|n| format!("b.{n}")).collect()
}

/// An error of the plain server for people.
fn failed(what: &str) -> impl Fn(io::Error) -> Error + use<'_> {
    move |source| Error::Bus { what: what.to_owned(), source: Some(Box::new(source)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_published_is_still_there_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let server = Plain::start(dir.path(), Sync::Default).await.unwrap();
        server.fresh_stream().await.unwrap();
        let events: Vec<Bytes> = (0..3_000).map(|n| format!("{{\"n\":{n}}}").into()).collect();
        assert!(server.publish(&events).await.unwrap() > 0.0);
        assert!(server.publish_raw(&events).await.unwrap() > 0.0);
        let server = server.restart(Sync::Always).await.unwrap();
        let mut raw = Raw::connect(server.port()).await.unwrap();
        let info = raw.request("$JS.API.STREAM.INFO.B", "").await.unwrap();
        assert!(info.contains("\"messages\":6000"), "{info}");
        let lost = raw.publish_all([("nobody.takes.this", &b"x"[..])].into_iter(), 1).await;
        assert!(lost.is_err());
    }
}

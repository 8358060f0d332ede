//! What a console is told at start, and what it is told while it runs.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use bus_schema::Partitions;

/// Settings of a console. Unknown keys are refused by whoever reads them from a file.
#[derive(Clone, Debug)]
pub struct ConsoleConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How customers reach this console, for unsubscribe links: `https://console.example`. Without it the address it
    /// listens on.
    pub public_url: Option<String>,
    /// The data folder: read views and the key of unsubscribe links live in it.
    pub data: PathBuf,
    /// Name of the local user who signs in with the one-time link.
    pub user: String,
    /// IANA zone the pages are written in.
    pub zone: String,
    /// Who writes to customers.
    pub sender: Sender,
    /// How long an approved message is held for undo, as the gate's policy has it: pages say it in advance.
    pub hold: Duration,
    /// Partitions of the log.
    pub partitions: Partitions,
    /// Bearer token of the API, the one of `run.json`.
    pub token: String,
}

/// Who writes to customers.
#[derive(Clone, Debug)]
pub struct Sender {
    /// Name the reader knows.
    pub name: String,
    /// Address mails come from; answers go there too.
    pub email: String,
}

/// What can be done at the moment; whoever runs the console keeps it up to date.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "five independent facts, each named")]
pub struct Readiness {
    /// Router, agents and gate have caught up.
    pub ready: bool,
    /// Why not, for `/readyz`.
    pub reason: Option<String>,
    /// The bus flushes every message to disk before it acknowledges it.
    pub durable: bool,
    /// Approvals are wanted all the same.
    pub allow_volatile: bool,
    /// The log runs on the time of its events.
    pub event_time: bool,
    /// The log was made by the demo: simulated people may decide.
    pub demo: bool,
}

impl Readiness {
    /// Why no approval may be taken, where that is so.
    pub fn refuses_approvals(&self) -> Option<&'static str> {
        (!self.durable && !self.allow_volatile).then_some(
            "The bus does not flush each message to disk, so an approval could be lost at a power cut. \
             Start nats-server with sync_interval: always, or start Mainstay with --allow-volatile-bus.",
        )
    }
}

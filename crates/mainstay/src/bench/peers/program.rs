//! The programs: how each is called, and what it says.

use std::{path::Path, process::Stdio, time::Duration};

use tokio::process::Command;

use super::{super::args::PeersArgs, super::figure::Figure, install::Ready};
use crate::error::Error;

/// How long one may take.
const RUN_MAX: Duration = Duration::from_mins(10);

/// A peer program.
#[derive(Debug)]
pub(super) struct Peer {
    /// For people.
    pub(super) name: &'static str,
    /// Its file.
    pub(super) file: &'static str,
    /// What runs it.
    pub(super) language: Language,
    /// Whether it may be missing.
    pub(super) optional: bool,
    /// How the sizes are handed over.
    form: Form,
    /// How many times as fast the whole of Mainstay should be.
    pub(super) whole: Wanted,
    /// How many times as fast one agent should be.
    pub(super) alone: Wanted,
}

/// What runs a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Language {
    /// Node.
    Node,
    /// Python, with these packages to be imported.
    Python(&'static str),
}

#[derive(Clone, Copy, Debug)]
enum Form {
    /// `all N BATCH PORT`, or another first word.
    Arguments(&'static str),
    /// `rec 1`, with the sizes in the environment.
    Environment,
}

/// A ratio that is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    /// At least so much, and perhaps an aim.
    AtLeast(f64, Option<f64>),
    /// Nothing is asked.
    Nothing,
}

impl Wanted {
    /// A figure with its target.
    pub(super) fn judge(self, figure: Figure) -> Figure {
        match self {
            Self::AtLeast(value, aim) => figure.at_least(value, aim),
            Self::Nothing => figure,
        }
    }
}

/// Those that are known.
pub(super) const PEERS: &[Peer] = &[
    Peer {
        name: "Node, better-sqlite3",
        file: "node_peer.mjs",
        language: Language::Node,
        optional: false,
        form: Form::Arguments("all"),
        whole: Wanted::AtLeast(1.0, Some(2.0)),
        alone: Wanted::AtLeast(4.0, None),
    },
    Peer {
        name: "nats-py, uvloop, sqlite",
        file: "natspy_peer.py",
        language: Language::Python("nats, uvloop"),
        optional: false,
        form: Form::Arguments("all"),
        whole: Wanted::AtLeast(3.0, Some(6.0)),
        alone: Wanted::AtLeast(12.0, None),
    },
    Peer {
        name: "bytewax, recovery store",
        file: "bytewax_peer.py",
        language: Language::Python("nats, bytewax"),
        optional: false,
        form: Form::Environment,
        whole: Wanted::AtLeast(3.0, Some(6.0)),
        alone: Wanted::AtLeast(12.0, None),
    },
    Peer {
        name: "FastStream, sqlite",
        file: "faststream_peer.py",
        language: Language::Python("faststream, uvloop"),
        optional: true,
        form: Form::Arguments("sqlite"),
        whole: Wanted::Nothing,
        alone: Wanted::Nothing,
    },
];

/// What a program said of its run.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Ran {
    /// Events a second.
    pub(super) rate: f64,
    /// Processor time for one event, without the server's.
    pub(super) cpu_us: Option<f64>,
}

impl Peer {
    /// Runs it over the whole stream.
    pub(super) async fn run(&self, ready: &Ready, work: &Path, args: &PeersArgs, port: u16) -> Result<Ran, Error> {
        let failed = |what: &str| Error::Part { part: self.file, what: what.to_owned() };
        let mut command = Command::new(&ready.program);
        command.arg(&ready.script).current_dir(work).stdin(Stdio::null()).kill_on_drop(true);
        let (events, batch, port) = (args.events.to_string(), args.batch.to_string(), port.to_string());
        match self.form {
            Form::Arguments(first) => command.args([first, &events, &batch, &port]),
            Form::Environment => command.args(["rec", "1"]).envs([("BN", events), ("BB", batch), ("BP", port)]),
        };
        let run = tokio::time::timeout(RUN_MAX, command.output()).await;
        let output = run.map_err(|_| failed("it did not end in time"))?;
        let output = output.map_err(|error| failed(&error.to_string()))?;
        let said = String::from_utf8_lossy(&output.stdout);
        said.lines().find_map(read).ok_or_else(|| {
            let errors = String::from_utf8_lossy(&output.stderr);
            let last = errors.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
            failed(&format!("{}: {last}", output.status))
        })
    }
}

/// `R <name> n=… rate=… cli_us=…`, parted by tabs.
fn read(line: &str) -> Option<Ran> {
    let fields = line.strip_prefix("R\t")?;
    let field = |name: &str| {
        let found = fields.split('\t').find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
        found.and_then(|text| text.parse::<f64>().ok())
    };
    Some(Ran { rate: field("rate")?, cpu_us: field("cli_us") })
}

/// An event as the peers read it: what one of ours says, with the fields they count.
pub(super) fn event(accounts: u32, n: u32) -> Vec<u8> {
    let account = u64::from(n) * 7_919 % u64::from(accounts.max(1));
    format!(
        r#"{{"specversion":"1.0","id":"{n:08x}","source":"bench","type":"usage.recorded","subject":"account/bench-{account}","time":"2026-01-01T00:00:00.000Z","dataschema":"mainstay:usage.recorded:1","data":{{"account_id":"bench-{account}","user":"user-{}","feature":"feature-{}","count":{},"duration_ms":{},"quantity":3,"session":"{n:032x}","client":"web"}}}}"#,
        n % 10,
        n % 7,
        n % 40,
        n % 5_000,
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_peer_is_read() {
        let ran = read("R\tnatspy_sqlite_all_b1024\tn=60000\trate=7512\tcli_us=129.1\trss=60MB");
        assert_eq!(ran, Some(Ran { rate: 7_512.0, cpu_us: Some(129.1) }));
        assert_eq!(read("R\tx\trate=1"), Some(Ran { rate: 1.0, cpu_us: None }));
        assert_eq!(read("warning: rate=1"), None);
    }

    #[test]
    fn the_peers_events_are_json_of_the_size_they_expect() {
        let event = event(1_000, 77);
        let value: serde_json::Value = serde_json::from_slice(&event).unwrap();
        assert!(value["data"]["account_id"].is_string() && value["data"]["count"].is_u64());
        assert!(value["data"]["duration_ms"].is_u64());
        assert!((330..420).contains(&event.len()), "{}", event.len());
    }
}

//! The separate binary of an agent: five lines in its `main.rs`, the rest here.
//!
//! Settings: `<data>/mainstay.toml` › `MAINSTAY_<KEY>`, as for the other parts. It reads `data` (with
//! `keys/<agent>.nk`), `nats_url`, `partitions` (`all`, or `0-7,12`), `agent` (the address of its port) and `log`.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc};

use agent::Agent;
use bus::Role;
use bus_schema::{Partition, subject::Stream};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde::Deserialize;
use standalone::Failure;
use tokio::sync::watch;

use crate::{
    fold::AgentFold,
    http::Server,
    runtime::{Config, Member, Runtime},
};

/// What of the common settings an agent reads; the others in the same file belong to other parts.
#[derive(Deserialize)]
struct Settings {
    #[serde(default = "standalone::data_folder")]
    data: PathBuf,
    #[serde(default = "standalone::local_bus")]
    nats_url: String,
    #[serde(default = "all")]
    partitions: Listed,
    #[serde(default = "local_port")]
    agent: SocketAddr,
}

/// A list, which the environment makes a number of when it has one member.
#[derive(Deserialize)]
#[serde(untagged)]
enum Listed {
    One(u64),
    Text(String),
}

impl std::fmt::Display for Listed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::One(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

fn all() -> Listed {
    Listed::Text("all".into())
}

fn local_port() -> SocketAddr {
    ([127, 0, 0, 1], 7703).into()
}

/// Runs one agent beside an existing bus until SIGTERM or Ctrl-C; then says what is left to say and checkpoints.
pub fn main<A: Agent>() -> ExitCode {
    standalone::main(run(AgentFold::of::<A>()))
}

async fn run(fold: AgentFold) -> Result<(), Failure> {
    let settings: Settings = standalone::settings()?;
    let partitions = parse_partitions(&settings.partitions.to_string())?;
    let recorder = PrometheusBuilder::new().install_recorder()?;
    let server = Server::bind(settings.agent).await?;
    let bus = standalone::connect(&settings.data, &settings.nats_url, role_of(fold.name())?).await?;
    bus.wait_for(Stream::Log).await?;
    let config = Config { partitions, durable: fold.name().to_owned(), ..Config::new(settings.data) };
    let runtime = Runtime::start(config, bus.clone(), vec![Member { fold, bus }]).await?;
    tracing::info!(agent = fold.name(), agent.listen = %server.address()?, "the agent runs");
    let (stop, mut stopping) = watch::channel(false);
    let stopped = async move { drop(stopping.wait_for(|stop| *stop).await) };
    let serving = tokio::spawn(server.serve(runtime.clone(), Arc::new(move || recorder.render()), stopped));
    let result = tokio::select! {
        asked = standalone::asked_to_stop() => asked.map_err(Into::into),
        failure = runtime.failed() => Err(Failure::from(failure)),
    };
    runtime.stop().await;
    stop.send_replace(true);
    serving.await??;
    result
}

/// The user an agent connects as.
fn role_of(agent: &str) -> Result<Role, Failure> {
    let found = Role::ALL.into_iter().find(|role| matches!(role, Role::Agent(name) if *name == agent));
    found.ok_or_else(|| format!("the bus has no user for an agent named {agent}").into())
}

/// Reads `all` or a list like `0-7,12`; `None` means all.
fn parse_partitions(text: &str) -> Result<Option<Vec<Partition>>, Failure> {
    if text.trim() == "all" {
        return Ok(None);
    }
    let error = || format!("partitions: `{text}` is neither `all` nor a list like `0-7,12`");
    let mut found = std::collections::BTreeSet::new();
    for part in text.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let number = |text: &str| Partition::parse(text.trim()).ok_or_else(error);
        let (from, to) = (number(from)?, number(to)?);
        if from > to {
            return Err(error().into());
        }
        found.extend((from.0..=to.0).map(Partition));
    }
    Ok(Some(found.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_read_and_mistakes_named() {
        let list = |text: &str| parse_partitions(text).unwrap().map(|all| all.iter().map(|p| p.0).collect::<Vec<_>>());
        assert_eq!(list("all"), None);
        assert_eq!(list("3"), Some(vec![3]));
        assert_eq!(list("0-2, 12,1"), Some(vec![0, 1, 2, 12]));
        for wrong in ["", "a", "5-2", "1,,2", "-1", "300"] {
            let error = parse_partitions(wrong).unwrap_err().to_string();
            assert!(error.contains("0-7,12"), "{wrong}: {error}");
        }
    }

    #[test]
    fn settings_of_other_parts_are_left_alone_and_one_partition_is_a_list() {
        let dir = tempfile::tempdir().unwrap();
        let toml = "partitions = 3\nagent = \"127.0.0.1:9\"\nconsole = \"127.0.0.1:7700\"\n";
        std::fs::write(dir.path().join("mainstay.toml"), toml).unwrap();
        let settings: Settings = standalone::sources(dir.path()).extract().unwrap();
        assert_eq!((settings.partitions.to_string(), settings.agent.port()), ("3".into(), 9));
        assert_eq!(settings.nats_url, "nats://127.0.0.1:7722");
        let listed = standalone::sources(dir.path()).merge(("partitions", "0-7,9")).extract::<Settings>().unwrap();
        assert_eq!(parse_partitions(&listed.partitions.to_string()).unwrap().unwrap().len(), 9);
    }

    #[test]
    fn only_agents_of_the_bus_have_a_user() {
        assert_eq!(role_of("health").unwrap(), Role::Agent("health"));
        assert!(role_of("puppet").is_err());
    }
}

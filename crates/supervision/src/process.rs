//! The supervisor as a process of its own, beside an existing bus: router, gate, copies, publisher and the live clock.
//!
//! Settings: `<data>/mainstay.toml` › `MAINSTAY_<KEY>`, as for the other parts. It reads `data` (with its keys),
//! `nats_url`, `agent` (the address of its port), `tick_seconds`, `hold_tick_seconds` and `log`. It publishes no rules: it
//! waits until somebody has, which `mainstay up` does at first start.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use bus::{Bus, Role};
use bus_schema::{Partitions, Time, data::facts::ClockMode, door::Door, subject, subject::Stream};
use metrics_exporter_prometheus::PrometheusBuilder;
use reader::LexiconReader;
use runtime::{AgentFold, Config, Member, Runtime, http::Server, store::Disk};
use serde::Deserialize;
pub use standalone::Failure;
use supervisor::Supervisor;
use tokio::sync::watch;

use crate::{
    AddressHash, Clock, Copied, Copies, Pace, Publisher, PublisherConfig, Router, RouterConfig, RouterHandle,
    SupervisionError, run_clock,
};

/// Between two looks for the first policy.
const POLICY_EVERY: Duration = Duration::from_millis(500);

/// What of the common settings the supervisor reads; the others in the same file belong to other parts.
#[derive(Deserialize)]
struct Settings {
    #[serde(default = "standalone::data_folder")]
    data: PathBuf,
    #[serde(default = "standalone::local_bus")]
    nats_url: String,
    #[serde(default = "local_port")]
    agent: SocketAddr,
    /// Words to look for in texts; built in where none is named.
    reader: Option<PathBuf>,
    #[serde(default = "minute")]
    tick_seconds: u64,
    #[serde(default = "few_seconds")]
    hold_tick_seconds: u64,
}

fn local_port() -> SocketAddr {
    ([127, 0, 0, 1], 7703).into()
}

const fn minute() -> u64 {
    60
}

const fn few_seconds() -> u64 {
    5
}

/// Runs until SIGTERM or Ctrl-C; then ends what is under way and checkpoints.
pub fn main() -> ExitCode {
    standalone::main(run())
}

/// What a supervisor works with.
pub struct Given {
    /// BUS as the router.
    pub routing: Bus,
    /// BUS as the gate.
    pub gate: Bus,
    /// OUT as the gate.
    pub out: Bus,
    /// The door, with the tenant key.
    pub door: Door,
    /// The keyed hash under which an address is stopped.
    pub address_hash: AddressHash,
    /// The gate itself.
    pub fold: AgentFold,
    /// The disk the data folder is on.
    pub disk: Disk,
    /// The data folder.
    pub data: PathBuf,
    /// Between two ticks, and while an approval is held.
    pub tick: (Duration, Duration),
    /// Longest time between two checkpoints of the gate.
    pub checkpoint_every: Duration,
    /// The machine's clock, for ticks.
    pub now: Arc<dyn Fn() -> Time + Send + Sync>,
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Given").field("data", &self.data).finish_non_exhaustive()
    }
}

/// A running supervisor. When it is dropped, everything ends without a checkpoint.
#[derive(Debug)]
pub struct Parts {
    people: Copies,
    outcomes: Copies,
    runtime: Runtime,
    router: Arc<RouterHandle>,
    publisher: Publisher,
    clock: tokio::task::JoinHandle<()>,
    stop: watch::Sender<bool>,
}

async fn run() -> Result<(), Failure> {
    let settings: Settings = standalone::settings()?;
    let recorder = PrometheusBuilder::new().install_recorder()?;
    let server = Server::bind(settings.agent).await?;
    let given = given(&settings).await?;
    let installed = tokio::select! {
        biased;
        asked = standalone::asked_to_stop() => return asked.map_err(Into::into),
        installed = policy(&given.out) => installed?,
    };
    let parts = Parts::start(given, installed).await?;
    tracing::info!(agent.listen = %server.address()?, "the supervisor runs");
    let mut stopping = parts.stop.subscribe();
    let stopped = async move { drop(stopping.wait_for(|stop| *stop).await) };
    let serving = tokio::spawn(server.serve(parts.runtime.clone(), Arc::new(move || recorder.render()), stopped));
    let result = tokio::select! {
        biased;
        asked = standalone::asked_to_stop() => asked.map_err(Into::into),
        failure = parts.failed() => Err(failure),
    };
    parts.end().await;
    serving.await??;
    result
}

/// Connects, and reads the keys.
async fn given(settings: &Settings) -> Result<Given, Failure> {
    let connect = |role: Role| standalone::connect(&settings.data, &settings.nats_url, role);
    let stop_key = key(&settings.data, "unsubscribe.key")?;
    let given = Given {
        routing: connect(Role::Router).await?,
        gate: connect(Role::Gate).await?,
        out: connect(Role::GateOut).await?,
        door: Door::new(key(&settings.data, "tenant.key")?).reading(reader(settings.reader.as_deref())?),
        address_hash: Arc::new(move |address| subject::address_hash(&stop_key, address)),
        fold: AgentFold::of::<Supervisor>(),
        disk: Disk::Machine,
        data: settings.data.clone(),
        tick: (Duration::from_secs(settings.tick_seconds), Duration::from_secs(settings.hold_tick_seconds)),
        checkpoint_every: Config::new(&settings.data).checkpoint_every,
        now: Arc::new(wall),
    };
    given.routing.wait_for(Stream::Log).await?;
    given.out.wait_for(Stream::Action).await?;
    Ok(given)
}

/// Reads the texts that pass the door.
fn reader(path: Option<&Path>) -> Result<Arc<LexiconReader>, Failure> {
    let text = path.map(std::fs::read_to_string).transpose();
    let named = path.map_or_else(String::new, |path| format!("{}: ", path.display()));
    let text = text.map_err(|error| format!("{named}{error}"))?;
    let words = text.as_deref().unwrap_or(reader::DEFAULT_WORDS);
    Ok(Arc::new(LexiconReader::new(words).map_err(|error| format!("{named}{error}"))?))
}

/// Waits for the supervisor's first policy; answers where PEOPLE ended when it was there.
async fn policy(out: &Bus) -> Result<u64, Failure> {
    let subject = subject::people_all("policy/supervisor");
    let mut said = false;
    loop {
        let there = out.last(Stream::People, &subject).await?;
        if there.is_some() {
            return Ok(out.state(Stream::People).await?.last_seq);
        }
        if !std::mem::replace(&mut said, true) {
            tracing::info!("no policy is published yet, waiting for the first start of `mainstay up` on this bus");
        }
        tokio::time::sleep(POLICY_EVERY).await;
    }
}

/// The live clock; a log that was left on event time goes on with the present.
async fn clock(
    given: &Given,
    partitions: Partitions,
    router: &RouterHandle,
    runtime: &Runtime,
    stopped: watch::Receiver<bool>,
) -> Result<tokio::task::JoinHandle<()>, SupervisionError> {
    let clock = Clock::new(given.routing.clone(), partitions);
    if router.mode() == Some(ClockMode::Event) {
        clock.resume(router.log_time().unwrap_or_default(), (given.now)()).await?;
    }
    let least = Duration::from_secs(1);
    let tick = given.tick.0.max(least);
    let horizon_ms = i64::try_from(tick.as_millis()).unwrap_or(i64::MAX);
    let (runtime, now) = (runtime.clone(), Arc::clone(&given.now));
    let next_hold = move || {
        // Whatever the gate waits for within the next tick gets the finer ticks.
        let due = runtime.next_due().get("supervisor").copied()?;
        (due <= now().plus_ms(horizon_ms)).then_some(due)
    };
    let pace = Pace {
        mode: ClockMode::Live,
        tick,
        hold_tick: given.tick.1.max(least),
        now: Arc::clone(&given.now),
        next_hold: Arc::new(next_hold),
    };
    Ok(tokio::spawn(run_clock(clock, pace, stopped)))
}

impl Parts {
    /// Starts everything in the order in which each part needs the one before. `installed` is where PEOPLE ended when the
    /// first policies were there: nothing is folded before they are copied.
    ///
    /// # Errors
    /// The bus or the data folder cannot be used, or another supervisor took over.
    pub async fn start(given: Given, installed: u64) -> Result<Self, Failure> {
        let (gate, out) = (given.gate.clone(), given.out.clone());
        let partitions = given.routing.log_info().await?.partitions;
        let people = Copies::start(Copied::People, out.clone(), gate.clone(), partitions).await?;
        people.wait(installed).await?;
        let outcomes = Copies::start(Copied::Outcomes, out.clone(), gate.clone(), partitions).await?;
        let config = Config {
            durable: "supervisor".into(),
            disk: given.disk.clone(),
            checkpoint_every: given.checkpoint_every,
            ..Config::new(given.data.clone())
        };
        let members = vec![Member { fold: given.fold, bus: gate.clone() }];
        let runtime = Runtime::start(config, gate.clone(), members).await?;
        let state = given.data.join("state");
        let router = RouterConfig {
            bus: given.routing.clone(),
            partitions,
            door: given.door.clone(),
            disk: given.disk.clone(),
            state_dir: state.join("router"),
            quarantine_dir: given.data.join("quarantine"),
        };
        let router = Arc::new(Router::open(router).await?.spawn());
        let of_log = Arc::clone(&router);
        let publisher = PublisherConfig {
            log: gate,
            out,
            disk: given.disk.clone(),
            state: state.join("publisher"),
            address_hash: Arc::clone(&given.address_hash),
            log_time: Arc::new(move || of_log.log_time().unwrap_or_default()),
        };
        let publisher = Publisher::start(publisher).await?;
        let (stop, stopped) = watch::channel(false);
        let clock = clock(&given, partitions, &router, &runtime, stopped).await?;
        Ok(Self { people, outcomes, runtime, router, publisher, clock, stop })
    }

    /// Its folds.
    pub const fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Its router.
    pub fn router(&self) -> &RouterHandle {
        &self.router
    }

    /// Waits until a part cannot go on; answers why.
    pub async fn failed(&self) -> Failure {
        tokio::select! {
            biased;
            error = self.runtime.failed() => error.into(),
            error = self.router.failed() => error.into(),
            error = self.people.failed() => error.into(),
            error = self.outcomes.failed() => error.into(),
            error = self.publisher.failed() => error.into(),
        }
    }

    /// Stops each part after what it has in hand.
    pub async fn end(mut self) {
        self.stop.send_replace(true);
        // A clock that panicked has ended as well.
        let _ = (&mut self.clock).await;
        self.router.stop().await;
        self.runtime.stop().await;
        self.publisher.stop().await;
        self.people.stop().await;
        self.outcomes.stop().await;
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        self.clock.abort();
    }
}

/// A key of 64 hexadecimal digits in `<data>/keys`.
fn key(data: &Path, name: &str) -> Result<[u8; 32], Failure> {
    let path = data.join("keys").join(name);
    let text = std::fs::read_to_string(&path).map_err(|error| {
        format!("cannot read {}: {error}; copy the keys of the data folder that `mainstay up` made", path.display())
    })?;
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok();
    let key = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    key.ok_or_else(|| format!("{} must hold 64 hexadecimal digits", path.display()).into())
}

fn wall() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

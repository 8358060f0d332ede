//! `mainstay bench`: the whole pipeline on this machine, beside a plain publish of the same events in the same run.
//!
//! It runs the product: a nats-server of its own with `sync_interval: always`, router, all agents, states on disk.

mod cpu;
mod load;

use std::{sync::Arc, time::Instant};

use bus_schema::{Partitions, subject::Stream};
use serde::Serialize;
use supervision::Quiesce as _;

use crate::{
    cli::{BenchArgs, UpArgs},
    config::Settings,
    error::Error,
    print::{Printer, Report},
    system::{Purpose, System, bus_error, rest_of, wall},
};

/// Messages in flight while the pipeline is fed.
const FEED_IN_FLIGHT: usize = 64;
/// Messages in flight of the plain publish.
const PLAIN_IN_FLIGHT: usize = 256;
/// Most events of the plain publish: one by one they are slow, and the rate is soon clear.
const PLAIN_EVENTS_MAX: usize = 5_000;

/// What was measured.
#[derive(Debug, Serialize)]
struct Measured {
    accounts: u32,
    events: u32,
    facts: u64,
    /// From the first publish until every fact is stored.
    seconds: f64,
    events_per_second: f64,
    /// Of this process (router, agents, states) for one event.
    cpu_us_per_event: Option<f64>,
    /// Of nats-server for one event.
    nats_cpu_us_per_event: Option<f64>,
    peak_mib: Option<u64>,
    nats_peak_mib: Option<u64>,
    /// One event a message, published asynchronously on the same server.
    plain_events: usize,
    plain_events_per_second: f64,
    /// Pipeline over plain publish.
    ratio_to_plain: f64,
    sync_interval: &'static str,
    cores: usize,
}

impl Report for Measured {
    fn text(&self) -> String {
        let micros =
            |cpu: Option<f64>| cpu.map_or_else(|| "not known here".into(), |us| format!("{us:.1} µs an event"));
        format!(
            "{} events of {} accounts through router and agents in {:.1} s: {:.0} events/s, {} facts\n\
             CPU: {} in this process, {} in nats-server\n\
             plain publish of the same events one by one: {:.0} events/s; the pipeline is {:.1} times that\n\
             sync_interval {}, {} cores",
            self.events,
            self.accounts,
            self.seconds,
            self.events_per_second,
            self.facts,
            micros(self.cpu_us_per_event),
            micros(self.nats_cpu_us_per_event),
            self.plain_events_per_second,
            self.ratio_to_plain,
            self.sync_interval,
            self.cores,
        )
    }
}

/// Measures.
pub(crate) async fn run(args: &BenchArgs) -> Result<(), Error> {
    let dir = tempfile::tempdir().map_err(|source| Error::Data { path: std::env::temp_dir(), source })?;
    let settings = Settings::load(dir.path(), &UpArgs::default())?.on_free_ports();
    let system = System::start(dir.path(), &settings, Purpose::Bench).await?;
    let measured = measure(&system, args).await;
    system.stop().await;
    Printer::new(args.output.json).report(&measured?)
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52, shown with one decimal")]
async fn measure(system: &System, args: &BenchArgs) -> Result<Measured, Error> {
    system.until_ready().await?;
    let parts = Arc::clone(system.parts());
    let samples = load::samples(args.accounts, args.events, wall().plus_ms(-86_400_000), Partitions::default());
    let messages = load::packed(&samples);
    let nats = system.nats_pid();
    let rest = rest_of(&parts);
    let before = parts.router_bus.state(Stream::Log).await.map_err(bus_error("its log cannot be read"))?.messages;
    let (cpu, nats_cpu) = (cpu::micros(std::process::id()), nats.and_then(cpu::micros));
    let started = Instant::now();
    let fed = load::publish_all(&parts.gateway_bus, messages.into_iter(), FEED_IN_FLIGHT).await;
    fed.map_err(bus_error("the events cannot be published"))?;
    rest.wait().await.map_err(bus_error("the agents did not come to rest"))?;
    let seconds = started.elapsed().as_secs_f64();
    let spent = |before: Option<u64>, after: Option<u64>| {
        let micros = after?.checked_sub(before?)?;
        Some(micros as f64 / f64::from(args.events.max(1)))
    };
    let cpu = spent(cpu, cpu::micros(std::process::id()));
    let nats_cpu = spent(nats_cpu, nats.and_then(cpu::micros));
    let facts: u64 = parts.runtime.status().await.folds.iter().map(|fold| fold.facts).sum();
    tracing::info!(messages.before = before, facts, "the pipeline is empty");
    let plain = samples.len().min(PLAIN_EVENTS_MAX);
    let started = Instant::now();
    let singles = load::single(&samples).take(plain);
    let done = load::publish_all(&parts.router_bus, singles, PLAIN_IN_FLIGHT).await;
    done.map_err(bus_error("the plain publish failed"))?;
    let plain_rate = plain as f64 / started.elapsed().as_secs_f64();
    let rate = f64::from(args.events) / seconds;
    let mib = |bytes: u64| bytes / (1024 * 1024);
    Ok(Measured {
        accounts: args.accounts,
        events: args.events,
        facts,
        seconds,
        events_per_second: rate,
        cpu_us_per_event: cpu,
        nats_cpu_us_per_event: nats_cpu,
        peak_mib: cpu::peak_bytes(std::process::id()).map(mib),
        nats_peak_mib: nats.and_then(cpu::peak_bytes).map(mib),
        plain_events: plain,
        plain_events_per_second: plain_rate,
        ratio_to_plain: rate / plain_rate,
        sync_interval: if system.is_durable() { "always" } else { "not always" },
        cores: std::thread::available_parallelism().map_or(1, usize::from),
    })
}

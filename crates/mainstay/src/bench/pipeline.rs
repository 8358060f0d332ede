//! The whole pipeline beside a plain publish of the same events, in turn.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use supervision::Quiesce as _;

use super::{
    args::PipelineArgs,
    figure::Figure,
    ground::Ground,
    load::Load,
    plain::{Plain, Sync},
    process::{self, Clocks, Spent},
    stat::{Rounds, float, length},
};
use crate::{
    error::Error,
    print::note,
    system::{bus_error, rest_of},
};

const PART: &str = "pipeline";
/// Single events published with a sync for each: they are slow, and the rate is soon clear.
const ALWAYS_MAX: u32 = 2_000;
/// Single events published at the default.
const DEFAULT_MAX: u32 = 100_000;
/// Events routed and folded by themselves, to tell what each part costs.
const APART_MAX: u32 = 200_000;
/// The agents there are.
pub(crate) const AGENTS: [&str; 9] =
    ["onboarding", "escalation", "health", "churn", "renewal", "expansion", "advocacy", "engagement", "supervisor"];

/// What one round measured.
struct Round {
    rate: f64,
    spent: Spent,
    peak_mib: Option<f64>,
    nats_peak_mib: Option<f64>,
    facts: u64,
    always: f64,
    default: f64,
    raw: f64,
    views: f64,
    shown: Spent,
    packed: f64,
}

/// What the parts cost by themselves.
struct Parts {
    router: Spent,
    agents: Spent,
}

/// Measures.
pub(crate) async fn run(args: &PipelineArgs, ground: &Ground) -> Result<Vec<Figure>, Error> {
    let load = Load::new(args.accounts);
    let always = Plain::start(&ground.path("always"), Sync::Always).await?;
    let default = Plain::start(&ground.path("default"), Sync::Default).await?;
    let mut rounds = Vec::new();
    for n in 1..=args.rounds {
        note(&format!("pipeline: round {n} of {}", args.rounds));
        rounds.push(round(args, ground, &load, &always, &default).await?);
    }
    note("pipeline: router and agents by themselves");
    let parts = apart(ground, &load, args.events.min(APART_MAX)).await?;
    Ok(figures(args, &rounds, &parts))
}

async fn round(
    args: &PipelineArgs,
    ground: &Ground,
    load: &Load,
    always: &Plain,
    default: &Plain,
) -> Result<Round, Error> {
    let day = load.day(args.events);
    let bodies = day.bodies();
    let system = ground.system("pipeline").await?;
    let parts = Arc::clone(system.parts());
    process::forget_peak();
    let nats = system.nats_pid();
    let clocks = Clocks::read(nats);
    let started = Instant::now();
    load.feed_day(&parts.gateway_bus, &parts.router_bus, day).await?;
    rest_of(&parts).wait().await.map_err(bus_error("the agents did not come to rest"))?;
    let rate = f64::from(args.events) / started.elapsed().as_secs_f64();
    let spent = clocks.spent(args.events.into());
    let mib = |bytes: Option<u64>| bytes.map(|bytes| float(bytes) / 1_048_576.0);
    system.until_views_follow().await?;
    let views = f64::from(args.events) / started.elapsed().as_secs_f64();
    let shown = clocks.spent(args.events.into());
    let peaks = (mib(process::peak_bytes(std::process::id())), mib(nats.and_then(process::peak_bytes)));
    let status = parts.runtime.status().await;
    let facts = status.folds.iter().map(|fold| fold.facts).sum();
    drop(parts);
    system.stop().await;
    ground.clear("pipeline");
    Ok(Round {
        rate,
        spent,
        peak_mib: peaks.0,
        nats_peak_mib: peaks.1,
        facts,
        views,
        shown,
        always: {
            always.fresh_stream().await?;
            always.publish(&singles(load, args.events.min(ALWAYS_MAX))).await?
        },
        default: {
            default.fresh_stream().await?;
            default.publish(&singles(load, args.events.min(DEFAULT_MAX))).await?
        },
        raw: {
            default.fresh_stream().await?;
            default.publish_raw(&singles(load, args.events.min(DEFAULT_MAX))).await?
        },
        packed: {
            always.fresh_stream().await?;
            always.publish_packed(&bodies, args.events as usize).await?
        },
    })
}

/// The events one by one.
fn singles(load: &Load, events: u32) -> Vec<Bytes> {
    load.samples(0..events, 0).into_iter().map(|sample| sample.json.into()).collect()
}

async fn apart(ground: &Ground, load: &Load, events: u32) -> Result<Parts, Error> {
    let day = load.day(events);
    let apart = ground.apart("apart").await?;
    load.feed_day(apart.bus(), apart.bus(), day).await?;
    let clocks = Clocks::read(apart.nats_pid());
    apart.route().await?;
    let router = clocks.spent(events.into());
    let clocks = Clocks::read(apart.nats_pid());
    apart.agents(&AGENTS, &ground.path("states")).await?.stop().await;
    let agents = clocks.spent(events.into());
    apart.close().await;
    ground.clear("apart");
    ground.clear("states");
    Ok(Parts { router, agents })
}

fn figures(args: &PipelineArgs, rounds: &[Round], parts: &Parts) -> Vec<Figure> {
    let all = |name: &str, unit, value: &dyn Fn(&Round) -> Option<f64>| {
        Figure::rounds(PART, name, unit, rounds.iter().filter_map(value))
    };
    let one = |name: &str, unit, value: Option<f64>| Some(Figure::new(PART, name, unit, value?));
    let packed = Rounds::of(rounds.iter().map(|round| round.packed)).map_or(0.0, |rounds| rounds.median);
    let raw = Rounds::of(rounds.iter().map(|round| round.raw)).map_or(0.0, |rounds| rounds.median);
    let size = format!("{} accounts, {} events, {} agents", args.accounts, args.events, AGENTS.len());
    [
        all(&format!("whole pipeline: {size}"), "events/s", &|round| Some(round.rate)).map(|figure| {
            figure.at_least(30_000.0, Some(60_000.0)).beside(
                "the same messages published raw, `always`",
                packed,
                "events/s",
            )
        }),
        all("CPU of all processes together", "µs/event", &|round| round.spent.both())
            .map(|figure| figure.at_most(50.0, None)),
        all("of it mainstay", "µs/event", &|round| round.spent.own),
        all("of it nats-server", "µs/event", &|round| round.spent.nats),
        all("until the console shows all of it", "events/s", &|round| Some(round.views)),
        all("CPU of all processes until then", "µs/event", &|round| round.shown.both()),
        one("router by itself: mainstay", "µs/event", parts.router.own),
        one("router by itself: nats-server", "µs/event", parts.router.nats),
        one("agents by themselves: mainstay", "µs/event", parts.agents.own),
        one("agents by themselves: nats-server", "µs/event", parts.agents.nats),
        all("facts said", "facts", &|round| Some(float(round.facts))),
        all("peak memory of mainstay", "MiB", &|round| round.peak_mib),
        all("peak memory of nats-server", "MiB", &|round| round.nats_peak_mib),
        all("plain publish one by one, `always`", "events/s", &|round| Some(round.always)),
        all("pipeline ÷ plain publish, `always`", "×", &|round| Some(round.rate / round.always))
            .map(|figure| figure.at_least(5.0, None)),
        all("plain publish one by one, server's default", "events/s", &|round| Some(round.default))
            .map(|figure| figure.beside("the same with nothing but the protocol", raw, "events/s")),
        all("pipeline ÷ plain publish, server's default", "×", &|round| Some(round.rate / round.default))
            .map(|figure| figure.at_least(0.25, Some(0.5))),
        one("rounds", "", Some(length(rounds.len()))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

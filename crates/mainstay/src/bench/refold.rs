//! One agent by itself over a long log: the first time, again after its states are lost, and beside itself in memory.

use std::time::Instant;

use super::{args::RefoldArgs, figure::Figure, ground::Ground, load::Load, process::Clocks};
use crate::{
    error::{Error, chain},
    print::note,
};

const PART: &str = "refold";
/// Seconds a refold of a million events may take.
const SECONDS_MAX: f64 = 30.0;
const MILLION: f64 = 1_000_000.0;

/// Measures.
pub(crate) async fn run(args: &RefoldArgs, ground: &Ground) -> Result<Vec<Figure>, Error> {
    note(&format!("refold: routing {} events", args.events));
    let load = Load::new(args.accounts);
    let apart = ground.apart("refold").await?;
    load.feed(apart.bus(), 0..args.events).await?;
    let clocks = Clocks::read(apart.nats_pid());
    let started = Instant::now();
    apart.route().await?;
    let (rate, routing) = (f64::from(args.events) / started.elapsed().as_secs_f64(), clocks.spent(args.events.into()));
    note(&format!("refold: {}", args.agent));
    let names = [args.agent.as_str()];
    let started = Instant::now();
    apart.agents(&names, &ground.path("first")).await?.stop().await;
    let first = started.elapsed().as_secs_f64();
    let clocks = Clocks::read(apart.nats_pid());
    let started = Instant::now();
    let runtime = apart.agents(&names, &ground.path("again")).await?;
    let again = started.elapsed().as_secs_f64();
    let spent = clocks.spent(args.events.into());
    let started = Instant::now();
    let verified = runtime.verify().await;
    let verified = verified.map_err(|error| Error::Part { part: "agents", what: chain(&error) })?;
    let checked = started.elapsed().as_secs_f64();
    if let Some(other) = verified.iter().find(|one| !one.equal) {
        return Err(Error::Differs(format!(
            "{} in partition {} is not the fold of its log",
            other.agent, other.partition
        )));
    }
    runtime.stop().await;
    apart.close().await;
    let most = SECONDS_MAX * f64::from(args.events) / MILLION;
    let name = |what: &str| format!("{what} ({} events, {}, {} accounts)", args.events, args.agent, args.accounts);
    let one = |what: &str, unit, value: Option<f64>| Some(Figure::new(PART, what, unit, value?));
    let refold = Figure::new(PART, name("refold after its states were lost"), "s", again).at_most(most, None);
    let figures = [
        Some(refold),
        one("CPU of the refold: mainstay", "µs/event", spent.own),
        one("CPU of the refold: nats-server", "µs/event", spent.nats),
        one("the same the first time, facts said", "s", Some(first)),
        one("compared with a refold in memory (`verify`)", "s", Some(checked)),
        one("router by itself", "events/s", Some(rate)),
        one("CPU of the router by itself, all processes", "µs/event", routing.both()),
    ];
    Ok(figures.into_iter().flatten().collect())
}

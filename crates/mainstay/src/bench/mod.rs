//! `mainstay bench`: what the product does on this machine, beside what the machine could do, in the same run.
//!
//! It runs the product: a nats-server of its own with `sync_interval: always`, real router and agents, states on disk.
//! Each figure carries its target and whether it is met.

mod args;
mod figure;
mod ground;
mod growth;
mod http;
mod ingest;
mod latency;
mod load;
mod machine;
mod peers;
mod pipeline;
mod plain;
mod process;
mod raw;
mod refold;
mod render;
mod restart;
mod stat;

use std::time::Instant;

use serde::Serialize;

pub(crate) use self::args::BenchArgs;
use self::{
    args::{AllArgs, Part, Place},
    figure::{Figure, Figures},
    ground::Ground,
};
use crate::{
    error::Error,
    print::{Printer, line},
};

/// Measures, and prints.
pub(crate) async fn run(args: &BenchArgs) -> Result<(), Error> {
    let part = args.part.clone().unwrap_or_else(|| Part::Pipeline(args.pipeline.clone()));
    match part {
        Part::Render { figures, into } => render::run(&figures, &into),
        Part::Size(args) => {
            json(&growth::size(args.accounts, args.events, &Ground::new(args.place.dir.as_deref())?).await?)
        }
        Part::Held(args) => json(&growth::held(&args).await?),
        Part::Pipeline(args) => measured(&args.place, async |ground| pipeline::run(&args, ground).await).await,
        Part::Growth(args) => measured(&args.place, async |_| growth::run(&args).await).await,
        Part::Peers(args) => {
            peers::check(&args.places)?;
            measured(&args.place, async |ground| peers::run(&args, ground).await).await
        }
        Part::Latency(args) => measured(&args.place, async |ground| latency::run(&args, ground).await).await,
        Part::Refold(args) => measured(&args.place, async |ground| refold::run(&args, ground).await).await,
        Part::Restart(args) => measured(&args.place, async |ground| restart::run(&args, ground).await).await,
        Part::Ingest(args) => measured(&args.place, async |ground| ingest::run(&args, ground).await).await,
        Part::All(args) => {
            if args.places.peers.is_some() {
                peers::check(&args.places)?;
            }
            measured(&args.place, async |_| all(&args).await).await
        }
    }
}

async fn measured(place: &Place, work: impl AsyncFnOnce(&Ground) -> Result<Vec<Figure>, Error>) -> Result<(), Error> {
    let started = Instant::now();
    let ground = Ground::new(place.dir.as_deref())?;
    let machine = ground.machine().await?;
    let rows = work(&ground).await?;
    let seconds = (started.elapsed().as_secs_f64() * 10.0).round() / 10.0;
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Printer::new(place.output.json).report(&Figures { version, machine, seconds, rows })
}

fn json(found: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string(found);
    line(&text.map_err(|error| Error::Part { part: "bench", what: error.to_string() })?);
    Ok(())
}

/// Every part, each in a process of its own: what one leaves in memory does not weigh on the next.
async fn all(args: &AllArgs) -> Result<Vec<Figure>, Error> {
    let sized = |usual: u32| (u64::from(usual) * u64::from(args.percent) / 100).max(1).to_string();
    let mut parts: Vec<Vec<String>> = vec![
        words(&["pipeline", "--accounts", &sized(10_000), "--events", &sized(500_000)]),
        words(&["growth", "--events", &sized(100_000), "--accounts"]),
        words(&["latency", "--accounts", &sized(10_000), "--seconds", &sized(30)]),
        words(&["refold", "--accounts", &sized(10_000), "--events", &sized(1_000_000)]),
        words(&["restart", "--accounts", &sized(100_000), "--events", &sized(20_000)]),
        words(&["ingest", "--events", &sized(200_000), "--seconds", &sized(10)]),
    ];
    if let Some(growth) = parts.get_mut(1) {
        growth.push([1_000, 10_000, 100_000, 1_000_000].map(sized).join(","));
    }
    if let Some(peers) = &args.places.peers {
        let mut part = words(&["peers", "--events", &sized(60_000), "--peers", &peers.display().to_string()]);
        if let Some(packages) = &args.places.packages {
            part.extend(words(&["--packages", &packages.display().to_string()]));
        }
        if args.places.install {
            part.push("--install".into());
        }
        parts.insert(2, part);
    }
    let mut figures = Vec::new();
    for mut part in parts {
        if let Some(dir) = &args.place.dir {
            part.extend(words(&["--dir", &dir.display().to_string()]));
        }
        figures.extend(ground::beside::<Figures>(&part).await?.rows);
    }
    Ok(figures)
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

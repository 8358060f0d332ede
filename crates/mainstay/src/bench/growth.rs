//! What an event costs, and what is kept, as the accounts become more. Each size runs in a process of its own.

use std::{path::Path, sync::Arc, time::Instant};

use serde::{Deserialize, Serialize};
use supervision::Quiesce as _;

use super::{
    args::{GrowthArgs, HeldArgs},
    figure::Figure,
    ground::{self, Ground},
    load::Load,
    pipeline::AGENTS,
    process::{self, Clocks},
    stat::{float, length},
};
use crate::{
    error::Error,
    print::note,
    system::{bus_error, rest_of},
};

const PART: &str = "growth";
/// Bytes an account may take with each agent, without its users.
const ACCOUNT_BYTES: f64 = 1_024.0;
/// Bytes a user that was seen may take.
const USER_BYTES: f64 = 6.0;

/// What one number of accounts costs.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Size {
    accounts: u32,
    users: u32,
    rate: f64,
    cpu_us: Option<f64>,
    disk_bytes: u64,
    held: Held,
}

/// What the agents hold of so many accounts in a process that has just begun.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Held {
    /// Memory before they were started.
    before: Option<u64>,
    /// Memory when they have everything.
    after: Option<u64>,
    /// Entities of all agents together.
    entities: u64,
}

/// Measures all sizes.
pub(crate) async fn run(args: &GrowthArgs) -> Result<Vec<Figure>, Error> {
    let mut sizes = Vec::new();
    for accounts in &args.accounts {
        note(&format!("growth: {accounts} accounts"));
        let mut more = vec!["size".to_owned(), "--accounts".into(), accounts.to_string()];
        more.extend(["--events".into(), args.events.to_string()]);
        if let Some(dir) = &args.place.dir {
            more.extend(["--dir".into(), dir.display().to_string()]);
        }
        sizes.push(ground::beside::<Size>(&more).await?);
    }
    Ok(figures(&sizes))
}

/// Measures one size.
pub(crate) async fn size(accounts: u32, events: u32, ground: &Ground) -> Result<Size, Error> {
    let load = Load::new(accounts);
    let system = ground.system("growth").await?;
    let parts = Arc::clone(system.parts());
    let rest = rest_of(&parts);
    let unrest = || bus_error("the agents did not come to rest");
    // Every account is there before the cost of an event is taken.
    load.feed(&parts.gateway_bus, 0..accounts).await?;
    rest.wait().await.map_err(unrest())?;
    let clocks = Clocks::read(system.nats_pid());
    let started = Instant::now();
    load.feed(&parts.gateway_bus, accounts..accounts.saturating_add(events)).await?;
    rest.wait().await.map_err(unrest())?;
    let rate = f64::from(events) / started.elapsed().as_secs_f64();
    let cpu_us = clocks.spent(events.into()).both();
    drop((parts, rest));
    system.stop().await;
    let data = ground.path("growth");
    let disk_bytes = AGENTS.iter().map(|agent| bytes_below(&data.join("state").join(agent))).sum();
    let more = ["held".to_owned(), "--on".into(), data.display().to_string()];
    let held = ground::beside::<Held>(&more).await?;
    Ok(Size { accounts, users: load.users(accounts.saturating_add(events)), rate, cpu_us, disk_bytes, held })
}

/// Starts the agents on a folder and says how much memory they take.
pub(crate) async fn held(args: &HeldArgs) -> Result<Held, Error> {
    let own = std::process::id();
    let apart = ground::apart(&args.on).await?;
    let before = process::resident_bytes(own);
    let runtime = apart.agents(&AGENTS, &args.on).await?;
    let after = process::resident_bytes(own);
    let entities = runtime.status().await.folds.iter().map(|fold| fold.entities as u64).sum();
    runtime.stop().await;
    apart.close().await;
    Ok(Held { before, after, entities })
}

fn bytes_below(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => bytes_below(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

fn figures(sizes: &[Size]) -> Vec<Figure> {
    let mut figures = Vec::new();
    let first = sizes.first().and_then(|size| size.cpu_us);
    for size in sizes {
        let name = |what: &str| format!("{} accounts: {what}", size.accounts);
        let mut add = |what: &str, unit: &str, value: Option<f64>| {
            figures.extend(value.map(|value| Figure::new(PART, name(what), unit, value)));
        };
        let folds = f64::from(size.accounts.max(1)) * length(AGENTS.len());
        add("events taken", "events/s", Some(size.rate));
        add("CPU of all processes", "µs/event", size.cpu_us);
        add("people seen of each", "", Some(f64::from(size.users)));
        add("on disk for each account and agent", "bytes", Some(float(size.disk_bytes) / folds));
        if let (Some(before), Some(after)) = (size.held.before, size.held.after) {
            let each = float(after.saturating_sub(before)) / folds;
            let most = ACCOUNT_BYTES + USER_BYTES * f64::from(size.users);
            let figure = Figure::new(PART, name("in memory for each account and agent"), "bytes", each);
            // What a process takes at all hides what few accounts take.
            figures.push(if size.accounts >= 10_000 { figure.at_most(most, None) } else { figure });
        }
        if let (Some(first), Some(cost)) = (first, size.cpu_us)
            && size.accounts > sizes.first().map_or(0, |size| size.accounts)
        {
            let figure = Figure::new(PART, name("cost of an event ÷ that of the smallest"), "×", cost / first);
            figures.push(figure.at_most(2.0, None));
        }
    }
    figures
}

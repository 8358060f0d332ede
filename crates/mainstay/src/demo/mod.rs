//! `mainstay demo`: the whole product on a made-up company, whose months pass in log time.
//!
//! The events of the world go in where any import's go in, and its managers decide through `/api/v1` like anybody else.
//! What they had delivered helps where there is something to help with.

mod managers;

use std::{collections::BTreeMap, path::Path, time::Instant};

use bus_schema::{Day, Entity};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use supervision::{Incoming, SupervisionError};

use world::{HISTORY_DAYS, Happening, Size, World};

use self::managers::Managers;
use crate::{
    cli::{DemoArgs, Place},
    client::Client,
    commands,
    config::Settings,
    error::{Error, chain},
    import::progress,
    print::{Printer, Report, at, line, note},
    system::{Purpose, System, wall},
};

/// The last days are left undecided, so that work waits in the inbox.
const UNDECIDED_DAYS: i32 = 5;

/// At night, when no events come, timers wait for so many hours.
const TIMER_HOURS: u8 = 4;

/// What a demo found.
#[derive(Debug, Serialize)]
struct Found {
    accounts: u64,
    events: u64,
    facts: u64,
    /// Mean final score over accounts with a known band, 0 to 100 with one decimal.
    health_avg: f64,
    /// Accounts whose final band is red.
    at_risk: u64,
    proposals_waiting: u64,
    console: String,
}

impl Report for Found {
    fn text(&self) -> String {
        format!(
            "{} accounts, {} events, {} facts.\nMean health {:.1}, {} accounts at risk, {} proposals wait for a decision.",
            self.accounts, self.events, self.facts, self.health_avg, self.at_risk, self.proposals_waiting
        )
    }
}

/// Runs the demo.
pub(crate) async fn run(place: &Place, args: &DemoArgs) -> Result<(), Error> {
    let settings = Settings::load(&place.data, &args.up)?;
    let mut system = System::start(&place.data, &settings, Purpose::Demo).await?;
    let lived = live(&mut system, args).await;
    if let Err(error) = lived {
        system.stop().await;
        return Err(error);
    }
    let found = found(&system.client()).await?;
    if args.exit {
        system.stop().await;
        return Printer::new(args.json).report(&found);
    }
    system.pace_event_time(&settings);
    Printer::new(args.json).report(&found)?;
    let welcome = commands::welcome(&system, &settings)?;
    if args.json {
        note(&welcome);
    } else {
        line(&welcome);
    }
    let ended = system.until_asked_to_stop().await;
    system.stop().await;
    ended
}

/// The history of a demo's log, kept beside it so that a broken one goes on where it stopped.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct History {
    start: Day,
    seed: u64,
    accounts: u32,
    /// Days after those of the history.
    days: i32,
    complete: bool,
    /// Accounts that a message reached, by day: the world answers to it.
    #[serde(default)]
    delivered: BTreeMap<Day, Vec<String>>,
}

impl History {
    const FILE: &'static str = "demo.json";

    /// The day after the last one.
    const fn end(&self) -> Day {
        self.start.plus(HISTORY_DAYS + self.days)
    }

    fn read(data: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(data.join(Self::FILE)).ok()?;
        serde_json::from_str(&text).ok()
    }

    fn write(&self, system: &System) -> Result<(), Error> {
        system.write(Self::FILE, &serde_json::to_string_pretty(self).unwrap_or_default())
    }
}

/// Lives through the history, unless the log has one.
async fn live(system: &mut System, args: &DemoArgs) -> Result<(), Error> {
    if system.log().labels.get("made_by").is_none_or(|by| by != "demo") {
        let what = "the data folder holds a real log; choose another folder with --data".to_owned();
        return Err(Error::Part { part: "demo", what });
    }
    system.until_ready().await?;
    let lived = system.parts().router.log_time();
    let mut history = match (History::read(system.data()), lived) {
        (Some(history), _) => history,
        // The world's last day is yesterday, so that its inbox is of today.
        (None, None) => History {
            start: wall().day().plus(-HISTORY_DAYS - args.days),
            seed: args.seed,
            accounts: args.accounts,
            days: args.days,
            complete: false,
            delivered: BTreeMap::new(),
        },
        (None, Some(_)) => return Ok(()),
    };
    if history.complete {
        return Ok(());
    }
    history.write(system)?;
    through(system, &mut history).await?;
    history.complete = true;
    history.write(system)
}

/// Day after day: the world's events, then the managers' decisions.
async fn through(system: &System, history: &mut History) -> Result<(), Error> {
    let broken = |error: SupervisionError| Error::Part { part: "demo", what: chain(&error) };
    let size = Size { accounts: history.accounts, days: history.days };
    let mut world = World::new(history.seed, history.start, size);
    let mut managers = Managers::new(system.client(), history.seed);
    let mut event_time = system.event_time().with_timers_every(TIMER_HOURS);
    let partitions = system.parts().partitions;
    let days = HISTORY_DAYS + history.days;
    let bar = progress(u64::from(days.unsigned_abs()), "days");
    let began = Instant::now();
    for day in (0..days).map(|n| history.start.plus(n)) {
        let events: Vec<Incoming> = world.day(day).iter().map(|event| incoming(event, partitions)).collect();
        if event_time.at().is_none_or(|at| at < day.plus(1).start()) {
            event_time.advance(&events).await.map_err(broken)?;
            if day >= world.first() && day.plus(UNDECIDED_DAYS) < history.end() {
                system.until_views_follow().await?;
                let delivered = managers.look(day, |account| world.is_scare(account)).await?;
                if !delivered.is_empty() {
                    history.delivered.insert(day, delivered);
                    history.write(system)?;
                }
            }
        }
        for account in history.delivered.get(&day).into_iter().flatten() {
            world.delivered(account, day);
        }
        bar.inc(1);
    }
    event_time.finish(history.end().start()).await.map_err(broken)?;
    system.until_views_follow().await?;
    bar.finish_and_clear();
    tracing::info!(seconds = began.elapsed().as_secs(), "the history is lived");
    Ok(())
}

fn incoming(event: &Happening, partitions: bus_schema::Partitions) -> Incoming {
    let entity = Entity::account(&event.account);
    Incoming {
        time: event.time,
        partition: partitions.of(&entity),
        kind: event.kind,
        entity_hash: entity.hash(),
        json: event.json().to_string().into_bytes(),
    }
}

/// Asks the product what it found.
async fn found(client: &Client) -> Result<Found, Error> {
    let status: Value = client.get("status").await?;
    let accounts: Value = client.get("accounts").await?;
    let waiting: Value = client.get("proposals?state=waiting").await?;
    let list =
        |value: &Value, name: &str| value.as_array().or_else(|| value[name].as_array()).cloned().unwrap_or_default();
    let accounts = list(&accounts, "accounts");
    let known: Vec<u64> = accounts
        .iter()
        .filter(|a| at(a, "/health/band").as_str().is_some_and(|b| b != "unknown"))
        .filter_map(|a| at(a, "/health/score_bp").as_u64())
        .collect();
    let red = accounts.iter().filter(|account| at(account, "/health/band") == "red").count();
    let sum: u64 = known.iter().sum();
    // Shown with one decimal; scores themselves are whole basis points.
    let tenths = sum.checked_div(known.len() as u64 * 10).unwrap_or(0);
    let facts = at(&status, "/views/facts").as_u64().unwrap_or(0);
    Ok(Found {
        accounts: accounts.len() as u64,
        events: at(&status, "/views/events").as_u64().unwrap_or(0).saturating_sub(facts),
        facts,
        health_avg: f64::from(u32::try_from(tenths).unwrap_or(0)) / 10.0,
        at_risk: red as u64,
        proposals_waiting: list(&waiting, "proposals").len() as u64,
        console: client.console().to_owned(),
    })
}

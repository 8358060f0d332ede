//! How long an event takes to each place on its way, at a steady rate, from the moment it should have been sent.
//!
//! The places: acknowledged to the sender, in the log, the score it moves on the bus, the card it leads to in the log,
//! and the card in a page that is open.

mod browser;
mod hops;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bus::Role;
use bus_schema::{Kind, Time, data::facts::ClockMode, subject::Stream, time::HOUR_MS};
use serde_json::json;
use supervision::{Clock, Quiesce as _};

use self::{browser::Browser, hops::Hops};
use super::{
    args::LatencyArgs,
    figure::Figure,
    ground::{Ground, WRITE_KEY},
    http::{self, Pace},
    load::{Load, Sample},
    stat::{Times, length},
};
use crate::{
    error::{Error, chain},
    print::note,
    system::{System, bus_error, rest_of, wall},
};

const PART: &str = "latency";
/// Hours of ticks after which every account has been scored once.
const HOURS: u32 = 26;
/// One event of so many moves a score.
const SCORES_EVERY: u32 = 10;
/// One event of so many leads to a card.
const CARDS_EVERY: u32 = 200;
/// Cards an inbox lists.
const CARDS_MAX: u32 = 180;
/// How long what was sent may take to arrive.
const ARRIVE_MAX: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(20);

/// What an event is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Purpose {
    /// Nothing but use.
    Use,
    /// A ticket that moves the account's score.
    Score,
    /// An invoice long overdue, which leads to a card; the number of the card.
    Card(u32),
}

impl Purpose {
    const fn of(n: u32) -> Self {
        let card = n / CARDS_EVERY;
        if n % CARDS_EVERY == CARDS_EVERY / 2 && card < CARDS_MAX {
            Self::Card(card)
        } else if n.is_multiple_of(SCORES_EVERY) {
            Self::Score
        } else {
            Self::Use
        }
    }
}

/// The accounts of a run. Those that get a card come last, and get nothing else.
#[derive(Clone, Copy, Debug)]
struct Accounts(u32);

impl Accounts {
    fn of(self, n: u32) -> u32 {
        match Purpose::of(n) {
            Purpose::Card(card) => self.0 + card,
            // A second ticket of an account may not move its score.
            Purpose::Score => n / SCORES_EVERY % self.0,
            Purpose::Use => u32::try_from(u64::from(n) * 7_919 % u64::from(self.0)).unwrap_or_default(),
        }
    }

    const fn all(self) -> u32 {
        self.0 + CARDS_MAX
    }
}

/// Measures.
pub(crate) async fn run(args: &LatencyArgs, ground: &Ground) -> Result<Vec<Figure>, Error> {
    let accounts = Accounts(args.accounts.max(1));
    note(&format!("latency: {} accounts live through a day", accounts.all()));
    let system = ground.system("latency").await?;
    live_a_day(&system, accounts).await?;
    note(&format!("latency: {} events/s for {} s", args.per_second, args.seconds));
    let measured = measure(args, &system, accounts).await;
    system.stop().await;
    ground.clear("latency");
    measured
}

/// Every account has a person to write to and a score, and the log is on the wall clock.
async fn live_a_day(system: &System, accounts: Accounts) -> Result<(), Error> {
    let parts = Arc::clone(system.parts());
    let (load, rest) = (Load::new(accounts.all()), rest_of(&parts));
    let clock = Clock::new(parts.router_bus.clone(), parts.partitions);
    let unrest = |error: supervision::SupervisionError| Error::Part { part: "clock", what: chain(&error) };
    let start = Time(wall().0.div_euclid(HOUR_MS) * HOUR_MS - i64::from(HOURS + 2) * HOUR_MS);
    clock.tick(start, ClockMode::Event).await.map_err(unrest)?;
    let known: Vec<Sample> = (0..accounts.all()).flat_map(|account| known(&load, account, start)).collect();
    load.feed_samples(&parts.gateway_bus, &known).await?;
    for hour in 1..=HOURS {
        clock.tick(start.plus_ms(i64::from(hour) * HOUR_MS), ClockMode::Event).await.map_err(unrest)?;
    }
    rest.wait().await.map_err(unrest)?;
    clock.resume(start.plus_ms(i64::from(HOURS) * HOUR_MS), wall()).await.map_err(unrest)?;
    rest.wait().await.map_err(unrest)?;
    system.until_views_follow().await
}

/// What is known of an account beforehand: a person to write to, and so many tickets that the tone of the next counts.
fn known(load: &Load, account: u32, at: Time) -> [Sample; 3] {
    let person = format!(
        r#"{{"contact":"dana-{account}","roles":["billing","champion"],"name":"Dana Whitfield","email":"dana@{account}.example"}}"#
    );
    let ticket = |n: u32| {
        let data = format!(
            r#"{{"ticket":"old-{n}","priority":"p3","category":"how-to","channel":"email","contact":"dana-{account}","sentiment_bp":1000}}"#
        );
        load.event(account, Kind::TicketOpened, &format!("ticket-{account}-{n}"), at, &data)
    };
    [load.event(account, Kind::ContactAdded, &format!("contact-{account}"), at, &person), ticket(1), ticket(2)]
}

async fn measure(args: &LatencyArgs, system: &System, accounts: Accounts) -> Result<Vec<Figure>, Error> {
    let count = args.per_second.saturating_mul(args.seconds);
    let requests = (0..count).map(|n| request(accounts, n)).collect();
    let bus = system.connect(Role::Console).await?;
    let end = bus.state(Stream::Log).await.map_err(bus_error("its log cannot be read"))?.last_seq;
    let reader = bus.reader(Stream::Log, "bench", &[], end + 1).await.map_err(bus_error("its log cannot be read"))?;
    let browser = Browser::open(&system.run().console, system.link()).await?;
    let pace = Pace { start: Instant::now() + Duration::from_millis(500), per_second: args.per_second };
    let (hops, follow) = Hops::follow(reader, pace);
    let watch = browser.watch();
    let sent = http::paced(&system.run().gateway, requests, pace).await?;
    let wanted = wanted(count, accounts);
    let deadline = Instant::now() + ARRIVE_MAX;
    while Instant::now() < deadline && (!hops.has(&wanted) || watch.seen() < wanted.cards) {
        tokio::time::sleep(POLL).await;
    }
    follow.abort();
    let (mut found, cards) = (hops.found(), watch.cards());
    let shown = found.cards.drain(..).filter_map(|(n, proposal)| Some(pace.since(n, *cards.get(&proposal)?)));
    let shown = Times::of(shown.collect());
    if let Some(error) = watch.failure() {
        return Err(error);
    }
    let scores = Times::of(found.scores);
    let rows = [
        ("2xx after PubAck, over HTTP", &sent.found, count),
        ("in the log", &Times::of(found.logged), count),
        ("score on the bus", &scores, wanted.scores),
        ("card in the log", &Times::of(found.filed), wanted.cards),
        ("card in an open page", &shown, wanted.cards),
    ];
    let mut figures = Vec::new();
    for (hop, times, of) in rows {
        for (quantile, of_thousand) in [("p50", 500), ("p99", 990), ("p99.9", 999)] {
            let Some(ms) = times.ms(of_thousand) else { continue };
            let figure = Figure::new(PART, format!("{hop}: {quantile}"), "ms", ms);
            figures.push(match (hop, quantile) {
                ("score on the bus", "p50") => figure.at_most(100.0, Some(10.0)),
                ("score on the bus", "p99") => figure.at_most(100.0, Some(60.0)),
                ("card in an open page", "p99") => figure.at_most(500.0, None),
                (_, _) => figure,
            });
        }
        figures.push(Figure::new(PART, format!("{hop}: arrived of {of}"), "", length(times.len())));
    }
    Ok(figures)
}

/// How much of each should arrive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    events: u32,
    scores: u32,
    cards: u32,
}

fn wanted(count: u32, accounts: Accounts) -> Wanted {
    let mut wanted = Wanted { events: count, scores: 0, cards: 0 };
    for n in 0..count {
        match Purpose::of(n) {
            Purpose::Use => {}
            Purpose::Score => wanted.scores += u32::from(n / SCORES_EVERY < accounts.0),
            Purpose::Card(_) => wanted.cards += 1,
        }
    }
    wanted
}

fn request(accounts: Accounts, n: u32) -> Vec<u8> {
    let account = accounts.of(n);
    let (kind, data) = match Purpose::of(n) {
        Purpose::Use => {
            ("usage.recorded", json!({"user": format!("user-{}", n % 10), "feature": "reports", "quantity": 3}))
        }
        Purpose::Score => (
            "ticket.opened",
            json!({"ticket": format!("t{n}"), "priority": "p1", "category": "outage", "channel": "email",
                "contact": format!("dana-{account}"), "sentiment_bp": -9_000}),
        ),
        Purpose::Card(card) => (
            "invoice.overdue",
            json!({"invoice": format!("i{card}"), "amount": {"minor": 90_000, "currency": "EUR"}, "days_late": 40}),
        ),
    };
    let event = json!({
        "specversion": "1.0", "id": format!("{}{n}", hops::ID), "source": "bench", "type": kind,
        "subject": format!("account/bench-{account}"), "time": wall(), "data": data,
    });
    http::post("/v1/events", WRITE_KEY, "application/cloudevents+json", &event.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_card_has_an_account_of_its_own() {
        let accounts = Accounts(1_000);
        let cards: Vec<u32> =
            (0..40_000).filter(|n| matches!(Purpose::of(*n), Purpose::Card(_))).map(|n| accounts.of(n)).collect();
        let different: std::collections::BTreeSet<&u32> = cards.iter().collect();
        assert_eq!((cards.len(), different.len()), (CARDS_MAX as usize, CARDS_MAX as usize));
        assert!(cards.iter().all(|account| (1_000..accounts.all()).contains(account)));
        let wanted = super::wanted(1_000, accounts);
        assert_eq!((wanted.events, wanted.scores, wanted.cards), (1_000, 95, 5));
    }
}

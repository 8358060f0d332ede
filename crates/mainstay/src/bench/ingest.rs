//! Events over HTTP, each answered after the bus has acknowledged it, while the whole system works them off.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use supervision::Quiesce as _;

use super::{
    args::IngestArgs,
    figure::Figure,
    ground::{Ground, WRITE_KEY},
    http::{self, Pace},
    process,
    stat::float,
};
use crate::{
    error::Error,
    print::note,
    system::{bus_error, rest_of},
};

const PART: &str = "ingest";
/// Connections that send batches.
const CONNECTIONS: usize = 8;
const BATCH: u32 = 100;
/// Requests to the handler that does nothing.
const EMPTY: usize = 5_000;

/// Measures.
pub(crate) async fn run(args: &IngestArgs, ground: &Ground) -> Result<Vec<Figure>, Error> {
    note("ingest: batches");
    let system = ground.system("ingest").await?;
    let parts = Arc::clone(system.parts());
    let rest = rest_of(&parts);
    let gateway = system.run().gateway.clone();
    let own = std::process::id();
    let before = process::cpu_us(own);
    let started = Instant::now();
    let sent = http::saturate(&gateway, batches(args.accounts, args.events), CONNECTIONS).await?;
    let rate = sent.found * f64::from(BATCH);
    rest.wait().await.map_err(bus_error("the agents did not come to rest"))?;
    let drained = f64::from(args.events) / started.elapsed().as_secs_f64();
    let after = process::cpu_us(own);
    note("ingest: single events");
    let requests =
        (0..args.singles_per_second.saturating_mul(args.seconds)).map(|n| single(args.accounts, n)).collect();
    let pace = Pace { start: Instant::now() + Duration::from_millis(200), per_second: args.singles_per_second };
    let singles = http::paced(&gateway, requests, pace).await?;
    rest.wait().await.map_err(bus_error("the agents did not come to rest"))?;
    drop((parts, rest));
    system.stop().await;
    ground.clear("ingest");
    let empty = empty(args.accounts).await?;
    let each = |micros: Option<u64>| Some(float(micros?) / f64::from(args.events.max(1)));
    let generator = each(sent.cpu_us);
    let all = each(after.zip(before).map(|(after, before)| after.saturating_sub(before)));
    let one = |name: &str, unit, value: Option<f64>| Some(Figure::new(PART, name, unit, value?));
    let single = |name: String, of_thousand| Some(Figure::new(PART, name, "ms", singles.found.ms(of_thousand)?));
    let paced = format!("single events, {} requests/s", args.singles_per_second);
    let figures = [
        one("2xx after PubAck, batches of 100, system at work", "events/s", Some(rate)).map(|figure| {
            figure.at_least(20_000.0, None).beside("the same to an empty handler", empty * f64::from(BATCH), "events/s")
        }),
        one("the same until router and agents are through", "events/s", Some(drained)),
        one(
            "CPU of mainstay until then, without the generator",
            "µs/event",
            all.zip(generator).map(|(all, own)| all - own),
        ),
        one("CPU of the load generator", "µs/event", generator),
        single(format!("{paced}: p50"), 500),
        single(format!("{paced}: p99"), 990).map(|figure| figure.at_most(50.0, None)),
        single(format!("{paced}: p99.9"), 999),
    ];
    Ok(figures.into_iter().flatten().collect())
}

/// Calls of the Segment API, a hundred events each.
pub(crate) fn batches(accounts: u32, events: u32) -> Vec<Vec<u8>> {
    let numbers: Vec<u32> = (0..events).collect();
    let batch = |numbers: &[u32]| {
        let calls: Vec<serde_json::Value> = numbers.iter().map(|n| call(accounts, *n, "batch")).collect();
        http::post("/v1/batch", WRITE_KEY, "application/json", &json!({"batch": calls}).to_string())
    };
    numbers.chunks(BATCH as usize).map(batch).collect()
}

fn single(accounts: u32, n: u32) -> Vec<u8> {
    http::post("/v1/track", WRITE_KEY, "application/json", &call(accounts, n, "single").to_string())
}

fn call(accounts: u32, n: u32, run: &str) -> serde_json::Value {
    let account = u64::from(n) * 7_919 % u64::from(accounts.max(1));
    json!({
        "type": "track", "messageId": format!("{run}-{n}"), "userId": format!("user-{}", n % 10),
        "event": "report built", "properties": {"quantity": 3}, "context": {"groupId": format!("bench-{account}")},
    })
}

/// Requests a second to a handler that does nothing: what HTTP on loopback takes by itself.
async fn empty(accounts: u32) -> Result<f64, Error> {
    let failed = |source| Error::Port { what: "gateway", addr: ([127, 0, 0, 1], 0).into(), source };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?.to_string();
    let routes = axum::Router::new().fallback(|_body: bytes::Bytes| async { "" });
    let serving = tokio::spawn(async move { axum::serve(listener, routes).await });
    let batch = batches(accounts, BATCH).into_iter().cycle().take(EMPTY).collect();
    let sent = http::saturate(&address, batch, CONNECTIONS).await;
    serving.abort();
    sent.map(|sent| sent.found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_hold_every_event() {
        let all = batches(10, 250);
        let calls: usize = all.iter().map(|call| String::from_utf8_lossy(call).matches("messageId").count()).sum();
        assert_eq!((all.len(), calls), (3, 250));
    }
}

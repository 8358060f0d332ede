//! The bus is away: killed, frozen, started again and again.

use futures_util::FutureExt as _;
use reqwest::{StatusCode, header::RETRY_AFTER};
use serde_json::json;
use tokio::time::{Duration, Instant, sleep};

use crate::{Broken, Context, Flow, Part, Rig, Scenario, Setup, Verdict, oracle, world};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "bus-killed",
        faults: &["F5"],
        about: "kill -9 of the bus for 60 s: the gateway answers 503 with Retry-After and keeps nothing behind a 2xx",
        needs_root: false,
        smoke: false,
        run: |context| killed(context).boxed_local(),
    },
    Scenario {
        name: "bus-frozen-5",
        faults: &["F6"],
        about: "SIGSTOP of the bus for 5 s: answers, not hangs; nothing twice",
        needs_root: false,
        smoke: true,
        run: |context| frozen(context, Duration::from_secs(5)).boxed_local(),
    },
    Scenario {
        name: "bus-frozen-60",
        faults: &["F6"],
        about: "SIGSTOP of the bus for 60 s: answers, not hangs; nothing twice",
        needs_root: false,
        smoke: false,
        run: |context| frozen(context, Duration::from_mins(1)).boxed_local(),
    },
    Scenario {
        name: "bus-restarted-20",
        faults: &["F7"],
        about: "the bus is ended and started 20 times in a row, every second time by kill -9, under a flow of events",
        needs_root: false,
        smoke: false,
        run: |context| restarted(context).boxed_local(),
    },
];

const AWAY: Duration = Duration::from_mins(1);
/// How long a gateway without a bus may take to say so.
const REFUSAL_MAX: Duration = Duration::from_secs(6);
const RESTARTS: u32 = 20;

async fn killed(context: Context) -> Result<Vec<Verdict>, Broken> {
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let flow = Flow::begin(&rig, "acme", "before");
    flow.until_more(20, oracle::LIVENESS_MAX).await?;
    rig.nats.kill().await;
    flow.end(&mut rig).await?;
    let refusals = refusals(&mut rig).await?;
    let readable = rig.get("accounts").await;
    let readable = Verdict::of(
        "readable",
        readable.is_ok(),
        readable.map_or_else(|error| error.chain(), |_| "the console shows accounts while the bus is away".into()),
    );
    rig.nats.restart().await?;
    let back = Flow::begin(&rig, "acme", "after");
    let took = back.until_more(0, oracle::LIVENESS_MAX).await?;
    back.end(&mut rig).await?;
    let detail = format!("{:.1} s after the bus was back an event was acknowledged", took.as_secs_f64());
    let mut verdicts = vec![refusals, readable, Verdict::of("back", true, detail)];
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    rig.stop_all().await?;
    Ok(verdicts)
}

/// Sends for as long as the bus is away: every answer is a 503 that says when to try again, and comes soon.
async fn refusals(rig: &mut Rig) -> Result<Verdict, Broken> {
    let (http, until) = (rig.http().clone(), Instant::now() + AWAY);
    let url = format!("{}/v1/batch", rig.process(Part::Gateway.name())?.address().unwrap_or_default());
    let (mut answers, mut slowest, mut wrong) = (0, Duration::ZERO, Vec::new());
    while Instant::now() < until {
        let call = world::login("globex", &format!("refused-{answers}"));
        let asked = Instant::now();
        let request = http.post(&url).basic_auth(world::WRITE_KEY, Some("")).json(&json!({ "batch": [call] }));
        let answer = request.send().await?;
        slowest = slowest.max(asked.elapsed());
        answers += 1;
        let again = answer.headers().get(RETRY_AFTER).is_some();
        if answer.status() != StatusCode::SERVICE_UNAVAILABLE || !again {
            wrong.push(format!("{} with Retry-After: {again}", answer.status()));
        }
        sleep(Duration::from_millis(100)).await;
    }
    let holds = wrong.is_empty() && answers > 0 && slowest <= REFUSAL_MAX;
    let slowest = slowest.as_secs_f64();
    let detail = format!("{answers} requests, the slowest answer in {slowest:.1} s, wrong ones: {wrong:?}");
    Ok(Verdict::of("refused", holds, detail))
}

async fn frozen(context: Context, time: Duration) -> Result<Vec<Verdict>, Broken> {
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let flow = Flow::begin(&rig, "acme", "frozen");
    flow.until_more(20, oracle::LIVENESS_MAX).await?;
    rig.nats.freeze()?;
    sleep(time).await;
    let before = flow.taken();
    rig.nats.thaw()?;
    flow.until_more(before, oracle::LIVENESS_MAX).await?;
    let flowed = flow.end(&mut rig).await?;
    let mut verdicts = vec![flowed.gap_verdict(time), flowed.answered_verdict()];
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    rig.stop_all().await?;
    Ok(verdicts)
}

async fn restarted(context: Context) -> Result<Vec<Verdict>, Broken> {
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let flow = Flow::begin(&rig, "acme", "restarted");
    flow.until_more(20, oracle::LIVENESS_MAX).await?;
    for n in 0..RESTARTS {
        if n % 2 == 0 {
            rig.nats.stop().await;
        }
        rig.nats.restart().await?;
        let before = flow.taken();
        flow.until_more(before, oracle::LIVENESS_MAX).await?;
    }
    let flowed = flow.end(&mut rig).await?;
    let mut verdicts = vec![flowed.gap_verdict(Duration::ZERO)];
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    rig.stop_all().await?;
    Ok(verdicts)
}

//! No room left: for an agent's state, for the bus.

use std::{collections::BTreeMap, path::Path};

use futures_util::FutureExt as _;
use reqwest::StatusCode;
use serde_json::Value;
use tokio::time::{Duration, sleep};

use crate::{Broken, Context, Flow, Part, Rig, Scenario, Setup, Verdict, mount::Mounted, oracle, world};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "disk-full-agent",
        faults: &["F22"],
        about: "the disk of an agent is full for a while: it folds on, says why it does not checkpoint and does not end; \
                when there is room it checkpoints by itself",
        needs_root: true,
        smoke: false,
        run: |context| agent(context).boxed_local(),
    },
    Scenario {
        name: "disk-full-bus",
        faults: &["F22"],
        about: "the disk of the bus is full for a while: the gateway answers 429 or 503 and loses nothing; the bus started \
                again when there is room, the system goes on",
        needs_root: true,
        smoke: false,
        run: |context| bus(context).boxed_local(),
    },
    Scenario {
        name: "disk-full-up",
        faults: &["F22"],
        about: "the disk of the bus that `mainstay up` keeps is full for a while: it says so, takes nothing behind a 2xx, \
                and starts its nats-server again when there is room",
        needs_root: true,
        smoke: false,
        run: |context| up(context).boxed_local(),
    },
];

const FULL: Duration = Duration::from_secs(15);
const AGENT_DISK_MIB: u32 = 16;
/// Room for the history of the world and the flow.
const BUS_DISK_MIB: u32 = 128;
/// How long an agent may take to say that a checkpoint was not written, and that one was.
const NOTICED_MAX: Duration = Duration::from_secs(30);

async fn agent(context: Context) -> Result<Vec<Verdict>, Broken> {
    let setup = Setup { without: vec![Part::Health], ..Setup::default() };
    let mut rig = Rig::start(&context, setup).await?;
    let disk = Mounted::in_memory(&context.folder.join("small"), AGENT_DISK_MIB)?;
    let own = disk.path().join("data");
    world::copy(&rig.data().join("keys"), &own.join("keys"))?;
    let env = BTreeMap::from([("MAINSTAY_DATA".to_owned(), own.to_string_lossy().into_owned())]);
    rig.launch_with(Part::Health, Part::Health.name(), &env)?;
    rig.until_ready().await?;
    let flow = Flow::begin(&rig, "acme", "full");
    flow.until_more(20, oracle::LIVENESS_MAX).await?;
    let filling = disk.fill()?;
    let said = rig.until("the store's complaint", NOTICED_MAX, complaint).await;
    sleep(FULL).await;
    rig.process(Part::Health.name())?.lives()?;
    drop(filling);
    let again = rig.until("a checkpoint after there was room", NOTICED_MAX, checkpointed).await;
    flow.end(&mut rig).await?;
    let verdict = |name, result: Result<String, Broken>| match result {
        Ok(text) => Verdict::of(name, true, text),
        Err(error) => Verdict::of(name, false, error.chain()),
    };
    let mut verdicts = vec![
        verdict("said", said),
        verdict("checkpoints-again", again.map(|at| format!("a checkpoint at message {at}"))),
    ];
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    rig.stop_all().await?;
    Ok(verdicts)
}

/// Why health does not write checkpoints, where it does not.
async fn complaint(rig: &mut Rig) -> Result<Option<String>, Broken> {
    let status = rig.ask(Part::Health, "status").await?;
    let folds = status.get("folds").and_then(Value::as_array).cloned().unwrap_or_default();
    let said = |fold: &Value| fold.get("last_error").and_then(Value::as_str).map(ToOwned::to_owned);
    Ok(folds.iter().find_map(said))
}

/// How far every checkpoint of health is, where each is behind what its disk was too full for.
async fn checkpointed(rig: &mut Rig) -> Result<Option<u64>, Broken> {
    let start = rig.log_start();
    let status = rig.ask(Part::Health, "status").await?;
    let folds = status.get("folds").and_then(Value::as_array).cloned().unwrap_or_default();
    let complaint = folds.iter().any(|fold| fold.get("last_error").is_some_and(Value::is_string));
    let furthest = folds.iter().filter_map(|fold| fold.get("checkpoint").and_then(Value::as_u64)).max();
    Ok(furthest.filter(|at| !complaint && *at > start))
}

async fn bus(context: Context) -> Result<Vec<Verdict>, Broken> {
    let disk = Mounted::in_memory(&context.folder.join("disk"), BUS_DISK_MIB)?;
    let setup = Setup { nats_dir: Some(disk.path().join("nats")), ..Setup::default() };
    let mut rig = Rig::start(&context, setup).await?;
    let flow = Flow::begin(&rig, "acme", "full");
    flow.until_more(20, oracle::LIVENESS_MAX).await?;
    let filling = disk.fill()?;
    sleep(FULL).await;
    let before = flow.taken();
    drop(filling);
    // nats-server refuses every write to a stream after one that failed, until it is started again.
    rig.nats.restart().await?;
    let took = flow.until_more(before, oracle::LIVENESS_MAX).await;
    let flowed = flow.end(&mut rig).await?;
    let refused = Verdict::of("refused", flowed.refused > 0, format!("{} requests were refused", flowed.refused));
    let back = match took {
        Ok(took) => Verdict::of("back", true, format!("{:.1} s after there was room", took.as_secs_f64())),
        Err(error) => Verdict::of("back", false, format!("{}; {}", error.chain(), server_says(rig.nats.dir()))),
    };
    let mut verdicts = vec![refused, back];
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    rig.stop_all().await?;
    Ok(verdicts)
}

async fn up(context: Context) -> Result<Vec<Verdict>, Broken> {
    let disk = Mounted::in_memory(&context.folder.join("data").join("nats"), BUS_DISK_MIB)?;
    let mut rig = Rig::start_whole(&context, Setup::default()).await?;
    let flow = Flow::begin(&rig, "acme", "full");
    flow.until_more(20, oracle::LIVENESS_MAX).await?;
    let filling = disk.fill()?;
    let trouble = rig.until("the complaint about the bus", NOTICED_MAX, trouble).await;
    sleep(FULL).await;
    let unready = rig.process(Part::Console.name())?.address().unwrap_or_default().to_owned();
    let unready = rig.http().get(format!("{unready}/readyz")).send().await?.status();
    let before = flow.taken();
    drop(filling);
    let took = flow.until_more(before, oracle::LIVENESS_MAX).await;
    let flowed = flow.end(&mut rig).await?;
    let bus = rig.get("status").await?.get("bus").cloned().unwrap_or_default();
    let restarts = bus.get("restarts").and_then(Value::as_u64).unwrap_or(0);
    let cured = restarts > 0 && bus.get("trouble").is_none_or(Value::is_null);
    let back = match took {
        Ok(took) => Verdict::of("back", true, format!("{:.1} s after there was room, by itself", took.as_secs_f64())),
        Err(error) => Verdict::of("back", false, format!("{}; {}", error.chain(), server_says(rig.nats.dir()))),
    };
    let said = match trouble {
        Ok(said) => {
            Verdict::of("said", unready == StatusCode::SERVICE_UNAVAILABLE, format!("readyz {unready}: {said}"))
        }
        Err(error) => Verdict::of("said", false, error.chain()),
    };
    let mut verdicts = vec![
        Verdict::of("refused", flowed.refused > 0, format!("{} requests were refused", flowed.refused)),
        said,
        back,
        Verdict::of("started-again", cured, format!("nats-server was started again {restarts} times")),
    ];
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    rig.stop(Part::Console).await?;
    Ok(verdicts)
}

/// Why the bus stores nothing, where it says so.
async fn trouble(rig: &mut Rig) -> Result<Option<String>, Broken> {
    let status = rig.get("status").await?;
    Ok(status.pointer("/bus/trouble").and_then(Value::as_str).map(ToOwned::to_owned))
}

/// The last lines of the server's log.
fn server_says(dir: &Path) -> String {
    let text = std::fs::read_to_string(dir.join("nats-server.log")).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(5)..).unwrap_or_default().join("\n")
}

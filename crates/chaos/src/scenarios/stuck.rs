//! Connections that look well: deliveries that never come, a wire that hangs, one that is slow or cut.

use std::collections::BTreeMap;

use futures_util::FutureExt as _;
use tokio::time::{Duration, Instant, sleep};

use crate::{
    Broken, Context, Flow, Part, Rig, Scenario, Setup, Verdict, oracle,
    proxy::{Proxy, Wire},
    world,
};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "deliveries-lost",
        faults: &["F7"],
        about: "what the bus delivers to an agent is lost on the way while heartbeats and answers come: it catches up \
                within 30 s of the end of it, and misses nothing",
        needs_root: false,
        smoke: false,
        run: |context| deliveries_lost(context).boxed_local(),
    },
    Scenario {
        name: "wire-hangs",
        faults: &["F7", "F8"],
        about: "the gateway's connection is half open: it is given up and made again, without a gap of more than 10 s",
        needs_root: false,
        smoke: false,
        run: |context| hangs(context).boxed_local(),
    },
    Scenario {
        name: "wire-slow-and-cut",
        faults: &["F7"],
        about: "the wires of all agents have 50 ms in each direction and are cut every few seconds",
        needs_root: false,
        smoke: false,
        run: |context| slow_and_cut(context).boxed_local(),
    },
];

/// How long deliveries are lost: longer than the watch over silent consumers waits.
const LOST: Duration = Duration::from_secs(20);
const CUTS: u32 = 5;
const CUT: Duration = Duration::from_secs(2);
const WHOLE: Duration = Duration::from_secs(3);
const SLOW: Duration = Duration::from_millis(50);

/// Puts a wire before a part.
async fn rewire(rig: &mut Rig, part: Part) -> Result<Proxy, Broken> {
    let proxy = Proxy::start(rig.nats.port()).await?;
    rig.stop(part).await?;
    let env = BTreeMap::from([("MAINSTAY_NATS_URL".to_owned(), proxy.url())]);
    rig.launch_with(part, part.name(), &env)?;
    rig.until_ready().await?;
    Ok(proxy)
}

async fn deliveries_lost(context: Context) -> Result<Vec<Verdict>, Broken> {
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let proxy = rewire(&mut rig, Part::Engagement).await?;
    proxy.set(Wire::LosesDeliveries);
    let calls = world::bad_days("acme", &world::champion("acme"));
    rig.producer.send_until_acknowledged(&calls, oracle::LIVENESS_MAX).await?;
    sleep(LOST).await;
    let unseen = oracle::waiting(&mut rig, "acme").await?.is_none();
    proxy.set(Wire::Whole);
    let began = Instant::now();
    let waiting = async |rig: &mut Rig| oracle::waiting(rig, "acme").await;
    let found = rig.until("the proposal that was held up", oracle::LIVENESS_MAX, waiting).await;
    let took = began.elapsed().as_secs_f64();
    let caught_up = match found {
        Ok(_) => Verdict::of("caught-up", true, format!("{took:.1} s after deliveries came again")),
        Err(error) => Verdict::of("caught-up", false, error.chain()),
    };
    let faulty = Verdict::of("fault", unseen, "no proposal was made while deliveries were lost");
    let mut verdicts = vec![faulty, caught_up];
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    rig.stop_all().await?;
    Ok(verdicts)
}

async fn hangs(context: Context) -> Result<Vec<Verdict>, Broken> {
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let proxy = rewire(&mut rig, Part::Gateway).await?;
    let flow = Flow::begin(&rig, "acme", "hangs");
    flow.until_more(20, oracle::LIVENESS_MAX).await?;
    proxy.set(Wire::Hangs);
    // The wire is whole again for connections made from here on; the one that hangs gets nothing any more.
    sleep(Duration::from_millis(100)).await;
    let before = flow.taken();
    proxy.set(Wire::Whole);
    let took = flow.until_more(before, oracle::LIVENESS_MAX).await;
    let flowed = flow.end(&mut rig).await?;
    let given_up = match took {
        Ok(took) => Verdict::of("given-up", true, format!("a new connection took {:.1} s", took.as_secs_f64())),
        Err(error) => Verdict::of("given-up", false, error.chain()),
    };
    let mut verdicts = vec![given_up, flowed.gap_verdict(Duration::ZERO), flowed.answered_verdict()];
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    rig.stop_all().await?;
    Ok(verdicts)
}

async fn slow_and_cut(context: Context) -> Result<Vec<Verdict>, Broken> {
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let mut wires = Vec::new();
    for part in Part::FOLDS {
        wires.push(rewire(&mut rig, part).await?);
    }
    let flow = Flow::begin(&rig, "acme", "slow");
    for _ in 0..CUTS {
        for (wire, time) in [(Wire::Slow(SLOW), WHOLE), (Wire::Cut, CUT)] {
            for proxy in &wires {
                proxy.set(wire);
            }
            sleep(time).await;
        }
    }
    for proxy in &wires {
        proxy.set(Wire::Whole);
    }
    let flowed = flow.end(&mut rig).await?;
    let mut verdicts = vec![flowed.gap_verdict(Duration::ZERO)];
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    rig.stop_all().await?;
    Ok(verdicts)
}

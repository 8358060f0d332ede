//! kill −9 of every part, at every step of the append–checkpoint order and at random moments.

use std::{collections::BTreeMap, time::Duration};

use futures_util::FutureExt as _;
use rand::{Rng as _, rngs::StdRng, seq::IndexedRandom as _};
use tokio::time::{Instant, sleep};

use crate::{
    Broken, Context, Part, Rig, Scenario, Setup, Verdict,
    drive::{self, Load, PATIENCE},
    oracle, world,
};

/// How long a part may take to come to its point of failure while events flow.
const POINT_MAX: Duration = Duration::from_secs(40);
/// Kills at random moments.
const ROUNDS: usize = 12;
const STEPS: [&str; 7] = ["k1", "k2", "k3", "k4", "k5", "k6", "k7"];
/// The steps of a part that keeps nothing.
const STEPS_WITHOUT_STORE: [&str; 3] = ["k3", "k4", "k5"];

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "killed-health",
        faults: &["F1"],
        about: "the health agent ends at k1 to k7 in turn: it goes on at its own position and says nothing twice",
        needs_root: false,
        smoke: true,
        run: |context| fold(context, Part::Health, &STEPS).boxed_local(),
    },
    Scenario {
        name: "killed-churn",
        faults: &["F1"],
        about: "the churn agent ends at k1 to k7 in turn: it goes on at its own position and says nothing twice",
        needs_root: false,
        smoke: false,
        run: |context| fold(context, Part::Churn, &STEPS).boxed_local(),
    },
    Scenario {
        name: "killed-engagement",
        faults: &["F1"],
        about: "the planner ends at k1 to k7 in turn: each account still gets one proposal",
        needs_root: false,
        smoke: false,
        run: |context| fold(context, Part::Engagement, &STEPS).boxed_local(),
    },
    Scenario {
        name: "killed-supervisor",
        faults: &["F1"],
        about: "router, gate and copies end at k1 to k7 in turn: nothing is lost or routed twice",
        needs_root: false,
        smoke: false,
        run: |context| fold(context, Part::Supervisor, &STEPS).boxed_local(),
    },
    Scenario {
        name: "killed-gateway",
        faults: &["F1"],
        about: "the gateway ends around its publish: what had a 2xx is in the log, what is sent again is there once",
        needs_root: false,
        smoke: false,
        run: |context| fold(context, Part::Gateway, &STEPS_WITHOUT_STORE).boxed_local(),
    },
    Scenario {
        name: "killed-courier",
        faults: &["F1", "F14"],
        about: "the courier ends around its intent and around its outcome: one mail at most, and never a silent end",
        needs_root: false,
        smoke: false,
        run: |context| courier(context, &["k1:1", "k3:1", "k4:1", "k5:1", "k3:2", "k4:2", "k5:2"]).boxed_local(),
    },
    Scenario {
        name: "accepted-then-crash",
        faults: &["F14"],
        about: "the mail server says 250 and the courier ends before it can record it: unknown, never sent again",
        needs_root: false,
        smoke: true,
        run: |context| courier(context, &["k3:2"]).boxed_local(),
    },
    Scenario {
        name: "killed-console",
        faults: &["F1", "F17"],
        about: "the console ends around the append of a decision: approved again it is approved once",
        needs_root: false,
        smoke: false,
        run: |context| console(context).boxed_local(),
    },
    Scenario {
        name: "killed-anywhere",
        faults: &["F1"],
        about: "any part is killed at random moments on the way from events to mails",
        needs_root: false,
        smoke: false,
        run: |context| anywhere(context).boxed_local(),
    },
];

/// Which pass of a point ends the process: many passes lie behind a start, few behind an account's events.
fn pass(random: &mut StdRng, part: Part, step: &str) -> u32 {
    match (part, step) {
        (_, "k6" | "k7") => random.random_range(1..=8),
        (_, "k1" | "k2") | (Part::Supervisor, _) => random.random_range(1..=40),
        _ => 1,
    }
}

fn fail_at(point: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("FAIL_AT".to_owned(), point.to_owned())])
}

async fn fold(context: Context, part: Part, steps: &[&str]) -> Result<Vec<Verdict>, Broken> {
    let mut random = context.random();
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let load = Load::start(&rig, Duration::from_millis(100));
    let mut verdicts = Vec::new();
    let accounts = world::ACCOUNTS.iter().take(steps.len());
    for (step, account) in steps.iter().zip(accounts) {
        let point = format!("{step}:{}", pass(&mut random, part, step));
        rig.kill(part)?;
        rig.launch_with(part, part.name(), &fail_at(&point))?;
        verdicts.push(ends_at(&mut rig, part, account, &point).await?);
        rig.take(part.name())?;
        rig.launch(part)?;
        rig.until_ready().await?;
        let calls = world::bad_days(account, &world::champion(account));
        rig.producer.send_until_acknowledged(&calls, PATIENCE).await?;
    }
    load.stop(&mut rig).await?;
    let accounts: Vec<_> = world::ACCOUNTS.iter().take(steps.len()).copied().collect();
    verdicts.push(one_proposal_each(&mut rig, &accounts).await?);
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    Ok(verdicts)
}

/// Sends an account's events until the part has come to its point.
async fn ends_at(rig: &mut Rig, part: Part, account: &str, point: &str) -> Result<Verdict, Broken> {
    const INVARIANT: &str = "killed-at-point";
    let mut calls = world::bad_days(account, &world::champion(account));
    // Of an account that nobody knows there is no forecast yet: churn speaks at its first bad day.
    let (unknown, login) = (format!("{account}-branch"), format!("{account}-branch-login"));
    calls.push(world::login(&unknown, &login));
    calls.extend(world::bad_days(&unknown, &world::champion(&unknown)));
    let deadline = Instant::now() + POINT_MAX;
    while Instant::now() < deadline {
        rig.producer.send(&calls).await;
        if let Some(status) = rig.process(part.name())?.ended()? {
            let said = rig.process(part.name())?.said();
            // SIGABRT: by itself it would end with an exit code and words.
            let killed = status.code().is_none();
            let detail = if killed { point.to_owned() } else { format!("{point}: it ended with {status}: {said}") };
            return Ok(Verdict::of(INVARIANT, killed, detail));
        }
        sleep(Duration::from_millis(100)).await;
    }
    let cure = "was not reached; were the programs built with bus/failpoints?";
    Ok(Verdict::of(INVARIANT, false, format!("{} at {point} {cure}", part.name())))
}

/// Whether each account was proposed a touch, and only one.
pub(super) async fn one_proposal_each(rig: &mut Rig, accounts: &[&str]) -> Result<Verdict, Broken> {
    const INVARIANT: &str = "one-proposal";
    let counts = async |rig: &mut Rig| -> Result<BTreeMap<String, usize>, Broken> {
        let mut counts = BTreeMap::new();
        for (_, account) in oracle::proposals(rig, "all").await? {
            *counts.entry(account).or_default() += 1;
        }
        Ok(counts)
    };
    let there = rig.until("a proposal for each account", oracle::LIVENESS_MAX, async |rig| {
        let counts = counts(rig).await?;
        Ok(accounts.iter().all(|account| counts.contains_key(*account)).then_some(()))
    });
    let there = there.await.is_ok();
    let counts = counts(rig).await?;
    let once = accounts.iter().all(|account| counts.get(*account) == Some(&1));
    Ok(Verdict::of(INVARIANT, there && once, format!("{} accounts: {counts:?}", accounts.len())))
}

async fn courier(context: Context, points: &[&str]) -> Result<Vec<Verdict>, Broken> {
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let mut verdicts = Vec::new();
    for (point, account) in points.iter().zip(world::ACCOUNTS) {
        let proposal = drive::propose(&mut rig, account).await?;
        rig.kill(Part::Courier)?;
        rig.launch_with(Part::Courier, Part::Courier.name(), &fail_at(point))?;
        drive::approve(&mut rig, &proposal).await?;
        let status = rig.process(Part::Courier.name())?.until_ended(POINT_MAX).await?;
        verdicts.push(Verdict::of("killed-at-point", status.code().is_none(), format!("{point}: {status}")));
        rig.take(Part::Courier.name())?;
        rig.launch(Part::Courier)?;
        let state = oracle::until_ended(&mut rig, &proposal).await?;
        let mails = oracle::mails_of(&rig, &proposal)?;
        // Before the intent nothing was done: it is sent. Behind it nobody knows, and nobody tries again.
        let right = match *point {
            "k4:1" | "k5:1" => state == "unknown" && mails == 0,
            "k3:2" => state == "unknown" && mails == 1,
            _ => state == "sent" && mails == 1,
        };
        verdicts.push(Verdict::of("outcome", right, format!("{point}: {state} with {mails} mails")));
    }
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    Ok(verdicts)
}

async fn console(context: Context) -> Result<Vec<Verdict>, Broken> {
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let mut verdicts = Vec::new();
    for (step, account) in STEPS_WITHOUT_STORE.iter().zip(world::ACCOUNTS) {
        let proposal = drive::propose(&mut rig, account).await?;
        rig.kill(Part::Console)?;
        rig.launch_with(Part::Console, Part::Console.name(), &fail_at(&format!("{step}:1")))?;
        rig.until_ready().await?;
        rig.until("the card", PATIENCE, async |rig| oracle::waiting(rig, account).await).await?;
        // The answer is lost with the process.
        drive::try_approve(&mut rig, &proposal).await.ok();
        let status = rig.process(Part::Console.name())?.until_ended(POINT_MAX).await?;
        verdicts.push(Verdict::of("killed-at-point", status.code().is_none(), format!("{step}: {status}")));
        rig.take(Part::Console.name())?;
        rig.launch(Part::Console)?;
        rig.until_ready().await?;
        rig.until("the card", PATIENCE, async |rig| drive::state_of(rig, &proposal).await.map(Some)).await?;
        let (status, answer) = drive::try_approve(&mut rig, &proposal).await?;
        let taken = status.is_success() || status == reqwest::StatusCode::CONFLICT;
        verdicts.push(Verdict::of("decided-once", taken, format!("{step}: again {status} {answer}")));
        let state = oracle::until_ended(&mut rig, &proposal).await?;
        let mails = oracle::mails_of(&rig, &proposal)?;
        verdicts.push(Verdict::of("outcome", state == "sent" && mails == 1, format!("{step}: {state}, {mails} mails")));
    }
    verdicts.extend(oracle::judge(&mut rig).await?);
    Ok(verdicts)
}

async fn anywhere(context: Context) -> Result<Vec<Verdict>, Broken> {
    let mut random = context.random();
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let load = Load::start(&rig, Duration::from_millis(50));
    let accounts: Vec<_> = world::ACCOUNTS.iter().take(ROUNDS).copied().collect();
    for account in &accounts {
        let calls = world::bad_days(account, &world::champion(account));
        rig.producer.send_until_acknowledged(&calls, PATIENCE).await?;
        sleep(Duration::from_millis(random.random_range(0..1_500))).await;
        let Some(part) = Part::ALL.choose(&mut random).copied() else { continue };
        rig.kill(part)?;
        rig.launch(part)?;
        approve_what_waits(&mut rig).await;
    }
    rig.until_ready().await?;
    load.stop(&mut rig).await?;
    let mut verdicts = vec![one_proposal_each(&mut rig, &accounts).await?];
    for (proposal, _) in oracle::proposals(&mut rig, "waiting").await? {
        drive::approve(&mut rig, &proposal).await?;
    }
    for (proposal, account) in oracle::proposals(&mut rig, "all").await? {
        let state = oracle::until_ended(&mut rig, &proposal).await?;
        let right = matches!(state.as_str(), "sent" | "unknown");
        verdicts.push(Verdict::of("outcome", right, format!("{account}: {state}")));
    }
    verdicts.extend(oracle::judge(&mut rig).await?);
    Ok(verdicts)
}

/// What cannot be approved now, because the console is away or behind, is approved later.
async fn approve_what_waits(rig: &mut Rig) {
    for (proposal, _) in oracle::proposals(rig, "waiting").await.unwrap_or_default() {
        drive::try_approve(rig, &proposal).await.ok();
    }
}

//! Two of what there should be one of: at once, and one of them frozen and thawed.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use futures_util::FutureExt as _;
use testkit::smtp::Behaviour;
use tokio::time::sleep;

use crate::{
    Broken, Context, Part, Rig, Scenario, Setup, Verdict,
    drive::{self, Load, PATIENCE},
    oracle,
    rig::Process,
    world,
};

/// How long two run side by side.
const TOGETHER: Duration = Duration::from_secs(8);

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "two-agents",
        faults: &["F16"],
        about: "a second health agent, and the first thawed after a freeze: nothing is said twice",
        needs_root: false,
        smoke: false,
        run: |context| two(context, Part::Health).boxed_local(),
    },
    Scenario {
        name: "two-planners",
        faults: &["F16"],
        about: "a second engagement agent, and the first thawed after a freeze: one proposal an account",
        needs_root: false,
        smoke: false,
        run: |context| two(context, Part::Engagement).boxed_local(),
    },
    Scenario {
        name: "two-supervisors",
        faults: &["F16"],
        about: "a second supervisor, and the first thawed after a freeze: nothing is routed, judged or approved twice",
        needs_root: false,
        smoke: true,
        run: |context| two(context, Part::Supervisor).boxed_local(),
    },
    Scenario {
        name: "two-couriers",
        faults: &["F16"],
        about: "two couriers at once, one frozen while it sends and thawed: one mail at most for each approval",
        needs_root: false,
        smoke: true,
        run: |context| couriers(context).boxed_local(),
    },
];

/// A data folder with the same keys, for a second process that keeps its own state.
fn beside(rig: &Rig) -> Result<PathBuf, Broken> {
    let data = rig.context().folder.join("beside");
    world::copy(&rig.data().join("keys"), &data.join("keys"))?;
    Ok(data)
}

async fn two(context: Context, part: Part) -> Result<Vec<Verdict>, Broken> {
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let data = beside(&rig)?;
    let own = BTreeMap::from([("MAINSTAY_DATA".to_owned(), data.to_string_lossy().into_owned())]);
    let load = Load::start(&rig, Duration::from_millis(50));
    drive::propose(&mut rig, "acme").await?;

    // Both run; the second has the later epoch.
    let first = rig.release(part)?;
    rig.launch_with(part, part.name(), &own)?;
    rig.until_ready().await?;
    let mut verdicts = vec![gives_way(first, part, "while both ran").await?];
    drive::propose(&mut rig, "globex").await?;

    // The second freezes, a third takes over, the second wakes up.
    let second = rig.release(part)?;
    second.freeze()?;
    rig.launch(part)?;
    rig.until_ready().await?;
    drive::propose(&mut rig, "initech").await?;
    second.thaw()?;
    verdicts.push(gives_way(second, part, "after its freeze").await?);
    drive::propose(&mut rig, "umbrella").await?;
    load.stop(&mut rig).await?;
    let accounts = ["acme", "globex", "initech", "umbrella"];
    verdicts.push(super::killed::one_proposal_each(&mut rig, &accounts).await?);
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    Ok(verdicts)
}

/// Lets a process that another has taken over from go on for a while: it may follow along, since it says what the other
/// says, or end and say why. Then it is gone.
async fn gives_way(mut process: Process, part: Part, when: &str) -> Result<Verdict, Broken> {
    const INVARIANT: &str = "gives-way";
    let name = part.name();
    let Ok(status) = process.until_ended(TOGETHER).await else {
        process.kill()?;
        return Ok(Verdict::of(INVARIANT, true, format!("{name} {when}: it followed along")));
    };
    let last = process.said().lines().last().unwrap_or_default().to_owned();
    let named = last.contains("taken over") || last.contains("epoch");
    Ok(Verdict::of(INVARIANT, named, format!("{name} {when}: {status}: {last}")))
}

async fn couriers(context: Context) -> Result<Vec<Verdict>, Broken> {
    let mut rig = Rig::start(&context, Setup::default()).await?;
    rig.launch_with(Part::Courier, "courier-2", &BTreeMap::new())?;
    let accounts: Vec<_> = world::ACCOUNTS.iter().take(6).copied().collect();
    let mut approved = Vec::new();
    for account in &accounts {
        // The last one hangs at the recipient, so that a courier can be frozen while it sends.
        let hangs = accounts.last() == Some(account);
        let address = if hangs { Behaviour::Slow.address(account) } else { world::champion(account) };
        approved.push(drive::propose_to(&mut rig, account, &address).await?);
    }
    for proposal in &approved {
        drive::approve(&mut rig, proposal).await?;
    }
    let Some((hanging, others)) = approved.split_last() else { return Ok(Vec::new()) };
    let mut verdicts = Vec::new();
    for proposal in others {
        let state = oracle::until_ended(&mut rig, proposal).await?;
        let mails = oracle::mails_of(&rig, proposal)?;
        let right = state == "sent" && mails == 1;
        verdicts.push(Verdict::of("outcome", right, format!("{state} with {mails} mails beside another courier")));
    }
    rig.until("the intent", PATIENCE, async |rig| {
        Ok((drive::state_of(rig, hanging).await? == "intended").then_some(()))
    })
    .await?;
    // Whichever of them holds it: the other must not send it, and the one must not after its time.
    rig.process("courier")?.freeze()?;
    let state = oracle::until_ended(&mut rig, hanging).await?;
    rig.process("courier")?.thaw()?;
    sleep(TOGETHER).await;
    let mails = oracle::mails_of(&rig, hanging)?;
    let right = matches!(state.as_str(), "unknown" | "failed") && mails == 0;
    verdicts.push(Verdict::of("outcome", right, format!("{state} with {mails} mails after a freeze")));
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    Ok(verdicts)
}

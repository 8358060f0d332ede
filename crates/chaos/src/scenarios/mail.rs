//! A mail server that refuses, hangs, hangs up, or speaks without encryption.

use std::{collections::BTreeMap, time::Duration};

use futures_util::FutureExt as _;
use testkit::{nats::free_ports, smtp::Behaviour};

use crate::{Broken, Context, Part, Rig, Scenario, Setup, Verdict, drive, oracle, world};

/// Long enough for one repetition, which comes after five seconds, and too short for the next.
const DEADLINE_SECONDS: &str = "12";
/// How long all deliveries may take together.
const ALL_MAX: Duration = Duration::from_mins(2);

/// A behaviour of the server with what must become of the message: its state, and how often the server took it.
type Row = (Behaviour, &'static str, usize);

const TABLE: [Row; 10] = [
    (Behaviour::Accept, "sent", 1),
    (Behaviour::Refuse550, "failed", 0),
    (Behaviour::Busy451, "failed", 0),
    (Behaviour::BusyOnce, "sent", 1),
    (Behaviour::Slow, "failed", 0),
    (Behaviour::ResetAtData, "failed", 0),
    (Behaviour::ResetAfterDot, "unknown", 1),
    (Behaviour::SlowAfterDot, "unknown", 1),
    (Behaviour::Data554, "failed", 0),
    (Behaviour::Data452, "failed", 0),
];

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "mail-server-misbehaves",
        faults: &["F14"],
        about: "4xx, 5xx, hangs and resets before and after the final dot: retried, failed or unknown, never twice",
        needs_root: false,
        smoke: true,
        run: |context| misbehaves(context).boxed_local(),
    },
    Scenario {
        name: "mail-server-gone",
        faults: &["F14"],
        about: "nobody listens at the mail server's port: failed, nothing doubtful; back again, the next mail leaves",
        needs_root: false,
        smoke: false,
        run: |context| gone(context).boxed_local(),
    },
    Scenario {
        name: "starttls-stripped",
        faults: &["F14"],
        about: "a server that is not this machine offers no STARTTLS: nothing is sent in the clear",
        needs_root: false,
        smoke: false,
        run: |context| stripped(context).boxed_local(),
    },
];

async fn misbehaves(context: Context) -> Result<Vec<Verdict>, Broken> {
    let env = BTreeMap::from([("MAINSTAY_INTENT_DEADLINE_SECONDS".to_owned(), DEADLINE_SECONDS.to_owned())]);
    let mut rig = Rig::start(&context, Setup { env, ..Setup::default() }).await?;
    let mut approved = Vec::new();
    for ((behaviour, state, mails), account) in TABLE.into_iter().zip(world::ACCOUNTS) {
        let proposal = drive::propose_to(&mut rig, account, &behaviour.address(account)).await?;
        drive::approve(&mut rig, &proposal).await?;
        approved.push((behaviour, proposal, state, mails));
    }
    let mut verdicts = Vec::new();
    for (behaviour, proposal, state, mails) in approved {
        let ended = rig.until("an end", ALL_MAX, async |rig| {
            let state = drive::state_of(rig, &proposal).await?;
            Ok(matches!(state.as_str(), "sent" | "failed" | "unknown").then_some(state))
        });
        let ended = ended.await?;
        let taken = oracle::mails_of(&rig, &proposal)?;
        let detail = format!("{behaviour:?}: {ended} with {taken} mails, expected {state} with {mails}");
        verdicts.push(Verdict::of("outcome", ended == state && taken == mails, detail));
    }
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    Ok(verdicts)
}

/// Restarts the courier with another mail server, has one message approved, and says what became of it.
async fn deliver_to(rig: &mut Rig, smtp: String, account: &str) -> Result<Verdict, Broken> {
    let proposal = drive::propose(rig, account).await?;
    rig.stop(Part::Courier).await?;
    let more = BTreeMap::from([("MAINSTAY_SMTP".to_owned(), smtp)]);
    rig.launch_with(Part::Courier, Part::Courier.name(), &more)?;
    drive::approve(rig, &proposal).await?;
    let state = oracle::until_ended(rig, &proposal).await?;
    let mails = oracle::mails_of(rig, &proposal)?;
    Ok(Verdict::of("outcome", state == "failed" && mails == 0, format!("{state} with {mails} mails")))
}

async fn gone(context: Context) -> Result<Vec<Verdict>, Broken> {
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let [port] = free_ports().map_err(Broken::io("find a free port"))?;
    let mut verdicts = vec![deliver_to(&mut rig, format!("smtp://127.0.0.1:{port}"), "acme").await?];
    rig.stop(Part::Courier).await?;
    rig.launch(Part::Courier)?;
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    Ok(verdicts)
}

async fn stripped(context: Context) -> Result<Vec<Verdict>, Broken> {
    let mut rig = Rig::start(&context, Setup::default()).await?;
    // The unspecified address leads to this machine, and does not count as this machine.
    let smtp = format!("smtp://0.0.0.0:{}", rig.smtp.port());
    let mut verdicts = vec![deliver_to(&mut rig, smtp, "acme").await?];
    rig.stop(Part::Courier).await?;
    rig.launch(Part::Courier)?;
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    Ok(verdicts)
}

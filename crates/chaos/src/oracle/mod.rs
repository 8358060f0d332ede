//! What must hold after every scenario, looked at from outside: on the bus, on the ports, and in the mail server's box.

mod conservation;
mod record;
mod sends;

use std::time::Duration;

use bus::Role;
use bus_schema::subject::{BusAccount, Stream};
use serde_json::json;
use tokio::time::Instant;

pub use conservation::refold;
pub use record::{Happened, events, events_of};
pub use sends::{mails_of, until_ended};

use crate::{Broken, Rig, Verdict, world};

/// How long the system may take to go on after the faults have stopped.
pub const LIVENESS_MAX: Duration = Duration::from_secs(30);
/// How long a delivery may take to its end: the hold, the attempt, the deadline, the grace.
pub const DELIVERY_MAX: Duration = Duration::from_mins(1);

/// Judges a system whose faults have stopped: it goes on, has lost nothing, and has sent nothing twice.
///
/// # Errors
/// The system cannot be asked.
pub async fn judge(rig: &mut Rig) -> Result<Vec<Verdict>, Broken> {
    let (lives, _) = liveness(rig).await?;
    let mut verdicts = vec![lives];
    verdicts.extend(state(rig).await?);
    Ok(verdicts)
}

/// As [`judge`], and the canary's proposal is approved and must be delivered once.
///
/// # Errors
/// The system cannot be asked.
pub async fn judge_with_delivery(rig: &mut Rig) -> Result<Vec<Verdict>, Broken> {
    let (lives, proposal) = liveness(rig).await?;
    let mut verdicts = vec![lives];
    if let Some(proposal) = proposal {
        verdicts.push(delivery(rig, &proposal).await?);
    }
    verdicts.extend(state(rig).await?);
    Ok(verdicts)
}

/// Conservation and sends alone.
///
/// # Errors
/// The system cannot be asked.
pub async fn state(rig: &mut Rig) -> Result<Vec<Verdict>, Broken> {
    let mut verdicts = conservation::judge(rig).await?;
    verdicts.extend(sends::judge(rig).await?);
    Ok(verdicts)
}

/// A canary's events are taken and become facts of every agent: at their end stands a proposal on its card.
async fn liveness(rig: &mut Rig) -> Result<(Verdict, Option<String>), Broken> {
    const INVARIANT: &str = "liveness";
    let canary = rig.next_canary()?;
    let began = Instant::now();
    let calls = world::bad_days(canary, &world::champion(canary));
    let taken = rig.producer.send_until_acknowledged(&calls, LIVENESS_MAX).await;
    if let Err(error) = taken {
        return Ok((Verdict::of(INVARIANT, false, format!("events of {canary}: {}", error.chain())), None));
    }
    let left = LIVENESS_MAX.saturating_sub(began.elapsed());
    let found = rig.until("the canary's proposal", left, async |rig| waiting(rig, canary).await).await;
    Ok(match found {
        Ok(proposal) => {
            let detail = format!("events of {canary} became a proposal in {:.1} s", began.elapsed().as_secs_f64());
            (Verdict::of(INVARIANT, true, detail), Some(proposal))
        }
        Err(error) => (Verdict::of(INVARIANT, false, format!("{canary}: {}", error.chain())), None),
    })
}

async fn delivery(rig: &mut Rig, proposal: &str) -> Result<Verdict, Broken> {
    const INVARIANT: &str = "delivery";
    let (status, answer) = rig.post(&format!("proposals/{proposal}/approve"), &json!({})).await?;
    if !status.is_success() {
        return Ok(Verdict::of(INVARIANT, false, format!("the approval was answered with {status} {answer}")));
    }
    let state = until_ended(rig, proposal).await?;
    let mails = mails_of(rig, proposal)?;
    Ok(Verdict::of(INVARIANT, state == "sent" && mails == 1, format!("the canary is {state} with {mails} mails")))
}

/// The proposal that waits on an account, if there is one.
///
/// # Errors
/// The console cannot be asked.
pub async fn waiting(rig: &mut Rig, account: &str) -> Result<Option<String>, Broken> {
    Ok(proposals(rig, "waiting").await?.into_iter().find(|(_, of)| of == account).map(|(id, _)| id))
}

/// Ids and accounts of the proposals in a state.
///
/// # Errors
/// The console cannot be asked.
pub async fn proposals(rig: &mut Rig, state: &str) -> Result<Vec<(String, String)>, Broken> {
    let found = rig.get(&format!("proposals?state={state}")).await?;
    let all = found.get("proposals").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
    let word = |proposal: &serde_json::Value, name: &str| {
        proposal.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
    };
    Ok(all.iter().map(|proposal| (word(proposal, "id"), word(proposal, "account"))).collect())
}

/// The last message of a stream.
///
/// # Errors
/// The bus does not answer.
pub async fn end_of_stream(rig: &Rig, stream: Stream) -> Result<u64, Broken> {
    let role = if stream.account() == BusAccount::Bus { Role::Operator } else { Role::GateOut };
    let bus = rig.nats.connect(role).await?;
    let end = bus.state(stream).await;
    bus.close().await;
    Ok(end?.last_seq)
}

/// The last message of the log on these subjects.
///
/// # Errors
/// The bus does not answer.
pub async fn end_of(rig: &Rig, subjects: &str) -> Result<u64, Broken> {
    let bus = rig.nats.connect(Role::Operator).await?;
    let last = bus.last(Stream::Log, subjects).await;
    bus.close().await;
    Ok(last?.map_or(0, |stored| stored.seq))
}

/// How many steps of deliveries there are.
///
/// # Errors
/// The bus does not answer.
pub async fn actions(rig: &Rig) -> Result<usize, Broken> {
    Ok(events(rig, Stream::Action, &["cs.action.>"], 1).await?.len())
}

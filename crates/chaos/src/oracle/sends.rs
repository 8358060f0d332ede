//! At most one send per approval, none without a decision, and every intent comes to an end.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use bus_schema::{Data, data::people::Verdict as Decided, subject::Stream};

use super::record;
use crate::{Broken, Rig, Verdict};

/// How long an intent may stand without an outcome: deadline, grace, and the courier's way back.
const INTENT_MAX: Duration = Duration::from_mins(1);

/// The states in which nothing more becomes of a proposal.
const ENDS: [&str; 6] = ["sent", "failed", "unknown", "rejected", "expired", "void"];

/// Waits for the end of a proposal; answers its state.
///
/// # Errors
/// It does not end in time.
pub async fn until_ended(rig: &mut Rig, proposal: &str) -> Result<String, Broken> {
    let path = format!("proposals/{proposal}");
    rig.until("the end of a proposal", super::DELIVERY_MAX, async |rig| {
        let found = rig.get(&path).await?;
        let state = found.get("state").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        Ok(ENDS.contains(&state.as_str()).then_some(state))
    })
    .await
}

/// How many mails of a proposal the mail server took.
///
/// # Errors
/// They cannot be read.
pub fn mails_of(rig: &Rig, proposal: &str) -> Result<usize, Broken> {
    Ok(mails(rig)?.get(proposal).copied().unwrap_or(0))
}

/// How many mails the mail server took, by the proposal in their message id.
fn mails(rig: &Rig) -> Result<BTreeMap<String, usize>, Broken> {
    let mut found = BTreeMap::new();
    for mail in rig.smtp.received()? {
        let text = String::from_utf8_lossy(&mail.bytes).into_owned();
        let id = text.lines().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix("Message-ID: <"));
        // A mail of nobody's proposal counts as one, under the name of none.
        let proposal = id.and_then(|id| id.split('.').next()).unwrap_or("none").to_owned();
        *found.entry(proposal).or_default() += 1;
    }
    Ok(found)
}

/// What stands on ACTION about one proposal.
#[derive(Default, Debug)]
struct Life {
    approved: u32,
    intents: u32,
    ends: Vec<&'static str>,
}

pub(super) async fn judge(rig: &mut Rig) -> Result<Vec<Verdict>, Broken> {
    let ended = rig.until("the end of every intent", INTENT_MAX, async |rig| {
        let lives = lives(rig).await?;
        Ok(lives.values().all(|life| life.intents == 0 || !life.ends.is_empty()).then_some(()))
    });
    let ended = ended.await;
    let lives = lives(rig).await?;
    let mails = mails(rig)?;
    let intents: u32 = lives.values().map(|life| life.intents).sum();
    let ended = match ended {
        Ok(()) => Verdict::of("intents-end", true, format!("{intents} intents came to an end")),
        Err(error) => Verdict::of("intents-end", false, format!("{}: {lives:?}", error.chain())),
    };
    let twice: Vec<_> = mails.iter().filter(|(_, count)| **count > 1).collect();
    let once = Verdict::of(
        "sent-once",
        twice.is_empty(),
        match twice.as_slice() {
            [] => format!(
                "{} mails of {} approvals",
                mails.len(),
                lives.values().filter(|life| life.approved > 0).count()
            ),
            twice => format!("more than one mail: {twice:?}"),
        },
    );
    let decided = decisions(rig).await?;
    let wrong = mails.keys().filter(|proposal| {
        let life = lives.get(*proposal);
        let intended = life.is_some_and(|life| life.approved == 1 && life.intents == 1);
        !intended || !decided.contains(*proposal) || life.is_some_and(|life| life.ends.contains(&"failed"))
    });
    let wrong: Vec<_> = wrong.collect();
    let permitted = Verdict::of(
        "sent-with-decision",
        wrong.is_empty(),
        match wrong.as_slice() {
            [] => format!("{} decisions to approve, {} mails", decided.len(), mails.len()),
            wrong => {
                format!("mails without decision, approval and intent, or said to have failed: {wrong:?} of {lives:?}")
            }
        },
    );
    Ok(vec![ended, once, permitted])
}

async fn lives(rig: &Rig) -> Result<BTreeMap<String, Life>, Broken> {
    let mut lives: BTreeMap<String, Life> = BTreeMap::new();
    for happened in record::events(rig, Stream::Action, &["cs.action.>"], 1).await? {
        let proposal = happened.subject.rsplit('.').next().unwrap_or_default().to_owned();
        let life = lives.entry(proposal).or_default();
        let Ok(event) = happened.envelope.event() else { continue };
        match event.data {
            Data::DeliveryApproved(_) => life.approved += 1,
            Data::DeliveryIntended(_) => life.intents += 1,
            Data::DeliverySent(_) => life.ends.push("sent"),
            Data::DeliveryFailed(_) => life.ends.push("failed"),
            Data::DeliveryUnknown(_) => life.ends.push("unknown"),
            _ => {}
        }
    }
    Ok(lives)
}

/// The proposals that a person approved.
async fn decisions(rig: &Rig) -> Result<BTreeSet<String>, Broken> {
    let all = record::events(rig, Stream::People, &[], 1).await?;
    let approved = all.into_iter().filter_map(|happened| match happened.envelope.event().ok()?.data {
        Data::DecisionRecorded(data) if data.verdict == Decided::Approve => Some(data.proposal.as_str().to_owned()),
        _ => None,
    });
    Ok(approved.collect())
}

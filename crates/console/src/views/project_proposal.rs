//! The way of a proposal: proposed, filed, decided, held, signed, sent or not.

use bus_schema::{
    Data, Position,
    data::{
        facts::{DecisionRefused, OutreachProposed, ProposalDecided, ProposalFiled},
        people::Verdict,
    },
};
use rusqlite::{Transaction, params};

use super::{ViewsError, project::Placed, project_account::word, row::State};

/// Applies one event to the proposal it names.
pub(crate) fn apply(t: &Transaction<'_>, placed: &Placed<'_>) -> Result<(), ViewsError> {
    match placed.data {
        Data::OutreachProposed(data) => proposed(t, data, placed),
        Data::ProposalFiled(data) => filed(t, data, placed),
        Data::DecisionRecorded(data) => recorded(t, &data.proposal, placed),
        Data::DecisionUndone(data) => recorded(t, &data.proposal, placed),
        Data::DecisionRefused(data) => refused(t, data, placed),
        Data::ProposalDecided(data) => decided(t, data, placed),
        Data::ProposalReopened(data) => {
            t.prepare_cached(
                "UPDATE proposals SET state = 'waiting', verdict = NULL, hold_until = NULL, bytes_hash = NULL,
                     changed_at = ?2, reopened_by = ?3 WHERE id = ?1",
            )?
            .execute(params![data.proposal, placed.at().0, data.by])?;
            Ok(())
        }
        Data::CardOffered(data) => card(t, &data.proposal, !data.again, data.rank),
        Data::CardShown(data) => card(t, &data.proposal, false, data.rank),
        Data::ProposalVoided(data) => {
            let detail = serde_json::json!({ "reason": data.reason.name(), "event": data.event.to_string() });
            end(t, &data.proposal, State::Voided, Some(&detail.to_string()), placed)
        }
        Data::ProposalExpired(data) => end(t, &data.proposal, State::Expired, Some(data.reason.name()), placed),
        Data::ApprovalSigned(data) => end(t, &data.proposal, State::Signed, None, placed),
        Data::DeliveryIntended(data) => end(t, &data.proposal, State::Sending, None, placed),
        Data::DeliverySent(data) => {
            end(t, &data.proposal, State::Sent, data.response.as_deref(), placed)?;
            sent(t, &data.proposal, placed)
        }
        Data::DeliveryFailed(data) => end(t, &data.proposal, State::Failed, Some(&word(&data.reason)?), placed),
        Data::DeliveryUnknown(data) => {
            end(t, &data.proposal, State::Unknown, Some(&data.reason), placed)?;
            sent(t, &data.proposal, placed)
        }
        Data::DeliveryWithdrawn(data) => end(t, &data.proposal, State::Failed, Some("withdrawn"), placed),
        // Every other kind is about no proposal.
        _ => Ok(()),
    }
}

fn filed(t: &Transaction<'_>, data: &ProposalFiled, placed: &Placed<'_>) -> Result<(), ViewsError> {
    t.prepare_cached(
        "UPDATE proposals SET state = 'waiting', filed_at = ?2, rank = ?3, due = ?4, expires = ?5,
             owner = coalesce(?6, owner), version = ?7, changed_at = ?2 WHERE id = ?1",
    )?
    .execute(params![
        data.proposal,
        placed.at().0,
        data.rank,
        data.due.0,
        data.expires.0,
        data.owner,
        data.version
    ])?;
    Ok(())
}

/// Its place in the queue of its CSM: it waits there, or is shown.
fn card(t: &Transaction<'_>, proposal: &str, queued: bool, rank: i64) -> Result<(), ViewsError> {
    t.prepare_cached("UPDATE proposals SET queued = ?2, rank = ?3 WHERE id = ?1")?
        .execute(params![proposal, queued, rank])?;
    Ok(())
}

fn refused(t: &Transaction<'_>, data: &DecisionRefused, placed: &Placed<'_>) -> Result<(), ViewsError> {
    t.prepare_cached("UPDATE decisions SET refused = ?3 WHERE seq = ?1 AND idx = ?2")?.execute(params![
        data.decision.seq,
        data.decision.index,
        data.reason.name()
    ])?;
    t.prepare_cached("UPDATE proposals SET changed_at = ?2 WHERE id = ?1")?
        .execute(params![data.proposal, placed.at().0])?;
    Ok(())
}

fn decided(t: &Transaction<'_>, data: &ProposalDecided, placed: &Placed<'_>) -> Result<(), ViewsError> {
    let state = match data.verdict {
        Verdict::Approve => State::Held,
        Verdict::Reject => State::Rejected,
    };
    let reason = data.reason.as_ref().map(word).transpose()?;
    let Position { seq, index } = data.decision;
    t.prepare_cached(
        "UPDATE proposals SET state = ?2, decided_by = ?3, decided_at = ?4, verdict = ?5, edited = ?6,
             reason = ?7, hold_until = ?8, decision_seq = ?9, decision_idx = ?10, bytes_hash = ?11,
             decided_version = ?12, changed_at = ?4, reopened_by = NULL WHERE id = ?1",
    )?
    .execute(params![
        data.proposal,
        state.name(),
        data.by,
        placed.at().0,
        word(&data.verdict)?,
        data.edited,
        reason,
        data.hold_until.map(|time| time.0),
        seq,
        index,
        data.bytes_hash,
        data.version
    ])?;
    Ok(())
}

fn proposed(t: &Transaction<'_>, data: &OutreachProposed, placed: &Placed<'_>) -> Result<(), ViewsError> {
    let Some(account) = placed.header.entity.account_id() else { return Ok(()) };
    let Position { seq, index } = placed.position;
    let at = placed.at().0;
    // A later draft of the same proposal takes the place of the earlier one; what was decided stays.
    t.prepare_cached(
        "INSERT INTO proposals (id, account, contact, state, version, play, proposed, seq, idx, proposed_at,
             expires, changed_at) VALUES (?1, ?2, ?3, 'drafted', ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?9)
         ON CONFLICT (id) DO UPDATE SET contact = ?3, version = ?4, play = ?5, proposed = ?6, seq = ?7, idx = ?8,
             proposed_at = ?9, expires = ?10, changed_at = ?9",
    )?
    .execute(params![
        data.proposal,
        account,
        data.contact,
        data.version,
        data.play,
        serde_json::to_string(data)?,
        seq,
        index,
        at,
        data.expires.0
    ])?;
    Ok(())
}

/// Keeps who said what, so that a second decider can be told, and a refused decision can be taken again.
fn recorded(t: &Transaction<'_>, proposal: &str, placed: &Placed<'_>) -> Result<(), ViewsError> {
    t.prepare_cached("INSERT OR REPLACE INTO decisions VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL)")?.execute(params![
        placed.position.seq,
        placed.position.index,
        placed.header.id,
        proposal,
        placed.header.actor.as_ref().map(ToString::to_string).unwrap_or_default(),
        placed.at().0
    ])?;
    Ok(())
}

fn end(
    t: &Transaction<'_>,
    proposal: &str,
    state: State,
    detail: Option<&str>,
    placed: &Placed<'_>,
) -> Result<(), ViewsError> {
    t.prepare_cached("UPDATE proposals SET state = ?2, detail = ?3, changed_at = ?4 WHERE id = ?1")?
        .execute(params![proposal, state.name(), detail, placed.at().0])?;
    Ok(())
}

/// A message in doubt counts as sent, here as in the contact budget.
fn sent(t: &Transaction<'_>, proposal: &str, placed: &Placed<'_>) -> Result<(), ViewsError> {
    let at = placed.at().0;
    t.prepare_cached(
        "UPDATE accounts SET last_touch = ?2 WHERE account = (SELECT account FROM proposals WHERE id = ?1)",
    )?
    .execute(params![proposal, at])?;
    t.prepare_cached(
        "UPDATE contacts SET last_touch = ?2
         WHERE (account, contact) = (SELECT account, contact FROM proposals WHERE id = ?1)",
    )?
    .execute(params![proposal, at])?;
    Ok(())
}

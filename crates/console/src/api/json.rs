//! Rows as the API gives them.

use bus_schema::data::facts::{ChurnForecasted, HealthScored};
use serde_json::{Value, json};

use crate::views::row::{Account, Contact, DeadLetter, LogEvent, Proposal};

/// An account in a list.
pub(super) fn account(account: &Account) -> Value {
    json!({
        "id": account.id,
        "name": account.name,
        "kind": account.kind,
        "segment": account.segment,
        "stage": account.stage,
        "owner": account.owner,
        "time_zone": account.zone,
        "seats": account.seats,
        "arr": account.arr,
        "renews_on": account.renews_on,
        "ended": account.ended,
        "health": account.health.map(|health| json!({
            "score_bp": health.score,
            "machine_bp": health.machine,
            "band": health.band,
            "coverage_bp": health.coverage_bp,
            "confidence_bp": health.confidence_bp,
            "at": health.at,
            "position": health.position,
        })),
        "churn": account.churn.map(|churn| json!({
            "p90_bp": churn.p90_bp, "tier": churn.tier, "at": churn.at, "position": churn.position,
        })),
        "last_event": account.last_event,
        "last_touch": account.last_touch,
    })
}

/// What only the page of one account needs.
pub(super) struct Detail<'a> {
    pub(super) account: &'a Account,
    pub(super) score: Option<HealthScored>,
    pub(super) forecast: Option<ChurnForecasted>,
    pub(super) contacts: &'a [Contact],
    pub(super) proposals: &'a [Proposal],
}

/// One account with its reasons.
pub(super) fn detail(detail: &Detail<'_>) -> Value {
    let mut value = account(detail.account);
    if let Some(fields) = value.as_object_mut() {
        fields.insert("explanation".into(), json!(detail.score));
        fields.insert("forecast".into(), json!(detail.forecast));
        fields.insert("contacts".into(), detail.contacts.iter().map(contact).collect());
        fields.insert("proposals".into(), detail.proposals.iter().map(proposal).collect());
    }
    value
}

fn contact(contact: &Contact) -> Value {
    json!({
        "id": contact.id,
        "name": contact.name,
        "email": contact.email,
        "title": contact.title,
        "roles": contact.roles,
        "language": contact.language,
        "consent": contact.consent,
        "left_on": contact.left_on,
        "last_touch": contact.last_touch,
    })
}

/// A proposal with what became of it.
pub(super) fn proposal(proposal: &Proposal) -> Value {
    let draft = &proposal.draft;
    json!({
        "id": proposal.id,
        "account": proposal.account,
        "state": proposal.state.name(),
        "version": draft.version,
        "play": draft.play,
        "agent": draft.agent,
        "channel": draft.channel,
        "contact": draft.contact,
        "subject": draft.subject,
        "body": draft.body,
        "draft_hash": draft.draft_hash,
        "why": draft.why,
        "evidence": draft.evidence,
        "fields": draft.fields,
        "value": draft.value,
        "rank": proposal.rank,
        "shown": !proposal.queued,
        "owner": proposal.owner,
        "position": proposal.position,
        "proposed_at": proposal.proposed_at,
        "due": proposal.due,
        "expires": proposal.expires,
        "changed_at": proposal.changed_at,
        "detail": proposal.detail,
        "decision": proposal.decision.as_ref().map(|decision| json!({
            "verdict": if decision.approved { "approve" } else { "reject" },
            "by": decision.by,
            "at": decision.at,
            "version": decision.version,
            "edited": decision.edited,
            "reason": decision.reason,
            "hold_until": decision.hold_until,
            "bytes_hash": decision.bytes_hash,
            "position": decision.position,
        })),
    })
}

/// An event with its personal part, as the console knows it.
pub(super) fn event(event: &LogEvent) -> Value {
    json!({
        "position": event.position,
        "time": event.time,
        "logtime": event.logtime,
        "subject": event.entity,
        "type": event.kind,
        "writer": event.writer,
        "source": event.source,
        "contact": event.contact,
        "actor": event.actor,
        "late": event.late,
        "data": event.data,
        "personal": event.personal,
    })
}

/// A dead letter.
pub(super) fn dead(letter: &DeadLetter) -> Value {
    json!({
        "id": letter.seq,
        "origin": letter.origin,
        "at": letter.at,
        "source_seq": letter.source_seq,
        "reason": letter.reason,
        "type": letter.kind,
        "event": letter.id,
        "body": letter.body,
        "replayed": letter.replayed,
    })
}

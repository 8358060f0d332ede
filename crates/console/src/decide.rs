//! Decisions: from a person's click to one event on the proposal's subject, by compare-and-set.
//!
//! Exactly one of two concurrent deciders wins; the other is told who did and when. Nothing is written that the person
//! did not see: version and hash of the draft come back with the form.

use bus::{PublishError, Stored};
use bus_schema::{
    Actor, Data, Entity, Envelope, Event, Header, Time, batch,
    data::{
        people::{DecisionRecorded, DecisionUndone, RejectReason, Verdict},
        words::{Channel, Label},
    },
    subject::{self, Stream},
};
use data_encoding::BASE64;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::{
    app::{App, Settled},
    letter::{self, Letter, LetterError, Text},
    stop,
    views::{
        ViewsError, read_account, read_proposal,
        row::{Account, Contact, Proposal, State},
    },
};

/// Attempts at one publish whose answer is missing.
const ATTEMPTS: u32 = 3;

/// What a person wants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Wish {
    /// Send it, perhaps in other words.
    Approve { text: Option<Text>, note: Option<String> },
    /// Do not.
    Reject { reason: RejectReason, note: Option<String> },
    /// Take an approval back.
    Undo,
}

/// What the person had before their eyes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) version: Option<u32>,
    pub(crate) draft_hash: Option<String>,
}

/// Who decided first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Winner {
    pub(crate) by: String,
    pub(crate) at: Time,
    pub(crate) verdict: Option<Verdict>,
    pub(crate) version: Option<u32>,
}

/// A decision that was not recorded.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// There is no such proposal.
    NotFound,
    /// No approvals at the moment.
    Paused(&'static str),
    /// Nobody decided in time.
    Expired(Time),
    /// The facts moved and ended it.
    Voided,
    /// The draft is another one than the person saw.
    Moved { version: u32 },
    /// Somebody decided first.
    Conflict(Winner),
    /// Nothing is held that could be undone.
    NothingHeld,
    /// The message is gone.
    TooLate(Time),
    /// It cannot be sent as it stands.
    Letter(LetterError),
    /// The bus did not take it: nothing was recorded.
    Bus(PublishError),
    /// The bus gave no answer: it may or may not be recorded.
    Doubt,
    /// The views cannot be read.
    Views(ViewsError),
}

impl From<ViewsError> for Refusal {
    fn from(error: ViewsError) -> Self {
        Self::Views(error)
    }
}

/// Everything a decision is made of.
pub(crate) struct Case {
    pub(crate) proposal: Proposal,
    pub(crate) account: Account,
    pub(crate) contact: Option<Contact>,
}

/// Reads a proposal with its account and recipient.
pub(crate) async fn case(app: &App, id: &str) -> Result<Option<Case>, ViewsError> {
    let id = id.to_owned();
    app.views
        .read(move |c| {
            let Some(proposal) = read_proposal::one(c, &id)? else { return Ok(None) };
            let Some(account) = read_account::one(c, &proposal.account)? else { return Ok(None) };
            let contact = read_account::one_contact(c, &proposal.account, &proposal.draft.contact)?;
            Ok(Some(Case { proposal, account, contact }))
        })
        .await
}

/// Records what a person wants.
///
/// # Errors
/// Every way it can fail is a [`Refusal`] with its own page.
pub(crate) async fn decide(app: &App, actor: Actor, id: &str, seen: &Seen, wish: Wish) -> Result<Case, Refusal> {
    let case = case(app, id).await?.ok_or(Refusal::NotFound)?;
    let now = app.now().await;
    let expected = match wish {
        Wish::Undo => may_undo(app, &case).await?,
        Wish::Approve { .. } | Wish::Reject { .. } => may_decide(app, &case, seen, &wish, now).await?,
    };
    let (data, personal) = match wish {
        Wish::Approve { text, note } => approval(app, &case, text, note, now).map_err(Refusal::Letter)?,
        Wish::Reject { reason, note } => rejection(&case, reason, note),
        Wish::Undo => (Data::DecisionUndone(DecisionUndone { proposal: Label::nearest(id) }), Map::new()),
    };
    let act = act(&data);
    let published = publish(app, &case, actor, now, (data, personal), expected).await;
    let end = match &published {
        Ok(()) => "recorded",
        Err(Refusal::Conflict(_)) => "conflict",
        Err(Refusal::Doubt) => "doubt",
        Err(_) => "refused",
    };
    metrics::counter!("mainstay_console_decisions_total", "act" => act, "end" => end).increment(1);
    published.map(|()| case)
}

/// What a decision does, for its metric.
const fn act(data: &Data) -> &'static str {
    match data {
        Data::DecisionRecorded(DecisionRecorded { verdict: Verdict::Approve, .. }) => "approve",
        Data::DecisionRecorded(DecisionRecorded { verdict: Verdict::Reject, .. }) => "reject",
        // Nothing else is written here.
        _ => "undo",
    }
}

/// The sequence the proposal's subject must still end with, where a decision may be taken.
async fn may_decide(app: &App, case: &Case, seen: &Seen, wish: &Wish, now: Time) -> Result<u64, Refusal> {
    let proposal = &case.proposal;
    if let (Wish::Approve { .. }, Some(why)) = (wish, app.readiness().refuses_approvals()) {
        return Err(Refusal::Paused(why));
    }
    let last = last(app, proposal).await?;
    if let Some(winner) = &last.winner
        && !refused(app, &last).await?
    {
        return Err(Refusal::Conflict(winner.clone()));
    }
    match proposal.state {
        State::Filed => {}
        State::Voided => return Err(Refusal::Voided),
        State::Expired => return Err(Refusal::Expired(proposal.expires)),
        // Not filed yet: the gate has not ranked it, and nobody has seen it.
        State::Drafted => return Err(Refusal::NotFound),
        State::Held
        | State::Rejected
        | State::Signed
        | State::Sending
        | State::Sent
        | State::Failed
        | State::Unknown => {
            let winner = proposal.decision.as_ref().map(|decision| Winner {
                by: decision.by.clone(),
                at: decision.at,
                verdict: Some(if decision.approved { Verdict::Approve } else { Verdict::Reject }),
                version: Some(decision.version),
            });
            let nobody = Winner { by: String::new(), at: proposal.changed_at, verdict: None, version: None };
            return Err(Refusal::Conflict(winner.unwrap_or(nobody)));
        }
    }
    if now >= proposal.expires {
        return Err(Refusal::Expired(proposal.expires));
    }
    let same_version = seen.version.is_none_or(|version| version == proposal.draft.version);
    let same_draft = seen.draft_hash.as_ref().is_none_or(|hash| *hash == proposal.draft.draft_hash);
    if !(same_version && same_draft) {
        return Err(Refusal::Moved { version: proposal.draft.version });
    }
    Ok(last.seq)
}

/// What became of an undo that was recorded, where it came too late after all.
pub(crate) async fn undone(app: &App, id: &str) -> Result<Option<Refusal>, ViewsError> {
    let proposal = app.settled(id, Settled::Reopened).await?;
    Ok(proposal.and_then(|proposal| match proposal.state {
        State::Signed | State::Sending | State::Sent | State::Unknown => Some(Refusal::TooLate(proposal.changed_at)),
        State::Drafted
        | State::Filed
        | State::Held
        | State::Rejected
        | State::Expired
        | State::Voided
        | State::Failed => None,
    }))
}

/// While the gate holds it an undo is worth trying, even when the clock says that the hold is over: the gate decides.
async fn may_undo(app: &App, case: &Case) -> Result<u64, Refusal> {
    let proposal = &case.proposal;
    match proposal.state {
        State::Held => Ok(last(app, proposal).await?.seq),
        State::Signed | State::Sending | State::Sent | State::Unknown => Err(Refusal::TooLate(proposal.changed_at)),
        State::Drafted | State::Filed | State::Rejected | State::Expired | State::Voided | State::Failed => {
            Err(Refusal::NothingHeld)
        }
    }
}

/// The last thing said on a proposal's subject.
struct Last {
    seq: u64,
    id: Option<String>,
    winner: Option<Winner>,
}

async fn last(app: &App, proposal: &Proposal) -> Result<Last, Refusal> {
    let stored = app.out.last(Stream::People, &subject_of(app, proposal)).await;
    let stored = stored.map_err(|e| {
        tracing::warn!(error = %e, "the last decision on a proposal cannot be read");
        Refusal::Bus(PublishError::Unknown(bus::Doubt::NoResponders))
    })?;
    Ok(stored.map_or(Last { seq: 0, id: None, winner: None }, |stored| read_last(&stored)))
}

fn read_last(stored: &Stored) -> Last {
    let index = stored.headers.index().and_then(|text| batch::decode_index(text).ok()).unwrap_or_default();
    let at = index.len().saturating_sub(1);
    let envelope: Option<Envelope> = batch::envelope(&stored.body, &index, at).ok();
    let event = envelope.as_ref().and_then(|envelope| envelope.event().ok());
    let winner = event.as_ref().and_then(|event| match &event.data {
        Data::DecisionRecorded(data) => Some(Winner {
            by: event.header.actor.as_ref().map(ToString::to_string).unwrap_or_default(),
            at: event.header.time,
            verdict: Some(data.verdict),
            version: Some(data.version),
        }),
        // An undo leaves the proposal open.
        _ => None,
    });
    Last { seq: stored.seq, id: envelope.map(|envelope| envelope.id), winner }
}

/// A decision that the gate did not take binds nobody.
async fn refused(app: &App, last: &Last) -> Result<bool, ViewsError> {
    let Some(id) = last.id.clone() else { return Ok(false) };
    app.views.read(move |c| Ok(read_proposal::refused(c, &id)?.is_some())).await
}

fn subject_of(app: &App, proposal: &Proposal) -> String {
    let partition = app.config.partitions.of(&Entity::account(&proposal.account));
    subject::people_proposal(partition, &proposal.id)
}

fn approval(
    app: &App,
    case: &Case,
    text: Option<Text>,
    note: Option<String>,
    now: Time,
) -> Result<(Data, Map<String, Value>), LetterError> {
    let draft = &case.proposal.draft;
    let text = text.unwrap_or_else(|| Text::of(draft));
    let edited = text.differs_from(draft);
    let letter = letter::write(app, (&case.proposal, &case.account, case.contact.as_ref()), &text, now)?;
    let data = DecisionRecorded {
        proposal: Label::nearest(&case.proposal.id),
        verdict: Verdict::Approve,
        version: draft.version,
        draft_hash: Label::nearest(&draft.draft_hash),
        bytes_hash: Some(Label::nearest(&courier::bytes_hash(&letter.bytes))),
        recipients_hash: Some(Label::nearest(&hex_hash(&letter.recipient))),
        channel: Some(Channel::Email),
        edited,
        reason: None,
    };
    Ok((Data::DecisionRecorded(data), personal(&letter, note)))
}

fn personal(letter: &Letter, note: Option<String>) -> Map<String, Value> {
    let mut personal = Map::new();
    personal.insert("message".into(), BASE64.encode(&letter.bytes).into());
    personal.insert("recipient".into(), letter.recipient.clone().into());
    personal.insert("subject".into(), letter.subject.clone().into());
    personal.insert("body".into(), letter.body.clone().into());
    personal.extend(note.map(|note| ("note".to_owned(), note.into())));
    personal
}

fn rejection(case: &Case, reason: RejectReason, note: Option<String>) -> (Data, Map<String, Value>) {
    let draft = &case.proposal.draft;
    let data = DecisionRecorded {
        proposal: Label::nearest(&case.proposal.id),
        verdict: Verdict::Reject,
        version: draft.version,
        draft_hash: Label::nearest(&draft.draft_hash),
        bytes_hash: None,
        recipients_hash: None,
        channel: None,
        edited: false,
        reason: Some(reason),
    };
    let personal = note.map(|note| ("note".to_owned(), Value::from(note))).into_iter().collect();
    (Data::DecisionRecorded(data), personal)
}

fn hex_hash(text: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}

async fn publish(
    app: &App,
    case: &Case,
    actor: Actor,
    now: Time,
    (data, personal): (Data, Map<String, Value>),
    expected: u64,
) -> Result<(), Refusal> {
    let id = uuid::Uuid::now_v7().to_string();
    let header = Header {
        source: "console".into(),
        id: id.clone(),
        entity: Entity::account(&case.account.id),
        time: now,
        logtime: Time(0),
        actor: Some(actor),
        contact: Some(case.proposal.draft.contact.clone()),
        correlation: Some(case.proposal.id.clone()),
        causation: None,
        stage: None,
        segment: None,
        late: false,
    };
    let event = Event { header, data };
    let message = stop::packed(subject_of(app, &case.proposal), &event, &personal);
    for _ in 0..ATTEMPTS {
        match app.out.publish(message.clone(), Some(expected)).await {
            Ok(_) => return Ok(()),
            // Without an answer the same message is offered again: the chain takes it once at most.
            Err(PublishError::Unknown(_)) => {}
            Err(PublishError::WrongLast) => {
                let last = last(app, &case.proposal).await?;
                if last.id.as_deref() == Some(id.as_str()) {
                    return Ok(());
                }
                let nobody = Winner { by: String::new(), at: now, verdict: None, version: None };
                return Err(Refusal::Conflict(last.winner.unwrap_or(nobody)));
            }
            Err(error @ (PublishError::Full | PublishError::Refused { .. })) => return Err(Refusal::Bus(error)),
        }
    }
    match last(app, &case.proposal).await {
        Ok(last) if last.id.as_deref() == Some(id.as_str()) => Ok(()),
        Ok(_) | Err(_) => Err(Refusal::Doubt),
    }
}

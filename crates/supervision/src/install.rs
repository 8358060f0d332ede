//! The first rules of a log, and later versions of them: policies and message templates, published to every partition.
//!
//! A rule is published with compare-and-set on a subject of its own, so two starts at once publish it once, and a new
//! program never republishes by itself.

use bus::{Bus, CONTENT_TYPE_BATCH, HEADER_CONTENT_TYPE, Message, PublishError, Stored};
use bus_schema::{
    Actor, Batch, Data, Entity, Envelope, Event, Header, Time,
    batch::{self, HEADER_INDEX},
    data::{
        people::{PlaybookPublished, PolicyPublished},
        words::Label,
    },
    subject::{self, Stream},
};

use crate::SupervisionError;

const PART: &str = "install";

/// What a rule is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RuleKind {
    /// An agent's thresholds; named after the agent.
    Policy,
    /// A message template or play; named `template/<name>`.
    Playbook,
}

/// A rule to publish.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// What it is for.
    pub kind: RuleKind,
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// A rule as it stands on the bus.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Published {
    /// Its version, from 1.
    pub version: u32,
    /// Sequence on PEOPLE.
    pub seq: u64,
    /// Whether this call published it.
    pub changed: bool,
}

/// A rule in force, as it was published.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InForce {
    /// Its version, from 1.
    pub version: u32,
    /// Its text.
    pub text: String,
    /// Who published it.
    pub by: Option<Actor>,
    /// When.
    pub at: Time,
}

/// The version of a rule that was published last; none where it never was.
///
/// # Errors
/// The bus cannot be read.
pub async fn in_force(out: &Bus, kind: RuleKind, name: &str) -> Result<Option<InForce>, SupervisionError> {
    let rule = Rule { kind, name: name.to_owned(), text: String::new() };
    let stored = out.last(Stream::People, &rule_subject(&rule)).await;
    let stored = stored.map_err(|source| SupervisionError::read(PART, source))?;
    Ok(stored.and_then(|stored| {
        let (version, text) = read(&stored)?;
        let header = event(&stored)?.header;
        Some(InForce { version, text, by: header.actor, at: header.time })
    }))
}

/// Publishes the rules that have no version yet. Returns the highest sequence on PEOPLE that has to be copied before the
/// first event.
///
/// # Errors
/// The bus cannot be read or written.
pub async fn publish_first(out: &Bus, rules: &[Rule], actor: &Actor, now: Time) -> Result<u64, SupervisionError> {
    let mut seq = 0;
    for rule in rules {
        let last = last(out, rule).await?;
        let published = match last {
            Some((version, _, seq)) => Published { version, seq, changed: false },
            None => append(out, rule, 1, 0, actor, now).await?,
        };
        seq = seq.max(published.seq);
    }
    Ok(seq)
}

/// Publishes the next version of a rule, unless the one in force has the same text.
///
/// # Errors
/// The bus cannot be read or written, or somebody else published it at the same time.
pub async fn publish(out: &Bus, rule: &Rule, actor: &Actor, now: Time) -> Result<Published, SupervisionError> {
    match last(out, rule).await? {
        Some((version, text, seq)) if text == rule.text => Ok(Published { version, seq, changed: false }),
        Some((version, _, seq)) => append(out, rule, version.saturating_add(1), seq, actor, now).await,
        None => append(out, rule, 1, 0, actor, now).await,
    }
}

async fn last(out: &Bus, rule: &Rule) -> Result<Option<(u32, String, u64)>, SupervisionError> {
    let stored = out.last(Stream::People, &rule_subject(rule)).await;
    let stored = stored.map_err(|source| SupervisionError::read(PART, source))?;
    Ok(stored.and_then(|stored| read(&stored).map(|(version, text)| (version, text, stored.seq))))
}

fn event(stored: &Stored) -> Option<Event> {
    let index = batch::decode_index(stored.headers.index()?).ok()?;
    batch::envelope(&stored.body, &index, 0).ok()?.event().ok()
}

fn read(stored: &Stored) -> Option<(u32, String)> {
    match event(stored)?.data {
        Data::PolicyPublished(data) => Some((data.version, data.text)),
        Data::PlaybookPublished(data) => Some((data.version, data.text)),
        _ => None,
    }
}

async fn append(
    out: &Bus,
    rule: &Rule,
    version: u32,
    expect: u64,
    actor: &Actor,
    now: Time,
) -> Result<Published, SupervisionError> {
    let conflict = || SupervisionError::RuleConflict { name: rule.name.clone() };
    let message = message(rule, version, actor, now).ok_or_else(conflict)?;
    match out.publish(message, Some(expect)).await {
        Ok(seq) => Ok(Published { version, seq, changed: true }),
        // In doubt or beaten: what stands there now decides.
        Err(PublishError::WrongLast | PublishError::Unknown(_)) => match last(out, rule).await? {
            Some((found, text, seq)) if found == version && text == rule.text => {
                Ok(Published { version, seq, changed: true })
            }
            Some(_) | None => Err(conflict()),
        },
        Err(error) => Err(SupervisionError::publish(PART, error)),
    }
}

fn rule_subject(rule: &Rule) -> String {
    subject::people_all(&match rule.kind {
        RuleKind::Policy => format!("policy/{}", rule.name),
        RuleKind::Playbook => rule.name.clone(),
    })
}

fn message(rule: &Rule, version: u32, actor: &Actor, now: Time) -> Option<Message> {
    let name = Label::new(&rule.name).ok()?;
    let text = rule.text.clone();
    let data = match rule.kind {
        RuleKind::Policy => Data::PolicyPublished(PolicyPublished { name, version, text }),
        RuleKind::Playbook => Data::PlaybookPublished(PlaybookPublished { name, version, text }),
    };
    let event = Event {
        header: Header {
            source: "rules".into(),
            id: format!("{}/{version}", rule.name),
            // Rules are about every account; the entity only has to be one.
            entity: Entity::Segment("all".into(), "all".into()),
            time: now,
            logtime: Time(0),
            actor: Some(actor.clone()),
            contact: None,
            correlation: None,
            causation: None,
            stage: None,
            segment: None,
            late: false,
        },
        data,
    };
    let json = serde_json::to_vec(&Envelope::of(&event, None)).ok()?;
    let mut batch = Batch::new();
    batch.push_raw(event.kind(), event.header.entity.hash(), &json);
    let (body, index) = batch.finish();
    let message = Message::new(rule_subject(rule), body)
        .with_header(HEADER_CONTENT_TYPE, CONTENT_TYPE_BATCH)
        .with_header(HEADER_INDEX, index);
    Some(message)
}

#[cfg(test)]
mod tests;

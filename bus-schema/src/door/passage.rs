//! One event on its way through the door: its attributes.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::{Map, Value, value::RawValue};

use super::{
    AHEAD_MS_MAX, ATTRIBUTE_BYTES_MAX, Admitted, Door, EXTENSIONS, SOURCE_ID, SOURCE_IDS, Sender, TextReader,
    is_pseudonym,
    json::{self, Fields},
    refusal::{Reason, cut},
};
use crate::{Actor, ActorKind, Day, Entity, Event, Header, Kind, Origin, Time, data::words::has_control, envelope};

/// First day that an event or a date in it may have.
pub(super) const FIRST_DAY: Day = Day(10_957); // 2000-01-01

/// Attributes that the door reads.
const READ: [&str; 14] = [
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "dataschema",
    "datacontenttype",
    "actor",
    "contact",
    "correlationid",
    "causationid",
    "personal",
    "data",
];

/// Attributes that only the log sets: what stands there is dropped, the router sets them anew.
const OURS: [&str; 4] = ["logtime", "stage", "segment", "late"];

/// An old name of a kind that says one of its fields as well.
const BUDGET_CONCERN: &str = "budget.concern_raised";

/// One event on its way through the door.
pub(super) struct Passage<'a> {
    door: &'a Door,
    pub(super) attributes: &'a Fields<'a>,
    pub(super) received: Time,
    sender: Sender,
    /// Pseudonym to source id, of every person met.
    ids: BTreeMap<String, String>,
}

/// A kind, and a field that its name implies.
pub(super) struct Named {
    pub(super) kind: Kind,
    pub(super) implied: Option<(&'static str, &'static str)>,
}

impl<'a> Passage<'a> {
    pub(super) const fn new(door: &'a Door, attributes: &'a Fields<'a>, received: Time, sender: Sender) -> Self {
        Self { door, attributes, received, sender, ids: BTreeMap::new() }
    }

    pub(super) fn admit(mut self) -> Result<Admitted, Reason> {
        self.form()?;
        let source = self.required("source", "say which system sends it")?.into_owned();
        let id = self.required("id", "give every event an id that is unique within its source")?.into_owned();
        let named = self.kind()?;
        let addressed = self.entity(named.kind)?;
        let time = self.time()?;
        let actor = self.actor()?;
        let correlation = self.text("correlationid")?.map(Cow::into_owned);
        let causation = self.text("causationid")?.map(Cow::into_owned);
        let mut personal = self.personal()?;
        let entity = match &addressed {
            Entity::User(user) => Entity::User(self.person(user).ok_or_else(|| Reason::text("subject"))?),
            other @ (Entity::Account(_) | Entity::Segment(..) | Entity::Pattern(..) | Entity::Csm(_)) => other.clone(),
        };
        let contact = match self.text("contact")? {
            Some(contact) => Some(self.person(&contact).ok_or_else(|| Reason::text("contact"))?),
            None => None,
        };
        let body = self.body(&named, &entity, contact, &mut personal)?;
        self.extensions(&mut personal)?;
        if let Some(source_id) = body.contact.as_ref().and_then(|contact| self.ids.get(contact)) {
            personal.insert(SOURCE_ID.into(), source_id.clone().into());
        }
        if !self.ids.is_empty() {
            let known = personal.entry(SOURCE_IDS).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(known) = known {
                known.extend(self.ids.into_iter().map(|(pseudonym, id)| (pseudonym, Value::from(id))));
            }
        }
        let header = Header {
            source,
            id,
            entity,
            time,
            logtime: Time(0),
            actor,
            contact: body.contact,
            correlation,
            causation,
            stage: None,
            segment: None,
            late: false,
        };
        Ok(Admitted { event: Event { header, data: body.data }, personal, addressed })
    }

    /// Who reads the texts.
    pub(super) fn reader(&self) -> Option<&'a dyn TextReader> {
        self.door.reader.as_deref()
    }

    /// The pseudonym of a person, and the note of who it is. None for an id that cannot be one.
    pub(super) fn person(&mut self, source_id: &str) -> Option<String> {
        if self.sender == Sender::Router && is_pseudonym(source_id) {
            return Some(source_id.to_owned());
        }
        if !is_text(source_id) {
            return None;
        }
        let pseudonym = self.door.pseudonym(source_id);
        self.ids.insert(pseudonym.clone(), source_id.to_owned());
        Some(pseudonym)
    }

    fn form(&self) -> Result<(), Reason> {
        let version = self.required("specversion", "send CloudEvents 1.0")?;
        if version != "1.0" {
            return Err(Reason::attribute("specversion", format!("is `{}`: send CloudEvents 1.0", cut(&version))));
        }
        if self.attributes.get("data_base64").is_some() {
            return Err(Reason::attribute("data_base64", "is not read: put JSON into `data`"));
        }
        match self.text("datacontenttype")?.as_deref() {
            None => Ok(()),
            Some(media) if media.split(';').next().is_some_and(is_json) => Ok(()),
            Some(media) => Err(Reason::attribute(
                "datacontenttype",
                format!("is `{}`: send application/json, or leave it out", cut(media)),
            )),
        }
    }

    fn kind(&self) -> Result<Named, Reason> {
        let name = self.required("type", "name the kind, as in `usage.recorded`")?;
        let (kind, implied) = if name == BUDGET_CONCERN {
            (Kind::BudgetReported, Some(("state", "\"concern\"")))
        } else {
            (Kind::from_name(&name).ok_or_else(|| Reason::Kind(cut(&name)))?, None)
        };
        let taken = match kind.origin() {
            Origin::Input => true,
            Origin::Router => self.sender == Sender::Router,
            Origin::People | Origin::Action | Origin::Agent(_) | Origin::AnyAgent => false,
        };
        if !taken {
            return Err(Reason::Origin(kind));
        }
        match self.text("dataschema")? {
            Some(schema) if schema.starts_with("mainstay:") && schema != kind.dataschema() => Err(Reason::attribute(
                "dataschema",
                format!(
                    "is `{}`, which is not known here: send `{}`, or leave it out",
                    cut(&schema),
                    kind.dataschema()
                ),
            )),
            Some(_) | None => Ok(Named { kind, implied }),
        }
    }

    fn entity(&self, kind: Kind) -> Result<Entity, Reason> {
        let text = self.required("subject", "say what it is about, as in `account/acme`")?;
        let entity = Entity::parse(&text).map_err(Reason::Entity)?;
        let user_only = matches!(kind, Kind::MembershipRecorded | Kind::IdentityMerged);
        let problem = match &entity {
            Entity::User(_) => None,
            Entity::Account(_) if !user_only => None,
            Entity::Account(_) => Some("must be `user/<id>` for this kind"),
            Entity::Segment(..) | Entity::Pattern(..) | Entity::Csm(_) if self.sender == Sender::Router => None,
            Entity::Segment(..) | Entity::Pattern(..) | Entity::Csm(_) => Some("must be `account/<id>` or `user/<id>`"),
        };
        problem.map_or(Ok(entity), |problem| Err(Reason::attribute("subject", problem)))
    }

    fn time(&self) -> Result<Time, Reason> {
        let text = self.required("time", "say when it happened, as in `2026-01-31T09:30:00Z`")?;
        let time = Time::parse(&text).ok().or_else(|| beyond(&text)).ok_or_else(|| {
            Reason::attribute("time", format!("is `{}`: write RFC 3339, as in `2026-01-31T09:30:00Z`", cut(&text)))
        })?;
        if time.since_ms(self.received) > AHEAD_MS_MAX {
            return Err(Reason::Future { time, received: self.received });
        }
        if time < FIRST_DAY.start() {
            return Err(Reason::attribute("time", format!("is {time}: events before {FIRST_DAY} are not taken")));
        }
        Ok(time)
    }

    fn actor(&self) -> Result<Option<Actor>, Reason> {
        let Some(text) = self.text("actor")? else { return Ok(None) };
        let actor = Actor::parse(&text)
            .ok_or_else(|| Reason::attribute("actor", "must be `person/<id>` or `system/<id>`, or left out"))?;
        let own = match actor.kind {
            ActorKind::Person | ActorKind::Simulated | ActorKind::System => false,
            ActorKind::Agent | ActorKind::Install => true,
        };
        if own && self.sender == Sender::Outside {
            return Err(Reason::attribute(
                "actor",
                "must not be an agent or the installation: those write for themselves",
            ));
        }
        Ok(Some(actor))
    }

    /// The personal fields an event already carries, which only one that is sent on may.
    fn personal(&self) -> Result<Map<String, Value>, Reason> {
        let Some(raw) = self.attributes.get("personal") else { return Ok(Map::new()) };
        if self.sender == Sender::Outside {
            return Err(Reason::attribute("personal", "is set by the door: put the fields into `data`"));
        }
        json::text(raw)
            .as_deref()
            .and_then(envelope::unseal)
            .ok_or_else(|| Reason::attribute("personal", "must be the base64 of a JSON object"))
    }

    /// Extensions that are none of ours are kept with what is personal, since nobody knows what they hold.
    fn extensions(&self, personal: &mut Map<String, Value>) -> Result<(), Reason> {
        let mut kept = Map::new();
        for (name, raw) in &self.attributes.0 {
            if !READ.contains(&name.as_ref()) && !OURS.contains(&name.as_ref()) {
                let value = value(raw).map_err(|problem| Reason::attribute(name, problem))?;
                kept.insert(name.clone().into_owned(), value);
            }
        }
        if !kept.is_empty() {
            personal.insert(EXTENSIONS.into(), Value::Object(kept));
        }
        Ok(())
    }

    fn text(&self, name: &'static str) -> Result<Option<Cow<'a, str>>, Reason> {
        let Some(raw) = self.attributes.get(name) else { return Ok(None) };
        json::text(raw).filter(|text| is_text(text)).map(Some).ok_or_else(|| Reason::text(name))
    }

    fn required(&self, name: &'static str, cure: &'static str) -> Result<Cow<'a, str>, Reason> {
        self.text(name)?.ok_or(Reason::Missing { name, cure })
    }
}

/// A value that nobody here looks into.
pub(super) fn value(raw: &RawValue) -> Result<Value, String> {
    serde_json::from_str(raw.get()).map_err(|e| format!("cannot be read: {}", cut(&e.to_string())))
}

/// The last instant there is, for a text that is well-formed and later: the last two days of 9999 are a usual way of
/// saying *never*, and have no instant in every zone.
fn beyond(text: &str) -> Option<Time> {
    let of_day = text.strip_prefix("9999-12-30").or_else(|| text.strip_prefix("9999-12-31"))?;
    Time::parse(&format!("9998-01-01{of_day}")).ok().map(|_| Time::from(jiff::Timestamp::MAX))
}

fn is_text(text: &str) -> bool {
    !text.is_empty() && text.len() <= ATTRIBUTE_BYTES_MAX && !has_control(text)
}

fn is_json(media: &str) -> bool {
    let media = media.trim().to_ascii_lowercase();
    media == "application/json" || media == "text/json" || media.ends_with("+json")
}

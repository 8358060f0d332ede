//! From Segment calls to events of the bus.
//!
//! Account: `context.groupId` › `groupId` › `properties.groupId`; without one the event is about `user/<id>`, and the
//! router sends it on once it knows the account. Nothing is dropped: what no field knows travels on in `data`, where
//! the router takes it as personal.

use bus_schema::{Entity, Kind, Origin, Time, data::words::Label};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    event::{Event, Mapped},
    reply::Refused,
};

type Fields = Map<String, Value>;

/// The calls of the API.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Call {
    /// Something was done.
    Track,
    /// Who a user is.
    Identify,
    /// Which account a user is of.
    Group,
    /// A page was seen.
    Page,
    /// A page of an app was seen.
    Screen,
    /// Two ids are one user.
    Alias,
}

impl Call {
    const ALL: [Self; 6] = [Self::Track, Self::Identify, Self::Group, Self::Page, Self::Screen, Self::Alias];

    /// The call of a name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|call| call.name() == name)
    }

    /// The call of a path: its name, or the letter that the libraries for browsers use.
    pub(crate) fn named(path: &str) -> Option<Self> {
        let by_letter = || Self::ALL.into_iter().find(|call| path.len() == 1 && call.name().starts_with(path));
        Self::from_name(path).or_else(by_letter)
    }

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Track => "track",
            Self::Identify => "identify",
            Self::Group => "group",
            Self::Page => "page",
            Self::Screen => "screen",
            Self::Alias => "alias",
        }
    }
}

/// How and when a request came.
pub(crate) struct Arrival<'a> {
    /// Name of the write key.
    pub(crate) key: &'a str,
    /// By our clock.
    pub(crate) received: Time,
    /// When the batch was sent, by the sender's clock.
    pub(crate) sent_at: Option<&'a Value>,
    /// Context of the batch.
    pub(crate) context: Option<&'a Fields>,
}

/// Maps one call; a batch names the type in the message, a path names it otherwise.
pub(crate) fn map(at: usize, call: Option<Call>, fields: Fields, arrival: &Arrival<'_>) -> Result<Vec<Event>, Refused> {
    let message = Message { at, fields, arrival };
    let call = call.or_else(|| Call::from_name(&message.text("type").unwrap_or_default()));
    let call =
        call.ok_or_else(|| message.wrong("`type` must be one of track, identify, group, page, screen and alias"))?;
    message.map(call)?.into_iter().map(Mapped::event).collect()
}

/// One message, with what the request says about it.
struct Message<'a> {
    at: usize,
    fields: Fields,
    arrival: &'a Arrival<'a>,
}

/// What all kinds of a message share.
struct Common {
    id: String,
    user: String,
    account: Option<String>,
    time: Time,
}

impl Message<'_> {
    fn map(&self, call: Call) -> Result<Vec<Mapped>, Refused> {
        let common = self.common()?;
        match call {
            Call::Track => self.track(&common),
            Call::Identify => self.identify(&common),
            Call::Group => self.group(&common),
            Call::Page | Call::Screen => self.page(&common),
            Call::Alias => self.alias(&common),
        }
    }

    fn common(&self) -> Result<Common, Refused> {
        let user = self.text("userId").or_else(|| self.text("anonymousId"));
        Ok(Common {
            id: self.text("messageId").unwrap_or_else(|| Uuid::now_v7().to_string()),
            user: user.ok_or_else(|| self.wrong("`userId` or `anonymousId` is needed"))?,
            account: self.account(),
            time: self.time()?,
        })
    }

    /// `context.groupId` › `groupId` › `properties.groupId`; the context of the batch stands behind the message's own.
    fn account(&self) -> Option<String> {
        let inside = |name: &str| self.object(name).and_then(|object| text(object.get("groupId")));
        let batch = || self.arrival.context.and_then(|context| text(context.get("groupId")));
        inside("context").or_else(batch).or_else(|| self.text("groupId")).or_else(|| inside("properties"))
    }

    /// The sender's clock may be wrong: what counts is how long before sending it happened.
    fn time(&self) -> Result<Time, Refused> {
        let received = self.arrival.received;
        let Some(happened) = self.instant("timestamp")?.or(self.instant("originalTimestamp")?) else {
            return Ok(received);
        };
        let of_batch = self.arrival.sent_at.map(|value| self.parse("sentAt", value)).transpose()?.flatten();
        match self.instant("sentAt")?.or(of_batch) {
            Some(sent) => Ok(received.plus_ms(sent.since_ms(happened).saturating_neg())),
            None => Ok(happened),
        }
    }

    fn instant(&self, name: &str) -> Result<Option<Time>, Refused> {
        self.fields.get(name).map_or(Ok(None), |value| self.parse(name, value))
    }

    fn parse(&self, name: &str, value: &Value) -> Result<Option<Time>, Refused> {
        match value {
            Value::Null => Ok(None),
            // Some SDKs leave the offset out and mean UTC.
            Value::String(text) => Time::parse(text)
                .or_else(|_| Time::parse(&format!("{text}Z")))
                .map(Some)
                .map_err(|_| self.wrong(&format!("`{name}` must be an ISO 8601 instant like 2026-01-31T09:00:00Z"))),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                Err(self.wrong(&format!("`{name}` must be text like 2026-01-31T09:00:00Z")))
            }
        }
    }

    fn track(&self, common: &Common) -> Result<Vec<Mapped>, Refused> {
        let event = self.text("event").ok_or_else(|| self.wrong("a track call needs `event`, its name"))?;
        let properties = self.object("properties").cloned().unwrap_or_default();
        let known = Kind::from_name(&event).filter(|kind| kind.origin() == Origin::Input);
        let (kind, data) = if let Some(kind) = known {
            // Who it was stands in the envelope; the router fills it in where the data has a place for it.
            let mut data = snake_case(properties);
            data.remove("group_id");
            (kind, data)
        } else {
            let mut data = self.device();
            data.insert("user".into(), common.user.clone().into());
            data.insert("feature".into(), Label::nearest(&event).as_str().into());
            data.insert("quantity".into(), 1.into());
            put_object(&mut data, "properties", properties);
            (Kind::UsageRecorded, data)
        };
        Ok(vec![self.mapped(common, kind, Some(common.user.clone()), self.entity(common)?, data)])
    }

    fn identify(&self, common: &Common) -> Result<Vec<Mapped>, Refused> {
        let mut data = snake_case(self.object("traits").cloned().unwrap_or_default());
        full_name(&mut data);
        rename(&mut data, "timezone", "time_zone");
        rename(&mut data, "locale", "language");
        for (name, context) in [("time_zone", "timezone"), ("language", "locale")] {
            if let (false, Some(value)) = (data.contains_key(name), self.context(context)) {
                data.insert(name.into(), value.into());
            }
        }
        if let (false, Some(Value::String(role))) = (data.contains_key("roles"), data.get("role")) {
            let roles = json!([role]);
            data.insert("roles".into(), roles);
        }
        data.insert("contact".into(), common.user.clone().into());
        let entity = self.entity(common)?;
        let mut mapped = vec![self.mapped(common, Kind::ContactUpdated, Some(common.user.clone()), entity, data)];
        mapped.extend(self.membership(common)?);
        Ok(mapped)
    }

    fn group(&self, common: &Common) -> Result<Vec<Mapped>, Refused> {
        if common.account.is_none() {
            return Err(self.wrong("a group call needs `groupId`, the account"));
        }
        let mut data = snake_case(self.object("traits").cloned().unwrap_or_default());
        rename(&mut data, "timezone", "time_zone");
        let mut mapped = vec![self.mapped(common, Kind::AccountUpdated, None, self.entity(common)?, data)];
        mapped.extend(self.membership(common)?);
        Ok(mapped)
    }

    fn page(&self, common: &Common) -> Result<Vec<Mapped>, Refused> {
        let mut properties = self.object("properties").cloned().unwrap_or_default();
        let mut data = self.device();
        data.insert("user".into(), common.user.clone().into());
        if let Some(name) = self.text("name").or_else(|| text(properties.get("name"))) {
            data.insert("page".into(), Label::nearest(&name).as_str().into());
        }
        for name in ["url", "path", "title", "referrer", "search"] {
            if let Some(value) = properties.remove(name) {
                data.insert(name.into(), value);
            }
        }
        put_object(&mut data, "properties", properties);
        Ok(vec![self.mapped(common, Kind::PageViewed, Some(common.user.clone()), self.entity(common)?, data)])
    }

    fn alias(&self, common: &Common) -> Result<Vec<Mapped>, Refused> {
        let previous = self.text("previousId").ok_or_else(|| self.wrong("an alias call needs `previousId`"))?;
        let mut data = Fields::new();
        data.insert("user".into(), common.user.clone().into());
        data.insert("previous".into(), previous.into());
        Ok(vec![self.mapped(common, Kind::IdentityMerged, None, self.user(&common.user)?, data)])
    }

    /// The second event of a call that says to which account a user belongs.
    fn membership(&self, common: &Common) -> Result<Option<Mapped>, Refused> {
        let Some(account) = &common.account else { return Ok(None) };
        let mut data = Fields::new();
        data.insert("user".into(), common.user.clone().into());
        data.insert("account".into(), account.clone().into());
        let mut mapped = self.mapped(common, Kind::MembershipRecorded, None, self.user(&common.user)?, data);
        mapped.id.push_str("/membership");
        Ok(Some(mapped))
    }

    fn mapped(&self, common: &Common, kind: Kind, contact: Option<String>, entity: Entity, data: Fields) -> Mapped {
        let source = format!("segment/{}", self.arrival.key);
        Mapped { source, id: common.id.clone(), kind, entity, time: common.time, contact, data }
    }

    fn entity(&self, common: &Common) -> Result<Entity, Refused> {
        match &common.account {
            Some(account) => self.parsed(&format!("account/{account}")),
            None => self.user(&common.user),
        }
    }

    fn user(&self, id: &str) -> Result<Entity, Refused> {
        self.parsed(&format!("user/{id}"))
    }

    fn parsed(&self, entity: &str) -> Result<Entity, Refused> {
        Entity::parse(entity).map_err(|e| self.wrong(&e.to_string()))
    }

    /// Address and program of the user's machine, which the router keeps as personal.
    fn device(&self) -> Fields {
        let names = [("ip", "ip"), ("user_agent", "userAgent")];
        let found =
            names.into_iter().filter_map(|(ours, theirs)| Some((ours.to_owned(), self.context(theirs)?.into())));
        found.collect()
    }

    fn context(&self, name: &str) -> Option<String> {
        let own = self.object("context").and_then(|context| text(context.get(name)));
        own.or_else(|| self.arrival.context.and_then(|context| text(context.get(name))))
    }

    fn object(&self, name: &str) -> Option<&Fields> {
        self.fields.get(name).and_then(Value::as_object)
    }

    fn text(&self, name: &str) -> Option<String> {
        text(self.fields.get(name))
    }

    fn wrong(&self, what: &str) -> Refused {
        Refused::Malformed(format!("event {}: {what}", self.at))
    }
}

/// Ids may come as numbers; empty text is no id.
fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Writes `licensedSeats` as `licensed_seats`; a field that already has that name wins.
fn snake_case(fields: Fields) -> Fields {
    let (exact, camel): (Vec<_>, Vec<_>) = fields.into_iter().partition(|(name, _)| *name == snake(name));
    let mut out: Fields = camel.into_iter().map(|(name, value)| (snake(&name), value)).collect();
    out.extend(exact);
    out
}

fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut lower_before = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && lower_before {
            out.push('_');
        }
        lower_before = c.is_ascii_lowercase() || c.is_ascii_digit();
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn rename(data: &mut Fields, from: &str, to: &str) {
    if !data.contains_key(to)
        && let Some(value) = data.remove(from)
    {
        data.insert(to.into(), value);
    }
}

fn full_name(data: &mut Fields) {
    if data.contains_key("name") {
        return;
    }
    let parts: Vec<String> = ["first_name", "last_name"].iter().filter_map(|name| text(data.get(*name))).collect();
    if !parts.is_empty() {
        data.insert("name".into(), parts.join(" ").into());
    }
}

fn put_object(data: &mut Fields, name: &str, value: Fields) {
    if !value.is_empty() {
        data.insert(name.into(), Value::Object(value));
    }
}

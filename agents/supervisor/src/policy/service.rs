//! How accounts are served, whose leaving is a matter, what contacts are called, and which team is told of what.

use std::collections::BTreeSet;

use agent::PolicyError;
use bus_schema::{
    Kind,
    data::facts::{TouchModel, UsagePattern},
};
use serde::Deserialize;

use super::{Policy, within};
use crate::{handoffs::ROUTABLE, state::Segment};

/// Rows of the routing table.
const HANDOFFS_MAX: usize = 40;
/// Personas.
const PERSONAS_MAX: usize = 20;

/// How the accounts of each segment are served, and vendors whatever their segment is.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServicePolicy {
    strategic: Service,
    enterprise: Service,
    mid_market: Service,
    smb: Service,
    vendor: Service,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    touch: TouchModel,
    accounts_per_csm: u32,
}

/// Whose leaving is a matter, and how long finding out may take.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PeoplePolicy {
    watched_roles: Vec<String>,
    pub(crate) task_days: i32,
}

/// A kind of person, by role or seniority.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Persona {
    name: String,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    seniority: Vec<String>,
}

/// Days of use, of 28, that make a pattern.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "a field is its key in the policy, which ends with the unit")]
pub(crate) struct PatternPolicy {
    power_days: u32,
    regular_days: u32,
    pub(crate) review_days: i32,
}

/// A row of the routing table.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Handoff {
    pub(crate) name: String,
    on: Kind,
    #[serde(default)]
    only: Vec<String>,
    #[serde(default)]
    segments: Vec<String>,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) title: String,
    pub(crate) assignee: String,
    pub(crate) due_days: i32,
    #[serde(default)]
    pub(crate) rest_days: i32,
}

impl Policy {
    /// What a contact is called, by the first persona that fits; `user` where none does.
    pub(crate) fn persona(&self, roles: &[String], seniority: Option<&str>) -> &str {
        let fits = |persona: &&Persona| {
            persona.roles.iter().any(|role| roles.contains(role))
                || seniority.is_some_and(|seniority| persona.seniority.iter().any(|own| own == seniority))
        };
        self.persona.iter().find(fits).map_or("user", |persona| persona.name.as_str())
    }

    pub(super) fn check_people(&self) -> Result<(), PolicyError> {
        self.service.check()?;
        self.people.check()?;
        self.patterns.check()?;
        if self.persona.len() > PERSONAS_MAX {
            return Err(PolicyError::value("persona", format!("has more than {PERSONAS_MAX} items; join some")));
        }
        for persona in &self.persona {
            let field = format!("persona.{}", persona.name);
            if persona.roles.is_empty() && persona.seniority.is_empty() {
                return Err(PolicyError::value(field, "fits nobody; name roles or a seniority"));
            }
        }
        unique("persona", self.persona.iter().map(|persona| persona.name.as_str()))?;
        if self.handoff.len() > HANDOFFS_MAX {
            return Err(PolicyError::value("handoff", format!("has more than {HANDOFFS_MAX} rows; join some")));
        }
        self.handoff.iter().try_for_each(Handoff::check)?;
        unique("handoff", self.handoff.iter().map(|row| row.name.as_str()))
    }
}

impl ServicePolicy {
    /// Touch model and accounts of a book, of a segment; a name that a person gave is served as strategic.
    pub(crate) const fn of(&self, segment: &Segment) -> (TouchModel, u32) {
        let service = match segment {
            Segment::Smb => &self.smb,
            Segment::MidMarket => &self.mid_market,
            Segment::Enterprise => &self.enterprise,
            Segment::Pinned(_) => &self.strategic,
        };
        (service.touch, service.accounts_per_csm)
    }

    /// The same of vendors.
    pub(crate) const fn vendor(&self) -> (TouchModel, u32) {
        (self.vendor.touch, self.vendor.accounts_per_csm)
    }

    fn check(&self) -> Result<(), PolicyError> {
        for (name, service) in [
            ("strategic", &self.strategic),
            ("enterprise", &self.enterprise),
            ("mid_market", &self.mid_market),
            ("smb", &self.smb),
            ("vendor", &self.vendor),
        ] {
            within(&format!("service.{name}.accounts_per_csm"), i64::from(service.accounts_per_csm), 1, 10_000)?;
        }
        Ok(())
    }
}

impl PeoplePolicy {
    /// Whether the leaving of somebody with this role is a matter.
    pub(crate) fn watches(&self, role: &str) -> bool {
        self.watched_roles.iter().any(|watched| watched == role)
    }

    fn check(&self) -> Result<(), PolicyError> {
        if self.watched_roles.is_empty() {
            return Err(PolicyError::value("people.watched_roles", "watches nobody; name at least one role"));
        }
        within("people.task_days", i64::from(self.task_days), 0, 30)
    }
}

impl PatternPolicy {
    /// The pattern of so many days of use.
    pub(crate) const fn of(&self, active_days: u32) -> UsagePattern {
        if active_days >= self.power_days {
            UsagePattern::Power
        } else if active_days >= self.regular_days {
            UsagePattern::Regular
        } else if active_days > 0 {
            UsagePattern::Light
        } else {
            UsagePattern::Lapsed
        }
    }

    fn check(&self) -> Result<(), PolicyError> {
        within("patterns.power_days", i64::from(self.power_days), 2, 28)?;
        if self.regular_days < 1 || self.regular_days >= self.power_days {
            return Err(PolicyError::value("patterns.regular_days", "must be at least 1 and below `power_days`"));
        }
        within("patterns.review_days", i64::from(self.review_days), 1, 28)
    }
}

impl Handoff {
    /// Whether the row is about an event of this kind with this word, on an account of this segment.
    pub(crate) fn concerns(&self, kind: Kind, word: &str, segment: &str) -> bool {
        let any = |list: &[String], word: &str| list.is_empty() || list.iter().any(|own| own == word);
        self.on == kind && any(&self.only, word) && any(&self.segments, segment)
    }

    fn check(&self) -> Result<(), PolicyError> {
        let field = |key: &str| format!("handoff.{}.{key}", self.name);
        if !ROUTABLE.contains(&self.on) {
            let names: Vec<&str> = ROUTABLE.iter().map(|kind| kind.name()).collect();
            let problem = format!("`{}` cannot be handed on; one of {} can", self.on, names.join(", "));
            return Err(PolicyError::value(field("on"), problem));
        }
        let texts = [("from", &self.from), ("to", &self.to), ("title", &self.title), ("assignee", &self.assignee)];
        for (key, text) in texts {
            if text.trim().is_empty() {
                return Err(PolicyError::value(field(key), "is empty; name a team, or say what to do"));
            }
        }
        within(&field("due_days"), i64::from(self.due_days), 0, 90)?;
        within(&field("rest_days"), i64::from(self.rest_days), 0, 366)
    }
}

fn unique<'a>(list: &str, names: impl Iterator<Item = &'a str>) -> Result<(), PolicyError> {
    let mut seen = BTreeSet::new();
    for name in names {
        if name.trim().is_empty() {
            return Err(PolicyError::value(format!("{list}.name"), "is empty; name every item"));
        }
        if !seen.insert(name) {
            return Err(PolicyError::value(
                format!("{list}.{name}"),
                "stands there twice; give each a name of its own",
            ));
        }
    }
    Ok(())
}

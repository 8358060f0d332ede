//! Names of subjects and streams, in one place.

use std::{fmt, str::FromStr};

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, Mac as _};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::Sha256;

use crate::{Entity, Partition, entity::token};

/// A stream of the bus.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Stream {
    /// What producers sent (account BUS).
    In,
    /// The log: the truth (account BUS).
    Log,
    /// What could not be used, with the reason (account BUS).
    Dead,
    /// What people said (account OUT).
    People,
    /// What was approved and what became of it, and the stops (account OUT).
    Action,
}

/// An account of the server. Subject permissions alone do not stop a forgery inside one account, so there are two.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum BusAccount {
    /// Events, log, dead letters.
    Bus,
    /// People and actions: no agent has a user here.
    Out,
}

impl Stream {
    /// All streams, in the order they are created.
    pub const ALL: [Self; 5] = [Self::In, Self::Log, Self::Dead, Self::People, Self::Action];

    /// The stream's name on the server.
    pub const fn name(self) -> &'static str {
        match self {
            Self::In => "IN",
            Self::Log => "LOG",
            Self::Dead => "DEAD",
            Self::People => "PEOPLE",
            Self::Action => "ACTION",
        }
    }

    /// The account that holds it.
    pub const fn account(self) -> BusAccount {
        match self {
            Self::In | Self::Log | Self::Dead => BusAccount::Bus,
            Self::People | Self::Action => BusAccount::Out,
        }
    }
}

/// `cs.in.<p>.batch`: packed events from gateways, ticks, imports.
pub fn in_batch(p: Partition) -> String {
    format!("cs.in.{p}.batch")
}

/// `cs.event.<entity>`: one event straight from a producer; the server maps it to `cs.in.<p>.<entity>`.
pub fn event(entity: &Entity) -> String {
    format!("cs.event.{}", entity.token())
}

/// `cs.log.<p>.in`: the routed events of a partition, ticks included.
pub fn log_in(p: Partition) -> String {
    format!("cs.log.{p}.in")
}

/// `cs.log.<p>.people`: verbatim copies of what people said.
pub fn log_people(p: Partition) -> String {
    format!("cs.log.{p}.people")
}

/// `cs.log.<p>.outcome`: verbatim copies of what became of actions.
pub fn log_outcome(p: Partition) -> String {
    format!("cs.log.{p}.outcome")
}

/// The subject an agent at partition `from` says facts on that live in partition `at`.
///
/// The supervisor's is `cs.log.<p>.supervisor`, whose chain is the audit log; others are `cs.log.<q>.<agent>.<p>`.
pub fn log_fact(at: Partition, agent: &str, from: Partition) -> String {
    if agent == "supervisor" { format!("cs.log.{at}.supervisor") } else { format!("cs.log.{at}.{agent}.{from}") }
}

/// Everything that lives in a partition of the log.
pub fn log_partition(p: Partition) -> String {
    format!("cs.log.{p}.>")
}

/// `cs.dead.<origin>`.
pub fn dead(origin: &str) -> String {
    format!("cs.dead.{origin}")
}

/// `cs.people.<p>.<entity>`: what a person says about an entity.
pub fn people(p: Partition, entity: &Entity) -> String {
    format!("cs.people.{p}.{}", entity.token())
}

/// `cs.people.<p>.<proposal>`: the decisions on one proposal, a compare-and-set chain.
pub fn people_proposal(p: Partition, proposal: &str) -> String {
    format!("cs.people.{p}.{}", token(&format!("proposal/{proposal}")))
}

/// `cs.people.all.<name>`: a policy or playbook for every partition.
pub fn people_all(name: &str) -> String {
    format!("cs.people.all.{}", token(name))
}

/// `cs.action.<p>.<proposal>`: approved, intent and outcome of one proposal, a compare-and-set chain.
pub fn action(p: Partition, proposal: &str) -> String {
    format!("cs.action.{p}.{proposal}")
}

/// A stop: nothing in its scope is sent once it is stored. Written `all`, `play/<name>`, `contact/<hmac>`,
/// `address/<hmac>`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, JsonSchema)]
#[schemars(with = "String", extend("pattern" = "^(all$|play/|contact/|address/)"))]
pub enum Stop {
    /// Everything.
    All,
    /// One play.
    Play(String),
    /// One contact, by its keyed hash.
    Contact(String),
    /// One address, by its keyed hash.
    Address(String),
}

impl Stop {
    /// `cs.stop.<scope>`.
    pub fn subject(&self) -> String {
        match self {
            Self::All => "cs.stop.all".into(),
            Self::Play(name) => format!("cs.stop.play.{}", token(name)),
            Self::Contact(hmac) => format!("cs.stop.contact.{}", token(hmac)),
            Self::Address(hmac) => format!("cs.stop.address.{}", token(hmac)),
        }
    }
}

/// The keyed hash of an address, which stops are kept under: lower-case base32 of the first 16 bytes of an HMAC.
///
/// Case and surrounding space do not matter. Whoever unsubscribes and whoever approves must use the same key.
pub fn address_hash(key: &[u8; 32], address: &str) -> String {
    let address = address.trim().to_lowercase();
    // HMAC takes a key of any length.
    let Ok(mut mac) = <Hmac<Sha256> as hmac::digest::KeyInit>::new_from_slice(key) else { return String::new() };
    for part in ["address", &address] {
        mac.update(&(part.len() as u64).to_le_bytes());
        mac.update(part.as_bytes());
    }
    let hash = mac.finalize().into_bytes();
    BASE32_NOPAD.encode(hash.get(..16).unwrap_or_default()).to_ascii_lowercase()
}

/// Text that is no stop.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is no stop: expected all, play/<name>, contact/<hmac> or address/<hmac>")]
pub struct StopError(String);

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Play(name) => write!(f, "play/{name}"),
            Self::Contact(hmac) => write!(f, "contact/{hmac}"),
            Self::Address(hmac) => write!(f, "address/{hmac}"),
        }
    }
}

impl FromStr for Stop {
    type Err = StopError;
    fn from_str(text: &str) -> Result<Self, StopError> {
        match text.split_once('/') {
            None if text == "all" => Ok(Self::All),
            Some(("play", name)) if !name.is_empty() => Ok(Self::Play(name.into())),
            Some(("contact", hmac)) if !hmac.is_empty() => Ok(Self::Contact(hmac.into())),
            Some(("address", hmac)) if !hmac.is_empty() => Ok(Self::Address(hmac.into())),
            None | Some(_) => Err(StopError(text.chars().take(200).collect())),
        }
    }
}

impl Serialize for Stop {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Stop {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

/// The partition a subject names, where it names one.
pub fn partition_of(subject: &str) -> Option<Partition> {
    Partition::parse(subject.split('.').nth(2)?)
}

/// Who wrote a subject of the log: `in`, `people`, `outcome`, `supervisor` or an agent.
pub fn log_writer(subject: &str) -> Option<&str> {
    subject.strip_prefix("cs.log.")?.split('.').nth(1)
}

//! What the gateway is told: where to listen, whom to let in, how much to hold.

use std::{collections::BTreeMap, fmt, net::SocketAddr, time::Duration};

use serde::Deserialize;

/// Settings of the gateway.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where to listen when no listener is handed over.
    pub listen: SocketAddr,
    /// Who may send: the key's name, which becomes part of the source, and the key itself.
    pub write_keys: WriteKeys,
    /// Most events that wait in one partition; above it senders are told to come back.
    pub waiting_events_max: usize,
    /// How long a graceful stop waits for requests under way.
    #[serde(rename = "drain_ms", deserialize_with = "millis")]
    pub drain: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7701)),
            write_keys: WriteKeys::default(),
            waiting_events_max: 20_000,
            drain: Duration::from_secs(15),
        }
    }
}

/// Write keys by name. Never shown in logs.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct WriteKeys(BTreeMap<String, String>);

impl WriteKeys {
    /// One key.
    pub fn one(name: impl Into<String>, key: impl Into<String>) -> Self {
        Self(BTreeMap::from([(name.into(), key.into())]))
    }

    /// The key of a system that has one. Its name is part of every event's identity, and therefore the same for a
    /// gateway that runs apart: what a producer sends again through the other is a repeat.
    pub fn local(key: impl Into<String>) -> Self {
        Self::one("local", key)
    }

    /// Adds a key.
    pub fn insert(&mut self, name: impl Into<String>, key: impl Into<String>) {
        self.0.insert(name.into(), key.into());
    }

    /// Whether nobody can send.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(String::is_empty)
    }

    /// The name of a key. Compares every key in full, so that the time taken says nothing about them.
    pub(crate) fn name_of(&self, given: &str) -> Option<&str> {
        let same = |key: &str| {
            key.len() == given.len() && key.bytes().zip(given.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
        };
        self.0.iter().fold(None, |found, (name, key)| if !key.is_empty() && same(key) { Some(name) } else { found })
    }
}

impl fmt::Debug for WriteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn millis<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
    u64::deserialize(d).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_key_has_a_name() {
        let mut keys = WriteKeys::one("web", "abc");
        keys.insert("app", "abd");
        keys.insert("empty", "");
        assert_eq!(keys.name_of("abc"), Some("web"));
        assert_eq!(keys.name_of("abd"), Some("app"));
        for wrong in ["", "ab", "abcd", "abe"] {
            assert_eq!(keys.name_of(wrong), None, "{wrong}");
        }
        assert!(!format!("{keys:?}").contains("abc"));
        assert!(WriteKeys::one("empty", "").is_empty());
    }
}

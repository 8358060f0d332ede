//! The rules that are built in: each agent's default policy and the message templates.

use std::{path::Path, sync::Arc, time::Duration};

use agent::{Agent, PolicyError};
use reader::LexiconReader;

use crate::error::Error;

/// An agent's rules: name, default policy, and the check of a text.
pub(crate) struct Rules {
    /// The agent.
    pub(crate) agent: &'static str,
    /// Its commented defaults.
    pub(crate) default: &'static str,
    check: fn(&str) -> Result<(), PolicyError>,
}

/// The agents there are, in the order of the topology.
pub(crate) const AGENTS: [Rules; 9] = [
    rules::<onboarding::Onboarding>(),
    rules::<escalation::Escalation>(),
    rules::<health::Health>(),
    rules::<churn::Churn>(),
    rules::<renewal::Renewal>(),
    rules::<expansion::Expansion>(),
    rules::<advocacy::Advocacy>(),
    rules::<engagement::Engagement>(),
    rules::<supervisor::Supervisor>(),
];

const fn rules<A: Agent>() -> Rules {
    Rules { agent: A::NAME, default: A::DEFAULT_POLICY, check: |text| A::policy(text).map(|_| ()) }
}

/// The rules of an agent.
///
/// # Errors
/// No such agent; says which there are.
pub(crate) fn find(agent: &str) -> Result<&'static Rules, String> {
    AGENTS.iter().find(|rules| rules.agent == agent).ok_or_else(|| {
        let known: Vec<_> = AGENTS.iter().map(|rules| rules.agent).collect();
        format!("no agent `{agent}`; there are {}", known.join(", "))
    })
}

impl Rules {
    /// Whether the agent takes a policy.
    ///
    /// # Errors
    /// What is wrong with it, with the place.
    pub(crate) fn takes(&self, text: &str) -> Result<(), PolicyError> {
        (self.check)(text)
    }
}

/// The default policy of an agent with some settings laid over it.
///
/// # Errors
/// No such agent, or settings its policy does not take.
pub(crate) fn overlay(agent: &str, over: &toml::Table) -> Result<String, String> {
    let rules = find(agent)?;
    let mut table: toml::Table = toml::from_str(rules.default).map_err(|error| error.to_string())?;
    lay(&mut table, over);
    let text = toml::to_string(&table).map_err(|error| error.to_string())?;
    (rules.check)(&text).map_err(|error| format!("policy of {agent}: {error}"))?;
    Ok(text)
}

/// A first policy as a demo's log has it: made-up people may decide there, and only there.
///
/// # Errors
/// A policy the agent does not take.
pub(crate) fn for_demo(agent: &str, text: String) -> Result<String, Error> {
    if agent != "supervisor" {
        return Ok(text);
    }
    let bad = |problem: String| Error::Map { path: Path::new("supervisor.toml").into(), problem };
    let mut table: toml::Table = toml::from_str(&text).map_err(|error| bad(error.to_string()))?;
    let over = toml::toml! { gate.simulated_deciders = true };
    lay(&mut table, &over);
    toml::to_string(&table).map_err(|error| bad(error.to_string()))
}

/// How long the gate holds an approval, so that pages can say it in advance.
///
/// # Errors
/// A policy file that cannot be read.
pub(crate) fn hold(folder: Option<&Path>) -> Result<Duration, Error> {
    let text = policies(folder)?.into_iter().find(|(agent, _)| agent == "supervisor").map(|(_, text)| text);
    let table: toml::Table = toml::from_str(&text.unwrap_or_default()).unwrap_or_default();
    let seconds = table.get("gate").and_then(|gate| gate.get("hold_seconds")).and_then(toml::Value::as_integer);
    Ok(Duration::from_secs(seconds.and_then(|seconds| seconds.try_into().ok()).unwrap_or(30)))
}

fn lay(under: &mut toml::Table, over: &toml::Table) {
    for (key, value) in over {
        match (under.get_mut(key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => lay(under, over),
            _ => {
                under.insert(key.clone(), value.clone());
            }
        }
    }
}

/// The policies to publish at first start: built in, or from a folder where it has `<agent>.toml`.
///
/// # Errors
/// A file that cannot be read or whose policy cannot be used, named.
pub(crate) fn policies(folder: Option<&Path>) -> Result<Vec<(String, String)>, Error> {
    let mut out = Vec::new();
    for rules in &AGENTS {
        let path = folder.map(|folder| folder.join(format!("{}.toml", rules.agent))).filter(|path| path.exists());
        let text = match &path {
            Some(path) => std::fs::read_to_string(path).map_err(|source| Error::File { path: path.clone(), source })?,
            None => rules.default.to_owned(),
        };
        (rules.check)(&text).map_err(|error| Error::Map {
            path: path.unwrap_or_else(|| Path::new(rules.agent).join("policy.toml")),
            problem: error.to_string(),
        })?;
        out.push((rules.agent.to_owned(), text));
    }
    Ok(out)
}

/// Who reads customers' texts: with the built-in words, or with those of a file.
///
/// # Errors
/// A file that cannot be read, or words that cannot be looked for, with the place.
pub(crate) fn reader(path: Option<&Path>) -> Result<Arc<LexiconReader>, Error> {
    let fail = |source| Error::File { path: path.unwrap_or(Path::new("")).to_owned(), source };
    let text = path.map(std::fs::read_to_string).transpose().map_err(fail)?;
    let found = LexiconReader::new(text.as_deref().unwrap_or(reader::DEFAULT_WORDS));
    let path = path.unwrap_or(Path::new("reader.toml"));
    found.map(Arc::new).map_err(|error| Error::Words { path: path.to_owned(), source: Box::new(error) })
}

/// The message templates to publish at first start: built in, or from `<folder>/templates/*.txt` where there are any.
///
/// # Errors
/// A folder or file that cannot be read.
pub(crate) fn templates(folder: Option<&Path>) -> Result<Vec<(String, String)>, Error> {
    let mut out: Vec<(String, String)> =
        engagement::TEMPLATES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let Some(folder) = folder.map(|folder| folder.join("templates")).filter(|folder| folder.is_dir()) else {
        return Ok(out);
    };
    let fail = |source| Error::File { path: folder.clone(), source };
    for entry in std::fs::read_dir(&folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        let Some(name) = path.file_stem().and_then(|stem| stem.to_str()).map(ToOwned::to_owned) else { continue };
        if path.extension().is_some_and(|extension| extension == "txt") {
            let text = std::fs::read_to_string(&path).map_err(|source| Error::File { path: path.clone(), source })?;
            out.retain(|(known, _)| *known != name);
            out.push((name, text));
        }
    }
    out.sort();
    Ok(out)
}

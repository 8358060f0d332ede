//! Reading scenario files; a key nobody knows is an error.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use bus_schema::data::action::ClockMode;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Fields of a fact, an event or a policy.
pub(crate) type Fields = Map<String, Value>;

/// One scenario.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    pub(crate) title: String,
    #[serde(default = "default_entity")]
    pub(crate) entity: String,
    #[serde(default)]
    pub(crate) event_time: bool,
    #[serde(default)]
    pub(crate) policy: toml::Table,
    /// Fields of a kind's data where a step does not name them, by kind.
    #[serde(default)]
    pub(crate) defaults: BTreeMap<String, Fields>,
    #[serde(default)]
    pub(crate) rules: Vec<Rule>,
    #[serde(default)]
    pub(crate) given: Vec<Step>,
    pub(crate) when: Vec<Step>,
    pub(crate) then: Option<Vec<Fields>>,
    /// Kinds that `then` is about; all where it is left out.
    #[serde(default)]
    pub(crate) of: Vec<String>,
    pub(crate) then_some: Option<Vec<Fields>>,
    #[serde(default)]
    pub(crate) then_none: Vec<Fields>,
}

/// A playbook or template in force.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) text: String,
}

/// An event, or time passing. Keys that are none of these are fields of the event's data.
#[derive(Deserialize)]
pub(crate) struct Step {
    pub(crate) at: String,
    #[serde(default)]
    pub(crate) tick: bool,
    pub(crate) clock: Option<ClockMode>,
    pub(crate) event: Option<String>,
    pub(crate) policy: Option<toml::Table>,
    pub(crate) entity: Option<String>,
    pub(crate) contact: Option<String>,
    pub(crate) actor: Option<String>,
    pub(crate) time: Option<String>,
    #[serde(default)]
    pub(crate) late: bool,
    pub(crate) source: Option<String>,
    pub(crate) id: Option<String>,
    #[serde(rename = "as")]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) data: Fields,
    #[serde(flatten)]
    pub(crate) fields: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Many {
    #[serde(default)]
    defaults: BTreeMap<String, Fields>,
    /// Playbooks and templates in force in every scenario of the file.
    #[serde(default)]
    rules: Vec<Rule>,
    /// What differs from the default policy in every scenario of the file, unless the scenario says otherwise.
    #[serde(default)]
    policy: toml::Table,
    scenario: Vec<Scenario>,
}

/// A scenario that cannot be read or run.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file or folder cannot be read.
    #[error("{0}")]
    Read(String, #[source] io::Error),
    /// Not the TOML of a scenario.
    #[error("{0}")]
    Toml(String),
    /// A title says which capability it shows.
    #[error("the title `{0}` must begin with the capability it shows, such as `SU-3: `")]
    Title(String),
    /// `of` names a kind that the agent does not say, or stands without `then`.
    #[error("`of`: {0}")]
    Of(String),
    /// Neither `then` nor `then_some` nor `then_none`.
    #[error("`then` is missing: list the facts, or write `then = []` for none")]
    NoThen,
    /// A step that makes no sense.
    #[error("{phase} step {number}: {problem}")]
    Step {
        /// `given` or `when`.
        phase: &'static str,
        /// Counted from 1.
        number: usize,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// The policy or a rule is refused by the agent.
    #[error("policy: {0}")]
    Policy(#[from] agent::PolicyError),
    /// The agent broke a rule of agents.
    #[error("the agent broke a rule: {0}")]
    Agent(String),
    /// The facts are not the expected ones.
    #[error("{0}")]
    Facts(String),
}

fn default_entity() -> String {
    "account/acme".into()
}

/// The scenario files of a folder, in order of their names.
pub(crate) fn list(folder: &Path) -> Result<Vec<PathBuf>, ScenarioError> {
    let error = |e| ScenarioError::Read(format!("the folder {} cannot be read", folder.display()), e);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(error)? {
        let path = entry.map_err(error)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads a file's scenarios.
pub(crate) fn read(path: &Path) -> Result<Vec<Scenario>, ScenarioError> {
    let text = fs::read_to_string(path);
    parse(&text.map_err(|e| ScenarioError::Read(format!("{} cannot be read", path.display()), e))?)
}

/// Reads the scenarios of a text.
pub(crate) fn parse(text: &str) -> Result<Vec<Scenario>, ScenarioError> {
    let error = |e: toml::de::Error| ScenarioError::Toml(e.to_string().trim_end().to_owned());
    let table: toml::Table = text.parse().map_err(error)?;
    let scenarios = if table.contains_key("scenario") {
        let many: Many = toml::from_str(text).map_err(error)?;
        let shared = |scenario: &mut Scenario| {
            let own = std::mem::replace(&mut scenario.rules, many.rules.clone());
            scenario.rules.extend(own);
            let own = std::mem::replace(&mut scenario.policy, many.policy.clone());
            crate::run::merge(&mut scenario.policy, &own);
            for (kind, fields) in &many.defaults {
                scenario.defaults.entry(kind.clone()).or_insert_with(|| fields.clone());
            }
        };
        let mut scenarios = many.scenario;
        scenarios.iter_mut().for_each(shared);
        scenarios
    } else {
        vec![toml::from_str(text).map_err(error)?]
    };
    for scenario in &scenarios {
        if !titled(&scenario.title) {
            return Err(ScenarioError::Title(scenario.title.clone()));
        }
        if scenario.then.is_none() && scenario.then_some.is_none() && scenario.then_none.is_empty() {
            return Err(ScenarioError::NoThen);
        }
    }
    Ok(scenarios)
}

/// Whether a title begins with a capability, `SU-3: `.
fn titled(title: &str) -> bool {
    let number = |id: &str| id.split_once('-').map(|(area, n)| (area.to_owned(), n.parse::<u16>().is_ok()));
    title
        .split_once(": ")
        .and_then(|(id, _)| number(id))
        .is_some_and(|(area, numbered)| numbered && area.len() >= 2 && area.bytes().all(|b| b.is_ascii_uppercase()))
}

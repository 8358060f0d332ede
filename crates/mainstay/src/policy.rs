//! `mainstay policy`: which thresholds are in force, how they differ from others, and publishing others.

mod difference;

use std::{fmt::Write as _, path::Path};

use serde_json::{Value, json};

use crate::{
    cli::PolicyAction,
    client::Client,
    error::Error,
    print::{Printer, at, line},
    rules::{self, AGENTS, Rules},
};
use difference::Difference;

/// Finds what is wrong with the words of a command before anything is asked.
///
/// # Errors
/// An agent that is not there, a file that cannot be read, a policy that the agent does not take.
pub(crate) fn check(action: &PolicyAction) -> Result<(), Error> {
    match action {
        PolicyAction::List(_) => Ok(()),
        PolicyAction::Show { agent, .. } => find(agent).map(|_| ()),
        PolicyAction::Diff { agent, file, .. } => {
            let rules = agent.as_deref().map(find).transpose()?;
            match (rules, file) {
                (Some(rules), Some(file)) => read(rules, file).map(|_| ()),
                (Some(_) | None, _) => Ok(()),
            }
        }
        PolicyAction::Publish { agent, file, .. } => read(find(agent)?, file).map(|_| ()),
    }
}

/// Runs a command on a running system.
///
/// # Errors
/// Those of [`check`]; the system refuses; for a comparison: that something differs.
pub(crate) async fn run(client: &Client, action: PolicyAction) -> Result<(), Error> {
    match action {
        PolicyAction::List(output) => {
            let found: Value = client.get("policies").await?;
            Printer::new(output.json).value(&found, list_text);
            Ok(())
        }
        PolicyAction::Show { agent, output } => {
            let found: Value = client.get(&format!("policies/{}", find(&agent)?.agent)).await?;
            Printer::new(output.json).value(&found, |found| text_of(found).to_owned());
            Ok(())
        }
        PolicyAction::Diff { agent, file, output } => {
            diff(client, agent.as_deref(), file.as_deref(), output.json).await
        }
        PolicyAction::Publish { agent, file, output } => publish(client, &agent, &file, output.json).await,
    }
}

fn find(agent: &str) -> Result<&'static Rules, Error> {
    rules::find(agent).map_err(Error::Flag)
}

/// A policy's file, checked as the agent will check it.
fn read(rules: &Rules, path: &Path) -> Result<String, Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
    rules.takes(&text).map_err(|error| Error::Policy { path: path.to_owned(), problem: error.to_string() })?;
    Ok(text)
}

async fn diff(client: &Client, agent: Option<&str>, file: Option<&Path>, json: bool) -> Result<(), Error> {
    let found: Value = client.get("policies").await?;
    let chosen = agent.map(find).transpose()?;
    let mut compared = Vec::new();
    for rules in AGENTS.iter().filter(|rules| chosen.is_none_or(|chosen| chosen.agent == rules.agent)) {
        let other = match file {
            Some(path) => read(rules, path)?,
            None => rules.default.to_owned(),
        };
        let mut policies = at(&found, "/policies").as_array().into_iter().flatten();
        let known = policies.find(|policy| at(policy, "/agent") == rules.agent).unwrap_or(&Value::Null);
        let changes = difference::between(text_of(known), &other);
        compared.push(json!({"agent": rules.agent, "version": at(known, "/version"), "changes": changes}));
    }
    let with = file.map_or_else(|| "the built-in policy".to_owned(), |path| path.display().to_string());
    let differ =
        compared.iter().filter(|one| at(one, "/changes").as_array().is_some_and(|list| !list.is_empty())).count();
    let answer = json!({"with": with, "equal": differ == 0, "policies": compared});
    Printer::new(json).value(&answer, diff_text);
    match differ {
        0 => Ok(()),
        1 => Err(Error::Differs(format!("the policy of one agent differs from {with}"))),
        many => Err(Error::Differs(format!("the policies of {many} agents differ from {with}"))),
    }
}

async fn publish(client: &Client, agent: &str, file: &Path, json: bool) -> Result<(), Error> {
    let rules = find(agent)?;
    let text = read(rules, file)?;
    let found: Value = client.get("policies").await?;
    let mut policies = at(&found, "/policies").as_array().into_iter().flatten();
    let known = policies.find(|policy| at(policy, "/agent") == rules.agent).unwrap_or(&Value::Null);
    let changes = difference::between(text_of(known), &text);
    if !json {
        line(&changes_text(&changes));
    }
    let done: Value = client.post(&format!("policies/{}", rules.agent), &json!({"text": text})).await?;
    let (version, fresh) = (at(&done, "/version"), at(&done, "/changed").as_bool().unwrap_or(false));
    let answer = json!({"agent": agent, "version": version, "changed": fresh, "changes": changes});
    Printer::new(json).value(&answer, |_| {
        if fresh {
            format!("version {version} of the policy of {agent} is in force.")
        } else {
            format!("version {version} of the policy of {agent} is in force already; nothing was published.")
        }
    });
    Ok(())
}

/// The text of a policy in an answer; empty where there is none.
fn text_of(policy: &Value) -> &str {
    at(policy, "/text").as_str().unwrap_or_default()
}

fn list_text(found: &Value) -> String {
    let row = |policy: &Value| {
        let field = |name: &str| at(policy, name).as_str().unwrap_or_default().to_owned();
        let version = format!("version {}", at(policy, "/version"));
        format!("{:<12} {version:<12} {}  {}", field("/agent"), field("/at"), field("/by"))
    };
    at(found, "/policies").as_array().into_iter().flatten().map(row).collect::<Vec<_>>().join("\n")
}

fn diff_text(answer: &Value) -> String {
    let with = at(answer, "/with").as_str().unwrap_or_default();
    let mut text = String::new();
    for one in at(answer, "/policies").as_array().into_iter().flatten() {
        let changes: Vec<Difference> = serde_json::from_value(at(one, "/changes").clone()).unwrap_or_default();
        let version = match at(one, "/version").as_u64() {
            Some(version) => format!("version {version}"),
            None => "no version".into(),
        };
        let agent = at(one, "/agent").as_str().unwrap_or_default();
        if changes.is_empty() {
            let _ = writeln!(text, "{agent}: {version} in force equals {with}");
        } else {
            let _ = writeln!(text, "{agent}: {version} in force (-) against {with} (+)");
            let _ = writeln!(text, "{}", changes_text(&changes));
        }
    }
    text
}

fn changes_text(changes: &[Difference]) -> String {
    if changes.is_empty() {
        return "  no key changes".into();
    }
    changes.iter().map(|change| format!("  {change}")).collect::<Vec<_>>().join("\n")
}

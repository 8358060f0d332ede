//! The rules of a world: the built-in ones, with plays that fire on one event, so that a short history has decisions,
//! sends and full budgets.

use std::{convert::Infallible, sync::Arc};

use agent::Agent as _;
use supervision::{Rule, RuleKind};

use crate::{
    plan::{Agent, Change, Shape},
    recall,
};

/// The template of the plays below.
const NOTE: (&str, &str) = (
    "template/note",
    "Subject: A word about {{ account.name }}\n\nHello {{ contact.first_name }},\n\nI would like to hear how you are.\n\n{{ sender.name }}\n",
);

/// Plays of the churn agent by cause; the money play is built in.
const CHURN_PLAYS: [(&str, &str, &str); 4] = [
    ("competitor_note", "market", "transactional"),
    ("payment_note", "money", "transactional"),
    ("people_note", "people", "relationship"),
    ("support_note", "support", "relationship"),
];

/// The plays there are, for stops.
pub(crate) const PLAYS: [&str; 5] =
    ["competitor_note", "payment_note", "people_note", "support_note", "at_risk_intervention"];

/// Everything that is published before the first event.
pub(crate) fn first(shape: &Shape) -> Vec<Rule> {
    let agents = Agent::ALL;
    let policies = agents.into_iter().map(|agent| Rule {
        kind: RuleKind::Policy,
        name: name(agent).into(),
        text: policy(agent, shape, false),
    });
    let builtin = engagement::TEMPLATES.iter().map(|(name, text)| (format!("template/{name}"), (*text).to_owned()));
    let templates = builtin.chain([(NOTE.0.to_owned(), NOTE.1.to_owned())]);
    let templates = templates.map(|(name, text)| Rule { kind: RuleKind::Playbook, name, text });
    policies.chain(templates).collect()
}

/// A later version of a policy.
pub(crate) fn changed(agent: Agent, change: Change, shape: &Shape) -> Rule {
    let text = match change {
        Change::Looser => policy(agent, shape, false),
        Change::Stricter => policy(agent, shape, true),
        Change::Broken => "this = [is no policy".into(),
    };
    Rule { kind: RuleKind::Policy, name: name(agent).into(), text }
}

const fn name(agent: Agent) -> &'static str {
    match agent {
        Agent::Onboarding => onboarding::Onboarding::NAME,
        Agent::Escalation => escalation::Escalation::NAME,
        Agent::Health => health::Health::NAME,
        Agent::Churn => churn::Churn::NAME,
        Agent::Renewal => renewal::Renewal::NAME,
        Agent::Expansion => expansion::Expansion::NAME,
        Agent::Advocacy => advocacy::Advocacy::NAME,
        Agent::Engagement => engagement::Engagement::NAME,
        Agent::Supervisor => supervisor::Supervisor::NAME,
    }
}

fn policy(agent: Agent, shape: &Shape, strict: bool) -> String {
    let key = format!("{agent:?} {strict} {}", shape.hold_seconds);
    let Ok(Text(text)) = recall::once(&key, || Ok::<_, Infallible>(Text(written(agent, shape, strict).into())));
    text.as_ref().to_owned()
}

/// A policy as it is published.
#[derive(Clone)]
struct Text(Arc<str>);

fn written(agent: Agent, shape: &Shape, strict: bool) -> String {
    let (default, over) = match agent {
        Agent::Onboarding => (onboarding::Onboarding::DEFAULT_POLICY, onboarding_over(strict)),
        Agent::Escalation => (escalation::Escalation::DEFAULT_POLICY, escalation_over(strict)),
        Agent::Health => (health::Health::DEFAULT_POLICY, health_over(strict)),
        Agent::Churn => (churn::Churn::DEFAULT_POLICY, churn_over(strict)),
        Agent::Renewal => (renewal::Renewal::DEFAULT_POLICY, renewal_over(strict)),
        Agent::Expansion => (expansion::Expansion::DEFAULT_POLICY, expansion_over(strict)),
        Agent::Advocacy => (advocacy::Advocacy::DEFAULT_POLICY, advocacy_over(strict)),
        Agent::Engagement => (engagement::Engagement::DEFAULT_POLICY, engagement_over(strict)),
        Agent::Supervisor => (supervisor::Supervisor::DEFAULT_POLICY, supervisor_over(shape, strict)),
    };
    let mut table: toml::Table = toml::from_str(default).unwrap_or_default();
    lay(&mut table, over);
    toml::to_string(&table).unwrap_or_default()
}

fn onboarding_over(strict: bool) -> toml::Table {
    let days = if strict { 2 } else { 4 };
    toml::toml! {
        stuck = { over_days = days }
        inactive = { days = days }
    }
}

fn escalation_over(strict: bool) -> toml::Table {
    let policy = if strict { "strict_24h" } else { "standard" };
    toml::toml! {
        sla = { policy = policy }
    }
}

fn health_over(strict: bool) -> toml::Table {
    let yellow = if strict { 7_500 } else { 7_000 };
    toml::toml! {
        sources = ["support"]
        band = { green_from = 9_000, yellow_from = yellow }
    }
}

fn churn_over(strict: bool) -> toml::Table {
    let play = |(name, group, class): (&str, &str, &str)| {
        toml::toml! {
            name = name
            version = 1
            group = group
            tier = "monitor"
            priority = "save"
            class = class
            template = "note"
            roles = ["champion", "sponsor"]
        }
    };
    let plays: Vec<toml::Table> = CHURN_PLAYS.into_iter().map(play).collect();
    let closes = if strict { 24 } else { 12 };
    toml::toml! {
        plays = plays
        alerts = { opens_at = "monitor", closes_after_hours = closes, quiet_days = 1 }
        lives = { competitor_mentioned = 1, competitor_evaluated = 1 }
    }
}

fn renewal_over(strict: bool) -> toml::Table {
    let moves = if strict { 100 } else { 200 };
    toml::toml! {
        forecast = { moves_bp = moves }
    }
}

fn expansion_over(strict: bool) -> toml::Table {
    let days = if strict { 3 } else { 2 };
    toml::toml! {
        readiness = { qualified_days = days }
    }
}

fn advocacy_over(strict: bool) -> toml::Table {
    let days = if strict { 14 } else { 7 };
    toml::toml! {
        survey = { first_days = days }
    }
}

fn engagement_over(strict: bool) -> toml::Table {
    let days = if strict { 5 } else { 3 };
    toml::toml! {
        hours = { from = 0, to = 24, weekend = [] }
        hold = { outranked_hours = 1, recheck_hours = 6 }
        proposal = { expires_working_days = 1 }
        draft = { facts_min = 0, like_contact_bp = 10_000, like_account_bp = 10_000 }

        [budget.contact]
        transactional = [{ max = 1, days = days }]
        relationship = [{ max = 1, days = days }, { max = 4, days = 30 }]
    }
}

fn supervisor_over(shape: &Shape, strict: bool) -> toml::Table {
    let hold = i64::from(shape.hold_seconds);
    let minutes = if strict { 1 } else { 2 };
    toml::toml! {
        gate = { hold_seconds = hold, approval_minutes = minutes, attempt_grace_minutes = 1 }
    }
}

/// Lays settings over others.
fn lay(under: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => lay(under, over),
            (_, value) => drop(under.insert(key, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_agent_takes_its_policies() {
        let shape = crate::plan::Shape {
            partitions: 1,
            accounts: 1,
            contacts: 1,
            delay_ms_max: 0,
            checkpoint_ms: 1_000,
            hold_seconds: 10,
            rest_ms: 0,
        };
        for strict in [false, true] {
            onboarding::Onboarding::policy(&policy(Agent::Onboarding, &shape, strict)).unwrap();
            escalation::Escalation::policy(&policy(Agent::Escalation, &shape, strict)).unwrap();
            health::Health::policy(&policy(Agent::Health, &shape, strict)).unwrap();
            churn::Churn::policy(&policy(Agent::Churn, &shape, strict)).unwrap();
            renewal::Renewal::policy(&policy(Agent::Renewal, &shape, strict)).unwrap();
            expansion::Expansion::policy(&policy(Agent::Expansion, &shape, strict)).unwrap();
            advocacy::Advocacy::policy(&policy(Agent::Advocacy, &shape, strict)).unwrap();
            engagement::Engagement::policy(&policy(Agent::Engagement, &shape, strict)).unwrap();
            supervisor::Supervisor::policy(&policy(Agent::Supervisor, &shape, strict)).unwrap();
        }
        engagement::Template::read("note", 1, NOTE.1).unwrap();
    }
}

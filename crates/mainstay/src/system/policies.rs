//! Addresses of `/api/v1` about policies: which are in force, and publishing others.

use std::sync::Arc;

use agent::Agent as _;
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use bus_schema::{Actor, ActorKind};
use serde::Deserialize;
use serde_json::{Value, json};
use supervision::{InForce, Rule, RuleKind, SupervisionError};
use supervisor::Supervisor;

use super::{
    api::{Refused, Shared, unavailable},
    wall,
};
use crate::rules::{self, AGENTS, Rules};

async fn in_force(shared: &Shared, agent: &str) -> Result<Option<InForce>, Refused> {
    let found = supervision::in_force(&shared.parts.gate_out, RuleKind::Policy, agent).await;
    found.map_err(|error| unavailable(&error))
}

fn form(agent: &str, found: &InForce) -> Value {
    let by = found.by.as_ref().map(ToString::to_string);
    json!({"agent": agent, "version": found.version, "by": by, "at": found.at, "text": found.text})
}

fn known(agent: &str) -> Result<&'static Rules, Refused> {
    rules::find(agent).map_err(|problem| {
        Refused(StatusCode::NOT_FOUND, "not_found", problem, "`mainstay policy list` names the agents")
    })
}

/// `GET policies`: the policy in force of each agent; an agent that has none is left out.
pub(super) async fn list(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, Refused> {
    let mut found = Vec::new();
    for rules in &AGENTS {
        found.extend(in_force(&shared, rules.agent).await?.map(|policy| form(rules.agent, &policy)));
    }
    Ok(Json(json!({"policies": found})))
}

/// `GET policies/{agent}`: its policy in force.
pub(super) async fn one(State(shared): State<Arc<Shared>>, Path(agent): Path<String>) -> Result<Json<Value>, Refused> {
    let rules = known(&agent)?;
    let found = in_force(&shared, rules.agent).await?.ok_or_else(|| {
        let cure = "publish one with `mainstay policy publish`";
        Refused(StatusCode::NOT_FOUND, "no_policy", format!("no policy of {agent} was ever published"), cure)
    })?;
    Ok(Json(form(rules.agent, &found)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    text: String,
}

/// `POST policies/{agent}`: the next version, answered when it stands in the log.
pub(super) async fn publish(
    State(shared): State<Arc<Shared>>,
    Path(agent): Path<String>,
    Json(Text { text }): Json<Text>,
) -> Result<Json<Value>, Refused> {
    let rules = known(&agent)?;
    rules.takes(&text).map_err(|error| {
        let cure = "correct it and publish again; nothing was published";
        Refused(StatusCode::BAD_REQUEST, "bad_policy", format!("policy of {agent}: {error}"), cure)
    })?;
    let before = in_force(&shared, rules.agent).await?;
    if agent == Supervisor::NAME && made_up_decide(&text) && !before.is_some_and(|policy| made_up_decide(&policy.text))
    {
        let cure = "leave `gate.simulated_deciders` false; only the log of a demo has it";
        let problem = "made-up people may decide only on a log that `mainstay demo` made".to_owned();
        return Err(Refused(StatusCode::FORBIDDEN, "simulated_refused", problem, cure));
    }
    let rule = Rule { kind: RuleKind::Policy, name: agent.clone(), text };
    let actor = Actor { kind: ActorKind::Person, id: shared.user.clone() };
    let published = supervision::publish(&shared.parts.gate_out, &rule, &actor, wall()).await;
    let published = published.map_err(|error| match error {
        SupervisionError::RuleConflict { .. } => {
            let problem = format!("somebody else published a policy of {agent} at the same time");
            Refused(
                StatusCode::CONFLICT,
                "conflict",
                problem,
                "look at it with `mainstay policy diff`, and publish again",
            )
        }
        error => unavailable(&error),
    })?;
    shared.parts.people.wait(published.seq).await.map_err(|error| unavailable(&error))?;
    Ok(Json(json!({"agent": agent, "version": published.version, "changed": published.changed})))
}

/// Whether a policy of the gate lets made-up people decide.
fn made_up_decide(text: &str) -> bool {
    let table: toml::Table = toml::from_str(text).unwrap_or_default();
    let set = table.get("gate").and_then(|gate| gate.get("simulated_deciders")).and_then(toml::Value::as_bool);
    set.unwrap_or(false)
}

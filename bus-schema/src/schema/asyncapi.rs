//! The `AsyncAPI` 3 document: which subjects carry which kinds.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::{
    Kind, Origin,
    batch::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, HEADER_EPOCH, HEADER_INDEX, HEADER_PREV, HEADER_SIG, HEADER_TURN},
    door::{ATTRIBUTE_BYTES_MAX, EVENT_BYTES_MAX},
    envelope::{BATCH, STRUCTURED},
    subject::Stream,
};

/// How events travel on a channel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Packing {
    /// One event a message.
    Single,
    /// A batch a message.
    Batch,
}

/// One family of subjects.
struct Channel {
    name: String,
    address: String,
    stream: Stream,
    packing: Packing,
    says: &'static str,
    kinds: Vec<Kind>,
}

/// The whole document.
pub(super) fn document() -> Value {
    let channels = channels();
    let schemas: Map<String, Value> = Kind::ALL.iter().map(|kind| (kind.name().to_owned(), event(*kind))).collect();
    let messages: Map<String, Value> = Kind::ALL.iter().map(|kind| (kind.name().to_owned(), message(*kind))).collect();
    let mut components = json!({ "messages": messages, "schemas": schemas });
    if let Some(schemas) = components.get_mut("schemas").and_then(Value::as_object_mut) {
        schemas.insert("envelope".into(), envelope());
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Mainstay",
            "version": "1.0.0",
            "description": "Events are CloudEvents 1.0 in JSON. `{partition}` is two digits, the 32-bit FNV-1a of the \
                entity's token modulo the partitions of the log; a token is lower-case base32 without padding.",
            "license": { "name": "Apache-2.0" },
        },
        "defaultContentType": STRUCTURED,
        "channels": channels.iter().map(|c| (c.name.clone(), channel(c))).collect::<Map<_, _>>(),
        "components": components,
    })
}

fn channels() -> Vec<Channel> {
    [incoming(), log(), facts(), outgoing()].into_iter().flatten().collect()
}

fn of(origins: &[Origin]) -> Vec<Kind> {
    Kind::ALL.iter().copied().filter(|kind| origins.contains(&kind.origin())).collect()
}

fn row(name: &str, address: &str, stream: Stream, packing: Packing, says: &'static str, kinds: Vec<Kind>) -> Channel {
    Channel { name: name.into(), address: address.into(), stream, packing, says, kinds }
}

fn incoming() -> Vec<Channel> {
    vec![
        row(
            "producer",
            "cs.event.{entity}",
            Stream::In,
            Packing::Single,
            "One event straight from a producer; the server stores it under cs.in.{partition}.{entity}.",
            of(&[Origin::Input]),
        ),
        row(
            "in",
            "cs.in.{partition}.batch",
            Stream::In,
            Packing::Batch,
            "From gateways and imports; from the router itself its ticks and what it sends on.",
            of(&[Origin::Input, Origin::Router]),
        ),
    ]
}

fn log() -> Vec<Channel> {
    let copies = |name, address, says, origins| row(name, address, Stream::Log, Packing::Batch, says, of(origins));
    vec![
        copies(
            "log.in",
            "cs.log.{partition}.in",
            "Routed events in log-time order. Written by the router only.",
            &[Origin::Input, Origin::Router],
        ),
        copies(
            "log.people",
            "cs.log.{partition}.people",
            "Copies of what people said. Written by the gate only.",
            &[Origin::People],
        ),
        copies(
            "log.outcome",
            "cs.log.{partition}.outcome",
            "Copies of what became of actions. Written by the gate only.",
            &[Origin::Action],
        ),
    ]
}

fn outgoing() -> Vec<Channel> {
    let everywhere = |kind: &Kind| matches!(kind, Kind::PolicyPublished | Kind::PlaybookPublished);
    let (all, one) = of(&[Origin::People]).into_iter().partition(everywhere);
    let (stop, delivery) = of(&[Origin::Action]).into_iter().partition(|kind| *kind == Kind::StopSet);
    let single = |name, address, stream, says, kinds| row(name, address, stream, Packing::Single, says, kinds);
    vec![
        single(
            "people",
            "cs.people.{partition}.{entity}",
            Stream::People,
            "What a person says about an entity, or about the proposal in the token `proposal/<id>`.",
            one,
        ),
        single("people.all", "cs.people.all.{name}", Stream::People, "A policy or playbook, for every partition.", all),
        single(
            "action",
            "cs.action.{partition}.{proposal}",
            Stream::Action,
            "What was approved and what became of it: one compare-and-set chain a proposal.",
            delivery,
        ),
        single(
            "stop",
            "cs.stop.{scope}",
            Stream::Action,
            "Nothing in the scope is sent once this is stored: all, play.<name>, contact.<hmac>, address.<hmac>.",
            stop,
        ),
    ]
}

/// One channel an agent.
fn facts() -> Vec<Channel> {
    let agents: BTreeSet<&str> = Kind::ALL.iter().filter_map(|kind| agent(*kind)).collect();
    let says = "Facts of one agent, from its partition to that of the fact's entity. Written by that agent only.";
    let one = |name: &str| Channel {
        name: format!("log.{name}"),
        address: if name == "supervisor" {
            "cs.log.{partition}.supervisor".into()
        } else {
            format!("cs.log.{{partition}}.{name}.{{from}}")
        },
        stream: Stream::Log,
        packing: Packing::Batch,
        says,
        kinds: Kind::ALL
            .iter()
            .copied()
            .filter(|kind| kind.origin() == Origin::AnyAgent || agent(*kind) == Some(name))
            .collect(),
    };
    agents.into_iter().map(one).collect()
}

const fn agent(kind: Kind) -> Option<&'static str> {
    match kind.origin() {
        Origin::Agent(name) => Some(name),
        Origin::Input | Origin::People | Origin::Router | Origin::Action | Origin::AnyAgent => None,
    }
}

fn channel(channel: &Channel) -> Value {
    let messages: Map<String, Value> = match channel.packing {
        Packing::Single => channel
            .kinds
            .iter()
            .map(|kind| (kind.name().to_owned(), json!({ "$ref": format!("#/components/messages/{kind}") })))
            .collect(),
        Packing::Batch => [("batch".to_owned(), batch(&channel.kinds))].into_iter().collect(),
    };
    let parameters: Map<String, Value> = channel
        .address
        .split(['{', '}'])
        .skip(1)
        .step_by(2)
        .map(|name| (name.to_owned(), json!({ "description": parameter(name) })))
        .collect();
    json!({
        "address": channel.address,
        "description": channel.says,
        "x-stream": channel.stream.name(),
        "parameters": parameters,
        "messages": messages,
    })
}

fn parameter(name: &str) -> &'static str {
    match name {
        "partition" => "Partition of the entity, two digits.",
        "from" => "Partition of the agent that writes, two digits.",
        "entity" => "Token of the entity.",
        "proposal" => "Id of the proposal.",
        "name" => "Token of the policy's or playbook's name.",
        "scope" => "What is stopped; names and keyed hashes as tokens.",
        _ => UNDESCRIBED,
    }
}

/// A test looks for this text, so that it never gets into the document.
const UNDESCRIBED: &str = "Not described.";

fn batch(kinds: &[Kind]) -> Value {
    let refs: Vec<Value> = kinds.iter().map(|kind| json!({ "$ref": format!("#/components/schemas/{kind}") })).collect();
    json!({
        "name": "batch",
        "title": "A batch of events of one partition",
        "contentType": BATCH,
        "headers": {
            "type": "object",
            "required": [HEADER_INDEX],
            "properties": {
                HEADER_INDEX: {
                    "type": "string",
                    "contentEncoding": "base64",
                    "description": "For each event, little endian: u16 code of the kind, u32 hash of the entity, u32 \
                        offset of its JSON in the body.",
                },
                HEADER_TURN: {
                    "type": "string",
                    "description": "The last turn inside: <input seq>.<event index>.<turn ordinal>.",
                },
                HEADER_EPOCH: { "type": "string", "description": "The writer's epoch." },
                HEADER_PREV: {
                    "type": "string",
                    "description": "SHA-256 of the writer's previous message on this subject, in hex.",
                },
                HEADER_SIG: { "type": "string", "description": "Reserved for the writer's signature." },
            },
        },
        "payload": {
            "type": "array",
            "maxItems": BATCH_EVENTS_MAX,
            "description": format!("At most {BATCH_BYTES_MAX} bytes."),
            "items": { "oneOf": refs },
        },
    })
}

fn message(kind: Kind) -> Value {
    json!({
        "name": kind.name(),
        "contentType": STRUCTURED,
        "payload": { "$ref": format!("#/components/schemas/{kind}") },
    })
}

fn event(kind: Kind) -> Value {
    json!({
        "allOf": [
            { "$ref": "#/components/schemas/envelope" },
            {
                "type": "object",
                "properties": {
                    "type": { "const": kind.name() },
                    "data": { "$ref": format!("./schemas/{kind}.json") },
                },
            },
        ],
    })
}

fn envelope() -> Value {
    let text =
        |says: &str| json!({ "type": "string", "minLength": 1, "maxLength": ATTRIBUTE_BYTES_MAX, "description": says });
    json!({
        "type": "object",
        "description": format!("A CloudEvent 1.0, at most {EVENT_BYTES_MAX} bytes from outside."),
        "required": ["specversion", "id", "source", "type", "subject", "time"],
        "properties": {
            "specversion": { "const": "1.0" },
            "id": text("Unique within its source."),
            "source": text("The system it comes from."),
            "type": text("The kind."),
            "subject": text(
                "The entity: account/<id>, segment/<kind>/<segment>, pattern/<area>/<category>, csm/<id> or user/<id>. \
                 Producers send account/<id>, or user/<id> where the account is not known.",
            ),
            "time": { "type": "string", "format": "date-time", "description": "When it happened." },
            "dataschema": text("mainstay:<kind>:<version>."),
            "datacontenttype": text("application/json, or left out."),
            "actor": text("Our person or system behind it: person/<id> or system/<id>."),
            "contact": text("The customer's person it concerns: the producer's own id; in the log a pseudonym."),
            "correlationid": text("The chain of cause it belongs to."),
            "causationid": text("The event that caused it."),
            "logtime": { "type": "string", "format": "date-time", "description": "Set by the log: when it was taken." },
            "stage": text("Set by the log: lifecycle stage of the account, informative."),
            "segment": text("Set by the log: segment of the account, informative."),
            "late": { "type": "boolean", "description": "Set by the log: it was more than seven days old." },
            "personal": {
                "type": "string",
                "contentEncoding": "base64",
                "description": "Set by the log: the personal fields.",
            },
            "data": { "type": "object" },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Entity, Partition, entity::token, subject, subject::Stop};

    /// The address of a channel with its parameters filled in.
    fn filled(name: &str) -> String {
        let channels = channels();
        let channel = channels.iter().find(|channel| channel.name == name).unwrap();
        channel
            .address
            .replace("{partition}", "03")
            .replace("{from}", "07")
            .replace("{entity}", &Entity::account("a").token())
            .replace("{proposal}", "abc")
            .replace("{name}", &token("health"))
            .replace("{scope}", "all")
    }

    #[test]
    fn addresses_are_the_subjects_the_code_uses() {
        let (p, from, account) = (Partition(3), Partition(7), Entity::account("a"));
        for (name, subject) in [
            ("producer", subject::event(&account)),
            ("in", subject::in_batch(p)),
            ("log.in", subject::log_in(p)),
            ("log.people", subject::log_people(p)),
            ("log.outcome", subject::log_outcome(p)),
            ("log.supervisor", subject::log_fact(p, "supervisor", from)),
            ("log.health", subject::log_fact(p, "health", from)),
            ("people", subject::people(p, &account)),
            ("people.all", subject::people_all("health")),
            ("action", subject::action(p, "abc")),
            ("stop", Stop::All.subject()),
        ] {
            assert_eq!(filled(name), subject, "{name}");
        }
    }

    #[test]
    fn every_kind_travels_and_every_parameter_is_described() {
        let carried: BTreeSet<Kind> = channels().into_iter().flat_map(|channel| channel.kinds).collect();
        assert_eq!(carried.len(), Kind::ALL.len());
        assert!(!document().to_string().contains(UNDESCRIBED));
    }
}

//! The streams of an account: created from data, checked where they exist.

use std::{collections::BTreeMap, time::Duration};

use bus_schema::{
    Partitions,
    subject::{BusAccount, Stream},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    NatsBus,
    api::{self, Failure},
};
use crate::{
    BusError, LogInfo, Provisioning,
    streams::{DEAD_AGE_MAX, fresh_log_id, kept_for_ever, subjects},
};

/// The key-value bucket of the writers' epochs, one in each account.
pub(super) const EPOCHS: &str = "epochs";

const KEY_LOG_ID: &str = "mainstay.log";
const KEY_PARTITIONS: &str = "mainstay.partitions";
const KEY_LABEL: &str = "mainstay.label.";

/// What may not differ in a stream that exists; limits and replicas are the operator's.
const ESSENTIALS: [&str; 12] = [
    "subjects",
    "subject_transform",
    "retention",
    "storage",
    "discard",
    "max_age",
    "max_msgs",
    "max_msgs_per_subject",
    "deny_delete",
    "deny_purge",
    "allow_rollup_hdrs",
    "allow_direct",
];

#[derive(Deserialize)]
struct InfoAnswer {
    config: Value,
}

impl NatsBus {
    pub(crate) async fn provision(&self, settings: &Provisioning) -> Result<(), BusError> {
        match self.role.account() {
            BusAccount::Bus => {
                let log = self.provision_log(settings).await?;
                self.ensure(Stream::In.name(), input(settings, log.partitions)).await?;
                self.ensure(Stream::Dead.name(), plain(Stream::Dead, settings)).await?;
            }
            BusAccount::Out => {
                self.ensure(Stream::People.name(), plain(Stream::People, settings)).await?;
                self.ensure(Stream::Action.name(), plain(Stream::Action, settings)).await?;
            }
        }
        self.ensure("KV_epochs", epochs(settings)).await
    }

    pub(crate) async fn log_info(&self) -> Result<LogInfo, BusError> {
        self.here(Stream::Log)?;
        let config = self
            .stream_config(Stream::Log.name())
            .await
            .map_err(|e| e.into_bus("the description", Some(Stream::Log)))?
            .ok_or(BusError::NoStream(Stream::Log))?;
        read_log_info(&config)
    }

    async fn provision_log(&self, settings: &Provisioning) -> Result<LogInfo, BusError> {
        let id = settings.log_id.clone().unwrap_or_else(fresh_log_id);
        self.ensure(Stream::Log.name(), log(settings, &id)).await?;
        let found = self.log_info().await?;
        match &settings.log_id {
            Some(id) if *id != found.id => Err(BusError::Different {
                stream: Stream::Log.name(),
                field: "log id",
                found: found.id,
                expected: id.clone(),
            }),
            _ => Ok(found),
        }
    }

    /// Creates a stream, or checks the one that is there.
    async fn ensure(&self, name: &'static str, config: Value) -> Result<(), BusError> {
        let fail = |e: Failure| e.into_bus(&format!("the creation of stream {name}"), None);
        if let Some(found) = self.stream_config(name).await.map_err(fail)? {
            return compare(name, &config, &found);
        }
        match self.api::<InfoAnswer>(&format!("STREAM.CREATE.{name}"), &config).await {
            Ok(_) => Ok(()),
            // Somebody else created it in between.
            Err(Failure::Error(e)) if e.err_code == api::NAME_IN_USE => {
                let found = self.stream_config(name).await.map_err(fail)?;
                compare(name, &config, &found.unwrap_or(Value::Null))
            }
            Err(Failure::Error(e)) if api::is_full(&e) => Err(BusError::NoRoom { stream: name, text: e.description }),
            Err(e) => Err(fail(e)),
        }
    }

    async fn stream_config(&self, name: &str) -> Result<Option<Value>, Failure> {
        match self.api::<InfoAnswer>(&format!("STREAM.INFO.{name}"), &json!({})).await {
            Ok(info) => Ok(Some(info.config)),
            Err(Failure::Error(e)) if e.err_code == api::NO_STREAM => Ok(None),
            Err(e) => Err(e),
        }
    }
}

fn plain(stream: Stream, settings: &Provisioning) -> Value {
    let age_max = if stream == Stream::Dead { DEAD_AGE_MAX } else { Duration::ZERO };
    json!({
        "name": stream.name(),
        "subjects": subjects(stream),
        "retention": "limits",
        "storage": "file",
        "discard": "new",
        "max_age": age_max.as_nanos(),
        "max_msgs": -1,
        "max_msgs_per_subject": -1,
        "max_bytes": -1,
        "num_replicas": settings.replicas,
        "deny_delete": kept_for_ever(stream),
        "deny_purge": kept_for_ever(stream),
        "allow_rollup_hdrs": false,
        "allow_direct": false,
        "compression": if stream == Stream::Log { "s2" } else { "none" },
    })
}

fn log(settings: &Provisioning, id: &str) -> Value {
    let mut metadata: BTreeMap<String, String> =
        settings.labels.iter().map(|(key, value)| (format!("{KEY_LABEL}{key}"), value.clone())).collect();
    metadata.insert(KEY_LOG_ID.into(), id.into());
    metadata.insert(KEY_PARTITIONS.into(), settings.partitions.0.to_string());
    with(plain(Stream::Log, settings), "metadata", json!(metadata))
}

/// IN: a byte limit, and the transform that gives a producer's event its partition.
fn input(settings: &Provisioning, partitions: Partitions) -> Value {
    let dest = format!("cs.in.{{{{partition({},1)}}}}.{{{{wildcard(1)}}}}", partitions.0);
    let config = with(plain(Stream::In, settings), "max_bytes", json!(settings.in_bytes_max));
    with(config, "subject_transform", json!({ "src": "cs.event.*", "dest": dest }))
}

/// A key-value bucket as every NATS tool reads it.
fn epochs(settings: &Provisioning) -> Value {
    json!({
        "name": format!("KV_{EPOCHS}"),
        "subjects": [format!("$KV.{EPOCHS}.>")],
        "retention": "limits",
        "storage": "file",
        "discard": "new",
        "max_age": 0,
        "max_msgs": -1,
        "max_msgs_per_subject": 1,
        "max_bytes": -1,
        "num_replicas": settings.replicas,
        "deny_delete": true,
        "deny_purge": false,
        "allow_rollup_hdrs": true,
        "allow_direct": false,
    })
}

fn with(mut config: Value, key: &str, value: Value) -> Value {
    if let Some(config) = config.as_object_mut() {
        config.insert(key.into(), value);
    }
    config
}

fn compare(stream: &'static str, expected: &Value, found: &Value) -> Result<(), BusError> {
    for field in ESSENTIALS {
        // The server leaves out what is false or absent.
        let plain = |config: &Value| match config.get(field) {
            None | Some(Value::Null | Value::Bool(false)) => Value::Null,
            Some(value) => value.clone(),
        };
        let (expected, found) = (plain(expected), plain(found));
        if expected != found {
            let (expected, found) = (expected.to_string(), found.to_string());
            return Err(BusError::Different { stream, field, found, expected });
        }
    }
    Ok(())
}

fn read_log_info(config: &Value) -> Result<LogInfo, BusError> {
    let lacks = |field: &'static str| BusError::Different {
        stream: Stream::Log.name(),
        field,
        found: "nothing".into(),
        expected: "what Mainstay writes into the stream's metadata".into(),
    };
    let metadata = config.get("metadata").and_then(Value::as_object).ok_or_else(|| lacks(KEY_LOG_ID))?;
    let text = |key: &'static str| metadata.get(key).and_then(Value::as_str).ok_or_else(|| lacks(key));
    let count: u8 = text(KEY_PARTITIONS)?.parse().map_err(|_| lacks(KEY_PARTITIONS))?;
    let labels = metadata
        .iter()
        .filter_map(|(key, value)| Some((key.strip_prefix(KEY_LABEL)?.to_owned(), value.as_str()?.to_owned())));
    Ok(LogInfo { id: text(KEY_LOG_ID)?.to_owned(), partitions: Partitions(count), labels: labels.collect() })
}

//! `mainstay bus list` and `mainstay bus accept`: streams that lost their end.
//!
//! The system does not start on such a stream, so these commands open the bus alone. They hold the data folder meanwhile.

use std::path::Path;

use bus::{Bus, Role};
use serde_json::{Value, json};
use supervision::{Shortened, shortened};

use crate::{
    cli::UpArgs,
    config::Settings,
    error::{Error, chain},
    folder::Folder,
    print::{Printer, line},
    system::{BusPlace, bus_error},
};

/// Prints the streams that end too early.
pub(crate) async fn list(data: &Path, as_json: bool) -> Result<(), Error> {
    let bus = Opened::open(data).await?;
    let found = bus.shortened().await;
    bus.close().await;
    let rows: Vec<Value> = found?.iter().map(row).collect();
    let text = |found: &Value| {
        let all = found.get("shortened").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if all.is_empty() {
            "No stream lost its end.".into()
        } else {
            all.iter().map(told).collect::<Vec<_>>().join("\n")
        }
    };
    Printer::new(as_json).value(&json!({ "shortened": rows }), text);
    Ok(())
}

/// Accepts the loss of the named ones.
pub(crate) async fn accept(data: &Path, names: &[String]) -> Result<(), Error> {
    let bus = Opened::open(data).await?;
    let accepted = bus.accept(names).await;
    bus.close().await;
    accepted?.iter().map(row).for_each(|row| line(&format!("{}; accepted", told(&row))));
    Ok(())
}

fn row(short: &Shortened) -> Value {
    json!({ "stream": short.stream.name(), "found": short.found, "seen": short.seen })
}

fn told(row: &Value) -> String {
    let number = |name: &str| row.get(name).and_then(Value::as_u64).unwrap_or_default();
    let (found, seen) = (number("found"), number("seen"));
    let name = row.get("stream").and_then(Value::as_str).unwrap_or_default();
    format!("{name:<6}  ends at {found}, the log has seen {seen}: {} messages are lost", seen.saturating_sub(found))
}

/// The bus of a data folder that nothing else runs on.
struct Opened {
    place: BusPlace,
    log: Bus,
    out: Bus,
    _folder: Folder,
}

impl Opened {
    async fn open(data: &Path) -> Result<Self, Error> {
        let mut settings = Settings::load(data, &UpArgs::default())?;
        settings.nats_port = 0;
        let folder = Folder::open(data)?;
        let place = BusPlace::open(folder.path(), &settings).await?;
        let (log, out) = (place.connect(Role::Admin).await?, place.connect(Role::AdminOut).await?);
        Ok(Self { place, log, out, _folder: folder })
    }

    async fn shortened(&self) -> Result<Vec<Shortened>, Error> {
        let partitions = self.log.log_info().await.map_err(bus_error("its log cannot be read"))?.partitions;
        shortened(&self.log, &self.out, partitions).await.map_err(|error| bus_part(&error))
    }

    async fn accept(&self, names: &[String]) -> Result<Vec<Shortened>, Error> {
        let mut found = self.shortened().await?;
        if let Some(wrong) = names.iter().find(|name| found.iter().all(|short| short.stream.name() != name.as_str())) {
            let cure = "`mainstay bus list` names those that did";
            return Err(Error::Flag(format!("no stream `{}` lost its end; {cure}", wrong.escape_debug())));
        }
        found.retain(|short| names.iter().any(|name| name == short.stream.name()));
        for short in &found {
            let bus = if short.stream.account() == Role::Admin.account() { &self.log } else { &self.out };
            short.accept(bus).await.map_err(|error| bus_part(&error))?;
        }
        Ok(found)
    }

    async fn close(self) {
        self.place.close().await;
    }
}

fn bus_part(error: &supervision::SupervisionError) -> Error {
    Error::Part { part: "the bus", what: chain(error) }
}

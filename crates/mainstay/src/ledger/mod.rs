//! `mainstay ledger`: how good the churn forecasts were. Of the log, of single contacts as of a day, or of whole made-up
//! worlds in memory.

pub(crate) mod contacts;
pub(crate) mod outage;
pub(crate) mod read;
mod worlds;

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::{
    cli::{Judged, LedgerArgs},
    client::Client,
    error::Error,
    print::{Printer, at},
};

pub(crate) use worlds::run as worlds;

/// Asks the running system.
pub(crate) async fn run(client: &Client, args: &LedgerArgs) -> Result<(), Error> {
    let day = args.at.map_or_else(String::new, |day| format!("&at={day}"));
    match args.entity {
        Judged::Account => {
            let found: Value = client.get(&format!("ledger?lead={}{day}", args.lead)).await?;
            Printer::new(args.json).value(&found, text);
        }
        Judged::Contact => {
            let Some(day) = args.at else {
                return Err(Error::Flag(
                    "--entity contact needs --at DATE: as of which day contacts are judged".into(),
                ));
            };
            let found: Value = client.get(&format!("ledger/contacts?at={day}&horizon={}", args.horizon)).await?;
            Printer::new(args.json).value(&found, contacts_text);
        }
    }
    Ok(())
}

/// A report for people.
pub(crate) fn text(report: &Value) -> String {
    let mut out = String::new();
    for horizon in at(report, "/horizons").as_array().into_iter().flatten() {
        let all = at(horizon, "/all");
        let few = if at(horizon, "/few") == true { "  few" } else { "" };
        let _ = writeln!(
            out,
            "{} days: {} forecasts, {} happened{few}\n  right {} beside {} for \"nobody leaves\"\n  AUC {}, lift of the top 5 % {}, Brier {} beside {}\n  tier high: precision {}, recall {}",
            at(horizon, "/days"),
            at(all, "/n"),
            at(all, "/outcomes"),
            percent(at(all, "/accuracy_bp")),
            percent(at(all, "/accuracy_nobody_bp")),
            fraction(at(all, "/auc_bp"), 10_000),
            fraction(at(all, "/lift_top_5_hundredths"), 100),
            fraction(at(all, "/brier_millionths"), 1_000_000),
            fraction(at(all, "/brier_base_millionths"), 1_000_000),
            percent(at(horizon, "/precision_high_bp")),
            percent(at(horizon, "/recall_high_bp")),
        );
    }
    let leavers = at(report, "/leavers");
    let few = if at(leavers, "/few") == true { "  few" } else { "" };
    let _ = write!(
        out,
        "{} left{few}: {} with an alert of tier high before, {} without; median lead {} days",
        at(leavers, "/n"),
        at(leavers, "/warned"),
        at(leavers, "/missed"),
        at(leavers, "/lead_days/median")
    );
    out
}

fn contacts_text(found: &Value) -> String {
    let line = |name: &str| {
        let part = at(found, &format!("/{name}"));
        format!(
            "{name}: {} judged, {} fell silent, AUC {} (days since last seen: {})",
            at(part, "/n"),
            at(part, "/outcomes"),
            fraction(at(part, "/auc_bp"), 10_000),
            fraction(at(part, "/auc_days_silent_bp"), 10_000)
        )
    };
    [line("contacts"), line("accounts")].join("\n")
}

/// A share in bp as a percentage with one decimal.
pub(crate) fn percent(bp: &Value) -> String {
    bp.as_u64().map_or_else(|| "no data".into(), |bp| format!("{}.{} %", bp / 100, bp / 10 % 10))
}

/// A whole number as a fraction with three decimals.
pub(crate) fn fraction(value: &Value, of: u64) -> String {
    value.as_u64().map_or_else(|| "no data".into(), |value| format!("{}.{:03}", value / of, value % of * 1_000 / of))
}

/// A report with nothing in it yet, as JSON.
pub(crate) fn json_of(report: &ledger::Report) -> Value {
    serde_json::to_value(report).unwrap_or_else(|_| json!({}))
}

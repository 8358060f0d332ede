//! An incident over many accounts of a made-up world: it must turn none of them red. Alarms about use that there are only
//! with it are told.
//!
//! The same world is lived through twice, with the incident and without it: what happens without it is not its doing.

use std::{collections::BTreeSet, fmt::Write as _};

use bus_schema::{
    Data, Event, Kind,
    data::facts::{Band, CauseGroup},
};
use rehearsal::{Rehearsal, Role};
use serde::Serialize;
use world::{HISTORY_DAYS, Outage, Size, World};

use super::worlds::{PARTITIONS, START};
use crate::{
    cli::LedgerArgs,
    error::{Error, chain},
    import::progress,
    print::{Printer, Report},
};

/// Day on which the incident begins, how long it lasts, and the days lived after it.
const FROM: i32 = 2;
const DAYS: i32 = 3;
const AFTER: i32 = 10;
/// What is left of use, in permille.
const LEFT: u64 = 100;
const KINDS: &[Kind] = &[Kind::HealthBandChanged, Kind::AlertOpened, Kind::IncidentCovers];

/// What the incident did.
#[derive(Debug, Serialize)]
struct Found {
    accounts: u32,
    covered: usize,
    /// Covered accounts that turned red with the incident and not without it.
    turned_red: BTreeSet<String>,
    /// Covered accounts with an alarm about use that they do not have without it.
    alarmed: BTreeSet<String>,
    passed: bool,
}

impl Report for Found {
    fn text(&self) -> String {
        let mut out = format!(
            "{} of {} accounts covered for {DAYS} days with a tenth of their use: {} turned red by it, {} alarms about use.",
            self.covered,
            self.accounts,
            self.turned_red.len(),
            self.alarmed.len()
        );
        for account in self.turned_red.union(&self.alarmed) {
            let _ = write!(out, "\n  {account}");
        }
        out
    }
}

/// Accounts that the agents said something about.
#[derive(Default)]
struct Said {
    covered: BTreeSet<String>,
    red: BTreeSet<String>,
    alarmed: BTreeSet<String>,
}

/// Lives through the world twice and compares.
///
/// # Errors
/// A world that cannot be lived, or an account that turned red by the incident.
pub(crate) async fn run(args: &LedgerArgs, accounts: u32) -> Result<(), Error> {
    let size = Size { accounts: args.accounts, days: FROM + DAYS + AFTER };
    let outage = Outage { day: FROM, days: DAYS, accounts, left: LEFT };
    let calm = said(World::new(args.seed, START, size), size.days).await?;
    let dark = said(World::new(args.seed, START, size).with_outage(outage), size.days).await?;
    let more = |dark: &BTreeSet<String>, calm: &BTreeSet<String>, covered: &BTreeSet<String>| {
        dark.difference(calm).filter(|account| covered.contains(*account)).cloned().collect::<BTreeSet<String>>()
    };
    let turned_red = more(&dark.red, &calm.red, &dark.covered);
    let alarmed = more(&dark.alarmed, &calm.alarmed, &dark.covered);
    // Accounts that begin later are named by no incident.
    let passed = turned_red.is_empty() && !dark.covered.is_empty();
    let found = Found { accounts: args.accounts, covered: dark.covered.len(), turned_red, alarmed, passed };
    Printer::new(args.json).report(&found)?;
    if passed { Ok(()) } else { Err(Error::Differs("the incident was taken for the customers' doing".into())) }
}

async fn said(mut world: World, days: i32) -> Result<Said, Error> {
    let fail = |error: rehearsal::RehearsalError| Error::Part { part: "ledger", what: chain(&error) };
    let roles = [
        Role::of::<health::Health>(),
        Role::of::<churn::Churn>(),
        Role::of::<escalation::Escalation>(),
        Role::of::<supervisor::Supervisor>(),
    ];
    let mut rehearsal = Rehearsal::start("outage", PARTITIONS, &roles, START.start()).await.map_err(fail)?;
    let first = START.plus(HISTORY_DAYS + FROM).start();
    let bar = progress(u64::from((HISTORY_DAYS + days).unsigned_abs()), "days");
    let mut said = Said::default();
    let lived = rehearsal::live(&mut rehearsal, &mut world, days, KINDS, |_, events| {
        events.iter().filter(|event| event.header.logtime >= first).for_each(|event| said.take(event));
        bar.inc(1);
    });
    lived.await.map_err(fail)?;
    bar.finish_and_clear();
    rehearsal.end().await;
    Ok(said)
}

impl Said {
    #[expect(clippy::wildcard_enum_match_arm, reason = "KINDS names what is read here")]
    fn take(&mut self, event: &Event) {
        let Some(account) = event.header.entity.account_id().map(ToOwned::to_owned) else { return };
        match &event.data {
            Data::IncidentCovers(data) if data.opened => drop(self.covered.insert(account)),
            Data::HealthBandChanged(data) if data.to == Band::Red => drop(self.red.insert(account)),
            Data::AlertOpened(data) if data.group == CauseGroup::Usage => drop(self.alarmed.insert(account)),
            _ => {}
        }
    }
}

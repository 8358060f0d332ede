//! Whole worlds in memory, and the bars their forecasts have to pass.
//!
//! The churn agent plays with those whose facts it reads; nobody decides and nothing is sent, so no outcome is
//! anybody's doing and each forecast is judged against what would have happened.

use std::fmt::Write as _;

use bus_schema::{Day, Partitions};
use indicatif::ProgressBar;
use ledger::{Ledger, Report as Judgement, Window};
use rehearsal::{Rehearsal, Role};
use serde::Serialize;
use world::{HISTORY_DAYS, Size, World};

use crate::{
    cli::LedgerArgs,
    error::{Error, chain},
    import::progress,
    ledger::text,
    print::{Printer, Report},
};

/// First day of every world's history: a Monday.
pub(super) const START: Day = Day(20_094);
/// Partitions of a log in memory.
pub(super) const PARTITIONS: Partitions = Partitions(4);
/// The bars, and above which a 90-day forecast is too good to be true.
const AUC_90_BP: (u64, u64) = (6_200, 9_000);
const AUC_30_BP: u64 = 7_000;
const LIFT_HUNDREDTHS: u64 = 300;
const WARNED_BP: u64 = 6_000;
const LEAD_DAYS: u64 = 30;
/// A bin of the reliability curve with so many forecasts is off by no more.
const BIN: (u64, u64) = (100, 800);

/// What was found over all worlds.
#[derive(Debug, Serialize)]
struct Found {
    worlds: Vec<Judgement>,
    /// Means over the worlds.
    means: Means,
    bars: Vec<Bar>,
    passed: bool,
}

#[derive(Debug, Default, Serialize)]
struct Means {
    auc_90_bp: u64,
    auc_30_bp: u64,
    lift_hundredths: u64,
    warned_bp: u64,
    lead_days: u64,
    brier_millionths: u64,
    brier_base_millionths: u64,
    worst_bin_bp: u64,
}

#[derive(Debug, Serialize)]
struct Bar {
    what: &'static str,
    found: u64,
    limit: u64,
    passed: bool,
}

impl Report for Found {
    fn text(&self) -> String {
        let mut out = String::new();
        for (n, world) in (1..).zip(&self.worlds) {
            let _ = writeln!(out, "World {n}\n{}\n", text(&super::json_of(world)));
        }
        for bar in &self.bars {
            let verdict = if bar.passed { "passed" } else { "MISSED" };
            let _ = writeln!(out, "{verdict}  {:<52} {:>8}  bar {}", bar.what, bar.found, bar.limit);
        }
        out
    }
}

/// Lives through the worlds one after the other and judges them together.
///
/// # Errors
/// A world that cannot be lived, or a bar that was missed.
pub(crate) async fn run(args: &LedgerArgs, worlds: u64) -> Result<(), Error> {
    let days = HISTORY_DAYS + args.days;
    let bar = progress(worlds * u64::from(days.unsigned_abs()), "days");
    let mut judged = Vec::new();
    for seed in (args.seed..).take(usize::try_from(worlds).unwrap_or(1)) {
        judged.push(one(args, seed, &bar).await?);
    }
    bar.finish_and_clear();
    let found = found(judged);
    let passed = found.passed;
    Printer::new(args.json).report(&found)?;
    if passed || !args.judge {
        return Ok(());
    }
    Err(Error::Differs("the forecasts miss a bar; see the lines marked MISSED".into()))
}

async fn one(args: &LedgerArgs, seed: u64, bar: &ProgressBar) -> Result<Judgement, Error> {
    let fail = |error: rehearsal::RehearsalError| Error::Part { part: "ledger", what: chain(&error) };
    let mut world = World::new(seed, START, Size { accounts: args.accounts, days: args.days });
    let roles =
        [Role::of::<churn::Churn>(), Role::of::<escalation::Escalation>(), Role::of::<supervisor::Supervisor>()];
    let mut rehearsal = Rehearsal::start(&seed.to_string(), PARTITIONS, &roles, START.start()).await.map_err(fail)?;
    let mut ledger = Ledger::default();
    let lived = rehearsal::live(&mut rehearsal, &mut world, args.days, ledger::READS, |_, events| {
        for event in &events {
            ledger.take(event);
        }
        bar.inc(1);
    });
    lived.await.map_err(fail)?;
    let dead = rehearsal.dead();
    rehearsal.end().await;
    if dead > 0 {
        let what = format!("{dead} messages of world {seed} did not pass the door");
        return Err(Error::Part { part: "ledger", what });
    }
    Ok(ledger.report(Window {
        from: world.first().start(),
        until: world.first().plus(args.days).start(),
        lead_days_min: args.lead,
    }))
}

fn found(worlds: Vec<Judgement>) -> Found {
    let mean = |of: &dyn Fn(&Judgement) -> Option<u64>| {
        let all: Vec<u64> = worlds.iter().filter_map(of).collect();
        all.iter().sum::<u64>().checked_div(all.len() as u64).unwrap_or(0)
    };
    let horizon = |world: &Judgement, days: u16| world.horizons.iter().find(|h| h.days == days).map(|h| h.all.clone());
    let quarter = |of: &dyn Fn(ledger::Measured) -> Option<u64>| mean(&|world| of(horizon(world, 90)?));
    let means = Means {
        auc_90_bp: quarter(&|all| all.auc_bp),
        auc_30_bp: mean(&|world| horizon(world, 30)?.auc_bp),
        lift_hundredths: quarter(&|all| all.lift_top_5_hundredths),
        warned_bp: mean(&|world| world.leavers.warned_bp),
        lead_days: mean(&|world| u64::try_from(world.leavers.lead_days?.median).ok()),
        brier_millionths: quarter(&|all| all.brier_millionths),
        brier_base_millionths: quarter(&|all| all.brier_base_millionths),
        worst_bin_bp: quarter(&|all| {
            let bins = all.bins.iter().filter(|bin| bin.n >= BIN.0);
            bins.map(|bin| bin.said_bp.abs_diff(bin.happened_bp)).max()
        }),
    };
    let least = |what, found, limit| Bar { what, found, limit, passed: found >= limit };
    let most = |what, found, limit| Bar { what, found, limit, passed: found <= limit };
    let bars = vec![
        least("AUC of the 90-day forecast, bp, at least", means.auc_90_bp, AUC_90_BP.0),
        most("AUC of the 90-day forecast, bp, above is a leak", means.auc_90_bp, AUC_90_BP.1),
        least("AUC of the 30-day forecast, bp, at least", means.auc_30_bp, AUC_30_BP),
        least("lift of the top 5 %, hundredths, at least", means.lift_hundredths, LIFT_HUNDREDTHS),
        least("leavers with a high alert before, bp, at least", means.warned_bp, WARNED_BP),
        least("median lead, days, at least", means.lead_days, LEAD_DAYS),
        most("Brier, millionths, at most that of the base rate", means.brier_millionths, means.brier_base_millionths),
        most("worst reliability bin with 100 forecasts, bp off", means.worst_bin_bp, BIN.1),
    ];
    let passed = bars.iter().all(|bar| bar.passed);
    Found { worlds, means, bars, passed }
}

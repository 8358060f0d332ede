//! The command: play seeds, look at one, and see that the planted bugs are found.

#![expect(clippy::print_stdout, reason = "a command speaks on its output")]

use std::{num::NonZeroUsize, process::ExitCode, thread::available_parallelism, time::Instant};

use clap::{Parser, Subcommand};
use simulation::{
    check::{Report, check},
    coverage, generate,
    invariants::Breach,
    plan::Plan,
    planted::Planted,
    runs::{self, Failure},
    seeds,
};

/// Plays Mainstay whole, in virtual time, with everything that can go wrong, and checks what must be true.
#[derive(Parser)]
#[command(
    name = "simulation",
    version,
    after_help = "Ends with 1 where an invariant broke, too little happened, or a planted bug was not found."
)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plays many seeds and the kept plans; prints what broke, shortened, and how often what matters happened.
    Run {
        /// How many seeds.
        #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..))]
        seeds: u64,
        /// The first of them.
        #[arg(long, default_value_t = 0)]
        from: u64,
        /// Threads; each plays one history at a time.
        #[arg(long, default_value_t = cores())]
        threads: NonZeroUsize,
    },
    /// Plays one seed and prints its plan and what happened.
    Seed {
        /// The seed.
        seed: u64,
        /// With a planted bug, by its name.
        #[arg(long)]
        planted: Option<Planted>,
        /// Leaves out of its plan what does not matter, if it fails.
        #[arg(long)]
        minimise: bool,
    },
    /// Sees that every planted bug breaks an invariant that it has to break.
    Planted {
        /// Within so many seeds.
        #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..))]
        seeds: u64,
        /// Only this one.
        #[arg(long)]
        only: Option<Planted>,
        /// Only lists them.
        #[arg(long)]
        list: bool,
        /// Threads; each plays one history at a time.
        #[arg(long, default_value_t = cores())]
        threads: NonZeroUsize,
    },
}

fn main() -> ExitCode {
    let green = match Args::parse().command {
        Command::Run { seeds, from, threads } => run(from, seeds, threads.get()),
        Command::Seed { seed, planted, minimise } => one(seed, planted, minimise),
        Command::Planted { list: true, .. } => {
            for planted in Planted::ALL {
                println!("{planted:<24} {}", planted.breaks().join(", "));
            }
            true
        }
        Command::Planted { seeds, only, list: false, threads } => gate(seeds, only, threads.get()),
    };
    if green { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn cores() -> NonZeroUsize {
    available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

fn run(from: u64, count: u64, threads: usize) -> bool {
    let begun = Instant::now();
    let kept = replay_kept();
    let summary = runs::run(from, count, threads, tell);
    if let Some(first) = summary.failures.first() {
        let (plan, report) = runs::shortened(&generate::plan(first.seed), None, first.breach.invariant);
        println!("\nThe plan of seed {}, shortened to {} actions:", first.seed, plan.actions.len());
        show(&plan, &report);
    }
    println!("\n{} histories in {} s. In all of them:", summary.histories, begun.elapsed().as_secs());
    for (what, count) in &summary.counts {
        println!("  {count:>9}  {what}");
    }
    let missing = coverage::missing(&summary.counts, summary.histories);
    for (minimum, found) in &missing {
        let (says, least) = (minimum.says, minimum.per_thousand);
        println!("RED: {found} × {says}; at least {least} in 1,000 histories are needed to have tested anything");
    }
    let green = kept && summary.failures.is_empty() && missing.is_empty();
    println!("{}", if green { "green" } else { "red" });
    green
}

fn replay_kept() -> bool {
    match seeds::kept() {
        Err(error) => {
            println!("RED: {error}");
            false
        }
        Ok(kept) => kept.iter().fold(true, |green, kept| {
            let breach = check(&kept.plan, None).breach;
            if let Some(breach) = &breach {
                println!("RED: line {} of seeds.txt: {}: {}", kept.line, breach.invariant, breach.what);
            }
            green && breach.is_none()
        }),
    }
}

fn tell(failure: &Failure) {
    let Failure { seed, breach: Breach { invariant, at_ms, what } } = failure;
    println!("RED: seed {seed}: {invariant}, at {at_ms} ms: {what}");
}

fn one(seed: u64, planted: Option<Planted>, minimise: bool) -> bool {
    let mut plan = generate::plan(seed);
    let mut report = check(&plan, planted);
    if let Some(breach) = report.breach.as_ref().filter(|_| minimise) {
        (plan, report) = runs::shortened(&plan, planted, breach.invariant);
    }
    show(&plan, &report);
    report.breach.is_none()
}

fn show(plan: &Plan, report: &Report) {
    println!("{:?}", plan.shape);
    for step in &plan.actions {
        println!("{:>9} ms  {:?}", step.at_ms, step.action);
    }
    println!("\nWhat happened:");
    report.trace.iter().for_each(|line| println!("  {line}"));
    println!("\nAs a line for seeds.txt:\n{}", serde_json::to_string(plan).unwrap_or_default());
    println!("\nhash {}", report.hash);
    match &report.breach {
        None => println!("green"),
        Some(Breach { invariant, at_ms, what }) => println!("RED: {invariant}, at {at_ms} ms: {what}"),
    }
}

fn gate(seeds: u64, only: Option<Planted>, threads: usize) -> bool {
    let mut green = true;
    for planted in Planted::ALL.into_iter().filter(|planted| only.is_none_or(|only| only == *planted)) {
        if let Some(Failure { seed, breach: Breach { invariant, what, .. } }) = runs::find(planted, seeds, threads) {
            println!("{planted:<24} seed {seed:>5}  {invariant}: {what}");
        } else {
            let wanted = planted.breaks().join(", ");
            println!("RED: {planted:<24} breaks none of {wanted} in {seeds} seeds");
            green = false;
        }
    }
    println!("{}", if green { "green" } else { "red" });
    green
}

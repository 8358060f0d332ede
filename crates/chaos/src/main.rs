//! `mainstay-chaos`: lists the scenarios, plays them, and writes down what held.

use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use chaos::{
    Binaries, Broken, Scenario,
    report::{Played, Report},
    run::Stage,
    scenarios,
};
use clap::{Args, Parser, Subcommand};

/// Real faults on real processes.
#[derive(Parser, Debug)]
#[command(name = "mainstay-chaos", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Lists the scenarios: name, faults, what is done and what must hold.
    List,
    /// Plays scenarios. Exit code 1 where one is red.
    #[command(
        after_help = "Examples:\n  mainstay-chaos run --smoke\n  mainstay-chaos run calm --seed 7\n  mainstay-chaos run --all --report chaos.json"
    )]
    Run(RunArgs),
}

#[derive(Args, Debug)]
struct RunArgs {
    /// Names of scenarios.
    #[arg(required_unless_present_any = ["all", "smoke"])]
    names: Vec<String>,
    /// All of them; those that need root are red without it.
    #[arg(long)]
    all: bool,
    /// The short part that needs no root.
    #[arg(long)]
    smoke: bool,
    /// Takes the programs beside this one as they are, instead of building them.
    #[arg(long)]
    no_build: bool,
    /// How many are played at once.
    #[arg(long, default_value_t = 1, value_name = "N")]
    at_once: usize,
    /// What random choices are drawn from; else another number each time.
    #[arg(long)]
    seed: Option<u64>,
    /// Where the JSON report goes.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_env("CHAOS_LOG");
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
    let done = match Cli::parse().command {
        Command::List => list().map(|()| true),
        Command::Run(args) => run(&args),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            writeln!(io::stderr(), "{}", error.chain()).ok();
            ExitCode::from(2)
        }
    }
}

fn say(line: &str) -> Result<(), Broken> {
    writeln!(io::stdout(), "{line}").map_err(Broken::io("write to standard output"))
}

fn list() -> Result<(), Broken> {
    for scenario in scenarios::all() {
        let root = if scenario.needs_root { "root" } else { "" };
        let smoke = if scenario.smoke { "smoke" } else { "" };
        let (name, faults, about) = (scenario.name, scenario.faults.join(" "), scenario.about);
        say(&format!("{name:<28} {faults:<10} {root:<5} {smoke:<6} {about}"))?;
    }
    Ok(())
}

fn chosen(args: &RunArgs) -> Result<Vec<Scenario>, Broken> {
    let all = scenarios::all();
    if let Some(unknown) = args.names.iter().find(|name| !all.iter().any(|scenario| scenario.name == **name)) {
        let cure = "choose among those that `mainstay-chaos list` prints".into();
        return Err(Broken::Missing { what: format!("the scenario {unknown}"), cure });
    }
    let wanted = |scenario: &Scenario| {
        args.all || (args.smoke && scenario.smoke) || args.names.iter().any(|name| name == scenario.name)
    };
    Ok(all.into_iter().filter(wanted).collect())
}

fn show(one: &Played) -> Result<(), Broken> {
    let colour = if one.green { "green" } else { "red" };
    say(&format!("{colour:<5} {:<28} {:>6.1} s  seed {}", one.scenario, one.seconds, one.seed))?;
    one.faults_found().iter().try_for_each(|fault| say(&format!("      {fault}")))
}

fn run(args: &RunArgs) -> Result<bool, Broken> {
    let scenarios = chosen(args)?;
    let stage = Stage::set(if args.no_build { Binaries::find()? } else { Binaries::build()? })?;
    let tokio = tokio::runtime::Runtime::new().map_err(Broken::io("start the runtime"))?;
    let seeded: Vec<_> =
        scenarios.into_iter().map(|scenario| (scenario, args.seed.unwrap_or_else(rand::random))).collect();
    let mut unsaid = None;
    let played = tokio.block_on(stage.play_all(&seeded, args.at_once, |one| {
        unsaid = unsaid.take().or(show(one).err());
    }));
    if let Some(error) = unsaid {
        return Err(error);
    }
    let report = Report::of(played);
    if let Some(path) = &args.report {
        let text = serde_json::to_string_pretty(&report).unwrap_or_default();
        std::fs::write(path, text + "\n").map_err(Broken::path("write", path))?;
    }
    if !report.green {
        say(&format!("logs of every process: {}", stage.keep().display()))?;
    }
    Ok(report.green)
}

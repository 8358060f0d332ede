//! What can be asked of `mainstay bench`.

use std::path::PathBuf;

use clap::{Args, Subcommand, value_parser};

use super::pipeline::AGENTS;
use crate::cli::Output;

/// Without a part: the pipeline and its ratios.
#[derive(Args, Debug, Clone)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    pub(crate) part: Option<Part>,
    #[command(flatten)]
    pub(crate) pipeline: PipelineArgs,
}

/// The parts.
#[derive(Subcommand, Debug, Clone)]
pub(crate) enum Part {
    /// The whole pipeline beside plain publishes of the same events, in turn.
    Pipeline(PipelineArgs),
    /// What an event costs and an account takes as accounts become more.
    Growth(GrowthArgs),
    /// Beside programs that read the same events with other tools; needs --peers.
    Peers(PeersArgs),
    /// How long an event takes to the log, its score, its card and an open page.
    Latency(LatencyArgs),
    /// One agent over a long log, again after its states are lost.
    Refold(RefoldArgs),
    /// kill -9 with work in hand, and the start after it.
    Restart(RestartArgs),
    /// Events over HTTP with 2xx after the acknowledgement of the bus.
    Ingest(IngestArgs),
    /// Every part; the peers too where --peers names them.
    All(AllArgs),
    /// Write the figures of a run (--json) into a document, between its markers.
    #[command(
        after_help = "Example:\n  mainstay bench all --json > figures.json\n  mainstay bench render figures.json"
    )]
    Render {
        /// What `mainstay bench … --json` printed.
        figures: PathBuf,
        /// The document.
        #[arg(long, default_value = "docs/performance.md", value_name = "FILE")]
        into: PathBuf,
    },
    /// One size of growth.
    #[command(hide = true)]
    Size(SizeArgs),
    /// What agents hold of a folder.
    #[command(hide = true)]
    Held(HeldArgs),
}

/// Where a part works, and how it prints.
#[derive(Args, Debug, Clone, Default)]
pub(crate) struct Place {
    /// Work below this folder: its disk is measured. Default: the folder for temporary files.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Args, Debug, Clone)]
pub(crate) struct PipelineArgs {
    /// Accounts.
    #[arg(long, default_value_t = 10_000, value_parser = value_parser!(u32).range(1..=5_000_000))]
    pub(crate) accounts: u32,
    /// Events of a round.
    #[arg(long, default_value_t = 500_000, value_parser = value_parser!(u32).range(1..=20_000_000))]
    pub(crate) events: u32,
    /// Rounds.
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u32).range(1..=99))]
    pub(crate) rounds: u32,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args, Debug, Clone)]
pub(crate) struct GrowthArgs {
    /// Numbers of accounts, the smallest first.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000, 1_000_000], value_parser = value_parser!(u32).range(1..=5_000_000))]
    pub(crate) accounts: Vec<u32>,
    /// Events of each size, after one for each account.
    #[arg(long, default_value_t = 100_000, value_parser = value_parser!(u32).range(1..=20_000_000))]
    pub(crate) events: u32,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args, Debug, Clone)]
pub(crate) struct SizeArgs {
    #[arg(long)]
    pub(crate) accounts: u32,
    #[arg(long)]
    pub(crate) events: u32,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args, Debug, Clone)]
pub(crate) struct HeldArgs {
    /// The data folder.
    #[arg(long)]
    pub(crate) on: PathBuf,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// Where the peers are.
#[derive(Args, Debug, Clone, Default)]
pub(crate) struct PeerPlaces {
    /// Folder with the peer programs.
    #[arg(long, value_name = "DIR")]
    pub(crate) peers: Option<PathBuf>,
    /// Folder with the packages they need. Default: mainstay/peers in the cache folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) packages: Option<PathBuf>,
    /// Install these packages first, with pip and npm.
    #[arg(long)]
    pub(crate) install: bool,
}

#[derive(Args, Debug, Clone)]
pub(crate) struct PeersArgs {
    #[command(flatten)]
    pub(crate) places: PeerPlaces,
    /// Accounts.
    #[arg(long, default_value_t = 1_000, value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub(crate) accounts: u32,
    /// Events each reads in a round.
    #[arg(long, default_value_t = 60_000, value_parser = value_parser!(u32).range(1..=5_000_000))]
    pub(crate) events: u32,
    /// Events a peer commits at once.
    #[arg(long, default_value_t = 1_024, value_parser = value_parser!(u32).range(1..=20_000))]
    pub(crate) batch: u32,
    /// Rounds.
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u32).range(1..=99))]
    pub(crate) rounds: u32,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args, Debug, Clone)]
pub(crate) struct LatencyArgs {
    /// Accounts.
    #[arg(long, default_value_t = 10_000, value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub(crate) accounts: u32,
    /// Events a second.
    #[arg(long, default_value_t = 1_000, value_parser = value_parser!(u32).range(1..=100_000))]
    pub(crate) per_second: u32,
    /// Seconds.
    #[arg(long, default_value_t = 30, value_parser = value_parser!(u32).range(1..=3_600))]
    pub(crate) seconds: u32,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args, Debug, Clone)]
pub(crate) struct RefoldArgs {
    /// The agent.
    #[arg(long, default_value = "health", value_parser = AGENTS)]
    pub(crate) agent: String,
    /// Accounts.
    #[arg(long, default_value_t = 10_000, value_parser = value_parser!(u32).range(1..=5_000_000))]
    pub(crate) accounts: u32,
    /// Events.
    #[arg(long, default_value_t = 1_000_000, value_parser = value_parser!(u32).range(1..=20_000_000))]
    pub(crate) events: u32,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args, Debug, Clone)]
pub(crate) struct RestartArgs {
    /// Accounts.
    #[arg(long, default_value_t = 100_000, value_parser = value_parser!(u32).range(1..=5_000_000))]
    pub(crate) accounts: u32,
    /// Events acknowledged just before the kill.
    #[arg(long, default_value_t = 20_000, value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub(crate) events: u32,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args, Debug, Clone)]
pub(crate) struct IngestArgs {
    /// Accounts.
    #[arg(long, default_value_t = 10_000, value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub(crate) accounts: u32,
    /// Events sent in batches of a hundred.
    #[arg(long, default_value_t = 200_000, value_parser = value_parser!(u32).range(1..=5_000_000))]
    pub(crate) events: u32,
    /// Single events a second.
    #[arg(long, default_value_t = 1_000, value_parser = value_parser!(u32).range(1..=100_000))]
    pub(crate) singles_per_second: u32,
    /// Seconds of single events.
    #[arg(long, default_value_t = 10, value_parser = value_parser!(u32).range(1..=3_600))]
    pub(crate) seconds: u32,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args, Debug, Clone)]
pub(crate) struct AllArgs {
    #[command(flatten)]
    pub(crate) places: PeerPlaces,
    /// Percent of the usual sizes.
    #[arg(long, default_value_t = 100, value_parser = value_parser!(u32).range(1..=1_000))]
    pub(crate) percent: u32,
    #[command(flatten)]
    pub(crate) place: Place,
}

//! What can be asked of `mainstay` on the command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::bench::BenchArgs;

/// Event-driven agents that keep a company's customers.
#[derive(Parser, Debug)]
#[command(name = "mainstay", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the system lives.
#[derive(Args, Debug, Clone)]
pub(crate) struct Place {
    /// Folder with the log, the agents' state, keys and configuration.
    #[arg(long, global = true, env = "MAINSTAY_DATA", default_value = "mainstay-data", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// What to log, as tracing filters.
    #[arg(long, global = true, env = "MAINSTAY_LOG", default_value = "warn", value_name = "FILTER")]
    pub(crate) log: String,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Start everything on this machine and keep it running.
    #[command(after_help = "Example:\n  mainstay up --smtp smtp://localhost:2525 --from 'Ana Silva <ana@example.com>'")]
    Up(Box<UpArgs>),
    /// Live through a made-up company's last months, then keep the console open.
    #[command(after_help = "Example:\n  mainstay demo --exit --json")]
    Demo(Box<DemoArgs>),
    /// Import history: CloudEvents (one a line), or CSV and NDJSON by a map; event time becomes log time when the log is empty.
    #[command(
        after_help = "Examples:\n  mainstay import world.ndjson\n  mainstay import engagement.csv.gz --map deploy/examples/relax.toml"
    )]
    Import(ImportArgs),
    /// How good the churn forecasts were: accuracy beside "nobody leaves", AUC, Brier, lift, lead time.
    #[command(
        after_help = "Examples:\n  mainstay ledger --json\n  mainstay ledger --at 2013-07-01 --entity contact --horizon 90 --json\n  mainstay ledger --worlds 4 --accounts 1000 --lead 14 --judge\n  mainstay ledger --worlds 1 --accounts 400 --outage 200"
    )]
    Ledger(LedgerArgs),
    /// Write a made-up history as CloudEvents, and a second file with what was hidden.
    #[command(after_help = "Example:\n  mainstay simulate --accounts 85 --days 180 --seed 1 --out world.ndjson")]
    Simulate(SimulateArgs),
    /// Send CloudEvents (one JSON object a line) from standard input.
    #[command(
        after_help = "Example:\n  echo '{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"shop\",\"type\":\"user.logged_in\",\n         \"subject\":\"account/acme\",\"time\":\"2026-01-01T10:00:00Z\",\"data\":{\"user\":\"u1\"}}' | mainstay send"
    )]
    Send,
    /// What the door finds in a customer's text from standard input; needs no running system.
    #[command(after_help = "Example:\n  echo 'Export fails again, we will cancel our contract' | mainstay read")]
    Read(ReadArgs),
    /// How the system is: agents, lag, streams, what waits.
    #[command(after_help = "Example:\n  mainstay status --json")]
    Status(Output),
    /// One account: health with its reasons, churn, proposals.
    #[command(after_help = "Example:\n  mainstay account acme --json")]
    Account {
        /// The account's id.
        id: String,
        #[command(flatten)]
        output: Output,
    },
    /// Proposals that wait for a decision, or in another state.
    #[command(after_help = "Example:\n  mainstay proposals --state sent --json")]
    Proposals {
        /// Only those in this state: waiting, held, rejected, expired, void, intended, sent, failed, unknown, all.
        #[arg(long, default_value = "waiting")]
        state: String,
        #[command(flatten)]
        output: Output,
    },
    /// Approve a proposal as it is drafted; it is sent after its hold.
    #[command(after_help = "Example:\n  mainstay approve 3kq7…")]
    Approve {
        /// The proposal's id.
        id: String,
    },
    /// Reject a proposal; nothing is sent.
    #[command(after_help = "Example:\n  mainstay reject 3kq7… --reason bad_timing --note 'On holiday until Monday'")]
    Reject {
        /// The proposal's id.
        id: String,
        /// `wrong_facts`, `bad_timing`, `wrong_person`, `already_handled`, `tone`, `not_a_real_signal`,
        /// `customer_asked_not_to` or `other`.
        #[arg(long)]
        reason: String,
        /// A sentence for the author of the play.
        #[arg(long)]
        note: Option<String>,
    },
    /// A new one-time link to the console.
    #[command(after_help = "Example:\n  mainstay login")]
    Login,
    /// Digest of each agent's state per partition, with its position in the log.
    #[command(after_help = "Example:\n  mainstay digest --json")]
    Digest(Output),
    /// Drop an agent's local state and fold it again from the log; nothing is said twice.
    #[command(after_help = "Example:\n  mainstay rebuild health")]
    Rebuild {
        /// Its name: `onboarding`, `escalation`, `health`, `churn`, `renewal`, `expansion`, `advocacy`, `engagement` or
        /// `supervisor`.
        agent: String,
    },
    /// Fold everything again beside the running system and compare; exit code 1 where it differs.
    #[command(after_help = "Example:\n  mainstay verify --json")]
    Verify(Output),
    /// How full the book of each customer-success manager is, by the segments of their accounts.
    #[command(after_help = "Example:\n  mainstay books --json")]
    Books(Output),
    /// What is connected and what is not, in the four steps of setting up.
    #[command(after_help = "Example:\n  mainstay setup --json")]
    Setup(Output),
    /// Thresholds of the agents: which are in force, how they differ, and publishing others.
    Policy {
        #[command(subcommand)]
        action: PolicyAction,
    },
    /// Events that could not be used.
    Dead {
        #[command(subcommand)]
        action: DeadAction,
    },
    /// Partitions that stand still because the clock made a step of more than an hour.
    Clock {
        #[command(subcommand)]
        action: ClockAction,
    },
    /// Measure this machine: the pipeline against a plain publish of the same events, or another part.
    #[command(
        after_help = "Example:\n  mainstay bench --accounts 10000 --events 200000 --json\n  mainstay bench all --json > figures.json"
    )]
    Bench(Box<BenchArgs>),
    /// The message bus.
    Bus {
        #[command(subcommand)]
        action: BusAction,
    },
}

#[derive(Args, Debug, Clone)]
pub(crate) struct ReadArgs {
    /// Words to look for (TOML), instead of the built-in ones.
    #[arg(long, value_name = "FILE")]
    pub(crate) reader: Option<PathBuf>,
    /// Print the built-in words, as a start for a file of your own.
    #[arg(long)]
    pub(crate) words: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// How to print.
#[derive(Args, Debug, Clone, Copy, Default)]
pub(crate) struct Output {
    /// JSON on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug, Clone, Default)]
pub(crate) struct UpArgs {
    /// Console address.
    #[arg(long, value_name = "ADDR")]
    pub(crate) console: Option<SocketAddr>,
    /// Gateway address.
    #[arg(long, value_name = "ADDR")]
    pub(crate) gateway: Option<SocketAddr>,
    /// Port of the local nats-server on loopback.
    #[arg(long, value_name = "PORT")]
    pub(crate) nats_port: Option<u16>,
    /// Use this NATS server instead of a local one.
    #[arg(long, value_name = "URL")]
    pub(crate) nats_url: Option<String>,
    /// Monitoring address of that server, `http://host:8222`; without it the bus counts as volatile.
    #[arg(long, value_name = "URL")]
    pub(crate) nats_monitor_url: Option<String>,
    /// Take approvals although the bus may lose acknowledged messages at a power cut.
    #[arg(long)]
    pub(crate) allow_volatile_bus: bool,
    /// SMTP server, `smtp://[user:password@]host[:port]`; without one approved mail goes to <data>/outbox/*.eml.
    #[arg(long, value_name = "URL")]
    pub(crate) smtp: Option<String>,
    /// Sender of mail, `Name <address>`; replies go there.
    #[arg(long, value_name = "MAILBOX")]
    pub(crate) from: Option<String>,
    /// Address under which recipients reach the console, for unsubscribe links.
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// Folder with policies (<agent>.toml) to publish at first start instead of the built-in ones.
    #[arg(long, value_name = "DIR")]
    pub(crate) policies: Option<PathBuf>,
    /// Folder with message templates and plays to publish at first start instead of the built-in ones.
    #[arg(long, value_name = "DIR")]
    pub(crate) playbooks: Option<PathBuf>,
    /// Words to look for in customers' texts (TOML), instead of the built-in ones; `mainstay read --words` prints those.
    #[arg(long, value_name = "FILE")]
    pub(crate) reader: Option<PathBuf>,
}

#[derive(Args, Debug, Clone)]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    pub(crate) up: UpArgs,
    /// Stop when the history is lived.
    #[arg(long)]
    pub(crate) exit: bool,
    /// End with one JSON object on standard output.
    #[arg(long)]
    pub(crate) json: bool,
    /// Number the company is drawn from.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Accounts of the company.
    #[arg(long, default_value_t = 85, value_parser = clap::value_parser!(u32).range(1..=400))]
    pub(crate) accounts: u32,
    /// Days to live through, after 84 days of history.
    #[arg(long, default_value_t = 180, value_parser = clap::value_parser!(i32).range(1..=730))]
    pub(crate) days: i32,
}

#[derive(Args, Debug, Clone)]
pub(crate) struct ImportArgs {
    /// CSV or NDJSON, plain or .gz.
    pub(crate) file: PathBuf,
    /// How a row becomes an event (TOML); without it the file holds CloudEvents.
    #[arg(long)]
    pub(crate) map: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// What is judged.
#[derive(clap::ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judged {
    /// Accounts, by the forecasts the churn agent made each week.
    Account,
    /// Single contacts as of a day, by the rhythm of their own activity.
    Contact,
}

#[derive(Args, Debug, Clone)]
pub(crate) struct LedgerArgs {
    /// As of this day; of the whole log otherwise.
    #[arg(long, value_name = "DATE", value_parser = crate::simulate::date)]
    pub(crate) at: Option<bus_schema::Day>,
    /// What is judged.
    #[arg(long, value_enum, default_value = "account")]
    pub(crate) entity: Judged,
    /// Days of silence of a contact.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(i32).range(1..=365))]
    pub(crate) horizon: i32,
    /// Leave out forecasts made fewer days before the outcome.
    #[arg(long, default_value_t = 0, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(0..=90))]
    pub(crate) lead: u32,
    /// Instead of a log, live through so many made-up worlds in memory.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=100), conflicts_with_all = ["at", "entity"])]
    pub(crate) worlds: Option<u64>,
    /// Accounts of each world.
    #[arg(long, default_value_t = 1_000, requires = "worlds", value_parser = clap::value_parser!(u32).range(1..=i64::from(world::ACCOUNTS_MAX)))]
    pub(crate) accounts: u32,
    /// Days of each world, after 84 days of history.
    #[arg(long, default_value_t = 180, requires = "worlds", value_parser = clap::value_parser!(i32).range(1..=1_000))]
    pub(crate) days: i32,
    /// Number of the first world; the others follow.
    #[arg(long, default_value_t = 1, requires = "worlds")]
    pub(crate) seed: u64,
    /// End with exit code 1 when the means over the worlds miss a bar.
    #[arg(long, requires = "worlds")]
    pub(crate) judge: bool,
    /// Instead of forecasts, judge an incident of three days over so many accounts of the first world.
    #[arg(long, requires = "worlds", value_name = "ACCOUNTS", conflicts_with_all = ["judge", "days", "lead"])]
    pub(crate) outage: Option<u32>,
    /// JSON on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug, Clone)]
pub(crate) struct SimulateArgs {
    /// Companies.
    #[arg(long, default_value_t = 85, value_parser = clap::value_parser!(u32).range(1..=i64::from(world::ACCOUNTS_MAX)))]
    pub(crate) accounts: u32,
    /// Days, after 84 days of history.
    #[arg(long, default_value_t = 180, value_parser = clap::value_parser!(i32).range(1..=3_650))]
    pub(crate) days: i32,
    /// Number the companies are drawn from: the same number, the same bytes.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// First day of the history.
    #[arg(long, default_value = "2025-01-06", value_name = "DATE", value_parser = crate::simulate::date)]
    pub(crate) start: bus_schema::Day,
    /// File to write (.ndjson); what was hidden goes into a file beside it (.truth.json).
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// JSON on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Subcommand, Debug, Clone)]
pub(crate) enum PolicyAction {
    /// List the policies in force with their versions.
    #[command(after_help = "Example:\n  mainstay policy list --json")]
    List(Output),
    /// Print the policy in force of an agent, as a start for a file of your own.
    #[command(after_help = "Example:\n  mainstay policy show health > health.toml")]
    Show {
        /// The agent.
        agent: String,
        #[command(flatten)]
        output: Output,
    },
    /// How the policy in force differs from the one built in, or from a file, key by key; exit code 1 where it does.
    #[command(after_help = "Examples:\n  mainstay policy diff\n  mainstay policy diff health --file health.toml")]
    Diff {
        /// The agent; all of them otherwise.
        agent: Option<String>,
        /// Compare with this file instead of the built-in policy.
        #[arg(long, value_name = "FILE", requires = "agent")]
        file: Option<PathBuf>,
        #[command(flatten)]
        output: Output,
    },
    /// Check a policy, say what it changes, and publish it: in force from that position of the log on.
    #[command(after_help = "Example:\n  mainstay policy publish health health.toml")]
    Publish {
        /// The agent.
        agent: String,
        /// The whole policy (TOML), as `mainstay policy show` prints it.
        file: PathBuf,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Subcommand, Debug, Clone)]
pub(crate) enum DeadAction {
    /// List them with the reason.
    #[command(after_help = "Example:\n  mainstay dead list --json")]
    List(Output),
    /// Send them through again after a fix.
    #[command(after_help = "Example:\n  mainstay dead replay --all")]
    Replay {
        /// Sequences, as listed.
        #[arg(required_unless_present = "all")]
        seq: Vec<u64>,
        /// All of them.
        #[arg(long, conflicts_with = "seq")]
        all: bool,
    },
}

#[derive(Subcommand, Debug, Clone)]
pub(crate) enum ClockAction {
    /// List them with the time before and after the step.
    #[command(after_help = "Example:\n  mainstay clock list --json")]
    List(Output),
    /// Let them take the step, once the machine's clock is known to be right: what is due before the new time is done.
    #[command(after_help = "Example:\n  mainstay clock accept 3")]
    Accept {
        /// Partitions, as listed; none means all.
        partition: Vec<u8>,
    },
}

#[derive(Subcommand, Debug, Clone)]
pub(crate) enum BusAction {
    /// Print the server configuration for an existing nats-server: accounts, users, durability.
    #[command(after_help = "Example:\n  mainstay bus config > nats-server.conf")]
    Config,
    /// List the streams that end before what the log has seen of them: the bus lost what it had acknowledged.
    #[command(after_help = "Example:\n  mainstay bus list --json")]
    List(Output),
    /// Accept that the end of such a stream is lost, where there is no newer copy of it, so that the system can start.
    #[command(after_help = "Example:\n  mainstay bus accept IN PEOPLE")]
    Accept {
        /// Names of the streams, as `mainstay bus list` has them.
        #[arg(required = true, value_name = "STREAM")]
        stream: Vec<String>,
    },
}

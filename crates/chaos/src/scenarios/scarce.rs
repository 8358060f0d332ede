//! What a machine is short of, or wrong about: file handles, processor time, the time of day.

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Child, Command, Stdio},
};

use futures_util::FutureExt as _;
use tokio::{
    net::TcpStream,
    time::{Duration, sleep},
};

use crate::{Broken, Context, Flow, Part, Rig, Scenario, Setup, Verdict, oracle};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "no-file-handles",
        faults: &["F23"],
        about: "gateway and agents may open no more files while the bus is started again: they go on when they may",
        needs_root: false,
        smoke: false,
        run: |context| handles(context).boxed_local(),
    },
    Scenario {
        name: "no-processor",
        faults: &["F23"],
        about: "eight busy programs beside a system that runs at the lowest priority: slow, and nothing else",
        needs_root: false,
        smoke: false,
        run: |context| processor(context).boxed_local(),
    },
    Scenario {
        name: "clocks-apart",
        faults: &["F21"],
        about: "the clocks of the agents are ten days ahead, an hour behind and five minutes ahead, the courier's ten days \
                behind: the folds are equal to those of the log, and the mail is sent once",
        needs_root: false,
        smoke: false,
        run: |context| clocks(context).boxed_local(),
    },
];

const SHORT: Duration = Duration::from_secs(10);
/// Connections that take the gateway's last handles.
const IDLE: usize = 60;
const BUSY: usize = 8;
const STARVED: Duration = Duration::from_secs(20);
/// Where distributions put the library.
const FAKETIME: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib64/faketime/libfaketime.so.1",
    "/usr/lib/faketime/libfaketime.so.1",
];

async fn handles(context: Context) -> Result<Vec<Verdict>, Broken> {
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let flow = Flow::begin(&rig, "acme", "handles");
    flow.until_more(20, oracle::LIVENESS_MAX).await?;
    let short = [Part::Gateway, Part::Health, Part::Churn, Part::Engagement];
    for part in short {
        let pid = rig.process(part.name())?.pid();
        limit(pid, &open_files(pid)?.to_string())?;
    }
    let address = rig.process(Part::Gateway.name())?.address().unwrap_or_default().replace("http://", "");
    let mut idle = Vec::new();
    for _ in 0..IDLE {
        idle.push(TcpStream::connect(&address).await.map_err(Broken::io("connect to the gateway"))?);
    }
    rig.nats.restart().await?;
    sleep(SHORT).await;
    let before = flow.taken();
    for part in short {
        limit(rig.process(part.name())?.pid(), "1024")?;
    }
    drop(idle);
    let took = flow.until_more(before, oracle::LIVENESS_MAX).await?;
    let flowed = flow.end(&mut rig).await?;
    let detail = format!("{:.1} s after there were handles again", took.as_secs_f64());
    let mut verdicts = vec![Verdict::of("back", true, detail), flowed.gap_verdict(SHORT)];
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    rig.stop_all().await?;
    Ok(verdicts)
}

fn open_files(pid: u32) -> Result<usize, Broken> {
    let folder = format!("/proc/{pid}/fd");
    let listed = std::fs::read_dir(&folder).map_err(Broken::path("list", Path::new(&folder)))?;
    Ok(listed.count())
}

/// Sets how many files a process may have open; the limit it may raise that to stays.
fn limit(pid: u32, files: &str) -> Result<(), Broken> {
    let mut command = Command::new("prlimit");
    command.args(["--pid", &pid.to_string(), &format!("--nofile={files}:")]);
    run(&mut command, "prlimit", "install it (Debian: apt install util-linux)")
}

fn run(command: &mut Command, what: &str, cure: &str) -> Result<(), Broken> {
    let missing = || Broken::Missing { what: what.to_owned(), cure: cure.to_owned() };
    let output = command.stdin(Stdio::null()).output().map_err(|_| missing())?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Broken::Io { action: format!("run {what}"), source: std::io::Error::other(text) })
}

/// Programs that do nothing as fast as they can; they end with this.
struct Burners(Vec<Child>);

impl Burners {
    fn start() -> Result<Self, Broken> {
        let mut burners = Self(Vec::new());
        for _ in 0..BUSY {
            let mut command = Command::new("sh");
            command.args(["-c", "while :; do :; done"]).stdin(Stdio::null());
            burners.0.push(command.spawn().map_err(Broken::io("start a busy program"))?);
        }
        Ok(burners)
    }
}

impl Drop for Burners {
    fn drop(&mut self) {
        for child in &mut self.0 {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

async fn processor(context: Context) -> Result<Vec<Verdict>, Broken> {
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let flow = Flow::begin(&rig, "acme", "starved");
    flow.until_more(20, oracle::LIVENESS_MAX).await?;
    let mut pids: Vec<u32> = rig.nats.pid().into_iter().collect();
    for label in rig.labels() {
        pids.push(rig.process(&label)?.pid());
    }
    for pid in &pids {
        let mut command = Command::new("renice");
        command.args(["-n", "10", "-p", &pid.to_string()]);
        run(&mut command, "renice", "install it (Debian: apt install util-linux)")?;
    }
    let burners = Burners::start()?;
    sleep(STARVED).await;
    drop(burners);
    let flowed = flow.end(&mut rig).await?;
    let mut verdicts = vec![flowed.gap_verdict(STARVED)];
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    rig.stop_all().await?;
    Ok(verdicts)
}

async fn clocks(context: Context) -> Result<Vec<Verdict>, Broken> {
    let library = FAKETIME.iter().find(|path| Path::new(path).is_file()).ok_or_else(|| Broken::Missing {
        what: "libfaketime".into(),
        cure: "install it (Debian: apt install libfaketime)".into(),
    })?;
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let apart = [(Part::Health, "+10d"), (Part::Churn, "-1h"), (Part::Engagement, "+5m"), (Part::Courier, "-10d")];
    for (part, skew) in apart {
        rig.stop(part).await?;
        let env = [("LD_PRELOAD", *library), ("FAKETIME", skew), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")];
        let env: BTreeMap<_, _> = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        rig.launch_with(part, part.name(), &env)?;
    }
    rig.until_ready().await?;
    let verdicts = oracle::judge_with_delivery(&mut rig).await?;
    rig.stop_all().await?;
    Ok(verdicts)
}

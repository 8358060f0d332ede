//! The power fails: what a disk has at a moment, and nothing else.
//!
//! The server's disk is a file. The server is frozen and the file copied: that is what had reached the disk. Another
//! server is started on the copy. What reordering inside a device does is not covered.

use std::path::Path;

use bus::{BusKeys, Connect, Message, NatsBus, Provisioning, Role, server};
use bus_schema::{Partition, subject, subject::Stream};
use futures_util::FutureExt as _;
use testkit::nats::free_ports;
use tokio::time::{Duration, Instant};

use crate::{
    Broken, Context, Flow, Rig, Scenario, Setup, Verdict,
    mount::{self, Mounted},
    oracle,
    rig::process::signal,
};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        name: "power-cut",
        faults: &["F9"],
        about: "the power of the bus fails under a flow of events: every acknowledged event is on the disk, and the \
                system goes on from it",
        needs_root: true,
        smoke: false,
        run: |context| power_cut(context).boxed_local(),
    },
    Scenario {
        name: "power-cut-method",
        faults: &["F9"],
        about: "the same cut of a server with the default sync_interval loses acknowledged messages, so the method can \
                tell; with always it loses none",
        needs_root: true,
        smoke: false,
        run: |context| method(context).boxed_local(),
    },
];

const DISK_MIB: u32 = 512;
/// The server sets aside what IN may become, and has no more than its disk.
const IN_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// How long messages flow before the cut. A stream that is younger than ten seconds is lost as a whole.
const FLOW: Duration = Duration::from_secs(12);
const SETTLED: Duration = Duration::from_mins(1);

async fn power_cut(context: Context) -> Result<Vec<Verdict>, Broken> {
    let (image, copy) = (context.folder.join("disk.img"), context.folder.join("copy.img"));
    let disk = Mounted::on_image(&image, DISK_MIB, &context.folder.join("disk"))?;
    let setup = Setup { nats_dir: Some(disk.path().join("nats")), ..Setup::default() };
    let mut rig = Rig::start(&context, setup).await?;
    // What the suite copied there to begin with is not the server's to keep.
    disk.sync()?;
    let flow = Flow::begin(&rig, "acme", "power");
    flow.until_more(100, SETTLED).await?;
    rig.nats.freeze()?;
    mount::copy_image(&image, &copy)?;
    let taken = flow.taken();
    rig.nats.kill().await;
    let after = Mounted::of_image(&copy, &context.folder.join("after"))?;
    rig.nats.set_dir(after.path().join("nats"));
    rig.nats.restart().await?;
    flow.until_more(taken, oracle::LIVENESS_MAX).await?;
    let flowed = flow.end(&mut rig).await?;
    let mut verdicts = vec![flowed.gap_verdict(Duration::ZERO)];
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    rig.stop_all().await?;
    rig.nats.stop().await;
    Ok(verdicts)
}

async fn method(context: Context) -> Result<Vec<Verdict>, Broken> {
    let always = cut(&context, "always", true).await?;
    let default = cut(&context, "default", false).await?;
    let said = |cut: &Cut| format!("{} of {} acknowledged messages lost", cut.lost(), cut.acknowledged);
    Ok(vec![
        Verdict::of("always-keeps", always.lost() == 0 && always.acknowledged > 0, said(&always)),
        Verdict::of("default-loses", default.lost() > 0, said(&default)),
    ])
}

/// What a server acknowledged, and what its disk had.
struct Cut {
    acknowledged: u64,
    kept: u64,
}

impl Cut {
    const fn lost(&self) -> u64 {
        self.acknowledged.saturating_sub(self.kept)
    }
}

async fn cut(context: &Context, name: &str, sync_always: bool) -> Result<Cut, Broken> {
    let folder = context.folder.join(name);
    let keys = BusKeys::load_or_create(&folder.join("keys"))?;
    let (image, copy) = (folder.join("disk.img"), folder.join("copy.img"));
    let disk = Mounted::on_image(&image, DISK_MIB, &folder.join("disk"))?;
    let first = start(disk.path(), sync_always, &keys).await?;
    let url = first.url();
    let bus = connect(&url, &keys, Role::Admin).await?;
    bus.provision(&Provisioning { in_bytes_max: IN_BYTES_MAX, ..Provisioning::default() }).await?;
    let (mut acknowledged, until) = (0, Instant::now() + FLOW);
    while Instant::now() < until {
        let message = Message::new(subject::in_batch(Partition(0)), vec![b'x'; 200]);
        acknowledged += u64::from(bus.publish(message, None).await.is_ok());
    }
    signal(first.pid(), "STOP")?;
    mount::copy_image(&image, &copy)?;
    first.kill().await;
    bus.close().await;
    let after = Mounted::of_image(&copy, &folder.join("after"))?;
    let second = match start(after.path(), sync_always, &keys).await {
        // It runs and cannot recover its streams: nothing of them is left.
        Err(Broken::Server(server::ServerError::Silent { .. })) => return Ok(Cut { acknowledged, kept: 0 }),
        started => started?,
    };
    let bus = connect(&second.url(), &keys, Role::Admin).await?;
    let kept = match bus.state(Stream::In).await {
        Ok(state) => state.messages,
        // The stream itself had not reached the disk.
        Err(bus::BusError::NoStream(_)) => 0,
        Err(error) => return Err(error.into()),
    };
    bus.close().await;
    second.kill().await;
    Ok(Cut { acknowledged, kept })
}

async fn start(disk: &Path, sync_always: bool, keys: &BusKeys) -> Result<server::Server, Broken> {
    let binary = server::find_server(&server::FindServer::from_env()).await?;
    let [port, monitor_port] = free_ports().map_err(Broken::io("find free ports"))?;
    let name = format!("power-{port}");
    let settings = server::ServerSettings { dir: disk.join("nats"), name, port, monitor_port, sync_always };
    Ok(server::Server::start(&binary, settings, keys).await?)
}

async fn connect(url: &str, keys: &BusKeys, role: Role) -> Result<bus::Bus, Broken> {
    let seed = Some(keys.seed(role)?.to_owned());
    Ok(NatsBus::connect(Connect { url: url.to_owned(), role, seed }).await?.into())
}

//! Starting: bus, rules, copies, agents, router, edges; in the order in which each needs the one before.

use std::{collections::BTreeMap, net::SocketAddr, path::Path, sync::Arc};

use bus::{LogInfo, Role};
use bus_schema::{Actor, ActorKind, Partitions, data::facts::ClockMode, door::Door};
use mainstay_console::{Console, ConsoleConfig, Readiness, Sender, StopKey};
use reader::LexiconReader;
use runtime::{Member, Runtime};
use supervision::{
    Clock, Copied, Copies, Publisher, PublisherConfig, Router, RouterConfig, RouterHandle, Rule, RuleKind,
    publish_first,
};
use tokio::sync::{Mutex, watch};

use super::{
    Purpose, System,
    api::{self, Shared},
    bus_error, clocks,
    connect::BusPlace,
    control::Control,
    keeper::{BusHealth, Keeper},
    parts::Parts,
    ready::{self, Given},
    wall,
};
use crate::{
    client::Run,
    config::Settings,
    error::{Error, chain},
    folder::{Folder, random_word},
    metrics, rules,
};

/// Note kept with a log: who made it.
const MADE_BY: &str = "made_by";
/// A tick is written to every partition for every hour that is lived, and a demo has few accounts.
const DEMO_PARTITIONS: Partitions = Partitions(1);

impl System {
    /// Starts everything on a data folder.
    ///
    /// # Errors
    /// Whatever stands in the way, with the cure.
    pub(crate) async fn start(data: &Path, settings: &Settings, purpose: Purpose) -> Result<Self, Error> {
        // What is wrong with a setting is said before anything is made or started.
        courier_config(data, settings)?;
        rules::policies(settings.policies.as_deref())?;
        let folder = Folder::open(data)?;
        let place = BusPlace::open(folder.path(), settings).await?;
        let made_by = if purpose == Purpose::Demo { "demo" } else { "mainstay" };
        let partitions = if purpose == Purpose::Demo { DEMO_PARTITIONS } else { Partitions::default() };
        let log = place.provision(BTreeMap::from([(MADE_BY.into(), made_by.into())]), partitions).await?;
        let demo = log.labels.get(MADE_BY).is_some_and(|by| by == "demo");
        let (stop, stopped) = watch::channel(false);
        let mut tasks = Vec::new();
        let (parts, courier) = parts(&folder, &place, settings, &log, demo).await?;
        let courier_stop = wait_for(stopped.clone());
        let delivering = async move { courier.run(courier_stop).await.map_err(|error| chain(&error)) };
        tasks.push(("courier", tokio::spawn(delivering)));
        resume(&parts, purpose).await?;
        let (health_tx, health) = watch::channel(BusHealth::default());
        let given = Given { durable: place.durable(), allow_volatile: settings.allow_volatile_bus, demo };
        let (readiness_tx, readiness) = watch::channel(Readiness::default());
        tasks.push((
            "readiness",
            ready::watch_over(Arc::clone(&parts), given, health.clone(), readiness_tx, stopped.clone()),
        ));
        let token = random_word();
        let (console, link) = console(&folder, &place, settings, &log, &parts, (readiness, health), &token).await?;
        let (console_address, views) = (console.address(), console.views());
        let console_stop = stopped.clone();
        let serving = async move { console.run(console_stop).await.map_err(|error| chain(&error)) };
        tasks.push(("console", tokio::spawn(serving)));
        let (gateway_address, gateway) = gateway(&folder, settings, &parts, stopped.clone()).await?;
        tasks.push(("gateway", gateway));
        if purpose == Purpose::Up {
            tasks.push(("clock", clocks::live(&parts, settings, stopped.clone())));
        }
        let run = Run {
            pid: std::process::id(),
            nats_pid: place.server.pid(),
            console: format!("http://{console_address}"),
            gateway: format!("http://{gateway_address}"),
            token,
        };
        run.write(&folder)?;
        tasks.extend(keeper(&folder, &place, &run, health_tx, stopped));
        Ok(Self { run, link, log, folder, place, parts, views, stop, tasks })
    }
}

/// Watches over the server, where it can be watched.
fn keeper(
    folder: &Folder,
    place: &BusPlace,
    run: &Run,
    health: watch::Sender<BusHealth>,
    stopped: watch::Receiver<bool>,
) -> Option<(&'static str, Task)> {
    let (folder, run) = (folder.clone(), run.clone());
    let restarted = move |pid| {
        // Only who looks for the server's process would miss it.
        let run = Run { nats_pid: Some(pid), ..run.clone() };
        run.write(&folder)
            .inspect_err(|error| tracing::warn!(error = chain(error), "the run file is out of date"))
            .ok();
    };
    let keeper = Keeper {
        monitor_url: place.monitor_url.clone()?,
        slot: Arc::clone(&place.server),
        keys: place.keys.clone(),
        health,
        restarted: Box::new(restarted),
    };
    Some(("nats-server", tokio::spawn(keeper.run(stopped))))
}

/// Everything between the bus and the edges.
async fn parts(
    folder: &Folder,
    place: &BusPlace,
    settings: &Settings,
    log: &LogInfo,
    demo: bool,
) -> Result<(Arc<Parts>, courier::Courier), Error> {
    let part_error =
        |part: &'static str| move |error: supervision::SupervisionError| Error::Part { part, what: chain(&error) };
    let (router_bus, gate_out) = (place.connect(Role::Router).await?, place.connect(Role::GateOut).await?);
    let (gate_bus, console_out) = (place.connect(Role::Gate).await?, place.connect(Role::ConsoleOut).await?);
    let gateway_bus = place.connect(Role::Gateway).await?;
    let installed = install(settings, &gate_out, demo).await?;
    let copy = async |what| Copies::start(what, gate_out.clone(), gate_bus.clone(), log.partitions).await;
    let people = Arc::new(copy(Copied::People).await.map_err(part_error("people"))?);
    people.wait(installed).await.map_err(part_error("people"))?;
    let outcomes = Arc::new(copy(Copied::Outcomes).await.map_err(part_error("outcomes"))?);
    let runtime = runtime(folder, place, &router_bus, &gate_bus).await?;
    let router =
        Arc::new(open_router(folder, &router_bus, log.partitions, rules::reader(settings.reader.as_deref())?).await?);
    let stop_key =
        StopKey::open(folder.path()).map_err(|error| Error::Part { part: "console", what: chain(&error) })?;
    let clock_of_log = Arc::clone(&router);
    let publisher = PublisherConfig {
        log: gate_bus.clone(),
        out: gate_out.clone(),
        disk: runtime::store::Disk::Machine,
        state: folder.path().join("state").join("publisher"),
        address_hash: Arc::new(move |address| stop_key.address(address)),
        log_time: Arc::new(move || clock_of_log.log_time().unwrap_or_default()),
    };
    let publisher = Arc::new(Publisher::start(publisher).await.map_err(part_error("publisher"))?);
    let courier = courier::Courier::new(courier_config(folder.path(), settings)?, place.connect(Role::Courier).await?);
    let parts = Parts {
        partitions: log.partitions,
        router_bus,
        gateway_bus,
        gate_out,
        console_out,
        router,
        people,
        outcomes,
        publisher,
        runtime,
        courier: courier.progress(),
    };
    Ok((Arc::new(parts), courier))
}

/// Starts the router on what it remembers.
pub(super) async fn open_router(
    folder: &Folder,
    bus: &bus::Bus,
    partitions: Partitions,
    reader: Arc<LexiconReader>,
) -> Result<RouterHandle, Error> {
    let router = RouterConfig {
        bus: bus.clone(),
        partitions,
        door: Door::new(folder.key("tenant.key")?).reading(reader),
        disk: runtime::store::Disk::Machine,
        state_dir: folder.path().join("state").join("router"),
        quarantine_dir: folder.path().join("quarantine"),
    };
    let router = Router::open(router).await.map_err(|error| Error::Part { part: "router", what: chain(&error) })?;
    Ok(router.spawn())
}

/// Publishes the first rules of a log; a log that has them keeps its own.
pub(super) async fn install(settings: &Settings, out: &bus::Bus, demo: bool) -> Result<u64, Error> {
    let mut all = Vec::new();
    for (name, mut text) in rules::policies(settings.policies.as_deref())? {
        if demo {
            text = rules::for_demo(&name, text)?;
        }
        all.push(Rule { kind: RuleKind::Policy, name, text });
    }
    for (name, text) in rules::templates(settings.playbooks.as_deref())? {
        all.push(Rule { kind: RuleKind::Playbook, name: format!("template/{name}"), text });
    }
    let actor = Actor { kind: ActorKind::Install, id: env!("CARGO_PKG_VERSION").into() };
    publish_first(out, &all, &actor, wall()).await.map_err(bus_error("the first rules cannot be published"))
}

async fn runtime(folder: &Folder, place: &BusPlace, reading: &bus::Bus, gate: &bus::Bus) -> Result<Runtime, Error> {
    let members = members(place, gate).await?;
    let started = Runtime::start(runtime::Config::new(folder.path()), reading.clone(), members).await;
    started.map_err(|error| Error::Part { part: "agents", what: chain(&error) })
}

/// Every agent there is, each with the connection it speaks through.
pub(super) async fn members(place: &BusPlace, gate: &bus::Bus) -> Result<Vec<Member>, Error> {
    Ok(vec![
        Member::of::<onboarding::Onboarding>(place.connect(Role::Agent("onboarding")).await?),
        Member::of::<escalation::Escalation>(place.connect(Role::Agent("escalation")).await?),
        Member::of::<health::Health>(place.connect(Role::Agent("health")).await?),
        Member::of::<churn::Churn>(place.connect(Role::Agent("churn")).await?),
        Member::of::<renewal::Renewal>(place.connect(Role::Agent("renewal")).await?),
        Member::of::<expansion::Expansion>(place.connect(Role::Agent("expansion")).await?),
        Member::of::<advocacy::Advocacy>(place.connect(Role::Agent("advocacy")).await?),
        Member::of::<engagement::Engagement>(place.connect(Role::Agent("engagement")).await?),
        Member::of::<supervisor::Supervisor>(gate.clone()),
    ])
}

/// A log left on event time goes on with the present when it is started to run.
async fn resume(parts: &Parts, purpose: Purpose) -> Result<(), Error> {
    if purpose != Purpose::Up || parts.router.mode() != Some(ClockMode::Event) {
        return Ok(());
    }
    let clock = Clock::new(parts.router_bus.clone(), parts.partitions);
    let until = parts.router.log_time().unwrap_or_default();
    clock.resume(until, wall()).await.map_err(bus_error("the clock cannot be resumed"))
}

fn courier_config(data: &Path, settings: &Settings) -> Result<courier::Config, Error> {
    let bad = |flag: &str, error: &dyn std::error::Error| Error::Flag(format!("--{flag}: {}", chain(error)));
    let (_, address) = mailbox(&settings.from)?;
    let address = courier::Address::parse(&address).map_err(|error| bad("from", &error))?;
    let mut config = courier::Config::new(data.join("outbox"), address);
    config.begun = Some(data.join("begun"));
    if let Some(url) = &settings.smtp {
        config.smtp = Some(courier::Smtp::parse(url).map_err(|error| bad("smtp", &error))?);
    }
    config.deadline = std::time::Duration::from_secs(settings.intent_deadline_seconds.max(1));
    config.grace = std::time::Duration::from_secs(settings.intent_grace_seconds);
    Ok(config)
}

async fn console(
    folder: &Folder,
    place: &BusPlace,
    settings: &Settings,
    log: &LogInfo,
    parts: &Arc<Parts>,
    (readiness, health): (watch::Receiver<Readiness>, watch::Receiver<BusHealth>),
    token: &str,
) -> Result<(Console, String), Error> {
    let fail = |error: mainstay_console::ConsoleError| Error::Part { part: "console", what: chain(&error) };
    let (name, email) = mailbox(&settings.from)?;
    let config = ConsoleConfig {
        listen: settings.console,
        public_url: settings.public_url.clone(),
        data: folder.path().to_owned(),
        user: settings.user.clone(),
        zone: settings.zone.clone(),
        sender: Sender { name, email },
        hold: rules::hold(settings.policies.as_deref())?,
        partitions: log.partitions,
        token: token.to_owned(),
    };
    let control = Control { parts: Arc::clone(parts), log_id: log.id.clone(), facts: place.facts.clone(), health };
    let shared = Shared { parts: Arc::clone(parts), import: Mutex::new(None), user: settings.user.clone() };
    let console_parts = mainstay_console::Parts {
        bus: place.connect(Role::Console).await?,
        out: parts.console_out.clone(),
        control: Arc::new(control),
        readiness,
        metrics: Some(metrics::text()),
        api: api::router(Arc::new(shared)),
    };
    let console = Console::bind(config, console_parts).await.map_err(fail)?;
    let link = console.login_link().map_err(fail)?;
    Ok((console, link))
}

type Task = tokio::task::JoinHandle<Result<(), String>>;

async fn gateway(
    folder: &Folder,
    settings: &Settings,
    parts: &Parts,
    stopped: watch::Receiver<bool>,
) -> Result<(SocketAddr, Task), Error> {
    let key = match &settings.write_key {
        Some(key) => key.clone(),
        None => folder.word("write.key")?,
    };
    let fail = |source| Error::Port { what: "gateway", addr: settings.gateway, source };
    let listener = tokio::net::TcpListener::bind(settings.gateway).await.map_err(fail)?;
    let address = listener.local_addr().map_err(fail)?;
    let config = gateway::Config { write_keys: gateway::WriteKeys::local(key), ..gateway::Config::default() };
    let bus = parts.gateway_bus.clone();
    let serving = async move {
        let stop = wait_for(stopped);
        gateway::serve(config, bus, metrics::text(), Some(listener), stop).await.map_err(|error| chain(&error))
    };
    Ok((address, tokio::spawn(serving)))
}

async fn wait_for(mut stopped: watch::Receiver<bool>) {
    // A sender that went away is a stop as well.
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// `Name <address>` as its parts.
fn mailbox(text: &str) -> Result<(String, String), Error> {
    let bad = || Error::Flag(format!("--from `{text}` must look like `Ana Silva <ana@example.com>`"));
    let (name, rest) = text.split_once('<').ok_or_else(bad)?;
    let address = rest.trim().strip_suffix('>').ok_or_else(bad)?;
    Ok((name.trim().trim_matches('"').to_owned(), address.to_owned()))
}

//! Beside programs that do a small part of the work with other tools. They are in a folder that the caller names; the
//! product does not need it.

mod install;
mod program;

use std::{path::Path, sync::Arc, time::Instant};

use supervision::Quiesce as _;

use self::{
    install::Packages,
    program::{PEERS, Peer, Ran},
};
use super::{
    args::{PeerPlaces, PeersArgs},
    figure::Figure,
    ground::Ground,
    load::Load,
    plain::{Plain, Sync},
    process::Clocks,
};
use crate::{
    error::Error,
    print::note,
    system::{bus_error, rest_of},
};

const PART: &str = "peers";
/// The agent that does one agent's work.
const AGENT: &str = "health";

/// One program or Mainstay in one round.
#[derive(Clone, Copy, Debug)]
struct Speed {
    rate: f64,
    cpu_us: Option<f64>,
}

/// One round.
struct Round {
    whole: Speed,
    alone: Speed,
    peers: Vec<(&'static Peer, Ran)>,
}

/// Whether the peers can be found; said before anything is started.
///
/// # Errors
/// No folder was named, or it holds none that is known.
pub(crate) fn check(places: &PeerPlaces) -> Result<(), Error> {
    folder(places).map(|_| ())
}

fn folder(places: &PeerPlaces) -> Result<Vec<&'static Peer>, Error> {
    let dir = places.peers.as_deref().ok_or_else(|| {
        Error::Flag(
            "--peers is missing: name the folder with the peer programs, and --install to get their packages".into(),
        )
    })?;
    let found: Vec<&Peer> = PEERS.iter().filter(|peer| dir.join(peer.file).is_file()).collect();
    if found.is_empty() {
        let known: Vec<&str> = PEERS.iter().map(|peer| peer.file).collect();
        let (dir, known) = (dir.display(), known.join(", "));
        return Err(Error::Flag(format!("--peers {dir}: none of {known} is there; name the folder that holds them")));
    }
    Ok(found)
}

/// Measures.
pub(crate) async fn run(args: &PeersArgs, ground: &Ground) -> Result<Vec<Figure>, Error> {
    let found = folder(&args.places)?;
    let programs = args.places.peers.clone().unwrap_or_default();
    let packages = Packages::at(args.places.packages.as_deref());
    if args.places.install {
        packages.install().await?;
    }
    let work = ground.path("peers");
    std::fs::create_dir_all(work.join("peer-state")).map_err(|source| Error::Data { path: work.clone(), source })?;
    let mut ready = Vec::new();
    for peer in found {
        match packages.command(peer, &programs) {
            Ok(command) => ready.push((peer, command)),
            Err(error) if peer.optional => note(&format!("peers: left out: {error}")),
            Err(error) => return Err(error),
        }
    }
    note(&format!("peers: {} events for them to read", args.events));
    let server = server(args, ground).await?;
    let load = Load::new(args.accounts);
    let mut rounds = Vec::new();
    for n in 1..=args.rounds {
        note(&format!("peers: round {n} of {}", args.rounds));
        let (whole, alone) = (whole(args, ground, &load).await?, alone(args, ground, &load).await?);
        let mut peers = Vec::new();
        for (peer, command) in &ready {
            peers.push((*peer, peer.run(command, &work, args, server.port()).await?));
        }
        rounds.push(Round { whole, alone, peers });
    }
    Ok(figures(args, &rounds))
}

/// The peers' stream, filled and then read at the durability of the product.
async fn server(args: &PeersArgs, ground: &Ground) -> Result<Plain, Error> {
    let server = Plain::start(&ground.path("peers-nats"), Sync::Default).await?;
    server.fresh_stream().await?;
    let events: Vec<_> = (0..args.events).map(|n| program::event(args.accounts, n).into()).collect();
    server.publish_raw(&events).await?;
    server.restart(Sync::Always).await
}

/// Everything there is: events in, routed, folded by all agents, facts said; from the first publish on.
async fn whole(args: &PeersArgs, ground: &Ground, load: &Load) -> Result<Speed, Error> {
    let day = load.day(args.events);
    let system = ground.system("whole").await?;
    let parts = Arc::clone(system.parts());
    let clocks = Clocks::read(system.nats_pid());
    let started = Instant::now();
    load.feed_day(&parts.gateway_bus, &parts.router_bus, day).await?;
    rest_of(&parts).wait().await.map_err(bus_error("the agents did not come to rest"))?;
    let speed = Speed {
        rate: f64::from(args.events) / started.elapsed().as_secs_f64(),
        cpu_us: clocks.spent(args.events.into()).own,
    };
    drop(parts);
    system.stop().await;
    ground.clear("whole");
    Ok(speed)
}

/// One agent on a log that is there, from its start to its last checkpoint.
async fn alone(args: &PeersArgs, ground: &Ground, load: &Load) -> Result<Speed, Error> {
    let day = load.day(args.events);
    let apart = ground.apart("alone").await?;
    load.feed_day(apart.bus(), apart.bus(), day).await?;
    apart.route().await?;
    let clocks = Clocks::read(apart.nats_pid());
    let started = Instant::now();
    apart.agents(&[AGENT], &ground.path("alone-states")).await?.stop().await;
    let speed = Speed {
        rate: f64::from(args.events) / started.elapsed().as_secs_f64(),
        cpu_us: clocks.spent(args.events.into()).own,
    };
    apart.close().await;
    ground.clear("alone");
    ground.clear("alone-states");
    Ok(speed)
}

fn figures(args: &PeersArgs, rounds: &[Round]) -> Vec<Figure> {
    let all = |name: String, unit: &str, value: &dyn Fn(&Round) -> Option<f64>| {
        Figure::rounds(PART, name, unit, rounds.iter().filter_map(value))
    };
    let size = format!("{} accounts, {} events", args.accounts, args.events);
    let mut figures: Vec<Option<Figure>> = vec![
        all(format!("Mainstay, whole: {size}"), "events/s", &|round| Some(round.whole.rate)),
        all("Mainstay, whole: CPU without nats-server".into(), "µs/event", &|round| round.whole.cpu_us),
        all(format!("Mainstay, {AGENT} alone"), "events/s", &|round| Some(round.alone.rate)),
        all(format!("Mainstay, {AGENT} alone: CPU without nats-server"), "µs/event", &|round| round.alone.cpu_us),
    ];
    for peer in PEERS {
        let ran = |round: &Round| round.peers.iter().find(|(known, _)| known.file == peer.file).map(|(_, ran)| *ran);
        let name = peer.name;
        figures.push(all(name.to_owned(), "events/s", &|round| Some(ran(round)?.rate)));
        figures.push(all(format!("{name}: CPU without nats-server"), "µs/event", &|round| ran(round)?.cpu_us));
        let whole = all(format!("whole ÷ {name}"), "×", &|round| Some(round.whole.rate / ran(round)?.rate));
        figures.push(whole.map(|figure| peer.whole.judge(figure)));
        let alone = all(format!("one agent ÷ {name}"), "×", &|round| Some(round.alone.rate / ran(round)?.rate));
        figures.push(alone.map(|figure| peer.alone.judge(figure)));
    }
    figures.into_iter().flatten().collect()
}

/// Where peers are looked for in messages.
fn shown(path: &Path) -> String {
    path.display().to_string()
}

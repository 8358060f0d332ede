//! What only a real server can do: be killed, frozen, left behind, too old, or full of strangers.

use std::{
    io::Write as _,
    net::TcpListener,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::bench::{Bench, PATIENCE, event, read, said, turn};
use bus::{
    Bus, BusError, Chain, ChainError, Connect, Message, NatsBus, PublishError, Role,
    server::{FindServer, Server, ServerError, ServerSettings, find_server, server_facts, sync_always},
};
use bus_schema::subject::Stream;
use testkit::nats::{TestServer, free_ports};

const SUBJECT: &str = "cs.log.00.health.00";

async fn chain(bus: &Bus, epoch: u64) -> Chain {
    Chain::open(bus.clone(), Stream::Log, SUBJECT.into(), epoch).await.unwrap()
}

/// Kills the server again and again under a chain that never pauses: appended = stored, in order, none twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_costs_no_turn_and_doubles_none() {
    let mut bench = Bench::nats().await;
    let bus = bench.bus(Role::Agent("health")).await;
    let chain = std::sync::Arc::new(chain(&bus, 1).await);
    let mut reader = bus.reader(Stream::Log, "all-00", &[], 1).await.unwrap();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let writer = tokio::spawn({
        let chain = std::sync::Arc::clone(&chain);
        async move {
            let mut n = 0;
            while !*stopped.borrow() {
                n += 1;
                chain.push(turn(n), vec![event(n); 3]).await.unwrap();
                if n % 3 == 0 {
                    tokio::task::yield_now().await;
                }
            }
            chain.flush().await.unwrap();
            n
        }
    });
    let mut seen = Vec::new();
    for round in 0..6 {
        let before = chain.progress().borrow().seq;
        let mut progress = chain.progress();
        // Killed in the middle of the work, at another place each time.
        progress.wait_for(|p| p.seq > before + 20 + round * 7).await.unwrap();
        let server = bench.server.as_mut().unwrap();
        server.kill().await;
        server.restart().await.unwrap();
        seen.extend(reader.next(100_000, PATIENCE).await.into_iter().flatten());
    }
    stop.send(true).unwrap();
    let pushed = writer.await.unwrap();
    assert!(pushed > 100, "only {pushed} turns were pushed");
    let expected: Vec<u64> = (1..=pushed).flat_map(|n| [n; 3]).collect();
    assert_eq!(said(&bus, SUBJECT).await, expected);
    // And the reader that lived through all of it saw every message once.
    let total = usize::try_from(bus.state(Stream::Log).await.unwrap().messages).unwrap();
    seen.extend(read(&mut reader, total - seen.len()).await);
    assert_eq!(seen.iter().map(|stored| stored.seq).collect::<Vec<_>>(), (1..=total as u64).collect::<Vec<_>>());
}

/// A frozen server stores what it had received and acknowledges it to nobody.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_timed_out_but_was_stored_is_not_said_again() {
    let bench = Bench::nats().await;
    let server = bench.server.as_ref().unwrap();
    let bus = bench.bus(Role::Agent("health")).await;
    let chain = chain(&bus, 1).await;
    chain.push(turn(1), vec![event(1)]).await.unwrap();
    chain.flush().await.unwrap();
    signal("STOP", server.pid().unwrap());
    let frozen = Instant::now();
    // The threads of the server stop one after the other.
    let answer = loop {
        assert!(frozen.elapsed() < PATIENCE, "the server was never frozen");
        if let Err(e) = bus.publish(Message::new("cs.log.01.in", "x"), None).await {
            break e;
        }
    };
    assert!(matches!(answer, PublishError::Unknown(_)), "{answer:?}");
    chain.push(turn(2), vec![event(2)]).await.unwrap();
    let mut progress = chain.progress();
    tokio::time::timeout(PATIENCE, progress.wait_for(|p| p.stalled_since.is_some())).await.unwrap().unwrap();
    chain.push(turn(3), vec![event(3)]).await.unwrap();
    signal("CONT", server.pid().unwrap());
    chain.flush().await.unwrap();
    assert_eq!(chain.stalled_since(), None);
    assert_eq!(said(&bus, SUBJECT).await, [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_says_that_the_bus_is_away_and_goes_on_afterwards() {
    let mut bench = Bench::nats().await;
    let bus = bench.bus(Role::Console).await;
    let mut reader = bus.reader(Stream::Log, "console", &[], 1).await.unwrap();
    bus.publish(Message::new(SUBJECT, "1"), None).await.unwrap();
    read(&mut reader, 1).await;
    bench.server.as_mut().unwrap().stop().await;
    let deadline = Instant::now() + PATIENCE;
    while reader.next(10, Duration::from_millis(50)).await.is_ok() {
        assert!(Instant::now() < deadline, "the reader never noticed");
    }
    bench.server.as_mut().unwrap().restart().await.unwrap();
    let other = bench.bus(Role::Gateway).await;
    other.publish(Message::new(SUBJECT, "2"), None).await.unwrap();
    let found = read(&mut reader, 1).await;
    assert_eq!((found[0].seq, &found[0].body[..]), (2, &b"2"[..]));
}

/// A server restored from an older copy: whoever continues there must be told, not left waiting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_with_an_older_copy_is_noticed_by_reader_and_writer() {
    let mut bench = Bench::nats().await;
    let bus = bench.bus(Role::Agent("health")).await;
    let chain = chain(&bus, 1).await;
    let mut reader = bus.reader(Stream::Log, "all-00", &[], 1).await.unwrap();
    let server = bench.server.as_mut().unwrap();
    let (store, copy) = (server.data().join("nats/jetstream"), server.data().join("copy"));
    let copy_tree = |from: &std::path::Path, to: &std::path::Path| {
        assert!(Command::new("cp").arg("-r").arg(from).arg(to).status().unwrap().success());
    };
    chain.push(turn(1), vec![event(1)]).await.unwrap();
    chain.flush().await.unwrap();
    server.stop().await;
    copy_tree(&store, &copy);
    server.restart().await.unwrap();
    chain.push(turn(2), vec![event(2)]).await.unwrap();
    chain.flush().await.unwrap();
    assert_eq!(read(&mut reader, 2).await.len(), 2);
    server.stop().await;
    std::fs::remove_dir_all(&store).unwrap();
    copy_tree(&copy, &store);
    server.restart().await.unwrap();
    chain.push(turn(3), vec![event(3)]).await.unwrap();
    let error = chain.flush().await.unwrap_err();
    assert!(matches!(error, ChainError::Shrunk { known: 2, found: 1, .. }), "{error}");
    let error = reader.next(10, PATIENCE).await.unwrap_err();
    assert!(matches!(error, BusError::Shrunk { position: 3, last: 1, .. }), "{error}");
}

/// As above, but the copy has grown past the reader's position before the reader sees it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_copy_that_grew_is_noticed_by_a_reader() {
    let mut bench = Bench::nats().await;
    let bus = bench.bus(Role::Console).await;
    let mut reader = bus.reader(Stream::Log, "console", &[], 1).await.unwrap();
    let server = bench.server.as_mut().unwrap();
    let store = server.data().join("nats/jetstream");
    server.stop().await;
    let copy = server.data().join("copy");
    assert!(Command::new("cp").arg("-r").arg(&store).arg(&copy).status().unwrap().success());
    server.restart().await.unwrap();
    let other = bench.bus(Role::Gateway).await;
    other.publish(Message::new(SUBJECT, "1"), None).await.unwrap();
    read(&mut reader, 1).await;
    let server = bench.server.as_mut().unwrap();
    server.stop().await;
    std::fs::remove_dir_all(&store).unwrap();
    std::fs::rename(&copy, &store).unwrap();
    server.restart().await.unwrap();
    // Nobody asks for the stream before it is as long again.
    let other = bench.bus(Role::Gateway).await;
    for n in 0..5 {
        other.publish(Message::new(SUBJECT, n.to_string()), None).await.unwrap();
    }
    let error = reader.next(10, PATIENCE).await.unwrap_err();
    assert!(matches!(error, BusError::Replaced { stream: Stream::Log, seq: 1 }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_survives_the_loss_of_its_consumer() {
    let bench = Bench::nats().await;
    let bus = bench.bus(Role::Console).await;
    let mut reader = bus.reader(Stream::Log, "console", &[], 1).await.unwrap();
    bus.publish(Message::new(SUBJECT, "1"), None).await.unwrap();
    read(&mut reader, 1).await;
    let server = bench.server.as_ref().unwrap();
    let seed = server.keys().seed(Role::Operator).unwrap().to_owned();
    let client = async_nats::ConnectOptions::with_nkey(seed).connect(server.url()).await.unwrap();
    let names = client.request("$JS.API.CONSUMER.NAMES.LOG", "".into()).await.unwrap();
    let names: serde_json::Value = serde_json::from_slice(&names.payload).unwrap();
    let name = names["consumers"][0].as_str().unwrap();
    assert!(name.starts_with("console-"), "{names}");
    client.request(format!("$JS.API.CONSUMER.DELETE.LOG.{name}"), "".into()).await.unwrap();
    bus.publish(Message::new(SUBJECT, "2"), None).await.unwrap();
    assert_eq!(read(&mut reader, 1).await[0].seq, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_apart() {
    let bench = Bench::nats().await;
    let (inside, outside) = (bench.bus(Role::Gate).await, bench.bus(Role::GateOut).await);
    assert!(matches!(inside.state(Stream::People).await, Err(BusError::WrongAccount(Stream::People))));
    assert!(matches!(outside.reader(Stream::Log, "x", &[], 1).await, Err(BusError::WrongAccount(Stream::Log))));
    let answer = inside.publish(Message::new("cs.people.00.x", "{}"), None).await;
    assert!(matches!(answer, Err(PublishError::Unknown(_))), "{answer:?}");
    outside.publish(Message::new("cs.people.00.x", "{}"), Some(0)).await.unwrap();
    assert_eq!(outside.next_epoch("courier").await.unwrap(), 1);
    assert_eq!(inside.next_epoch("courier").await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_with_other_essentials_is_named() {
    let server = TestServer::start_empty(false).await.unwrap();
    let seed = server.keys().seed(Role::Admin).unwrap().to_owned();
    let client = async_nats::ConnectOptions::with_nkey(seed).connect(server.url()).await.unwrap();
    let config = r#"{"name":"DEAD","subjects":["cs.dead.>"],"storage":"memory","retention":"limits","discard":"new",
        "max_age":7776000000000000,"max_msgs":-1,"max_msgs_per_subject":-1,"num_replicas":1,"max_bytes":-1}"#;
    client.request("$JS.API.STREAM.CREATE.DEAD", config.into()).await.unwrap();
    let error = server.provision(&bus::Provisioning::default()).await.unwrap_err().to_string();
    assert!(error.contains("DEAD") && error.contains("storage") && error.contains("memory"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_too_small_for_a_stream_is_named() {
    let server = TestServer::start_empty(false).await.unwrap();
    let settings = bus::Provisioning { in_bytes_max: 1 << 60, ..bus::Provisioning::default() };
    let error = server.provision(&settings).await.unwrap_err().to_string();
    assert!(error.contains("no room for stream IN") && error.contains("free space"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_without_streams_says_so() {
    let server = TestServer::start_empty(false).await.unwrap();
    let bus = server.bus(Role::Router).await.unwrap();
    assert!(matches!(bus.state(Stream::Log).await, Err(BusError::NoStream(Stream::Log))));
    assert!(matches!(bus.last(Stream::Log, "x").await, Err(BusError::NoStream(Stream::Log))));
    assert!(matches!(bus.reader(Stream::Log, "x", &[], 1).await, Err(BusError::NoStream(Stream::Log))));
    assert!(matches!(bus.log_info().await, Err(BusError::NoStream(Stream::Log))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_a_server_stores_is_read_from_its_monitoring_port() {
    for expected in [true, false] {
        let server = TestServer::start_empty(expected).await.unwrap();
        assert_eq!(sync_always(&server.monitor_url()).await.unwrap(), expected);
        let bus = match server.bus(Role::Admin).await.unwrap() {
            Bus::Nats(bus) => bus,
            Bus::Memory(_) => unreachable!("a test server is real"),
        };
        assert_eq!(server_facts(&server.monitor_url()).await.unwrap().id, bus.server_id());
    }
    let [free] = free_ports().unwrap();
    let error = sync_always(&format!("http://127.0.0.1:{free}")).await.unwrap_err().to_string();
    assert!(error.contains(&free.to_string()), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connecting_fails_with_the_address_the_role_and_the_reason() {
    let server = TestServer::start_empty(false).await.unwrap();
    let [free] = free_ports().unwrap();
    let nobody = format!("nats://127.0.0.1:{free}");
    let stranger = Some("SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY".to_owned());
    for (url, seed) in [(nobody, None), (server.url(), None), (server.url(), stranger)] {
        let connect = Connect { url: url.clone(), role: Role::Router, seed };
        let error = NatsBus::connect(connect).await.unwrap_err();
        assert!(matches!(error, BusError::Connect { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(&url) && text.contains("router"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_too_old_is_refused() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("nats://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let info = r#"{"server_id":"X","server_name":"x","version":"2.9.10","go":"go1","host":"127.0.0.1","port":1,
            "headers":true,"max_payload":1048576,"proto":1,"client_id":1}"#;
        write!(stream, "INFO {}\r\nPONG\r\n", info.replace('\n', " ")).unwrap();
        // Stays until the client goes.
        std::io::copy(&mut stream, &mut std::io::sink()).ok();
    });
    let error = NatsBus::connect(Connect { url, role: Role::Router, seed: None }).await.unwrap_err();
    assert!(matches!(&error, BusError::TooOld { found, .. } if found == "2.9.10"), "{error:?}");
    assert!(error.to_string().contains("2.14"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_port_is_named() {
    let server = TestServer::start_empty(false).await.unwrap();
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let [monitor_port] = free_ports().unwrap();
    let dir = server.data().join("other");
    let settings = ServerSettings { dir, name: "other".into(), port, monitor_port, sync_always: true };
    let binary = find_server(&FindServer::from_env()).await.unwrap();
    let error = Server::start(&binary, settings, server.keys()).await.unwrap_err();
    assert!(matches!(error, ServerError::PortTaken(taken) if taken == port), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_outlived_its_parent_is_ended_at_the_next_start() {
    let mut server = TestServer::start().await.unwrap();
    let bus = server.bus(Role::Router).await.unwrap();
    bus.publish(Message::new(SUBJECT, "1"), None).await.unwrap();
    server.kill().await;
    // The same server, started by somebody who is gone.
    let binary = find_server(&FindServer::from_env()).await.unwrap();
    let dir = server.data().join("nats");
    let mut orphan = Command::new(&binary)
        .arg("--config")
        .arg(dir.join("nats-server.conf"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let note = dir.join("nats-server.json");
    let text = std::fs::read_to_string(&note).unwrap();
    let (_, rest) = text.split_once(',').unwrap();
    std::fs::write(&note, format!("{{\"pid\":{},{rest}", orphan.id())).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while server_facts(&server.monitor_url()).await.is_err() {
        assert!(Instant::now() < deadline, "the orphan never came up");
        tokio::task::yield_now().await;
    }
    server.restart().await.unwrap();
    assert!(orphan.try_wait().unwrap().is_some(), "the orphan is still running");
    let bus = server.bus(Role::Router).await.unwrap();
    assert_eq!(bus.state(Stream::Log).await.unwrap().messages, 1);
}

#[cfg(unix)]
fn signal(name: &str, pid: u32) {
    assert!(Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status().unwrap().success());
}

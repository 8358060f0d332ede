//! The bus of a system: a server of our own or an existing one, its streams, and a connection per role.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use bus::{
    Bus, BusKeys, Connect, LogInfo, NatsBus, Provisioning, Role,
    server::{FindServer, Server, ServerFacts, ServerSettings, find_server, server_facts},
};

use bus_schema::Partitions;

use crate::{config::Settings, error::Error, folder::random_word};

/// Where the bus is and how to sign in.
#[derive(Debug)]
pub(crate) struct BusPlace {
    url: String,
    pub(crate) keys: BusKeys,
    /// The server beside us, where it is ours.
    pub(crate) server: Arc<Slot>,
    /// Where the server is monitored, where that is known.
    pub(crate) monitor_url: Option<String>,
    /// What the monitoring port says; `None` where none is known.
    pub(crate) facts: Option<ServerFacts>,
    open: Mutex<Vec<Bus>>,
}

/// The server beside us while nobody watches over it, and which process it is.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    server: Mutex<Option<Server>>,
    /// 0 where there is none.
    pid: AtomicU32,
}

impl Slot {
    fn of(server: Server) -> Self {
        let slot = Self::default();
        slot.note(&server);
        slot.put(server);
        slot
    }

    /// Takes the server, to keep it.
    pub(crate) fn take(&self) -> Option<Server> {
        self.held().take()
    }

    /// Puts a server back.
    pub(crate) fn put(&self, server: Server) {
        *self.held() = Some(server);
    }

    /// Notes which process it is.
    pub(crate) fn note(&self, server: &Server) {
        self.pid.store(server.pid(), Ordering::Relaxed);
    }

    /// Its process, where it is ours.
    pub(crate) fn pid(&self) -> Option<u32> {
        Some(self.pid.load(Ordering::Relaxed)).filter(|pid| *pid != 0)
    }

    fn held(&self) -> MutexGuard<'_, Option<Server>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BusPlace {
    /// Starts a local server, or takes the one the settings name.
    ///
    /// # Errors
    /// No server can be found, started or reached; with the cure.
    pub(crate) async fn open(data: &Path, settings: &Settings) -> Result<Self, Error> {
        let keys = BusKeys::load_or_create(&data.join("keys")).map_err(bus_error("its keys cannot be used"))?;
        if let Some(url) = &settings.nats_url {
            let facts = match &settings.nats_monitor_url {
                Some(monitor) => Some(server_facts(monitor).await.map_err(bus_error("its monitoring port is silent"))?),
                None => None,
            };
            let monitor_url = settings.nats_monitor_url.clone();
            let (url, server) = (url.clone(), Arc::default());
            return Ok(Self { url, keys, server, monitor_url, facts, open: Mutex::default() });
        }
        let binary = find_server(&FindServer::from_env()).await.map_err(bus_error("no nats-server"))?;
        let server_settings = ServerSettings {
            dir: data.join("nats"),
            name: server_name(data)?,
            port: port(settings.nats_port)?,
            monitor_port: port(0)?,
            sync_always: true,
        };
        let server = Server::start(&binary, server_settings, &keys).await.map_err(bus_error("nats-server"))?;
        let facts = server_facts(&server.monitor_url()).await.map_err(bus_error("its monitoring port is silent"))?;
        let (url, monitor_url) = (server.url(), Some(server.monitor_url()));
        let server = Arc::new(Slot::of(server));
        Ok(Self { url, keys, server, monitor_url, facts: Some(facts), open: Mutex::default() })
    }

    /// Whether every message is on disk before it is acknowledged. Not known counts as no.
    pub(crate) fn durable(&self) -> bool {
        self.facts.as_ref().is_some_and(|facts| facts.sync_always)
    }

    /// Makes the streams where they are missing, and says whose log this is. A log keeps the partitions it began with.
    pub(crate) async fn provision(
        &self,
        labels: BTreeMap<String, String>,
        partitions: Partitions,
    ) -> Result<LogInfo, Error> {
        let wanted = Provisioning { labels, partitions, ..Provisioning::default() };
        for role in [Role::Admin, Role::AdminOut] {
            let bus = self.connect(role).await?;
            bus.provision(&wanted).await.map_err(bus_error("its streams cannot be made"))?;
        }
        let bus = self.connect(Role::Admin).await?;
        bus.log_info().await.map_err(bus_error("its log cannot be read"))
    }

    /// A connection as a role.
    pub(crate) async fn connect(&self, role: Role) -> Result<Bus, Error> {
        let seed = self.keys.seed(role).map_err(bus_error("a key is missing"))?.to_owned();
        let connect = Connect { url: self.url.clone(), role, seed: Some(seed) };
        let bus = NatsBus::connect(connect).await.map(Bus::Nats).map_err(bus_error("no connection"))?;
        self.open.lock().unwrap_or_else(PoisonError::into_inner).push(bus.clone());
        Ok(bus)
    }

    /// Closes all connections, then ends the server where it is ours.
    pub(crate) async fn close(self) {
        let open = self.open.into_inner().unwrap_or_else(PoisonError::into_inner);
        futures_util::future::join_all(open.iter().map(Bus::close)).await;
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
    }
}

/// An error of the bus for people.
pub(crate) fn bus_error<E>(what: &str) -> impl Fn(E) -> Error + use<'_, E>
where
    E: std::error::Error + Send + Sync + 'static,
{
    move |source| Error::Bus { what: what.to_owned(), source: Some(Box::new(source)) }
}

/// The name the local server keeps for its life.
fn server_name(data: &Path) -> Result<String, Error> {
    let path = data.join("keys").join("server.name");
    if let Ok(name) = std::fs::read_to_string(&path) {
        return Ok(name.trim().to_owned());
    }
    let name = format!("mainstay-{}", random_word());
    std::fs::write(&path, &name).map_err(|source| Error::File { path, source })?;
    Ok(name)
}

/// The port asked for, or a free one for 0.
fn port(wanted: u16) -> Result<u16, Error> {
    if wanted != 0 {
        return Ok(wanted);
    }
    let addr = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let free = std::net::TcpListener::bind(addr).and_then(|listener| listener.local_addr());
    free.map(|addr| addr.port()).map_err(|source| Error::Port { what: "nats-port", addr, source })
}

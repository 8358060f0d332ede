//! What every request shares, and how the console starts and stops.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::Router;
use bus::Bus;
use bus_schema::{Time, data::people::Verdict};
use jiff::tz::TimeZone;
use tokio::{net::TcpListener, sync::watch};

use crate::{
    config::{ConsoleConfig, Readiness},
    control::SystemControl,
    markup::{layout::Shell, words::Clock},
    routes,
    session::Sessions,
    stop::{StopKey, StopKeyError},
    views::{
        Views, ViewsError, dead, follow, read_account, read_event, read_proposal,
        row::{Proposal, State},
    },
};

/// How long a page waits for the log to take a decision before it says that it waits.
const DECISION_WAIT: Duration = Duration::from_secs(3);

/// What a console works with.
pub struct Parts {
    /// A connection in account BUS, as the console.
    pub bus: Bus,
    /// A connection in account OUT, as the console.
    pub out: Bus,
    /// The running system.
    pub control: Arc<dyn SystemControl>,
    /// What can be done at the moment.
    pub readiness: watch::Receiver<Readiness>,
    /// The text of `/metrics`.
    pub metrics: Option<Arc<dyn Fn() -> String + Send + Sync>>,
    /// More addresses of the API, which the running system answers itself: behind the same token, under `/api/v1`.
    pub api: Router,
}

/// A console that cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}: is another Mainstay running? stop it, or choose another port")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The views cannot be opened.
    #[error(transparent)]
    Views(#[from] ViewsError),
    /// The key of unsubscribe links cannot be used.
    #[error(transparent)]
    StopKey(#[from] StopKeyError),
    /// A zone nobody knows.
    #[error("`{0}` is no time zone: write one like Europe/Berlin or UTC")]
    Zone(String),
    /// The server ended.
    #[error("the console's server ended")]
    Serve(#[source] std::io::Error),
    /// No randomness for the sign-in link.
    #[error("the system gives no random bytes")]
    Random,
}

/// What every request shares.
pub(crate) struct App {
    pub(crate) config: ConsoleConfig,
    pub(crate) address: SocketAddr,
    pub(crate) zone: TimeZone,
    pub(crate) views: Views,
    pub(crate) bus: Bus,
    pub(crate) out: Bus,
    pub(crate) control: Arc<dyn SystemControl>,
    pub(crate) readiness: watch::Receiver<Readiness>,
    pub(crate) metrics: Option<Arc<dyn Fn() -> String + Send + Sync>>,
    pub(crate) sessions: Sessions,
    pub(crate) stop_key: StopKey,
    pub(crate) stopping: watch::Sender<bool>,
}

/// A console that listens but does not answer yet.
pub struct Console {
    app: Arc<App>,
    listener: TcpListener,
    api: Router,
}

impl Console {
    /// Opens the views and the address.
    ///
    /// # Errors
    /// See [`ConsoleError`].
    pub async fn bind(config: ConsoleConfig, parts: Parts) -> Result<Self, ConsoleError> {
        let zone = TimeZone::get(&config.zone).map_err(|_| ConsoleError::Zone(config.zone.clone()))?;
        let listen = |source| ConsoleError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let views = Views::open(&config.data.join("views.sqlite"))?;
        let stop_key = StopKey::open(&config.data)?;
        let sessions = Sessions::new(config.user.clone(), &config.token);
        let Parts { bus, out, control, readiness, metrics, api } = parts;
        let stopping = watch::Sender::new(false);
        let app =
            App { config, address, zone, views, bus, out, control, readiness, metrics, sessions, stop_key, stopping };
        Ok(Self { app: Arc::new(app), listener, api })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.app.address
    }

    /// The views it reads, for whoever wants to know how far they are.
    pub fn views(&self) -> Views {
        self.app.views.clone()
    }

    /// A link that signs the local user in once.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn login_link(&self) -> Result<String, ConsoleError> {
        self.app.login_link().ok_or(ConsoleError::Random)
    }

    /// Answers until `stop` turns true; requests under way are finished first.
    ///
    /// # Errors
    /// The server ended by itself.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> Result<(), ConsoleError> {
        let Self { app, listener, api } = self;
        let follow = tokio::spawn(follow::run(app.views.clone(), app.bus.clone(), app.stopping.subscribe()));
        let ending = app.clone();
        let graceful = async move {
            // A sender that went away is a stop as well.
            let _ = stop.wait_for(|stop| *stop).await;
            ending.stopping.send_replace(true);
        };
        let served = axum::serve(listener, routes::router(app.clone(), api)).with_graceful_shutdown(graceful).await;
        app.stopping.send_replace(true);
        let _ = follow.await;
        served.map_err(ConsoleError::Serve)
    }
}

/// Wall time.
fn wall() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

impl App {
    /// What can be done at the moment.
    pub(crate) fn readiness(&self) -> Readiness {
        self.readiness.borrow().clone()
    }

    /// What "now" is: wall time, or the log's own where it runs on the time of its events.
    pub(crate) async fn now(&self) -> Time {
        if self.readiness.borrow().event_time {
            let log = self.views.read(read_event::log_time).await.unwrap_or_default();
            if log != Time(0) {
                return log;
            }
        }
        wall()
    }

    /// Now, in the reader's zone.
    pub(crate) async fn clock(&self) -> Clock {
        Clock { now: self.now().await, zone: self.zone.clone() }
    }

    /// How customers reach this console.
    pub(crate) fn public_url(&self) -> String {
        let given = self.config.public_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
        given.unwrap_or_else(|| format!("http://{}", self.address))
    }

    /// A link that signs the local user in once.
    pub(crate) fn login_link(&self) -> Option<String> {
        let secret = self.sessions.issue_link()?;
        Some(format!("http://{}/login?token={secret}", self.address))
    }

    /// Whether browsers may be told to send the cookie over TLS only.
    pub(crate) fn secure(&self) -> bool {
        self.config.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }

    /// What the frame of a page shows.
    pub(crate) async fn shell(&self, user: &str) -> Result<Shell, ViewsError> {
        let position = self.views.position();
        let read = |c: &_| Ok((read_proposal::counts(c)?, read_proposal::queued(c)?, read_account::count(c)?));
        let (counts, queued, accounts) = self.views.read(read).await?;
        Ok(Shell {
            position,
            user: user.to_owned(),
            waiting: read_proposal::count(&counts, &[State::Filed]).saturating_sub(queued),
            accounts,
            paused: self.paused(),
        })
    }

    /// Why no decision can be taken now.
    pub(crate) fn paused(&self) -> Option<String> {
        if !self.out.is_connected() {
            return Some("The bus takes no writes.".into());
        }
        self.readiness().refuses_approvals().map(str::to_owned)
    }

    /// Brings the list of dead letters up to what the stream still holds; a bus that is away only leaves it as it was.
    pub(crate) async fn look_at_dead(&self) {
        if let Err(error) = dead::reconcile(&self.views, &self.bus).await {
            tracing::warn!(error = %follow::chain(&error), "the dead letters cannot be looked at");
        }
    }

    /// Waits until the log has taken a decision, at most a short while; answers what the proposal is then.
    pub(crate) async fn settled(&self, id: &str, wanted: Settled) -> Result<Option<Proposal>, ViewsError> {
        let mut changes = self.views.changes();
        let deadline = tokio::time::Instant::now() + DECISION_WAIT;
        loop {
            changes.borrow_and_update();
            let wanted_id = id.to_owned();
            let proposal = self.views.read(move |c| read_proposal::one(c, &wanted_id)).await?;
            if proposal.as_ref().is_some_and(|proposal| wanted.reached(proposal)) {
                return Ok(proposal);
            }
            let change = tokio::time::timeout_at(deadline, changes.changed()).await;
            if !matches!(change, Ok(Ok(()))) {
                return Ok(proposal);
            }
        }
    }
}

/// What a page waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Settled {
    /// The gate took this verdict.
    Decided(Verdict),
    /// The gate took the undo.
    Reopened,
}

impl Settled {
    fn reached(self, proposal: &Proposal) -> bool {
        match self {
            Self::Decided(_) => proposal.state != State::Filed,
            Self::Reopened => proposal.state != State::Held,
        }
    }
}

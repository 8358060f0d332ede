//! Whether the system can do its work, for `/readyz` and for the pages.

use std::{sync::Arc, time::Duration};

use bus_schema::data::facts::ClockMode;
use mainstay_console::Readiness;
use tokio::{sync::watch, task::JoinHandle};

use super::{keeper::BusHealth, parts::Parts};

/// How often it is looked at.
const EVERY: Duration = Duration::from_millis(200);
/// Messages an agent may be behind and still count as ready.
const LAG_MESSAGES_MAX: u64 = 1_000;

/// What does not change while it runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given {
    pub(crate) durable: bool,
    pub(crate) allow_volatile: bool,
    pub(crate) demo: bool,
}

/// Keeps the readiness up to date until told to stop.
pub(crate) fn watch_over(
    parts: Arc<Parts>,
    given: Given,
    health: watch::Receiver<BusHealth>,
    readiness: watch::Sender<Readiness>,
    mut stop: watch::Receiver<bool>,
) -> JoinHandle<Result<(), String>> {
    tokio::spawn(async move {
        loop {
            let now = look(&parts, given, health.borrow().trouble.clone());
            readiness.send_if_modified(|known| {
                let changed = *known != now;
                *known = now;
                changed
            });
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return Ok(()),
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    })
}

fn look(parts: &Parts, given: Given, trouble: Option<String>) -> Readiness {
    let failure = parts.runtime.failure().map(|error| crate::error::chain(&*error));
    let caught_up = parts.runtime.is_ready(LAG_MESSAGES_MAX);
    let reason = failure.or(trouble).or_else(|| (!caught_up).then(|| "the agents have not caught up yet".to_owned()));
    Readiness {
        ready: reason.is_none(),
        reason,
        durable: given.durable,
        allow_volatile: given.allow_volatile,
        event_time: parts.router.mode() == Some(ClockMode::Event),
        demo: given.demo,
    }
}

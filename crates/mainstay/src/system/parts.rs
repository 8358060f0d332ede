//! The running parts, and stopping them.

use std::sync::Arc;

use bus::Bus;
use bus_schema::Partitions;
use runtime::Runtime;
use supervision::{Copies, Publisher, RouterHandle};

/// What runs between the bus and the edges.
pub(crate) struct Parts {
    pub(crate) partitions: Partitions,
    /// BUS as the router: writes `IN`, reads and writes the log.
    pub(crate) router_bus: Bus,
    /// BUS as the gateway.
    pub(crate) gateway_bus: Bus,
    /// OUT as the gate.
    pub(crate) gate_out: Bus,
    /// OUT as the console.
    pub(crate) console_out: Bus,
    pub(crate) router: Arc<RouterHandle>,
    pub(crate) people: Arc<Copies>,
    pub(crate) outcomes: Arc<Copies>,
    pub(crate) publisher: Arc<Publisher>,
    pub(crate) runtime: Runtime,
    pub(crate) courier: courier::Progress,
}

impl Parts {
    /// Waits until one of the parts cannot go on; answers which and why.
    pub(crate) async fn failed(&self) -> (&'static str, String) {
        let text = |error: supervision::SupervisionError| crate::error::chain(&error);
        tokio::select! {
            error = self.runtime.failed() => ("agents", crate::error::chain(&*error)),
            error = self.router.failed() => ("router", text(error)),
            error = self.people.failed() => ("people", text(error)),
            error = self.outcomes.failed() => ("outcomes", text(error)),
            error = self.publisher.failed() => ("publisher", text(error)),
        }
    }

    /// Stops router, agents, copies and publisher, each after what it has in hand.
    pub(crate) async fn stop(&self) {
        self.router.stop().await;
        self.runtime.stop().await;
        self.publisher.stop().await;
        self.people.stop().await;
        self.outcomes.stop().await;
    }
}

//! Knowing when everybody has applied everything, their own facts included.

use std::{sync::Arc, time::Duration};

use bus::Bus;
use bus_schema::{Time, subject::Stream};
use futures_util::future::BoxFuture;
use runtime::Runtime;
use supervision::{Copies, Publisher, Quiesce, RouterHandle, SupervisionError};

use super::parts::Parts;

/// What has to come to rest.
pub(crate) struct Rest {
    pub(crate) log: Bus,
    pub(crate) out: Bus,
    pub(crate) router: Arc<RouterHandle>,
    pub(crate) people: Arc<Copies>,
    pub(crate) outcomes: Arc<Copies>,
    pub(crate) publisher: Arc<Publisher>,
    pub(crate) runtime: Runtime,
    pub(crate) courier: courier::Progress,
}

impl Rest {
    /// The parts of a system.
    pub(crate) fn of(parts: &Parts) -> Self {
        Self {
            log: parts.router_bus.clone(),
            out: parts.gate_out.clone(),
            router: Arc::clone(&parts.router),
            people: Arc::clone(&parts.people),
            outcomes: Arc::clone(&parts.outcomes),
            publisher: Arc::clone(&parts.publisher),
            runtime: parts.runtime.clone(),
            courier: parts.courier.clone(),
        }
    }

    /// One pass over all parts, from what `IN` holds; answers where `ACTION` ends after it.
    async fn pass(&self, routed: u64) -> Result<u64, SupervisionError> {
        let unrest = |why: String| SupervisionError::Unrest { why };
        self.router.wait_routed(routed).await?;
        let said = self.last(Stream::People).await?;
        self.people.wait(said).await?;
        let mut written = self.router.written();
        for more in [self.people.written(), self.outcomes.written()] {
            for (partition, seq) in more {
                let known: &mut u64 = written.entry(partition).or_default();
                *known = seq.max(*known);
            }
        }
        self.runtime.idle(&written).await.map_err(|error| unrest(crate::error::chain(&error)))?;
        let approved = self.log.last(Stream::Log, "cs.log.*.supervisor").await;
        let approved = approved.map_err(|error| unrest(crate::error::chain(&error)))?.map_or(0, |stored| stored.seq);
        self.publisher.wait(approved).await?;
        let acted = self.last(Stream::Action).await?;
        // The courier says how far it is, not when it moves; an approval in event time is one file away from its end.
        while !self.courier.is_settled(acted) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let acted = self.last(Stream::Action).await?;
        self.outcomes.wait(acted).await?;
        Ok(acted)
    }

    async fn last(&self, stream: Stream) -> Result<u64, SupervisionError> {
        let bus = match stream {
            Stream::In | Stream::Log | Stream::Dead => &self.log,
            Stream::People | Stream::Action => &self.out,
        };
        let state = bus.state(stream).await;
        state.map(|state| state.last_seq).map_err(|error| SupervisionError::Unrest { why: crate::error::chain(&error) })
    }
}

impl Quiesce for Rest {
    fn wait(&self) -> BoxFuture<'_, Result<(), SupervisionError>> {
        Box::pin(async {
            let mut before = self.last(Stream::In).await?;
            loop {
                let acted = self.pass(before).await?;
                // Forwarded events, outcomes and dead letters sent again put something new in front.
                let ends = tokio::try_join!(self.last(Stream::In), self.last(Stream::Action), self.last(Stream::Log));
                let (after, acts, log) = ends?;
                let applied = self.runtime.positions().into_values().max().unwrap_or(0);
                if (before, acted) == (after, acts) && applied >= log {
                    return Ok(());
                }
                before = after;
            }
        })
    }

    fn next_due(&self) -> Option<(Time, bool)> {
        // Holds may wait for the next full hour as well: nobody sits before a console in event time.
        self.runtime.next_due().into_values().min().map(|due| (due, false))
    }
}

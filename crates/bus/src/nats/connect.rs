//! Connecting: options of every connection, what is logged about it, the version check.

use std::{fmt, time::Duration};

use async_nats::{Client, ConnectOptions, Event, connection::State};
use tokio::sync::watch;

use crate::{BusError, Role};

/// How to connect.
#[derive(Clone)]
pub struct Connect {
    /// Where: `nats://127.0.0.1:7722`.
    pub url: String,
    /// As whom; names the account, the connection and the inbox.
    pub role: Role,
    /// The role's secret nkey seed; `None` for a server without keys.
    pub seed: Option<String>,
}

/// A connection to a nats-server. Cheap to clone.
#[derive(Clone)]
pub struct NatsBus {
    pub(super) client: Client,
    pub(super) role: Role,
    /// Counts lost connections; a change means that pulls and answers under way are gone.
    pub(super) lost: watch::Receiver<u64>,
}

impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connect").field("url", &self.url).field("role", &self.role).finish_non_exhaustive()
    }
}

impl fmt::Debug for NatsBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsBus").field("role", &self.role).finish_non_exhaustive()
    }
}

/// Between two tries to connect for the first time.
const CONNECT_EVERY: Duration = Duration::from_millis(500);
/// How often the server is asked whether it is there. The third question that finds two unanswered gives a half-open
/// connection up, so that nobody waits for one longer than three times this.
const PING_EVERY: Duration = Duration::from_secs(2);
/// How long a connection may take to close.
const CLOSE_MAX: Duration = Duration::from_secs(2);

impl NatsBus {
    /// Connects, and checks that the server is new enough. Reconnects by itself for ever after that.
    ///
    /// # Errors
    /// Nothing answers there, the key is refused, or the server is older than 2.14.
    pub async fn connect(connect: Connect) -> Result<Self, BusError> {
        let Connect { url, role, seed } = connect;
        let (count, lost) = watch::channel(0_u64);
        let options = match seed {
            Some(seed) => ConnectOptions::with_nkey(seed),
            None => ConnectOptions::new(),
        };
        let client = options
            .name(format!("mainstay-{role}"))
            .custom_inbox_prefix(format!("_INBOX_{role}"))
            .ping_interval(PING_EVERY)
            .connection_timeout(Duration::from_secs(5))
            .request_timeout(Some(crate::bus::PUBLISH_TIMEOUT))
            .max_reconnects(None)
            .reconnect_delay_callback(reconnect_delay)
            .event_callback(move |event| {
                note(role, &event);
                if matches!(event, Event::Disconnected) {
                    count.send_modify(|n| *n += 1);
                }
                std::future::ready(())
            })
            .connect(&url)
            .await
            .map_err(|source| BusError::Connect { url: url.clone(), role: role.to_string(), source })?;
        let found = client.server_info().version;
        if version_of(&found).is_none_or(|version| version < MIN_VERSION) {
            return Err(BusError::TooOld { url, found });
        }
        Ok(Self { client, role, lost })
    }

    /// As [`NatsBus::connect`], however long nobody answers there: a program that runs apart may be started first.
    ///
    /// # Errors
    /// The key is refused, or the server is older than 2.14.
    pub async fn connect_patiently(connect: Connect) -> Result<Self, BusError> {
        let mut waits = false;
        loop {
            match Self::connect(connect.clone()).await {
                Err(error) if error.is_absence() => {
                    if !std::mem::replace(&mut waits, true) {
                        let (role, url) = (connect.role, &connect.url);
                        tracing::warn!(bus.role = %role, bus.url = url, "waiting for the bus: nobody answers there yet");
                    }
                    tokio::time::sleep(CONNECT_EVERY).await;
                }
                connected => return connected,
            }
        }
    }

    /// Sends what is under way and closes the connection for all its clones.
    pub(crate) async fn close(&self) {
        // A connection that is down already has nothing left to send.
        if self.client.drain().await.is_err() {
            return;
        }
        let until = tokio::time::Instant::now() + CLOSE_MAX;
        while self.client.connection_state() == State::Connected && tokio::time::Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Identity of the server this connection is on at the moment.
    pub fn server_id(&self) -> String {
        self.client.server_info().server_id
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }
}

/// The oldest server with everything the bus needs (CONSUMER.RESET).
pub(crate) const MIN_VERSION: (u32, u32) = (2, 14);

/// Major and minor of `2.15.1` or `v2.15.1-beta`.
pub(crate) fn version_of(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim().trim_start_matches('v').split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// From 20 ms doubling to one second: a restarted local server is found at once, an absent one is not hammered.
fn reconnect_delay(attempts: usize) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX).min(6);
    Duration::from_millis(20_u64 << doublings).min(Duration::from_secs(1))
}

fn note(role: Role, event: &Event) {
    match event {
        Event::Connected => tracing::debug!(bus.role = %role, "connected to the bus"),
        Event::Draining | Event::Closed => tracing::debug!(bus.role = %role, "closing the connection to the bus"),
        Event::Disconnected => tracing::warn!(bus.role = %role, "lost the connection to the bus"),
        Event::ServerError(error) => {
            tracing::error!(bus.role = %role, bus.error = %error, "the bus refused something");
        }
        other => tracing::warn!(bus.role = %role, bus.event = %other, "event of the bus connection"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert_eq!(version_of("2.15.1"), Some((2, 15)));
        assert_eq!(version_of("v2.14.0-RC.1"), Some((2, 14)));
        assert_eq!(version_of("unknown"), None);
        assert!(version_of("2.9.25") < Some(MIN_VERSION));
    }

    #[test]
    fn reconnecting_slows_down_to_a_second() {
        assert_eq!(reconnect_delay(1), Duration::from_millis(20));
        assert_eq!(reconnect_delay(2), Duration::from_millis(40));
        assert_eq!(reconnect_delay(1000), Duration::from_secs(1));
    }
}

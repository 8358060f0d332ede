//! Watching over the nats-server: one that stores nothing more is started again where it is ours.
//!
//! A nats-server one of whose writes failed, because the disk was full, refuses every write to that stream until it is
//! started again, however much room there is by then. What it acknowledged is kept. Ours is started again as soon as
//! there is room; about another one the operator is told.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bus::{
    BusKeys,
    server::{Server, ServerHealth, server_health},
};
use tokio::{sync::watch, time::Instant};

use super::connect::Slot;
use crate::error::chain;

/// How often the server is looked at.
const EVERY: Duration = Duration::from_secs(2);
/// The shortest and the longest time between two starts. It doubles with each start that did not help for long.
const PAUSE_MIN: Duration = Duration::from_secs(5);
const PAUSE_MAX: Duration = Duration::from_mins(10);
/// A start that helped for so long counts as a cure.
const CURED: Duration = Duration::from_mins(30);
/// What a disk must have room for, so that a start is worth while.
const ROOM_BYTES: usize = 4 * 1024 * 1024;

/// What is known of the server's health.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct BusHealth {
    /// Why it stores nothing, and what becomes of it or can be done.
    pub(crate) trouble: Option<String>,
    /// How often it was started again.
    pub(crate) restarts: u64,
}

/// Watches over a server.
pub(crate) struct Keeper {
    /// Where it is monitored.
    pub(crate) monitor_url: String,
    /// Where it is, while it is ours.
    pub(crate) slot: Arc<Slot>,
    pub(crate) keys: BusKeys,
    /// Hears of its health.
    pub(crate) health: watch::Sender<BusHealth>,
    /// Is told the process of a server that was started again.
    pub(crate) restarted: Box<dyn Fn(u32) + Send + Sync>,
}

impl Keeper {
    /// Watches until told to stop.
    ///
    /// # Errors
    /// The server ended, or cannot be started again.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) -> Result<(), String> {
        match self.slot.take() {
            Some(server) => self.keep(server, stop).await,
            None => loop {
                tokio::select! {
                    () = told(&mut stop) => return Ok(()),
                    () = tokio::time::sleep(EVERY) => self.say(server_health(&self.monitor_url).await.trouble()),
                }
            },
        }
    }

    async fn keep(&self, mut server: Server, mut stop: watch::Receiver<bool>) -> Result<(), String> {
        let mut pause = Pause::default();
        loop {
            tokio::select! {
                biased;
                () = told(&mut stop) => {
                    self.slot.put(server);
                    return Ok(());
                }
                () = server.ended() => return Err("the process ended".into()),
                () = tokio::time::sleep(EVERY) => {}
            }
            let ServerHealth::Stuck(words) = server_health(&self.monitor_url).await else {
                self.say(None);
                continue;
            };
            let dir = server.settings().dir.clone();
            if !has_room(&dir).await {
                let dir = dir.display();
                self.say(Some(format!(
                    "nats-server stores nothing ({words}): make room on the disk of {dir}; it is started again then, and \
                     nothing that it acknowledged is lost"
                )));
                continue;
            }
            if let Some(left) = pause.left(Instant::now()) {
                let seconds = left.as_secs();
                self.say(Some(format!("nats-server stores nothing ({words}): it is started again in {seconds} s")));
                continue;
            }
            tracing::error!(server.said = words, "nats-server stores nothing more and is started again");
            server = server.restart(&self.keys).await.map_err(|error| chain(&error))?;
            pause.restarted(Instant::now());
            (self.restarted)(server.pid());
            self.slot.note(&server);
            self.health.send_modify(|health| *health = BusHealth { trouble: None, restarts: health.restarts + 1 });
        }
    }

    fn say(&self, trouble: Option<String>) {
        self.health.send_if_modified(|health| {
            if health.trouble == trouble {
                return false;
            }
            match (&health.trouble, &trouble) {
                (None, Some(what)) => tracing::error!("{what}"),
                (Some(_), None) => tracing::info!("nats-server stores messages again"),
                (Some(_), Some(_)) | (None, None) => {}
            }
            health.trouble = trouble;
            true
        });
    }
}

/// Waits until told to stop; whoever tells being gone counts as well.
async fn told(stop: &mut watch::Receiver<bool>) {
    stop.wait_for(|stop| *stop).await.map(drop).ok();
}

/// The time between two starts.
#[derive(Debug, Default)]
struct Pause {
    last: Option<(Instant, Duration)>,
}

impl Pause {
    /// How long the next start has to wait, where it has to.
    fn left(&self, now: Instant) -> Option<Duration> {
        let (at, pause) = self.last?;
        let left = (at + pause).saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    fn restarted(&mut self, now: Instant) {
        let pause = match self.last {
            Some((at, pause)) if now.saturating_duration_since(at) < CURED => (pause * 2).min(PAUSE_MAX),
            _ => PAUSE_MIN,
        };
        self.last = Some((now, pause));
    }
}

/// Whether the disk of a folder takes what a server needs to begin.
async fn has_room(dir: &Path) -> bool {
    let path = dir.join("room.probe");
    tokio::task::spawn_blocking(move || {
        let written = write_probe(&path);
        // One that could not be written is not there, or takes no room.
        std::fs::remove_file(&path).ok();
        written.is_ok()
    })
    .await
    .unwrap_or(false)
}

fn write_probe(path: &PathBuf) -> std::io::Result<()> {
    let mut file = std::fs::File::create(path)?;
    // Not zeros: a file system may keep those without taking room.
    file.write_all(&vec![0x5a; ROOM_BYTES])?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_stays_stuck_is_started_less_and_less_often() {
        let (mut pause, mut now) = (Pause::default(), Instant::now());
        assert_eq!(pause.left(now), None, "the first time at once");
        let mut waited = Vec::new();
        for _ in 0..9 {
            pause.restarted(now);
            let left = pause.left(now).unwrap();
            waited.push(left.as_secs());
            now += left;
            assert_eq!(pause.left(now), None);
        }
        assert_eq!(waited, [5, 10, 20, 40, 80, 160, 320, 600, 600]);
        now += CURED;
        pause.restarted(now);
        assert_eq!(pause.left(now), Some(PAUSE_MIN), "after a long good time it begins again");
    }

    #[tokio::test]
    async fn room_is_found_where_a_file_can_be_written_and_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        assert!(has_room(dir.path()).await);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        assert!(!has_room(&dir.path().join("absent")).await);
    }
}

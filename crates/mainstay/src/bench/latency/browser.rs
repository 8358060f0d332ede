//! An open inbox, as a browser keeps it: it is told that the views moved, asks for the list again, and shows it.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use tokio::task::JoinHandle;

use super::super::http::{self, Connection};
use crate::error::Error;

/// What stands before a proposal's id in the list.
const ROW: &str = "id=\"row-";

/// A page that is open.
#[derive(Debug)]
pub(super) struct Browser {
    events: Connection,
    pages: Connection,
    cookie: String,
}

/// A page that is watched; dropping it closes the page.
#[derive(Debug)]
pub(super) struct Watch {
    shown: Arc<Mutex<Shown>>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shown {
    /// When each card was first there, by proposal.
    cards: HashMap<String, Instant>,
    failure: Option<String>,
}

impl Browser {
    /// Signs in by the one-time link, and listens.
    ///
    /// # Errors
    /// The console does not answer as it should.
    pub(super) async fn open(console: &str, link: &str) -> Result<Self, Error> {
        let work = async {
            let mut pages = Connection::open(console).await?;
            let path = link.strip_prefix(console).unwrap_or(link);
            let answer = pages.call(&http::get(path, "")).await?;
            let cookie = http::header(&answer.head, "set-cookie").and_then(|text| text.split(';').next());
            let cookie = cookie.ok_or_else(|| io::Error::other("the link does not sign in"))?.to_owned();
            let mut events = Connection::open(console).await?;
            let answer = events.call(&http::get("/events", &cookie)).await?;
            if answer.status != 200 {
                return Err(io::Error::other(format!("the events are answered with {}", answer.status)));
            }
            Ok(Self { events, pages, cookie })
        };
        work.await.map_err(|error| failed(&error))
    }

    /// Watches the list from here on.
    pub(super) fn watch(mut self) -> Watch {
        let shown = Arc::<Mutex<Shown>>::default();
        let to = Arc::clone(&shown);
        let task = tokio::spawn(async move {
            if let Err(error) = self.follow(&to).await {
                lock(&to).failure = Some(error.to_string());
            }
        });
        Watch { shown, task }
    }

    async fn follow(&mut self, shown: &Mutex<Shown>) -> io::Result<()> {
        let mut line = String::new();
        let list = http::get("/inbox/live?split=waiting", &self.cookie);
        loop {
            self.events.line(&mut line).await?;
            if !line.starts_with("data:") {
                continue;
            }
            let answer = self.pages.call(&list).await?;
            if answer.status != 200 {
                return Err(io::Error::other(format!("the list is answered with {}", answer.status)));
            }
            let at = Instant::now();
            let text = String::from_utf8_lossy(&answer.body);
            let ids = text.split(ROW).skip(1).filter_map(|rest| rest.split('"').next());
            let mut shown = lock(shown);
            for id in ids {
                if !shown.cards.contains_key(id) {
                    shown.cards.insert(id.to_owned(), at);
                }
            }
        }
    }
}

impl Watch {
    /// How many cards were shown.
    pub(super) fn seen(&self) -> u32 {
        u32::try_from(lock(&self.shown).cards.len()).unwrap_or(u32::MAX)
    }

    /// When each card was first shown, by proposal.
    pub(super) fn cards(&self) -> HashMap<String, Instant> {
        lock(&self.shown).cards.clone()
    }

    /// Why the page does not go on, where it does not.
    pub(super) fn failure(&self) -> Option<Error> {
        lock(&self.shown).failure.as_ref().map(|what| failed(&io::Error::other(what.clone())))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(shown: &Mutex<Shown>) -> MutexGuard<'_, Shown> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failed(error: &io::Error) -> Error {
    Error::Part { part: "console", what: error.to_string() }
}

//! The mail server of a world: what it does with an attempt is written in advance.

use std::{sync::Arc, time::Duration};

use courier::{Attempt, Letter, Outlet};
use futures_util::future::BoxFuture;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::{line::Life, shared::Shared};
use crate::{
    observe::{Accepted, Who},
    plan::Mail,
};

/// A courier's connection to it.
pub(crate) struct Post {
    pub(crate) who: Who,
    pub(crate) life: Arc<Life>,
    pub(crate) shared: Arc<Shared>,
}

impl Post {
    async fn attempt(&self, letter: &Letter, until: Instant) -> Attempt {
        self.life.lives().await;
        let mail = self.shared.book().mail_to_come.pop_front().unwrap_or(Mail::Accept);
        let refused = |text: &str, later| Attempt::Refused { text: text.to_owned(), later };
        let answer = match mail {
            Mail::Accept => {
                self.accept(letter, true);
                Attempt::Sent("250 taken".into())
            }
            Mail::RefuseBefore => refused("connecting: refused", true),
            Mail::RefuseAfter => refused("the message: the connection broke", true),
            Mail::Temporary => refused("451 later", true),
            Mail::Permanent => refused("550 never", false),
            Mail::LoseAnswer => {
                self.accept(letter, false);
                self.doubt(until).await
            }
            Mail::LoseBoth => self.doubt(until).await,
            Mail::Slow { ms } => {
                // It comes to its end whether the courier waits or is there at all: the last dot is written.
                let (who, shared, late) = (self.who, Arc::clone(&self.shared), letter.clone());
                let taken = tokio::spawn(async move {
                    sleep(Duration::from_millis(ms.into())).await;
                    accept(&shared, who, &late, true);
                });
                match timeout_at(until, taken).await {
                    Ok(_) => Attempt::Sent("250 taken, late".into()),
                    Err(_) => Attempt::Doubt("the mail server did not confirm the message in time"),
                }
            }
        };
        self.life.lives().await;
        self.shared.note(format!("mail {} by {}: {mail:?}", letter.proposal, self.who.number));
        answer
    }

    fn accept(&self, letter: &Letter, answered: bool) {
        accept(&self.shared, self.who, letter, answered);
    }

    async fn doubt(&self, until: Instant) -> Attempt {
        sleep_until(until.min(Instant::now() + Duration::from_secs(2))).await;
        Attempt::Doubt("the connection broke after the message was sent")
    }
}

fn accept(shared: &Shared, by: Who, letter: &Letter, answered: bool) {
    let accepted = Accepted {
        at_ms: shared.time.virtual_ms(),
        time: shared.time.now(),
        by,
        proposal: letter.proposal.clone(),
        to: letter.to.as_str().to_owned(),
        bytes: letter.bytes.clone(),
        answered,
    };
    shared.book().mail.push(accepted);
    shared.met("mails");
}

impl Outlet for Post {
    fn send<'a>(&'a self, letter: &'a Letter, until: Instant) -> BoxFuture<'a, Attempt> {
        Box::pin(async move {
            let mut attempt = self.attempt(letter, until).await;
            for _ in 1..self.shared.twist.attempts_in_doubt() {
                if matches!(attempt, Attempt::Doubt(_)) {
                    attempt = self.attempt(letter, until).await;
                }
            }
            // A connection takes its time, and a courier may die while it does.
            sleep(Duration::from_millis(20)).await;
            self.life.lives().await;
            attempt
        })
    }
}

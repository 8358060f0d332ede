//! The customer-success managers of a demo: they decide through `/api/v1`, as everybody does.

use agent::digest;
use bus_schema::{
    Day, Time,
    time::{DAY_MS, HOUR_MS},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{client::Client, error::Error};

/// A sentence they add where they edit.
const ADDED: &str = "I have kept Thursday morning free in case that suits you.";

/// Of a hundred proposals: approved as they are, edited first, rejected; the rest is left to expire.
const APPROVED: u32 = 55;
const EDITED: u32 = 22;
const REJECTED: u32 = 15;

/// Of a hundred cards about a scare that passes by itself, so many are no real signal to whoever calls.
const SEEN_THROUGH: u32 = 60;
/// A card is decided within half a day to two days.
const WAITS_HOURS: (i64, i64) = (12, 48);

/// Days of a week on which they look, from Monday.
const DAYS_OF_WORK: i32 = 5;

/// The managers.
pub(super) struct Managers {
    client: Client,
    seed: u64,
    /// What they approved and has not reached anybody yet: proposal and account.
    approved: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Waiting {
    proposals: Vec<Card>,
}

#[derive(Deserialize)]
struct Card {
    id: String,
    account: String,
    #[serde(default)]
    state: String,
    /// Within what a manager is shown on a day.
    #[serde(default)]
    shown: bool,
    owner: Option<String>,
    proposed_at: Time,
    body: String,
}

impl Managers {
    /// Managers whose habits are drawn from a number.
    pub(super) const fn new(client: Client, seed: u64) -> Self {
        Self { client, seed, approved: Vec::new() }
    }

    /// The end of a working day: what waits for long enough is decided. Answers which accounts a message reached since
    /// they looked last.
    pub(super) async fn look(&mut self, day: Day, scare: impl Fn(&str) -> bool) -> Result<Vec<String>, Error> {
        if (day.0 + 3).rem_euclid(7) >= DAYS_OF_WORK {
            return Ok(Vec::new());
        }
        let delivered = self.delivered().await?;
        let waiting: Waiting = self.client.get("proposals?state=waiting").await?;
        tracing::debug!(%day, waiting = waiting.proposals.len(), "the managers look at their inbox");
        for card in waiting.proposals.into_iter().filter(|card| card.shown) {
            let (least, most) = WAITS_HOURS;
            let hours = least + i64::from(self.draw("time", &card.id)) * (most - least) / 100;
            if day.start().plus_ms(DAY_MS).since_ms(card.proposed_at) >= hours * HOUR_MS {
                let scare = scare(&card.account);
                self.one(card, scare).await?;
            }
        }
        Ok(delivered)
    }

    /// Asks what became of what they approved.
    async fn delivered(&mut self) -> Result<Vec<String>, Error> {
        let mut out = Vec::new();
        for (id, account) in std::mem::take(&mut self.approved) {
            let card: Card = self.client.get(&format!("proposals/{id}")).await?;
            match card.state.as_str() {
                "sent" => out.push(account),
                "held" | "signed" | "intended" => self.approved.push((id, account)),
                _ => {}
            }
        }
        Ok(out)
    }

    async fn one(&mut self, card: Card, scare: bool) -> Result<(), Error> {
        let draw = self.draw("decision", &card.id);
        let client = self.client.simulated(card.owner.as_deref().unwrap_or("ana"));
        let reject = |reason: &str| ("reject", json!({"reason": reason, "note": null}));
        let (verb, body) = if scare && self.draw("scare", &card.id) < SEEN_THROUGH {
            reject("not_a_real_signal")
        } else if draw < APPROVED {
            ("approve", json!({}))
        } else if draw < APPROVED + EDITED {
            let body = format!("{}\n\n{ADDED}", card.body.trim_end());
            ("approve", json!({"body": body, "reason": "Offer a time"}))
        } else if draw < APPROVED + EDITED + REJECTED {
            let reasons = ["bad_timing", "already_handled", "not_a_real_signal"];
            reject(reasons.get(usize::try_from(draw).unwrap_or(0) % reasons.len()).copied().unwrap_or("bad_timing"))
        } else {
            return Ok(());
        };
        let answer: Result<Value, Error> = client.post(&format!("proposals/{}/{verb}", card.id), &body).await;
        match answer {
            Ok(_) if verb == "approve" => self.approved.push((card.id, card.account)),
            Ok(_) => {}
            // What moved meanwhile is no longer theirs to decide.
            Err(Error::Refused { code, message, .. }) => {
                tracing::info!(proposal = card.id, code, message, "a decision was not taken");
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// A number below 100, always the same for a question about a proposal.
    fn draw(&self, about: &str, id: &str) -> u32 {
        let text = digest::id(&[about, &self.seed.to_string(), id]);
        text.bytes().fold(0_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 10_007) % 100
    }
}

//! The customer-success managers of a demo: they decide through `/api/v1`, as everybody does.

use agent::digest;
use bus_schema::{Day, Time, time::DAY_MS};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{client::Client, error::Error};

/// A sentence they add where they edit.
const ADDED: &str = "I have kept Thursday morning free in case that suits you.";

/// Of a hundred proposals: approved as they are, edited first, rejected; the rest is left to expire.
const APPROVED: u32 = 55;
const EDITED: u32 = 22;
const REJECTED: u32 = 15;

/// The managers.
pub(super) struct Managers {
    client: Client,
    seed: u64,
}

#[derive(Deserialize)]
struct Waiting {
    proposals: Vec<Card>,
}

#[derive(Deserialize)]
struct Card {
    id: String,
    owner: Option<String>,
    proposed_at: Time,
    body: String,
}

impl Managers {
    /// Managers whose habits are drawn from a number.
    pub(super) const fn new(client: Client, seed: u64) -> Self {
        Self { client, seed }
    }

    /// The end of a working day: what waits for a day or longer is decided.
    pub(super) async fn decide(&self, day: Day) -> Result<(), Error> {
        if (day.0 + 3).rem_euclid(7) >= 5 {
            return Ok(());
        }
        let waiting: Waiting = self.client.get("proposals?state=waiting").await?;
        tracing::debug!(%day, waiting = waiting.proposals.len(), "the managers look at their inbox");
        for card in waiting.proposals {
            if day.plus(1).start().since_ms(card.proposed_at) >= DAY_MS {
                self.one(&card).await?;
            }
        }
        Ok(())
    }

    async fn one(&self, card: &Card) -> Result<(), Error> {
        let draw = self.draw(&card.id);
        let client = self.client.simulated(card.owner.as_deref().unwrap_or("ana"));
        let (verb, body) = if draw < APPROVED {
            ("approve", json!({}))
        } else if draw < APPROVED + EDITED {
            let body = format!("{}\n\n{ADDED}", card.body.trim_end());
            ("approve", json!({"body": body, "reason": "Offer a time"}))
        } else if draw < APPROVED + EDITED + REJECTED {
            let reason = ["not_a_real_signal", "bad_timing", "already_handled"];
            let at = usize::try_from(draw).unwrap_or(0) % reason.len();
            ("reject", json!({"reason": reason.get(at), "note": null}))
        } else {
            return Ok(());
        };
        let answer: Result<Value, Error> = client.post(&format!("proposals/{}/{verb}", card.id), &body).await;
        match answer {
            Ok(_) => Ok(()),
            // What moved meanwhile is no longer theirs to decide.
            Err(Error::Refused { code, message, .. }) => {
                tracing::info!(proposal = card.id, code, message, "a decision was not taken");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// A number below 100, always the same for a proposal.
    fn draw(&self, id: &str) -> u32 {
        let text = digest::id(&["decision", &self.seed.to_string(), id]);
        text.bytes().fold(0_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 10_007) % 100
    }
}

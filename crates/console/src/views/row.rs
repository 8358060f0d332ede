//! Rows as pages read them.

use bus_schema::{
    Currency, Day, Money, Position, Time,
    data::facts::{Band, OutreachProposed, Tier},
};

/// Where a proposal stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    /// Written by engagement, not yet filed by the gate.
    Drafted,
    /// Waits for a person.
    Filed,
    /// Approved, held for undo.
    Held,
    /// A person said no.
    Rejected,
    /// Nobody decided in time.
    Expired,
    /// The facts moved.
    Voided,
    /// The hold is over and the gate signed.
    Signed,
    /// The courier is about to send.
    Sending,
    /// Handed over.
    Sent,
    /// Certainly not sent.
    Failed,
    /// Nobody can say.
    Unknown,
}

impl State {
    pub(crate) const ALL: [Self; 11] = [
        Self::Drafted,
        Self::Filed,
        Self::Held,
        Self::Rejected,
        Self::Expired,
        Self::Voided,
        Self::Signed,
        Self::Sending,
        Self::Sent,
        Self::Failed,
        Self::Unknown,
    ];

    /// The word in the table and in the API.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Drafted => "drafted",
            Self::Filed => "waiting",
            Self::Held => "held",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Voided => "void",
            Self::Signed => "signed",
            Self::Sending => "intended",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// The state of a word.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// A person may still decide.
    pub(crate) const fn open(self) -> bool {
        matches!(self, Self::Filed)
    }
}

/// What a person reads first about an account.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) segment: Option<String>,
    pub(crate) stage: Option<String>,
    pub(crate) owner: Option<String>,
    pub(crate) zone: Option<String>,
    pub(crate) seats: Option<i64>,
    pub(crate) arr: Option<Money>,
    pub(crate) renews_on: Option<Day>,
    pub(crate) ended: bool,
    pub(crate) health: Option<Health>,
    pub(crate) churn: Option<Churn>,
    pub(crate) last_event: Time,
    pub(crate) last_touch: Option<Time>,
}

/// The latest score.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Health {
    pub(crate) machine: u16,
    pub(crate) score: u16,
    pub(crate) band: Band,
    pub(crate) coverage_bp: u16,
    pub(crate) confidence_bp: u16,
    pub(crate) at: Time,
    pub(crate) position: Position,
}

/// The latest forecast.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Churn {
    pub(crate) p90_bp: u16,
    pub(crate) tier: Tier,
    pub(crate) at: Time,
    pub(crate) position: Position,
}

impl Account {
    /// The name, or the id where no event told one.
    pub(crate) fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }

    /// The band of the latest score; no data before the first.
    pub(crate) fn band(&self) -> Band {
        self.health.map_or(Band::Unknown, |health| health.band)
    }

    /// The score where the band is known.
    pub(crate) fn known_score(&self) -> Option<u16> {
        self.health.filter(|health| health.band != Band::Unknown).map(|health| health.score)
    }
}

/// One point of the score's history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Point {
    pub(crate) at: Time,
    pub(crate) machine: u16,
    pub(crate) score: u16,
    pub(crate) band: Band,
    pub(crate) position: Position,
}

/// A person at the customer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Contact {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) zone: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) consent: Option<String>,
    pub(crate) left_on: Option<Day>,
    pub(crate) last_touch: Option<Time>,
}

/// What was decided on a proposal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Decision {
    pub(crate) by: String,
    pub(crate) at: Time,
    pub(crate) approved: bool,
    pub(crate) version: u32,
    pub(crate) edited: bool,
    pub(crate) reason: Option<String>,
    pub(crate) hold_until: Option<Time>,
    pub(crate) bytes_hash: Option<String>,
    pub(crate) position: Position,
}

/// A proposal with what became of it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Proposal {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) state: State,
    pub(crate) draft: OutreachProposed,
    pub(crate) position: Position,
    pub(crate) proposed_at: Time,
    pub(crate) rank: i64,
    pub(crate) due: Option<Time>,
    pub(crate) expires: Time,
    pub(crate) owner: Option<String>,
    pub(crate) decision: Option<Decision>,
    pub(crate) changed_at: Time,
    pub(crate) detail: Option<String>,
    pub(crate) reopened_by: Option<String>,
    /// It waits for its CSM's attention: other cards come first.
    pub(crate) queued: bool,
}

/// An alert of the churn agent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Alert {
    pub(crate) cause: String,
    pub(crate) tier: Tier,
    pub(crate) reason: String,
    pub(crate) opened_at: Time,
    pub(crate) position: Position,
}

/// An event as the timeline shows it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct LogEvent {
    pub(crate) position: Position,
    pub(crate) time: Time,
    pub(crate) logtime: Time,
    pub(crate) entity: String,
    pub(crate) kind: String,
    pub(crate) writer: String,
    pub(crate) source: String,
    pub(crate) contact: Option<String>,
    pub(crate) actor: Option<String>,
    pub(crate) late: bool,
    pub(crate) data: serde_json::Value,
    pub(crate) personal: Option<serde_json::Value>,
}

/// A message that could not be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct DeadLetter {
    pub(crate) seq: u64,
    pub(crate) origin: String,
    pub(crate) at: Time,
    pub(crate) source_seq: Option<u64>,
    pub(crate) reason: String,
    pub(crate) kind: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) body: String,
    pub(crate) replayed: bool,
}

/// The band of a column.
pub(crate) fn band(name: &str) -> Band {
    [Band::Red, Band::Yellow, Band::Green].into_iter().find(|band| band.name() == name).unwrap_or_default()
}

/// The tier of a column.
pub(crate) fn tier(name: &str) -> Tier {
    let tiers = [Tier::Watch, Tier::Monitor, Tier::High, Tier::Critical];
    tiers.into_iter().find(|tier| tier.name() == name).unwrap_or_default()
}

/// Money from two columns.
pub(crate) fn money(minor: Option<i64>, currency: Option<&str>) -> Option<Money> {
    Some(Money { minor: minor?, currency: Currency::new(currency?)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_read_back_what_they_write() {
        for state in State::ALL {
            assert_eq!(State::parse(state.name()), Some(state));
        }
        assert_eq!(State::parse("gone"), None);
        assert!(State::Filed.open() && !State::Held.open());
    }
}

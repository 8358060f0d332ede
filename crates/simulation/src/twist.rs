//! The places where a planted bug may stand. What a method does by itself is the truth.

use std::time::Duration;

use bus::{Message, Stored};
use bus_schema::{Time, subject::Stream};
use runtime::{AgentFold, store::Change};

use crate::{observe::Who, recall::Once};

/// A way a publish goes to the bus.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// The message.
    pub message: Message,
    /// What the subject must end with.
    pub expect_last: Option<u64>,
}

/// When the bus answers a publish.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ack {
    /// After it is stored.
    Stored,
    /// Before; it is stored so much later, if its sender lives.
    Early(Duration),
}

/// Where a bug may stand between a process and what it works with.
pub trait Twist: Send + Sync {
    /// The agents of the runtime.
    fn agents(&self) -> Vec<AgentFold> {
        vec![
            AgentFold::of::<Once<onboarding::Onboarding>>(),
            AgentFold::of::<Once<escalation::Escalation>>(),
            AgentFold::of::<Once<health::Health>>(),
            AgentFold::of::<Once<churn::Churn>>(),
            AgentFold::of::<Once<renewal::Renewal>>(),
            AgentFold::of::<Once<expansion::Expansion>>(),
            AgentFold::of::<Once<advocacy::Advocacy>>(),
            AgentFold::of::<Once<engagement::Engagement>>(),
        ]
    }

    /// The gate.
    fn gate(&self) -> AgentFold {
        AgentFold::of::<Once<supervisor::Supervisor>>()
    }

    /// What is sent in place of one publish; the answer is that of the last, or the first failure.
    fn publish(&self, who: Who, parcel: Parcel) -> Vec<Parcel> {
        let _ = who;
        vec![parcel]
    }

    /// When a publish is answered.
    fn ack(&self, who: Who, message: &Message) -> Ack {
        let (_, _) = (who, message);
        Ack::Stored
    }

    /// Whether nothing at all is bent.
    fn is_true(&self) -> bool {
        false
    }

    /// What is told as a subject's last message. `earlier` is the one before it on that subject, or none.
    fn last(&self, who: Who, subject: &str, found: Option<Stored>, earlier: Option<Stored>) -> Option<Stored> {
        let (_, _, _) = (who, subject, earlier);
        found
    }

    /// What is told as the message of a sequence.
    fn get(&self, who: Who, stream: Stream, found: Option<Stored>) -> Option<Stored> {
        let (_, _) = (who, stream);
        found
    }

    /// Where a reader begins that was told to begin at `from_seq`.
    fn begins(&self, who: Who, stream: Stream, from_seq: u64) -> u64 {
        let (_, _) = (who, stream);
        from_seq
    }

    /// Messages a reader hands out.
    fn read(&self, who: Who, stream: Stream, messages: Vec<Stored>) -> Vec<Stored> {
        let (_, _) = (who, stream);
        messages
    }

    /// The rows of a store's write: key, and value or its removal.
    fn write(&self, who: Who, store: &str, rows: Vec<Row>) -> Vec<Row> {
        let (_, _) = (who, store);
        rows
    }

    /// The broker's time as the publisher of approvals hears it.
    fn publisher_time(&self, now: Time) -> Time {
        now
    }

    /// How often a letter is handed over where its fate is in doubt.
    fn attempts_in_doubt(&self) -> u32 {
        1
    }

    /// Whether a person's decision names the draft that is there in place of the one they saw.
    fn decides_on_what_is_there(&self) -> bool {
        false
    }
}

/// A change of a row.
pub type Row = Change;

/// Nothing is bent.
#[derive(Clone, Copy, Debug)]
pub struct True;

impl Twist for True {
    fn is_true(&self) -> bool {
        true
    }
}

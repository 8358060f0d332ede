//! What must be true of every history, each by its name.
//!
//! An invariant looks at what was stored and at what customers got, never at what a process believes. Some look at each
//! thing as it happens, against everything before it; some at the end. I9 has no place here: one install has one tenant.

mod courier;
mod end;
mod gate;
mod log;
pub mod name;

use crate::{
    history::{History, Seen},
    observe::{Decided, Folded, Liveness, Sent, Who},
    reference::Reference,
};

/// Something that must be true.
#[derive(Clone, Copy, Debug)]
pub struct Invariant {
    /// Its name, as reports and documents use it.
    pub name: &'static str,
    /// What it says.
    pub says: &'static str,
    /// How it is checked.
    pub check: Check,
}

/// When an invariant is checked.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// With each thing that happens, before it is folded.
    Each(fn(&History, &Seen<'_>) -> Result<(), String>),
    /// When all faults are over and the system is at rest.
    End(fn(&Finale<'_>) -> Result<(), String>),
    /// With each message of the log, against a fold of its own.
    Reference,
}

/// A history at its end.
#[derive(Clone, Copy, Debug)]
pub struct Finale<'a> {
    /// What was stored and received.
    pub history: &'a History,
    /// What the agents had to say.
    pub reference: &'a Reference,
    /// What producers sent.
    pub sent: &'a [Sent],
    /// What people did.
    pub decided: &'a [Decided],
    /// Folds beside their refolds.
    pub folds: &'a [Folded],
    /// Whether the system lived at the end.
    pub liveness: &'a Liveness,
    /// Processes that ended by themselves.
    pub ended: &'a [(Who, String)],
}

/// A broken invariant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Breach {
    /// Its name.
    pub invariant: &'static str,
    /// Virtual time at which it was seen.
    pub at_ms: u64,
    /// What was seen.
    pub what: String,
}

/// All of them.
pub const ALL: &[Invariant] = &[
    Invariant {
        name: name::NOTHING_LOST,
        says: "every event that was acknowledged to its producer is in the log, or in DEAD with the reason",
        check: Check::End(end::nothing_lost),
    },
    Invariant {
        name: name::STATE_IS_THE_FOLD,
        says: "the state of every agent equals a fold of the log from the start to the same position",
        check: Check::End(end::state_is_the_fold),
    },
    Invariant {
        name: name::SAID_AGAIN,
        says: "a fold of the whole log from its start says, byte for byte, what is in the log",
        check: Check::Reference,
    },
    Invariant {
        name: name::DECIDED_BY_A_PERSON,
        says: "an approval on ACTION names a decision of a person on this proposal that the gate signed; a mail has an intent",
        check: Check::Each(gate::decided_by_a_person),
    },
    Invariant {
        name: name::THE_APPROVED_BYTES,
        says: "decision, approval and mail are of the same bytes to the same address, and of the draft that was filed",
        check: Check::Each(gate::the_approved_bytes),
    },
    Invariant {
        name: name::WHAT_WAS_SEEN,
        says: "a mail was approved by a person who had this draft before their eyes",
        check: Check::End(end::what_was_seen),
    },
    Invariant {
        name: name::NOT_AFTER_AN_END,
        says: "nothing is signed, approved or intended after it was rejected, taken back, void or expired, or before its hold was over",
        check: Check::Each(gate::not_after_an_end),
    },
    Invariant {
        name: name::IN_TIME,
        says: "no approval is decided after its proposal expired, and no mail is intended after its approval ran out",
        check: Check::Each(gate::in_time),
    },
    Invariant {
        name: name::ONE_DECISION_WINS,
        says: "of two persons who decide at once one wins: nothing is recorded on a proposal while a decision stands",
        check: Check::Each(gate::one_decision_wins),
    },
    Invariant {
        name: name::AT_MOST_ONCE,
        says: "the mail server takes at most one mail of a proposal",
        check: Check::Each(courier::at_most_once),
    },
    Invariant {
        name: name::EVERY_INTENT_ENDS,
        says: "at rest every approval and every intent has ended as sent, failed, unknown or withdrawn",
        check: Check::End(end::every_intent_ends),
    },
    Invariant {
        name: name::CAPS,
        says: "no contact gets more mails in any window than the widest policy published so far allows",
        check: Check::Each(courier::caps),
    },
    Invariant {
        name: name::CHAINS,
        says: "every message of the log stands on a subject of its writer, names the hash of the one before, a later turn, and no lower epoch",
        check: Check::Each(log::chains),
    },
    Invariant {
        name: name::ROUTED_ONCE,
        says: "an event is in the log once within a day of log time, and log time never goes back",
        check: Check::Each(log::routed_once),
    },
    Invariant {
        name: name::SAID_ONCE,
        says: "every turn of an agent and every copy is said once, whole, in order and byte for byte, and at rest all of them",
        check: Check::Reference,
    },
    Invariant {
        name: name::ONE_CARD,
        says: "at most one proposal is open per account, play and cause",
        check: Check::Each(gate::one_card),
    },
    Invariant {
        name: name::ALIVE,
        says: "when the faults are over a fresh event becomes a fact within 30 s",
        check: Check::End(end::alive),
    },
    Invariant {
        name: name::NO_PROCESS_GIVES_UP,
        says: "a process ends by itself only where another has overtaken it or the bus is away when it starts",
        check: Check::End(end::no_process_gives_up),
    },
    Invariant {
        name: name::REPLAY_SENDS_NOTHING,
        says: "a decision is put on ACTION at most once, ever, and intended at most once",
        check: Check::Each(courier::published_once),
    },
    Invariant {
        name: name::STOPS_HOLD,
        says: "no mail leaves whose intent came after a stop of its address, contact, play or of everything",
        check: Check::Each(courier::stops_hold),
    },
];

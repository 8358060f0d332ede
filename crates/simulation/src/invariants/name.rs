//! The names of the invariants, as reports, documents and planted bugs use them.

/// See [`super::ALL`].
pub const NOTHING_LOST: &str = "I1 nothing lost";
/// See [`super::ALL`].
pub const STATE_IS_THE_FOLD: &str = "I2 state is the fold";
/// See [`super::ALL`].
pub const SAID_AGAIN: &str = "I2 a replay says the same";
/// See [`super::ALL`].
pub const DECIDED_BY_A_PERSON: &str = "I3 decided by a person";
/// See [`super::ALL`].
pub const THE_APPROVED_BYTES: &str = "I3b the approved bytes";
/// See [`super::ALL`].
pub const WHAT_WAS_SEEN: &str = "I3b what was seen";
/// See [`super::ALL`].
pub const NOT_AFTER_AN_END: &str = "I3c not after an end";
/// See [`super::ALL`].
pub const IN_TIME: &str = "I3d in time";
/// See [`super::ALL`].
pub const ONE_DECISION_WINS: &str = "I3e one decision wins";
/// See [`super::ALL`].
pub const AT_MOST_ONCE: &str = "I4 at most once";
/// See [`super::ALL`].
pub const EVERY_INTENT_ENDS: &str = "I5 every intent ends";
/// See [`super::ALL`].
pub const CAPS: &str = "I6 caps";
/// See [`super::ALL`].
pub const CHAINS: &str = "I7 chains";
/// See [`super::ALL`].
pub const ROUTED_ONCE: &str = "I7 routed once";
/// See [`super::ALL`].
pub const SAID_ONCE: &str = "I7 said once";
/// See [`super::ALL`].
pub const ONE_CARD: &str = "I8 one card";
/// See [`super::ALL`].
pub const ALIVE: &str = "I10 alive";
/// See [`super::ALL`].
pub const NO_PROCESS_GIVES_UP: &str = "I11 no process gives up";
/// See [`super::ALL`].
pub const REPLAY_SENDS_NOTHING: &str = "P7 replay sends nothing";
/// See [`super::ALL`].
pub const STOPS_HOLD: &str = "P8 stops hold";

//! Faults to order: what a network and a killed server do to a publish.

use std::{collections::VecDeque, time::Duration};

use crate::matches;

/// What happens to one publish.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It is stored, and its acknowledgement is lost.
    LoseAck,
    /// It is not stored, and the publisher is told nothing.
    LoseMessage,
    /// It is not stored, and the publisher is told that another message came first.
    Refuse,
    /// It is stored later.
    Delay(Duration),
    /// It is stored, and acknowledged later.
    DelayAck(Duration),
    /// It arrives twice; a chained append refuses the second.
    Duplicate,
}

#[derive(Default)]
pub(super) struct Faults(VecDeque<(String, Fault)>);

impl Faults {
    pub(super) fn plan(&mut self, pattern: &str, fault: Fault) {
        self.0.push_back((pattern.to_owned(), fault));
    }

    pub(super) fn take(&mut self, subject: &str) -> Option<Fault> {
        let at = self.0.iter().position(|(pattern, _)| matches(pattern, subject))?;
        self.0.remove(at).map(|(_, fault)| fault)
    }
}

//! What bears on the money to come: bills, the renewal, opportunities, budget, rivals.

use std::collections::BTreeMap;

use agent::Trail;
use bus_schema::{Day, Position, Time};
use serde::{Deserialize, Serialize};

use super::Marks;

/// Open invoices kept at most; beyond that the one due last goes.
const INVOICES_MAX: usize = 16;
/// Disputes kept at most.
const DISPUTES_MAX: usize = 8;
/// Opportunities kept at most; beyond that the one that moved first goes.
const OPPORTUNITIES_MAX: usize = 12;

/// Bills and what became of them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Billing {
    /// Unpaid, with the day they were due.
    open: BTreeMap<u32, Day>,
    disputes: BTreeMap<u32, Day>,
    pub(crate) failed: Marks,
    /// The producer tells what was paid or not: an invoice without any word is then unpaid.
    pub(crate) told: bool,
    pub(crate) trail: Trail,
}

impl Billing {
    /// An invoice is due on a day.
    pub(crate) fn owe(&mut self, invoice: u32, due: Day) {
        self.open.insert(invoice, due);
        if self.open.len() > INVOICES_MAX {
            let last = self.open.iter().max_by_key(|(_, due)| **due).map(|(invoice, _)| *invoice);
            last.and_then(|last| self.open.remove(&last));
        }
    }

    /// It was paid, or the money given back.
    pub(crate) fn settle(&mut self, invoice: u32) {
        self.open.remove(&invoice);
        self.disputes.remove(&invoice);
    }

    /// Its payment is disputed.
    pub(crate) fn dispute(&mut self, invoice: u32, day: Day) {
        self.disputes.insert(invoice, day);
        if self.disputes.len() > DISPUTES_MAX {
            self.disputes.pop_first();
        }
    }

    /// Days the oldest open invoice is late.
    pub(crate) fn late_days(&self, today: Day) -> i64 {
        let due = self.open.values().min().filter(|_| self.told);
        due.map_or(0, |due| i64::from((today.0 - due.0).max(0)))
    }

    /// Whether a payment is disputed.
    pub(crate) fn disputed(&self) -> bool {
        !self.disputes.is_empty()
    }

    /// Forgets disputes nobody ended.
    pub(crate) fn forget(&mut self, today: Day) {
        self.disputes.retain(|_, day| *day >= today.plus(-180));
    }
}

/// How far a renewal is, worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(crate) enum RenewalStep {
    Lost,
    Open,
    Discussed,
    Proposed,
    Signed,
}

/// The renewal of the contract in force, as contract and sales system tell it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Renewal {
    pub(crate) step: Option<RenewalStep>,
    /// Automatic renewal was switched off.
    pub(crate) switched_off: bool,
    pub(crate) trail: Trail,
}

/// How an opportunity stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(crate) enum Prospect {
    Lost,
    Open,
    Won,
}

/// How the customer's money stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(crate) enum Purse {
    Frozen,
    Concern,
    Confirmed,
    Increased,
}

/// Opportunities, budget and rivals.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Pipeline {
    opportunities: BTreeMap<u32, (Prospect, Day)>,
    pub(crate) trail: Trail,
    pub(crate) budget: Option<(Purse, Time, Position)>,
    pub(crate) mentions: Marks,
    pub(crate) evaluations: Marks,
}

impl Pipeline {
    /// An opportunity moved.
    pub(crate) fn moved(&mut self, opportunity: u32, stands: Prospect, day: Day) {
        self.opportunities.insert(opportunity, (stands, day));
        if self.opportunities.len() > OPPORTUNITIES_MAX {
            let first = self.opportunities.iter().min_by_key(|(_, (_, day))| *day).map(|(opportunity, _)| *opportunity);
            first.and_then(|first| self.opportunities.remove(&first));
        }
    }

    /// How many stand like this, and moved since a day.
    pub(crate) fn count(&self, stands: Prospect, from: Day) -> i64 {
        let alike = self.opportunities.values().filter(|(own, day)| *own == stands && *day >= from);
        i64::try_from(alike.count()).unwrap_or(i64::MAX)
    }
}

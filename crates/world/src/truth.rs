//! What was hidden, for whoever wants to judge what was seen.

use bus_schema::Day;
use serde::Serialize;

use crate::{account::Account, story::Archetype};

/// The truth of a world.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Truth {
    /// The number it was drawn from.
    pub seed: u64,
    /// Day 0: the first after the history.
    pub first: Day,
    /// By account.
    pub accounts: Vec<TruthOfAccount>,
}

/// The truth of an account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TruthOfAccount {
    /// The account.
    pub account: String,
    /// As the world drew it; what an agent computes may differ.
    pub segment: &'static str,
    /// A seller of the marketplace.
    pub vendor: bool,
    /// The hidden cause.
    pub archetype: Archetype,
    /// When the cause began, where it begins at all.
    pub begins: Day,
    /// When it gave notice or cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice_on: Option<Day>,
    /// Last day of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_on: Option<Day>,
    /// Revenue a year at the end, in cents.
    pub arr_minor: i64,
}

pub(crate) fn of(seed: u64, first: Day, accounts: &[Account]) -> Truth {
    let one = |account: &Account| TruthOfAccount {
        account: account.id.clone(),
        segment: account.size.name(),
        vendor: account.size == crate::account::Size::Vendor,
        archetype: account.story.archetype,
        begins: account.story.begins,
        notice_on: account.notice,
        ended_on: account.ended,
        arr_minor: account.arr,
    };
    let mut accounts: Vec<TruthOfAccount> = accounts.iter().map(one).collect();
    accounts.sort_by(|a, b| a.account.cmp(&b.account));
    Truth { seed, first, accounts }
}

//! What is kept of an account.

use std::collections::BTreeMap;

use agent::AccountProfile;
use bus_schema::{
    Time,
    data::facts::{CauseGroup, Tier},
};
use serde::{Deserialize, Serialize};

use crate::{
    alerts::{Alert, Quiet},
    forecast::Said,
    ledger::Ledger,
    loss::Loss,
    policy::Policy,
    saves::Saves,
    segment::Sums,
    signals::{Look, Market, Money, People, Plan, Signal, Support, Use, Voice},
};

/// One account.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// Who it is.
    pub profile: AccountProfile,
    /// How it is used.
    pub usage: Use,
    /// What it owes.
    pub money: Money,
    /// Its people.
    pub people: People,
    /// What it asks of support.
    pub support: Support,
    /// What it says to us.
    pub voice: Voice,
    /// Competitors and automatic renewal.
    pub market: Market,
    /// What was planned.
    pub plan: Plan,
    /// The renewal is signed or as good as signed.
    pub committed: bool,
    /// Alerts that are open, by cause.
    pub alerts: BTreeMap<CauseGroup, Alert>,
    /// Causes a person does not want to hear of for a while.
    pub quiet: BTreeMap<CauseGroup, Quiet>,
    /// The last forecast said.
    pub said: Option<Said>,
    /// The tier at the last look.
    pub tier: Tier,
    /// When it last rose.
    pub rose: Option<Time>,
    /// Forecasts that wait for what becomes of them.
    pub ledger: Ledger,
    /// Cases to be saved.
    pub saves: Saves,
    /// What is known for the day it is lost.
    pub loss: Loss,
    /// Of a segment: its sums.
    pub sums: Option<Box<Sums>>,
    /// The daily look is planned.
    pub daily: bool,
}

impl State {
    /// Every sign that holds.
    pub fn signals(&self, look: &Look<'_>) -> Vec<Signal> {
        let mut found = Vec::new();
        self.usage.signals(&self.profile, look, &mut found);
        self.people.signals(look, &mut found);
        self.money.signals(look, &mut found);
        self.support.signals(look, &mut found);
        self.voice.signals(self.decision_days(look), look, &mut found);
        self.market.signals(&self.profile, look, &mut found);
        self.plan.signals(&self.profile, look, &mut found);
        found
    }

    /// Days until the customer decides; a contract that renews by itself begins another term.
    pub fn decision_days(&self, look: &Look<'_>) -> Option<i32> {
        let contract = self.profile.contract.as_ref()?;
        let day = self.profile.decision_day()?;
        let left = day.0 - look.today.0;
        if contract.auto_renew && contract.term_end < look.today {
            let term = (contract.term_end.0 - contract.term_start.0).max(27) + 1;
            let behind = look.today.0 - contract.term_end.0;
            return Some(left + (behind + term - 1) / term * term);
        }
        Some(left)
    }

    /// Whether it never had a contract or subscription: then 90 days of silence are the outcome.
    pub fn without_contract(&self) -> bool {
        !self.profile.vendor && self.profile.contract.is_none() && self.profile.arr.is_none()
    }

    /// The segment whose base counts.
    pub fn segment(&self) -> &str {
        if self.profile.vendor {
            "vendor"
        } else if self.without_contract() {
            "without_contract"
        } else {
            self.profile.segment.as_deref().unwrap_or("smb")
        }
    }

    /// Whether the outcome is already there: notice, the end, or so long a silence that it is one.
    pub fn over(&self, look: &Look<'_>) -> Option<&'static str> {
        if self.profile.ended() {
            return Some("the account's service has ended");
        }
        if self.profile.notice_on.is_some() {
            return Some("notice was given");
        }
        let silent = self.usage.silent_days(look).unwrap_or(0);
        let lapsed = self.without_contract() && silent >= look.policy.without_contract.outcome_days;
        lapsed.then_some("so long without activity is the end of an account without contract")
    }

    /// The look at an instant.
    pub fn look<'a>(&self, policy: &'a Policy, now: Time) -> Look<'a> {
        Look { policy, now, today: self.profile.day_of(now, &policy.zone) }
    }
}

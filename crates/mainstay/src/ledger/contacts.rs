//! Single contacts as of a day: who was about to fall silent for a whole horizon, and who did.
//!
//! The forecast is the churn agent's for single contacts, from nothing but the days each was active before that day;
//! beside it stands the plainest one there is, days since last seen. Accounts are judged the same way, by the days any of
//! their people was active.

use std::collections::BTreeMap;

use bus_schema::{Data, Day, Event, Kind};
use churn::signals::Activity;
use ledger::auc_bp;
use serde::Serialize;

/// The kinds that make a contact active.
pub(crate) const READS: &[Kind] =
    &[Kind::UserLoggedIn, Kind::UsageRecorded, Kind::FeatureActivated, Kind::SessionEnded];
/// Who was not seen for so long is not judged: they are gone already.
const SEEN_DAYS: i32 = 60;

/// The days each was active.
#[derive(Debug, Default)]
pub(crate) struct Days {
    contacts: BTreeMap<(String, String), Seen>,
    accounts: BTreeMap<String, Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    before: Activity,
    /// The first active day on or after the day that is judged.
    after: Option<Day>,
}

/// What was found.
#[derive(Debug, Serialize)]
pub(crate) struct Found {
    pub(crate) at: Day,
    pub(crate) horizon_days: i32,
    pub(crate) seen_within_days: i32,
    pub(crate) contacts: Part,
    pub(crate) accounts: Part,
}

/// One list.
#[derive(Debug, Serialize)]
pub(crate) struct Part {
    n: u64,
    /// Fell silent for the whole horizon.
    outcomes: u64,
    few: bool,
    auc_bp: Option<u64>,
    /// The same of "days since last seen".
    auc_days_silent_bp: Option<u64>,
}

impl Days {
    /// Notes an event before or after the day.
    #[expect(clippy::wildcard_enum_match_arm, reason = "READS names what is read here")]
    pub(crate) fn take(&mut self, event: &Event, at: Day) {
        let user = match &event.data {
            Data::UserLoggedIn(data) => Some(&data.user),
            Data::UsageRecorded(data) => Some(&data.user),
            Data::SessionEnded(data) => Some(&data.user),
            Data::FeatureActivated(data) => data.user.as_ref(),
            _ => None,
        };
        let (Some(user), Some(account)) = (user, event.header.entity.account_id()) else { return };
        let day = event.header.time.day();
        self.contacts.entry((account.to_owned(), user.to_string())).or_default().note(day, at);
        self.accounts.entry(account.to_owned()).or_default().note(day, at);
    }

    /// Judges all of them.
    pub(crate) fn judge(&self, policy: &churn::Policy, at: Day, horizon: i32) -> Found {
        Found {
            at,
            horizon_days: horizon,
            seen_within_days: SEEN_DAYS,
            contacts: part(policy, self.contacts.values(), at, horizon),
            accounts: part(policy, self.accounts.values(), at, horizon),
        }
    }
}

impl Seen {
    fn note(&mut self, day: Day, at: Day) {
        if day < at {
            self.before.record(day);
        } else {
            self.after = Some(self.after.map_or(day, |known| known.min(day)));
        }
    }
}

fn part<'a>(policy: &churn::Policy, all: impl Iterator<Item = &'a Seen>, at: Day, horizon: i32) -> Part {
    let (mut said, mut plain) = (Vec::new(), Vec::new());
    for seen in all {
        let Some(silent) = seen.before.silent_days(at).filter(|days| *days <= SEEN_DAYS) else { continue };
        let Some((logodds, _)) = churn::contact::odds(policy, &seen.before, at) else { continue };
        let gone = seen.after.is_none_or(|day| day >= at.plus(horizon));
        said.push((logodds, gone));
        plain.push((i64::from(silent), gone));
    }
    let outcomes = said.iter().filter(|(_, gone)| *gone).count() as u64;
    Part {
        n: said.len() as u64,
        outcomes,
        few: outcomes < ledger::FEW,
        auc_bp: auc_bp(&said),
        auc_days_silent_bp: auc_bp(&plain),
    }
}

#[cfg(test)]
mod tests {
    use agent::Agent as _;

    use super::*;

    #[test]
    fn who_fell_silent_is_ranked_by_their_own_rhythm() {
        let policy = churn::Churn::policy(churn::Churn::DEFAULT_POLICY).unwrap();
        let at = Day(1_000);
        let mut days = Days::default();
        let mut note = |who: &str, on: &mut dyn Iterator<Item = i32>| {
            for day in on {
                days.contacts.entry(("a".into(), who.into())).or_default().note(Day(day), at);
            }
        };
        // Came daily and stopped 14 days ago; comes every fortnight and came 15 days ago; was never seen lately.
        note("stopped", &mut (900..987));
        note("fortnight", &mut (700..985).step_by(14).chain([985, 1_003]));
        note("gone", &mut (700..900));
        let found = days.judge(&policy, at, 90);
        assert_eq!((found.contacts.n, found.contacts.outcomes, found.contacts.few), (2, 1, true));
        assert_eq!(found.contacts.auc_bp, Some(10_000));
        assert_eq!(found.contacts.auc_days_silent_bp, Some(0));
    }
}

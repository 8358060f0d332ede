//! What forbids a touch whatever its budget: the end of the account, an incident, a pause, a notice, trouble that is
//! open, and touches that are more urgent.

use bus_schema::{
    Time,
    data::{
        facts::{HeldReason, MessageClass, Priority, Tier},
        people::MuteScope,
    },
    time::{DAY_MS, HOUR_MS},
};

use crate::{
    policy::Policy,
    state::{Account, Mute, Touch},
};

/// Why a touch stays, and how it goes on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stay {
    /// The reason.
    pub reason: HeldReason,
    /// In words, with the numbers.
    pub detail: String,
    /// When it is looked at again; none drops it.
    pub recheck_at: Option<Time>,
}

impl Stay {
    /// It waits.
    pub fn until(reason: HeldReason, detail: impl Into<String>, recheck_at: Time) -> Self {
        Self { reason, detail: detail.into(), recheck_at: Some(recheck_at) }
    }

    /// It is dropped.
    pub fn dropped(reason: HeldReason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into(), recheck_at: None }
    }
}

/// Days late from which an open invoice stops offers and launches.
const OVERDUE_DAYS: u32 = 15;

/// Checks an account against a touch.
///
/// # Errors
/// What forbids it.
pub fn check(policy: &Policy, state: &Account, now: Time, touch: &Touch) -> Result<(), Stay> {
    let later = now.plus_ms(i64::from(policy.hold.recheck_hours) * HOUR_MS);
    // Whoever left may be asked to come back, and nothing else.
    let way_back = touch.cause_key.starts_with("winback:");
    if state.profile.ended() && !way_back {
        return Err(Stay::dropped(HeldReason::Notice, "the account's service has ended"));
    }
    if let Some(on) = state.profile.notice_on.filter(|_| !way_back) {
        return Err(Stay::dropped(HeldReason::Notice, format!("the customer gave notice and leaves on {on}")));
    }
    let open = state.profile.incidents.len();
    if open > 0 && touch.priority != Priority::Incident {
        let detail = format!("{open} incident{} open on this account", if open == 1 { "" } else { "s" });
        return Err(Stay::until(HeldReason::Incident, detail, later));
    }
    if let Some(mute) = muted(state, now, touch) {
        let until = mute.until.map(|day| day.plus(1).start());
        let detail =
            mute.until.map_or_else(|| "outreach is paused".to_owned(), |day| format!("outreach is paused until {day}"));
        return Err(Stay::until(HeldReason::Paused, detail, until.map_or(later, |until| until.max(now.plus_ms(1)))));
    }
    let quiet = i64::from(policy.proposal.rejected_quiet_days) * DAY_MS;
    let same = |rejected: &&crate::state::Rejected| {
        rejected.play == touch.play && rejected.cause_key == touch.cause_key && now.since_ms(rejected.at) < quiet
    };
    if let Some(rejected) = state.rejected.iter().find(same) {
        return Err(Stay::dropped(HeldReason::Cooldown, format!("a person rejected it on {}", rejected.at.day())));
    }
    trouble(state, touch).map_or(Ok(()), |detail| Err(Stay::until(HeldReason::Outranked, detail, later)))
}

fn muted<'a>(state: &'a Account, now: Time, touch: &Touch) -> Option<&'a Mute> {
    let alive = |mute: &&Mute| mute.until.is_none_or(|until| now.day() <= until);
    let meant = |mute: &&Mute| match mute.scope {
        MuteScope::All => touch.class != MessageClass::Transactional,
        MuteScope::Play => mute.name.as_deref() == Some(touch.play.as_str()),
        MuteScope::Channel => mute.name.as_deref() == Some(crate::CHANNEL),
        MuteScope::Rule => mute.name.as_deref() == Some(touch.cause_key.as_str()),
    };
    state.mutes.iter().filter(alive).find(meant)
}

/// Open trouble that a touch of this kind must not ignore.
fn trouble(state: &Account, touch: &Touch) -> Option<String> {
    let (launch, asks, sells) = match touch.priority {
        Priority::Adoption => (true, false, false),
        Priority::Survey | Priority::Advocacy => (false, true, false),
        Priority::Expansion => (false, false, true),
        Priority::Incident
        | Priority::Escalation
        | Priority::Save
        | Priority::Renewal
        | Priority::Onboarding
        | Priority::ClosedLoop
        | Priority::Review => return None,
    };
    let open = state.escalations.len();
    if open > 0 {
        return Some(format!("{open} escalation{} open", if open == 1 { "" } else { "s" }));
    }
    if state.tier >= Tier::High && (asks || sells) {
        return Some(format!("the account's risk is {}", state.tier.name()));
    }
    if sells && !state.offers {
        return Some("a condition for offers does not hold".into());
    }
    let late = state.overdue.values().copied().max().unwrap_or(0);
    if late > OVERDUE_DAYS && (launch || sells) {
        return Some(format!("an invoice is {late} days overdue"));
    }
    None
}

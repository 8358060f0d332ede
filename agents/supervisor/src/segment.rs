//! The segment of an account, from what it pays and how many use it.

use bus_schema::Day;

use crate::{
    policy::{Mode, Policy},
    state::{Segment, State},
};

/// A segment with the criterion that decided.
pub(crate) struct Judged {
    pub(crate) segment: Segment,
    pub(crate) reason: String,
    /// Neither criterion is known.
    pub(crate) unclassified: bool,
}

/// What is known of an account's size.
#[derive(Clone, Copy)]
struct Size {
    us_cents: Option<i64>,
    users: Option<i64>,
}

/// Judges the segment; a move down needs a margin below the edge.
pub(crate) fn judge(policy: &Policy, state: &State, today: Day) -> Judged {
    if let Some((name, _)) = &state.life.pinned {
        let reason = format!("pinned to {name} by a person");
        return Judged { segment: of_name(name), reason, unclassified: false };
    }
    let seats = state.profile.seats().map(|seats| i64::try_from(seats).unwrap_or(i64::MAX));
    let users = seats.or_else(|| state.life.usage.as_ref().map(|usage| usage.active_users(today, 28)));
    let size = Size { us_cents: state.profile.arr.and_then(|arr| policy.us_cents(arr)), users };
    let plain = classify(policy, size, 0);
    let segment = match &state.life.segment {
        Some(known @ (Segment::MidMarket | Segment::Enterprise)) if plain < *known => {
            classify(policy, size, policy.segment.down_bp).min(known.clone())
        }
        Some(_) | None => plain,
    };
    let reason = size.reason(seats.is_some());
    Judged { segment, reason, unclassified: size.us_cents.is_none() && size.users.is_none() }
}

fn of_name(name: &str) -> Segment {
    [Segment::Smb, Segment::MidMarket, Segment::Enterprise]
        .into_iter()
        .find(|segment| segment.name() == name)
        .unwrap_or_else(|| Segment::Pinned(name.to_owned()))
}

/// The segment by its edges, lowered by a margin where an account might move down.
fn classify(policy: &Policy, size: Size, down_bp: i64) -> Segment {
    let edges = &policy.segment;
    // Compared in units of 1/10,000, so that the margin needs no rounding. At the margin itself an account moves down.
    let above = |value: i64, edge: i64| i128::from(value) * 10_000 > i128::from(edge) * i128::from(10_000 - down_bp);
    let from = |value: i64, edge: i64| above(value, edge) || (down_bp == 0 && value == edge);
    let meets = |arr: Option<bool>, users: Option<bool>| match (edges.mode, arr, users) {
        (_, None, None) => false,
        (_, Some(one), None) | (_, None, Some(one)) => one,
        (Mode::Or, Some(arr), Some(users)) => arr || users,
        (Mode::And, Some(arr), Some(users)) => arr && users,
    };
    let enterprise = meets(
        size.us_cents.map(|cents| above(cents, edges.enterprise_arr_above.saturating_mul(100))),
        size.users.map(|users| above(users, edges.enterprise_users_above)),
    );
    let mid_market = meets(
        size.us_cents.map(|cents| from(cents, edges.mid_market_arr_from.saturating_mul(100))),
        size.users.map(|users| from(users, edges.mid_market_users_from)),
    );
    if enterprise {
        Segment::Enterprise
    } else if mid_market {
        Segment::MidMarket
    } else {
        Segment::Smb
    }
}

impl Size {
    fn reason(self, seats: bool) -> String {
        let of = if seats { "seats" } else { "active users" };
        let arr = self.us_cents.map(|cents| format!("ARR of {} US dollars", cents / 100));
        let users = self.users.map(|users| format!("{users} {of}"));
        match (arr, users) {
            (None, None) => "neither ARR nor users are known".into(),
            (Some(one), None) | (None, Some(one)) => one,
            (Some(arr), Some(users)) => format!("{arr}, {users}"),
        }
    }
}

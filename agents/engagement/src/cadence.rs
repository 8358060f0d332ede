//! When a customer is met: touches and reviews by how the account stands and by segment, the strictest first, merged.

use std::collections::BTreeMap;

use agent::{Effects, Turn};
use bus_schema::{
    Data, Day, Event, Position, Time,
    data::{
        engagement::MeetingType,
        facts::{Band, ReviewDue},
        support::Direction,
    },
};
use serde::{Deserialize, Serialize};

use crate::{
    kit,
    plays::{self, List},
    policy::{Policy, When},
    state::Account,
};

/// What kind of review, the strictest first: one that is held counts for those after it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Kind {
    /// With whoever decides at the customer.
    Executive,
    /// With whoever works with the product.
    Operational,
    /// Of a vendor.
    Success,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Executive, Self::Operational, Self::Success];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Executive => "executive",
            Self::Operational => "operational",
            Self::Success => "success",
        }
    }

    /// The review that a meeting is.
    pub(crate) const fn of(meeting: &MeetingType, vendor: bool) -> Option<Self> {
        match meeting {
            MeetingType::ReviewExecutive | MeetingType::ReviewOperational if vendor => Some(Self::Success),
            MeetingType::ReviewExecutive => Some(Self::Executive),
            MeetingType::ReviewOperational => Some(Self::Operational),
            MeetingType::Kickoff | MeetingType::CheckIn | MeetingType::Other(_) => None,
        }
    }
}

/// One kind of review of an account.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Review {
    held: Option<(Day, Position)>,
    /// The latest day one was due and said.
    said: Option<Day>,
    /// When the next one takes place, as it was agreed, else as it is due.
    pub(crate) on: Option<Day>,
    /// What to read before it is ready.
    pub(crate) kit: bool,
}

/// How the relation stands.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Relation {
    /// The first day anything was heard of the account.
    pub(crate) since: Option<Day>,
    /// The latest touch in which both sides spoke.
    pub(crate) touched: Option<(Day, Position)>,
    /// When a touch was last asked for.
    asked: Option<Day>,
    /// Within this time at risk, a person has been asked to speak with them.
    person_asked: bool,
    pub(crate) band: Band,
    pub(crate) reviews: BTreeMap<Kind, Review>,
}

/// Folds what both sides do.
#[expect(clippy::wildcard_enum_match_arm, reason = "all other kinds are no touch")]
pub(crate) fn fold(account: &mut Account, event: &Event, cause: Position) {
    let (day, vendor) = (event.header.time.day(), account.profile.vendor);
    let relation = &mut account.relation;
    let first = relation.since.get_or_insert(day);
    *first = (*first).min(day);
    match &event.data {
        Data::HealthBandChanged(data) => {
            relation.band = data.to;
            relation.person_asked &= data.to == Band::Red;
        }
        Data::OutreachReplied(_) => relation.touch(day, cause),
        Data::ConversationRecorded(data) if data.direction == Direction::Inbound => relation.touch(day, cause),
        Data::MeetingScheduled(data) => {
            if let (Some(kind), Some(at)) = (Kind::of(&data.meeting_type, vendor), data.starts_at) {
                let review = relation.reviews.entry(kind).or_default();
                (review.on, review.kit) = (Some(at.day()), false);
            }
        }
        Data::MeetingCancelled(data) => relation.off(Kind::of(&data.meeting_type, vendor)),
        Data::MeetingMissed(data) => relation.off(Kind::of(&data.meeting_type, vendor)),
        Data::MeetingHeld(data) if !data.attended.is_empty() => {
            relation.touch(day, cause);
            relation.held(Kind::of(&data.meeting_type, vendor), day, cause);
        }
        Data::ReviewHeld(data) => {
            relation.touch(day, cause);
            relation.held(Kind::of(&data.meeting_type, vendor), day, cause);
        }
        _ => {}
    }
}

impl Relation {
    fn touch(&mut self, day: Day, cause: Position) {
        if self.touched.is_none_or(|(last, _)| last <= day) {
            self.touched = Some((day, cause));
        }
    }

    fn off(&mut self, kind: Option<Kind>) {
        if let Some(review) = kind.and_then(|kind| self.reviews.get_mut(&kind)) {
            review.on = None;
        }
    }

    /// A review counts for the less strict ones too.
    fn held(&mut self, kind: Option<Kind>, day: Day, cause: Position) {
        let Some(kind) = kind else { return };
        for lesser in Kind::ALL.into_iter().filter(|lesser| *lesser >= kind) {
            let review = self.reviews.entry(lesser).or_default();
            if review.held.is_none_or(|(last, _)| last <= day) {
                *review = Review { held: Some((day, cause)), ..Review::default() };
            }
        }
    }
}

/// The daily look: which review is due, which is prepared, and whether it is time to speak.
pub(crate) fn look(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    let today = turn.now.day();
    let Some(since) = account.relation.since else { return };
    let leaves = account.profile.notice_on.is_some() || account.paused(turn.now);
    if leaves || !account.profile.incidents.is_empty() {
        return;
    }
    reviews(turn, policy, account, (since, today), effects);
    kit::prepare(turn, policy, account, today, effects);
    touch(turn, policy, account, (since, today), effects);
}

fn reviews(turn: &Turn<'_>, policy: &Policy, account: &mut Account, (since, today): (Day, Day), effects: &mut Effects) {
    let cadence = &policy.relation.cadence;
    let segment = account.segment().to_owned();
    let healthy = account.relation.band == Band::Green;
    let lead = days(cadence.lead_days);
    let mut due: Vec<(Kind, Day, u32, Vec<Position>)> = Vec::new();
    for kind in Kind::ALL {
        let every = match kind {
            Kind::Executive => cadence.executive.of(&segment),
            Kind::Operational if healthy => cadence.operational_healthy.of(&segment),
            Kind::Operational => cadence.operational_at_risk.of(&segment),
            Kind::Success => cadence.success.of(&segment),
        };
        let review = account.relation.reviews.get(&kind).cloned().unwrap_or_default();
        let last = review.held.map(|(day, _)| day).max(review.said).unwrap_or(since);
        let on = last.plus(days(every)).max(today);
        // A stricter review that is agreed until then counts for this one.
        let covered = account.relation.reviews.range(..kind).any(|(_, review)| review.on.is_some_and(|day| day <= on));
        if every > 0 && review.on.is_none() && !covered && today.0 >= on.0 - lead {
            due.push((kind, on, every, review.held.map(|(_, event)| event).into_iter().collect()));
        }
    }
    let Some((kind, on, every, events)) = due.first().cloned() else { return };
    for (kind, on, ..) in &due {
        account.relation.reviews.entry(*kind).or_default().said = Some(*on);
    }
    let review = account.relation.reviews.entry(kind).or_default();
    (review.on, review.kit) = (Some(on), false);
    let last = review.held.map_or_else(|| "none was held yet".into(), |(day, _)| format!("the last was on {day}"));
    let merged: Vec<String> = due.iter().skip(1).map(|(kind, ..)| kind.name().to_owned()).collect();
    let reason = format!("{segment} accounts have a review of this kind every {every} days; {last}");
    let title = format!("Agree a day for the {} review with the customer", kind.name());
    let pre_read_on = on.plus(-days(cadence.pre_read_days)).max(today);
    effects.emit(Data::ReviewDue(ReviewDue {
        review: kind.name().into(),
        due_on: on,
        pre_read_on,
        cadence_days: every,
        merged,
        reason: reason.clone(),
        events: events.clone(),
    }));
    plays::task(turn, policy, account, None, (&title, &reason), &events, effects);
}

/// A touch is due when the account was silent for as long as its cadence says. A review that is near is one.
fn touch(turn: &Turn<'_>, policy: &Policy, account: &mut Account, (since, today): (Day, Day), effects: &mut Effects) {
    let cadence = &policy.relation.cadence;
    let segment = account.segment().to_owned();
    let (every, standing) = strictest(policy, account, &segment);
    let relation = &account.relation;
    let last = relation.touched.map(|(day, _)| day);
    let base = last.max(relation.asked).unwrap_or(since);
    if today.0 - base.0 < days(every) {
        return;
    }
    let lead = days(cadence.lead_days);
    let near = |review: &Review| review.on.is_some_and(|on| (0..=lead).contains(&(on.0 - today.0)));
    let merged = relation.reviews.values().any(near);
    account.relation.asked = Some(today);
    if merged {
        return;
    }
    let events: Vec<Position> = account.relation.touched.map(|(_, event)| event).into_iter().collect();
    let silent = today.0 - last.unwrap_or(since).0;
    let reason = format!(
        "no word in both directions for {silent} days; {segment} accounts that are {standing} are spoken with every {every} days"
    );
    let red = account.relation.band == Band::Red;
    let digital = (account.relation.person_asked || !red) && cadence.digital.contains(&segment);
    let Some(last) = last.filter(|_| digital || !red) else {
        account.relation.person_asked |= red;
        if !digital {
            plays::task(turn, policy, account, None, ("Talk with the customer", &reason), &events, effects);
        }
        return;
    };
    let told = List::new(turn, "the latest touch", &events)
        .with("relation.last_on", plays::day(last))
        .with("relation.days", silent.to_string());
    let when = if digital { When::Digital } else { When::CheckIn };
    plays::request(turn, policy, account, (when, format!("cadence:{last}")), &reason, &told, effects);
}

/// The shortest of the days that hold, and for what.
fn strictest(policy: &Policy, account: &Account, segment: &str) -> (u32, &'static str) {
    let touches = &policy.relation.cadence.touch;
    let by_band = match account.relation.band {
        Band::Red => (touches.red.of(segment), "red"),
        Band::Yellow => (touches.yellow.of(segment), "yellow"),
        Band::Unknown => (touches.yellow.of(segment), "not scored yet"),
        Band::Green => (touches.green.of(segment), "green"),
    };
    let onboarding = (touches.onboarding.of(segment), "onboarding");
    let begins = account.profile.stage.as_deref() == Some("onboarding");
    if begins && onboarding.0 < by_band.0 { onboarding } else { by_band }
}

pub(crate) fn days(days: u32) -> i32 {
    i32::try_from(days).unwrap_or(i32::MAX / 4)
}

/// The next midnight, and a little after those of the agents that are read here.
pub(crate) fn next_daily(now: Time) -> Time {
    now.day().plus(1).start().plus_ms(30 * bus_schema::time::MINUTE_MS)
}

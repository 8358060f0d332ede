//! Where an account stands in its life: segment, stage and owner, said when they change.

use agent::{Effects, Turn, Usage};
use bus_schema::{
    Data, Event,
    data::{
        facts::{AccountFlag, FlagsChanged, OwnerChanged, SegmentChanged, StageChanged},
        people::MuteScope,
    },
};

use crate::{
    flags, habits, people,
    policy::Policy,
    segment, service, stage,
    state::{Pause, State},
};

/// Contacts whose answers are kept.
const ANSWERS_MAX: usize = 500;

/// Timer: the stage may change without an event.
const STAGE: &str = "stage";
/// Timer: the regular look at the segment.
const SEGMENT: &str = "segment";
/// Timer: a pinned segment ends.
const PIN: &str = "pin";
/// Timer: a flag may change without an event.
const FLAGS: &str = "flags";
/// Timer: somebody who covers hands back.
const COVER: &str = "cover";

/// Folds an event of the account and says what changed by it.
pub(crate) fn on_event(turn: &Turn<'_>, policy: &Policy, state: &mut State, event: &Event, effects: &mut Effects) {
    let first = state.life.segment.is_none();
    let use_only = fold(turn, state, event, effects);
    if first {
        effects.set_timer(SEGMENT, segment_review(turn, policy));
    }
    if first || !use_only {
        say_segment(turn, policy, state, effects);
        say_stage(turn, policy, state, effects);
        say_flags(turn, policy, state, effects);
        say_people(state, effects);
    }
}

/// A timer of the account's life is due.
pub(crate) fn on_timer(turn: &Turn<'_>, policy: &Policy, state: &mut State, name: &str, effects: &mut Effects) {
    match name {
        STAGE => {
            state.life.stage_review = None;
            say_stage(turn, policy, state, effects);
        }
        SEGMENT => {
            say_segment(turn, policy, state, effects);
            service::say(turn, policy, state, effects);
            effects.set_timer(SEGMENT, segment_review(turn, policy));
        }
        FLAGS => {
            state.life.flags_review = None;
            say_flags(turn, policy, state, effects);
        }
        PIN => {
            state.life.pinned = None;
            say_segment(turn, policy, state, effects);
            service::say(turn, policy, state, effects);
        }
        COVER => {
            state.life.cover = None;
            say_owner(state, effects);
        }
        habits::TIMER => habits::on_timer(turn, policy, state, effects),
        // A timer that an earlier version set.
        _ => {}
    }
}

fn segment_review(turn: &Turn<'_>, policy: &Policy) -> bus_schema::Time {
    turn.now.day().plus(policy.segment.review_days).start()
}

/// Folds what only the supervisor keeps. Answers whether the event is mere use, which moves neither segment nor stage
/// before the next regular look.
fn fold(turn: &Turn<'_>, state: &mut State, event: &Event, effects: &mut Effects) -> bool {
    let day = event.header.time.day();
    let life = &mut state.life;
    let later = |known: &mut Option<bus_schema::Day>| *known = Some(known.map_or(day, |known| known.max(day)));
    match &event.data {
        Data::UserLoggedIn(data) => return used(state, |usage| usage.record(&data.user, day, turn.cause)),
        Data::UsageRecorded(data) => return used(state, |usage| usage.record(&data.user, day, turn.cause)),
        Data::UsageAggregated(data) => {
            return used(state, |usage| usage.record_aggregate(data.active_users, data.day, turn.cause));
        }
        Data::AccountWonBack(data) => life.won_back_on = Some(data.on),
        Data::AccountChurned(_) => life.won_back_on = None,
        Data::OnboardingCompleted(_) => life.onboarded = true,
        Data::AdvocacyAccepted(_) | Data::AdvocacyCompleted(_) => later(&mut life.advocacy_on),
        Data::RoiReported(_) | Data::OutcomeDocumented(_) => later(&mut life.value_on),
        Data::OpportunityWon(_) | Data::ExpansionQualified(_) => later(&mut life.opportunity_on),
        Data::ChurnForecasted(data) => life.tier = data.tier,
        Data::AccountMuted(data) if data.scope == MuteScope::All => {
            life.paused = Some(data.until.map_or(Pause::ForGood, Pause::Until));
        }
        Data::NpsResponded(data) => {
            if let Some(contact) = event.header.contact.as_ref().filter(|_| life.answers.len() < ANSWERS_MAX) {
                life.answers.insert(contact.clone(), (data.score, turn.cause));
            }
        }
        Data::SegmentPinned(data) => {
            effects.cancel_timer(PIN);
            life.pinned = data.segment.as_ref().map(|segment| (segment.to_string(), data.until));
            if let (Some(_), Some(until)) = (&life.pinned, data.until) {
                effects.set_timer(PIN, until.plus(1).start());
            }
        }
        Data::CsmAssigned(data) => {
            let csm = data.csm.to_string();
            effects.cancel_timer(COVER);
            match (&data.delegate, data.until) {
                // Somebody covers for the CSM.
                (Some(delegate), until) => {
                    life.csm = Some(csm);
                    life.cover = Some((delegate.to_string(), until));
                }
                // The CSM has the account for a time only; then it goes back.
                (None, Some(until)) => life.cover = Some((csm, Some(until))),
                (None, None) => (life.csm, life.cover) = (Some(csm), None),
            }
            if let Some((_, Some(until))) = &life.cover {
                effects.set_timer(COVER, until.plus(1).start());
            }
            say_owner(state, effects);
        }
        // The other kinds of READS are in the profile.
        _ => {}
    }
    if state.profile.seats().is_some() {
        state.life.usage = None;
    }
    false
}

/// Counts use while no seats are known.
fn used(state: &mut State, count: impl FnOnce(&mut Usage)) -> bool {
    if state.profile.seats().is_none() {
        count(state.life.usage.get_or_insert_default());
    }
    true
}

fn say_segment(turn: &Turn<'_>, policy: &Policy, state: &mut State, effects: &mut Effects) {
    let judged = segment::judge(policy, state, turn.now.day());
    let life = &mut state.life;
    if life.segment.as_ref() == Some(&judged.segment) && life.unclassified == judged.unclassified {
        return;
    }
    effects.emit(Data::SegmentChanged(SegmentChanged {
        from: life.segment.as_ref().map(|segment| segment.name().to_owned()),
        to: judged.segment.name().to_owned(),
        reason: judged.reason,
        unclassified: judged.unclassified,
    }));
    (life.segment, life.unclassified) = (Some(judged.segment), judged.unclassified);
}

fn say_stage(turn: &Turn<'_>, policy: &Policy, state: &mut State, effects: &mut Effects) {
    let today = turn.now.day();
    let (judged, reason) = stage::judge(policy, state, today);
    let review = stage::next_review(policy, state, today).map(bus_schema::Day::start);
    let life = &mut state.life;
    if life.stage_review != review {
        life.stage_review = review;
        match review {
            Some(due) => effects.set_timer(STAGE, due),
            None => effects.cancel_timer(STAGE),
        }
    }
    if life.stage == Some(judged) {
        return;
    }
    let from = life.stage.replace(judged).map(|before| before.name().to_owned());
    effects.emit(Data::StageChanged(StageChanged { from, to: judged.name().to_owned(), reason }));
}

fn say_flags(turn: &Turn<'_>, policy: &Policy, state: &mut State, effects: &mut Effects) {
    let today = turn.now.day();
    let flags = flags::judge(policy, state, today);
    let review = flags::next_review(policy, state, today).map(bus_schema::Day::start);
    let life = &mut state.life;
    if life.flags_review != review {
        life.flags_review = review;
        match review {
            Some(due) => effects.set_timer(FLAGS, due),
            None => effects.cancel_timer(FLAGS),
        }
    }
    let now: Vec<AccountFlag> = flags.iter().map(|set| set.flag).collect();
    if now == life.flags {
        return;
    }
    let before = std::mem::replace(&mut life.flags, now.clone());
    let set = now.iter().filter(|flag| !before.contains(flag)).copied().collect();
    let cleared = before.iter().filter(|flag| !now.contains(flag)).copied().collect();
    effects.emit(Data::FlagsChanged(FlagsChanged { flags, set, cleared }));
}

/// Says who decides, once anybody is known and whenever it changes.
fn say_people(state: &mut State, effects: &mut Effects) {
    if state.profile.contacts.is_empty() {
        return;
    }
    let map = people::map(state);
    let told = |person: &bus_schema::data::facts::Stakeholder| {
        format!("{} {} {} {}", person.contact, person.roles.join(" "), person.influence, person.stance)
    };
    let text: Vec<String> = map.people.iter().map(told).chain(map.gaps.iter().cloned()).collect();
    let parts: Vec<&str> = text.iter().map(String::as_str).collect();
    let digest = agent::digest::number(&parts);
    if state.life.mapped.replace(digest) != Some(digest) {
        effects.emit(Data::StakeholdersMapped(map));
    }
}

fn say_owner(state: &mut State, effects: &mut Effects) {
    let life = &mut state.life;
    let owner = life.cover.as_ref().map(|(cover, _)| cover.clone()).or_else(|| life.csm.clone());
    if owner == life.owner {
        return;
    }
    let (reason, until) = match (&life.cover, &life.csm) {
        (Some((cover, until)), Some(csm)) if cover != csm => (format!("{cover} covers for {csm}"), *until),
        (Some((cover, until)), _) => (format!("{cover} has it for a time"), *until),
        (None, Some(csm)) => (format!("{csm} looks after it"), None),
        (None, None) => ("nobody looks after it".into(), None),
    };
    let from = std::mem::replace(&mut life.owner, owner.clone());
    effects.emit(Data::OwnerChanged(OwnerChanged { from, to: owner, reason, until }));
}

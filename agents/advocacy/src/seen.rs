//! Events as they bear on voices: answers, acts, value, and what stands against asking.

use bus_schema::{
    Data, Day, Event,
    data::{
        advocacy::AdvocacyAct,
        value::Attestor,
        words::{Label, Reading, TouchClass},
    },
    entity::fnv1a,
};

use crate::{
    policy::Counted,
    state::{Account, Mark},
};

/// Attested outcomes kept.
const ATTESTED_MAX: usize = 8;
/// Escalations kept.
const ESCALATIONS_MAX: usize = 50;

/// Adds an event to what is known.
pub(crate) fn see(account: &mut Account, event: &Event, mark: Mark, day: Day) {
    see_relation(account, event, mark);
    see_trouble(account, event, mark);
    see_acts(account, event, day);
    see_voice(account, event, mark, day);
    see_life(account, event, day);
}

/// Value that a person stands for, and messages.
#[expect(clippy::wildcard_enum_match_arm, reason = "only value and messages are looked at here")]
fn see_relation(account: &mut Account, event: &Event, mark: Mark) {
    let by_person = |by: &Attestor| match by {
        Attestor::Customer | Attestor::Csm => true,
        Attestor::Other(_) => false,
    };
    let contact = event.header.contact.as_deref();
    match &event.data {
        Data::OutcomeDocumented(data) if by_person(&data.attested_by) => attest(account, mark),
        Data::RoiReported(data) if by_person(&data.attested_by) => attest(account, mark),
        Data::OutreachDelivered(data) if data.class == TouchClass::Relationship => {
            let id = fnv1a(data.message.as_bytes());
            if let Some(person) = contact.and_then(|contact| account.person(contact)) {
                person.message(id);
            }
        }
        Data::OutreachReplied(data) => {
            let id = fnv1a(data.message.as_bytes());
            if let Some(person) = contact.and_then(|contact| account.person(contact)) {
                person.reply(id);
            }
        }
        _ => {}
    }
}

fn attest(account: &mut Account, mark: Mark) {
    account.attested.push_back(mark);
    if account.attested.len() > ATTESTED_MAX {
        account.attested.pop_front();
    }
}

/// Health, risk, escalations.
#[expect(clippy::wildcard_enum_match_arm, reason = "only trouble is looked at here")]
fn see_trouble(account: &mut Account, event: &Event, mark: Mark) {
    match &event.data {
        Data::HealthScored(data) => account.health = Some((data.band, data.final_score, mark.event)),
        Data::ChurnForecasted(data) => account.risk = Some((data.tier, mark.event)),
        Data::EscalationRaised(data) if account.escalations.len() < ESCALATIONS_MAX => {
            account.escalations.insert(data.escalation.clone(), mark.event);
        }
        Data::EscalationResolved(data) => {
            account.escalations.remove(&data.escalation);
            account.escalation_over = Some(mark.at);
        }
        _ => {}
    }
}

/// What people do for us.
#[expect(clippy::wildcard_enum_match_arm, reason = "only acts are looked at here")]
fn see_acts(account: &mut Account, event: &Event, day: Day) {
    match &event.data {
        Data::AdvocacyAsked(data) => {
            // An ask that was ours was counted when it was proposed; one made by hand counts now.
            let fresh = account.person(&data.contact).is_some_and(|person| {
                let known = person.asked.is_some_and(|ask| ask.open);
                person.ask(day);
                !known
            });
            if fresh {
                account.asks.push_back(day);
            }
        }
        Data::AdvocacyAccepted(data) => {
            if let Some(person) = account.person(&data.contact) {
                person.answered();
            }
        }
        Data::AdvocacyDeclined(data) => {
            if let Some(person) = account.person(&data.contact) {
                person.decline(day);
            }
        }
        Data::AdvocacyCompleted(data) => {
            let reference = data.act == AdvocacyAct::Reference;
            if let Some(person) = account.person(&data.contact) {
                person.answered();
                person.completed = person.completed.saturating_add(1);
                if reference {
                    person.used(day);
                }
            }
            account.voice.acted(&data.act, day);
        }
        _ => {}
    }
}

/// Answers, reviews, feedback.
#[expect(clippy::wildcard_enum_match_arm, reason = "only voices are looked at here")]
fn see_voice(account: &mut Account, event: &Event, mark: Mark, day: Day) {
    let contact = event.header.contact.as_deref();
    match &event.data {
        Data::NpsResponded(data) => {
            if let Some(contact) = contact
                && data.survey_type.as_str() == "relationship"
            {
                account.voice.answered(contact, data.score, mark, day);
                if let Some(person) = account.person(contact) {
                    // Who answers was asked, whoever forgot to say so.
                    person.surveyed = person.surveyed.max(Some(day));
                    person.relationship = person.relationship.max(Some(day));
                    if person.answer.is_none_or(|(_, known)| known.at <= mark.at) {
                        person.answer = Some((data.score, mark));
                    }
                }
            }
            theme(account, &data.reading, None, day);
        }
        Data::SurveyResponded(data) => {
            account.voice.satisfied(data.score, data.scale, day);
            theme(account, &data.reading, None, day);
        }
        Data::CsatResponded(data) => {
            account.voice.satisfied(data.score, data.scale, day);
            theme(account, &data.reading, None, day);
        }
        Data::PublicReviewPosted(data) => {
            account.voice.reviewed(day);
            theme(account, &data.reading, None, day);
        }
        Data::FeedbackSubmitted(data) => theme(account, &data.reading, Some(&data.product_area), day),
        Data::SurveySent(data) => {
            account.voice.asked(&data.contact, day);
            let relationship = data.survey_type.as_str() == "relationship";
            if let Some(person) = account.person(&data.contact) {
                person.surveyed = person.surveyed.max(Some(day));
                if relationship {
                    person.relationship = person.relationship.max(Some(day));
                }
            }
        }
        _ => {}
    }
}

/// What a text is about: its area, else its category, else its first topic.
fn theme(account: &mut Account, reading: &Reading, area: Option<&str>, day: Day) {
    let read = reading.product_area.as_ref().or(reading.category.as_ref()).or_else(|| reading.topics.first());
    let theme = area.or_else(|| read.map(Label::as_str));
    if let Some(theme) = theme {
        account.voice.spoke(theme, reading.sentiment_bp.map(bus_schema::data::words::Sentiment::bp), day);
    }
}

/// What is counted for a thank-you, and whether anybody is active.
#[expect(clippy::wildcard_enum_match_arm, reason = "only life is looked at here")]
fn see_life(account: &mut Account, event: &Event, day: Day) {
    let counted = match &event.data {
        Data::OrderPlaced(_) => Some(Counted::Orders),
        Data::ListingPublished(_) => Some(Counted::Listings),
        Data::RatingReceived(data) if data.rating >= 4 => Some(Counted::GoodRatings),
        Data::CommunityParticipated(_) => Some(Counted::Community),
        _ => None,
    };
    if let Some(counted) = counted {
        let count = account.counts.entry(counted).or_default();
        *count = count.saturating_add(1);
    }
    let active = matches!(
        &event.data,
        Data::UserLoggedIn(_) | Data::UsageRecorded(_) | Data::OrderPlaced(_) | Data::ListingPublished(_)
    );
    if active {
        account.active = account.active.max(Some(day));
    }
}

//! How long since customer and CSM last spoke, against the cadence of segment and band.

use std::fmt::Write as _;

use super::{Evidence, Measurement, Outcome, View, bounded, count};

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let account = view.account;
    let (relation, profile) = (&account.relation, &account.profile);
    let rules = &view.policy.metric.csm_engagement;
    let clicked = relation.clicked.filter(|_| view.digital_first());
    let touched = relation.touched.max(clicked.map(|(at, _)| at));
    let spoken = touched.is_some() || !relation.missed.is_empty() || !relation.messages.is_empty();
    let Some(since) = touched.map(|at| view.day_of(at)).or_else(|| profile.start()).filter(|_| spoken) else {
        return Outcome::Missing("no meeting, message or call was ever told".into());
    };
    let days = i64::from((view.today.0 - since.0).max(0));
    let onboarding = profile.stage.as_deref() == Some("onboarding");
    let cadence = view.policy.cadence(profile.vendor, view.segment).days(view.band, onboarding);
    let used = days * 10_000 / cadence;
    let from = view.today.plus(-rules.missed_days);
    let missed = i64::try_from(relation.missed.iter().filter(|(day, _)| *day >= from).count()).unwrap_or(0);
    let costs = (missed * rules.missed_costs).min(rules.missed_costs_max);
    let mut reason = match touched {
        Some(_) => format!("{} since we last spoke, every {cadence} is the aim", count(days, "day", "days")),
        None => format!("never spoken in {}, every {cadence} is the aim", count(days, "day", "days")),
    };
    if missed > 0 {
        let _ = write!(reason, ", {} missed", count(missed, "meeting", "meetings"));
    }
    let mut evidence = Evidence::from(&relation.two_way);
    if let Some((at, cause)) = clicked.filter(|(at, _)| touched == Some(*at)) {
        evidence.at = Some(at);
        evidence.events.insert(0, cause);
    }
    let recent_missed = relation.missed.iter().rev().filter(|(day, _)| *day >= from).map(|(_, cause)| *cause);
    evidence.events.splice(0..0, recent_missed);
    evidence.events.truncate(agent::usage::CITED_MAX);
    evidence.total = evidence.total.saturating_add(u32::try_from(missed).unwrap_or(0));
    Outcome::Measured(Measurement {
        points: bounded(rules.points.at(used) - costs),
        value: Some((days, "days")),
        reason,
        as_of: view.now,
        evidence,
    })
}

//! How the customer's money stands, as last reported.

use super::{Evidence, Measurement, Outcome, View};
use crate::state::Purse;

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let rules = &view.policy.metric.budget;
    let Some((purse, at, cause)) = view.account.pipeline.budget else {
        return Outcome::Missing("the budget was never reported".into());
    };
    let (points, words) = match purse {
        Purse::Frozen => (rules.frozen_points, "frozen"),
        Purse::Concern => (rules.concern_points, "a concern"),
        Purse::Confirmed => (rules.confirmed_points, "confirmed"),
        Purse::Increased => (rules.increased_points, "increased"),
    };
    Outcome::Measured(Measurement {
        points,
        value: None,
        reason: format!("the budget was reported as {words} on {}", view.day_of(at)),
        as_of: at,
        evidence: Evidence { at: Some(at), events: vec![cause], total: 1 },
    })
}

//! Rules between the fields of one event, beyond what their types say.

use crate::{
    Data,
    data::{
        people::OverrideSet,
        product::IncidentScope,
        words::{Label, List},
    },
};

/// A rule that an event's data breaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{field}` {problem}")]
pub struct Wrong {
    /// The field.
    pub field: &'static str,
    /// What is wrong with it and what would be right.
    pub problem: &'static str,
}

/// Best answer of a net promoter score.
const NPS_BEST: u8 = 10;
/// Most stars.
const STARS_BEST: u8 = 5;
/// Best score of an account.
const SCORE_BEST: u32 = 10_000;

/// Checks the rules of a kind. Kinds without rules pass.
///
/// # Errors
/// The first rule that is broken.
pub fn check(data: &Data) -> Result<(), Wrong> {
    match data {
        Data::ContractSigned(d) => term(d.term_start, d.term_end),
        Data::ContractAmended(d) => term(d.term_start, d.term_end),
        Data::PlanUsageMeasured(d) => rule(d.limit > 0, "limit", "must not be 0: leave meters without a limit out"),
        Data::CsatResponded(d) => scale(d.score, d.scale),
        Data::SurveyResponded(d) => scale(d.score, d.scale),
        Data::NpsResponded(d) => rule(d.score <= NPS_BEST, "score", "must be 0 to 10"),
        Data::PublicReviewPosted(d) => stars(d.rating),
        Data::RatingReceived(d) => stars(d.rating),
        Data::ApiCalled(d) => rule(
            d.day.is_some() != d.hour.is_some(),
            "day",
            "or `hour` is needed, and not both: say what the sum is of",
        ),
        Data::IncidentOpened(d) => scope(&d.scope, &d.accounts, &d.product_areas, d.region.as_ref()),
        Data::IncidentResolved(d) => scope(&d.scope, &d.accounts, &d.product_areas, d.region.as_ref()),
        Data::OverrideSet(OverrideSet { score: Some(score), .. }) => {
            rule(*score <= SCORE_BEST, "score", "must be 0 to 10000")
        }
        // Every other kind is fully described by its types.
        _ => Ok(()),
    }
}

const fn rule(holds: bool, field: &'static str, problem: &'static str) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err(Wrong { field, problem }) }
}

fn term(start: crate::Day, end: crate::Day) -> Result<(), Wrong> {
    rule(end >= start, "term_end", "must not be before `term_start`")
}

fn scale(score: u8, best: u8) -> Result<(), Wrong> {
    rule(best > 0, "scale", "must not be 0: it is the best answer possible")?;
    rule(score <= best, "score", "must not be above `scale`")
}

fn stars(rating: u8) -> Result<(), Wrong> {
    rule((1..=STARS_BEST).contains(&rating), "rating", "must be 1 to 5")
}

fn scope(
    scope: &IncidentScope,
    accounts: &List<Label>,
    areas: &List<Label>,
    region: Option<&Label>,
) -> Result<(), Wrong> {
    match scope {
        IncidentScope::Accounts => rule(!accounts.is_empty(), "accounts", "must name the accounts of the scope"),
        IncidentScope::ProductAreas => rule(!areas.is_empty(), "product_areas", "must name the areas of the scope"),
        IncidentScope::Region => rule(region.is_some(), "region", "must name the region of the scope"),
        IncidentScope::All | IncidentScope::Other(_) => Ok(()),
    }
}

//! Whether requests are resolved in time and to the customer's satisfaction.

use agent::arithmetic::{share, shrunk};

use super::{Evidence, Measurement, Outcome, View, percent};

const ANSWERS_DAYS: i32 = 180;
const RESOLVED_DAYS: i32 = 90;

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let support = &view.account.support;
    let rules = &view.policy.metric.resolution_satisfaction;
    let answers = support.answers.all.within(view.today, ANSWERS_DAYS);
    let good = support.answers.good.within(view.today, ANSWERS_DAYS);
    let resolved = support.resolved.within(view.today, RESOLVED_DAYS);
    let in_time = share(support.resolved_in_time.within(view.today, RESOLVED_DAYS), resolved);
    let satisfied = (answers > 0).then(|| shrunk(good, answers, rules.prior_bp, rules.prior_weight));
    let in_time_words = |bp| format!("{} % of {resolved} resolved in time", percent(bp));
    let satisfied_words = || format!("{good} of {answers} answers good");
    let (points, value, reason) = match (satisfied, in_time) {
        (Some(c), Some(l)) => {
            let tenths = rules.satisfied_tenths;
            let points = (tenths * rules.satisfied.at(c) + (10 - tenths) * rules.in_time.at(l)) / 10;
            (points, c, format!("{}, {}", satisfied_words(), in_time_words(l)))
        }
        (Some(c), None) => (rules.satisfied.at(c), c, satisfied_words()),
        (None, Some(l)) => (rules.in_time.at(l), l, in_time_words(l)),
        (None, None) => return Outcome::Missing("nothing was resolved or rated".into()),
    };
    let evidence = Evidence::from(&support.resolved_trail);
    let as_of = evidence.at.unwrap_or(view.now);
    Outcome::Measured(Measurement { points, value: Some((value, "bp")), reason, as_of, evidence })
}

//! Rivals that came up. What was heard fades evenly; that there are none is known only from talking.

use super::{Evidence, Measurement, Outcome, View};

pub(super) fn measure(view: &View<'_>) -> Outcome {
    let account = view.account;
    let rules = &view.policy.metric.competition;
    let talked = account.relation.touched;
    let span = rules.recovers_days.max(1);
    let faded =
        |points: i64, age: i32| points + (rules.none_points - points) * i64::from(age.clamp(0, span)) / i64::from(span);
    let heard = |marks: &crate::state::Marks, points: i64| {
        let latest = marks.within(view.today, span).next()?;
        Some((faded(points, view.today.0 - latest.0.0), latest))
    };
    let evaluation = heard(&account.pipeline.evaluations, rules.evaluation_points);
    let mention = heard(&account.pipeline.mentions, rules.mention_points);
    let worst = match (evaluation, mention) {
        (Some(evaluation), Some(mention)) if mention.0 < evaluation.0 => Some((mention, "a rival came up")),
        (Some(evaluation), _) => Some((evaluation, "they looked at a rival")),
        (None, mention) => mention.map(|mention| (mention, "a rival came up")),
    };
    let days = |day: bus_schema::Day| view.today.0 - day.0;
    if let Some(((points, (day, cause)), words)) = worst {
        return Outcome::Measured(Measurement {
            points,
            value: Some((i64::from(days(day)), "days")),
            reason: format!("{words} {} days ago", days(day)),
            as_of: talked.map_or(day.start(), |at| at.max(day.start())).min(view.now),
            evidence: Evidence::of([(day, cause)].into_iter()),
        });
    }
    match talked.filter(|at| days(view.day_of(*at)) <= rules.talk_days) {
        Some(at) => Outcome::Measured(Measurement {
            points: rules.none_points,
            value: None,
            reason: "no rival came up in talks".into(),
            as_of: at,
            evidence: Evidence::from(&account.relation.two_way),
        }),
        None => Outcome::Missing(format!("no talk in {} days in which a rival could have come up", rules.talk_days)),
    }
}

//! What the models said at the beginning of a month, and what became of the account: told once it is known, so that
//! every model can be held against it.

use agent::Effects;
use bus_schema::{
    Data, Day, Entity,
    data::facts::{Band, HealthSettled, MetricPoints, MetricState},
};

use crate::{
    metrics::View,
    model::Scored,
    policy::Policy,
    review::month_number,
    scoring::small,
    state::{Account, EVERY_SEGMENT, Snapshot},
};

/// Within so many days of a score an account must leave for the score to have been a warning.
const HORIZON_DAYS: i32 = 90;
/// So long before it leaves an account should be red.
const WARNING_DAYS: i32 = 30;

/// Keeps what is said at the beginning of a month, and settles what is old enough. An account of which too little is
/// known has no score to be held against.
pub(crate) fn monthly(
    policy: &Policy,
    account: &mut Account,
    (used, shadows): (&Scored, &[Scored]),
    today: Day,
    effects: &mut Effects,
) {
    let entity = every(account);
    while account.past.snapshots.front().is_some_and(|own| today.0 - own.on.0 > HORIZON_DAYS) {
        let Some(snapshot) = account.past.snapshots.pop_front() else { break };
        tell(&entity, &snapshot, false, effects);
    }
    let kept = account.past.snapshots.back().is_some_and(|last| month_number(last.on) == month_number(today));
    if kept || account.band.band == Band::Unknown {
        return;
    }
    let scores = {
        let view = View::new(account, policy, today.start());
        let binding = view.binding();
        let models = std::iter::once(policy.model(&binding)).chain(policy.shadows(&binding));
        let said = std::iter::once(used).chain(shadows);
        models
            .zip(said)
            .map(|(model, own)| (model.name.clone(), model.version, small(i64::from(own.machine))))
            .collect()
    };
    let known = std::iter::once(used).chain(shadows).flat_map(Scored::readings);
    let points = known.filter(|own| own.state == MetricState::Known).map(|own| (own.metric, own.points)).collect();
    let red_long = account.past.red_for(today, WARNING_DAYS);
    account.past.keep(Snapshot { on: today, scores, red_long, points });
}

/// The account left. What was said of it in the 90 days before is settled as said of one that leaves.
pub(crate) fn lost(policy: &Policy, account: &mut Account, today: Day, effects: &mut Effects) {
    let entity = every(account);
    let ended = account.profile.ended_on.unwrap_or(today);
    let known_on = account.profile.notice_on.unwrap_or(ended).min(ended).min(today);
    let warned_by = known_on.plus(-WARNING_DAYS);
    let before = account.past.snapshots.iter().rev().find(|own| own.on <= warned_by);
    let latest = account.past.snapshots.back();
    let words: Vec<HealthSettled> = latest
        .map(|latest| {
            let said = |model: &str| {
                let mut scores = before.iter().flat_map(|own| &own.scores);
                scores
                    .find(|(own, ..)| own == model)
                    .is_some_and(|(_, _, score)| i64::from(*score) < policy.band.yellow_from)
            };
            let word = |((model, version, machine), first): (&(String, u32, u16), bool)| HealthSettled {
                model: model.clone(),
                version: *version,
                scored_on: latest.on,
                machine: *machine,
                left: true,
                red_long: false,
                metrics: Vec::new(),
                // Only the model in use has a band; of a shadow the score stands for it.
                lost_red_before: Some(if first { account.past.red_on(warned_by) } else { said(model) }),
            };
            latest.scores.iter().zip(std::iter::once(true).chain(std::iter::repeat(false))).map(word).collect()
        })
        .unwrap_or_default();
    for snapshot in std::mem::take(&mut account.past.snapshots) {
        // What was said after the loss was known foretold nothing.
        if snapshot.on < known_on {
            let left = known_on.0 - snapshot.on.0 <= HORIZON_DAYS;
            tell(&entity, &snapshot, left, effects);
        }
    }
    for word in words {
        effects.emit_to(entity.clone(), Data::HealthSettled(word));
    }
}

fn tell(entity: &Entity, snapshot: &Snapshot, left: bool, effects: &mut Effects) {
    for ((model, version, machine), first) in
        snapshot.scores.iter().zip(std::iter::once(true).chain(std::iter::repeat(false)))
    {
        let metrics = snapshot
            .points
            .iter()
            .map(|(metric, points)| MetricPoints { metric: metric.name().to_owned(), points: *points });
        let fact = HealthSettled {
            model: model.clone(),
            version: *version,
            scored_on: snapshot.on,
            machine: *machine,
            left,
            red_long: snapshot.red_long && first,
            metrics: metrics.collect(),
            lost_red_before: None,
        };
        effects.emit_to(entity.clone(), Data::HealthSettled(fact));
    }
}

/// All accounts of its kind.
fn every(account: &Account) -> Entity {
    let kind = if account.profile.vendor { "vendor" } else { "customer" };
    Entity::Segment(kind.into(), EVERY_SEGMENT.into())
}

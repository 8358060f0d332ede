//! Events: what they show of an account that may grow. Time: the daily look at gate, readiness and opportunities.

use agent::{Effects, Turn, arithmetic::real_fall};
use bus_schema::{
    Data, Day, Entity, Event, Time,
    data::{
        facts::{
            AdoptionRecommended, Condition, ExpansionSampled, HealthScored, LimitWarned, MetricState, PeersCompared,
        },
        people::{ItemState, PlanEdited, PlanKind},
        support::FeedbackType,
        value::Attestor,
    },
    time::{DAY_MS, MINUTE_MS},
};

use crate::{
    attribution::{self, Before},
    cost, gate, opportunity, plays,
    policy::Policy,
    readiness, signals,
    state::{Account, Health, Mark, Risk, month},
};

/// The daily timer.
const DAILY: &str = "daily";
/// Days for which an account that left is told of: the year that is measured, and the month it ended in.
const REMEMBERED_DAYS: i32 = 396;

/// Folds an event of an account.
pub(crate) fn fold(turn: &Turn<'_>, policy: &Policy, account: &mut Account, event: &Event, effects: &mut Effects) {
    let before = Before::of(account);
    account.profile.fold(event);
    let mark = Mark { at: event.header.time, event: turn.cause };
    let day = account.today(policy, mark.at);
    account.trouble.fold(event, day, mark.event);
    see_use(policy, account, event, mark, day);
    see_value(account, event, mark);
    see_facts(policy, account, event, mark, day);
    attribution::signed(policy, account, &before, event, mark, effects);
    opportunity::fold(account, event, mark, effects);
    if let Data::PeersCompared(data) = &event.data {
        compare(turn, policy, account, data, effects);
    }
    if !account.running && !account.profile.ended() {
        account.running = true;
        effects.set_timer(DAILY, next_daily(turn));
    }
    if account.profile.ended() {
        if !before.ended {
            account.opportunities.ours = None;
            (account.told.missing, account.told.days, account.told.ready_on) = (None, 0, None);
        }
        return;
    }
    // What closes the gate is told at once; what opens it can wait for the daily look, and so can what was never told.
    let gate = gate::check(policy, account, turn.now);
    let open = account.told.missing.as_ref().is_some_and(Vec::is_empty);
    if open && !gate.holds() {
        gate::tell(turn, account, &gate, &[], effects);
    }
}

/// The daily look.
pub(crate) fn daily(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    if !account.running {
        return;
    }
    let today = account.today(policy, turn.now);
    if let Some(ended_on) = account.profile.ended_on {
        return remember(turn, policy, account, ended_on, today, effects);
    }
    effects.set_timer(DAILY, next_daily(turn));
    account.teams.forget(today.plus(-policy.signals.missed_days));
    account.overrides.retain(|_, (until, _)| *until >= today);
    opportunity::age(turn, policy, account, today, effects);
    cost::look(turn, policy, account, today, effects);
    let (signals, ready) = (signals::look(policy, account, today), readiness::measure(policy, account, today));
    let gate = gate::check(policy, account, turn.now);
    gate::tell(turn, account, &gate, &signals, effects);
    opportunity::look(turn, policy, account, (&gate, &ready, &signals), today, effects);
    readiness::tell(turn, policy, account, &ready, &signals, effects);
    limits(turn, policy, account, today, effects);
    if let Some(cents) = account.profile.arr.and_then(|arr| policy.us_cents(arr)) {
        account.growth.keep(today, cents);
    }
    if account.told.month != Some(month(today)) {
        tell_segment(policy, account, turn, effects);
    }
}

/// An account that left goes on being told of for a year: whoever counts growth must count losses.
fn remember(turn: &Turn<'_>, policy: &Policy, account: &mut Account, ended_on: Day, today: Day, effects: &mut Effects) {
    if today.0 - ended_on.0 > REMEMBERED_DAYS {
        account.running = false;
        return;
    }
    effects.set_timer(DAILY, next_daily(turn));
    account.growth.keep(today, 0);
    if account.told.month != Some(month(today)) {
        tell_segment(policy, account, turn, effects);
    }
}

/// Spread over the day, so that not all accounts look at once.
fn next_daily(turn: &Turn<'_>) -> Time {
    let minutes = i64::from(turn.entity.hash() % 1_440);
    let today = turn.now.0.div_euclid(DAY_MS) * DAY_MS + minutes * MINUTE_MS;
    Time(if today > turn.now.0 { today } else { today + DAY_MS })
}

/// Limits, users, features, requests.
#[expect(clippy::wildcard_enum_match_arm, reason = "only use is looked at here")]
fn see_use(policy: &Policy, account: &mut Account, event: &Event, mark: Mark, day: Day) {
    let cause = mark.event;
    match &event.data {
        Data::PlanUsageMeasured(data) => account.limits.read(policy, data, day, cause),
        Data::SeatsMeasured(data) => account.limits.seats.count(policy, data, day, cause),
        Data::UserActivated(data) => active(account, &data.user, mark, day),
        Data::UserLoggedIn(data) => active(account, &data.user, mark, day),
        Data::SessionEnded(data) => active(account, &data.user, mark, day),
        Data::UsageRecorded(data) => {
            active(account, &data.user, mark, day);
            feature(policy, account, &data.feature, Some(&data.user), mark, day);
        }
        Data::FeatureActivated(data) => {
            let user = data.user.as_ref().map(bus_schema::data::words::Label::as_str);
            if let Some(user) = user {
                active(account, user, mark, day);
            }
            feature(policy, account, &data.feature, user, mark, day);
        }
        Data::UsageAggregated(data) => {
            account.usage.record_aggregate(data.active_users, data.day, cause);
            if let Some(name) = data.feature.as_ref().filter(|_| data.quantity > 0) {
                account.features.record(name, data.day, cause);
            }
        }
        Data::FeedbackSubmitted(data) if data.feedback_type == FeedbackType::FeatureRequest => {
            let own = account.profile.plan.as_deref();
            if policy.higher_plan(own, &data.product_area).is_some() {
                let who = event.header.contact.as_deref().unwrap_or(data.feedback.as_str());
                account.teams.ask(&data.product_area, who, day, cause);
            }
        }
        Data::ContactAdded(data) => {
            if let Some(department) = data.department.as_ref().or(data.domain.as_ref()) {
                account.teams.member(&data.contact, department);
            }
        }
        Data::ContactUpdated(data) => {
            if let Some(department) = &data.department {
                account.teams.member(&data.contact, department);
            }
        }
        Data::SalesSummed(data) => {
            if let Some(cents) = policy.us_cents(data.gross) {
                account.growth.sold(data.day, cents);
            }
        }
        Data::SourceStalled(data) => account.features.source(&data.source, true),
        Data::SourceResumed(data) => account.features.source(&data.source, false),
        _ => {}
    }
}

fn active(account: &mut Account, user: &str, mark: Mark, day: Day) {
    account.usage.record(user, day, mark.event);
    account.teams.active(user, day, mark.event, mark.at);
}

/// A feature was used; one that only a higher plan has was tried. What the account counts as core is paid for.
fn feature(policy: &Policy, account: &mut Account, name: &str, user: Option<&str>, mark: Mark, day: Day) {
    let core = account.profile.core_features.iter().any(|core| core == name);
    if !core && policy.higher_plan(account.profile.plan.as_deref(), name).is_some() {
        account.teams.ask(name, user.unwrap_or(name), day, mark.event);
    } else {
        account.features.record(name, day, mark.event);
    }
}

/// Value that a person stands for. An agent cannot.
#[expect(clippy::wildcard_enum_match_arm, reason = "only value is looked at here")]
fn see_value(account: &mut Account, event: &Event, mark: Mark) {
    let by_person = |by: &Attestor| match by {
        Attestor::Customer | Attestor::Csm => true,
        Attestor::Other(_) => false,
    };
    let attested = match &event.data {
        Data::OutcomeDocumented(data) => by_person(&data.attested_by),
        Data::RoiReported(data) => by_person(&data.attested_by),
        Data::GoalAchieved(_) => true,
        _ => false,
    };
    if attested {
        account.attest(mark);
    }
}

/// What other agents, and people of ours, say.
#[expect(clippy::wildcard_enum_match_arm, reason = "only facts and words of people are looked at here")]
fn see_facts(policy: &Policy, account: &mut Account, event: &Event, mark: Mark, day: Day) {
    match &event.data {
        Data::OnboardingCompleted(data) => account.onboarded = Some((data.complete, mark.event)),
        Data::HealthScored(data) => account.health = Some(health(policy, account.health.take(), data, mark, day)),
        Data::ChurnForecasted(data) => {
            account.risk = Some(Risk { tier: data.tier, p90_bp: data.p90_bp, event: mark.event });
        }
        Data::PlanEdited(data) if data.plan == PlanKind::Expansion => overridden(policy, account, data, mark, day),
        _ => {}
    }
}

fn health(policy: &Policy, before: Option<Health>, data: &HealthScored, mark: Mark, day: Day) -> Health {
    let metric = |name: &str| {
        let all = data.pillars.iter().flat_map(|pillar| &pillar.metrics);
        let known = all.filter(|metric| metric.metric == name && metric.state == MetricState::Known);
        known.map(|metric| (metric.points, metric.events.clone())).next()
    };
    let (adoption, trend) = (metric("feature_adoption"), metric("usage_trend"));
    let above = |found: &Option<(u8, _)>, points: u8| found.as_ref().is_some_and(|(own, _)| *own >= points);
    let engaged = above(&trend, policy.signals.engaged_trend) && above(&adoption, policy.signals.engaged_adoption);
    let since = before.and_then(|before| before.engaged_since).unwrap_or(day);
    Health {
        band: data.band,
        coverage_bp: data.coverage_bp,
        event: mark.event,
        people: metric("executive_relationship"),
        adoption,
        trend,
        engaged_since: engaged.then_some(since),
    }
}

/// A person overrides one of the first three conditions for a while, or takes that back. The others bind everybody.
fn overridden(policy: &Policy, account: &mut Account, data: &PlanEdited, mark: Mark, day: Day) {
    let allowed = [Condition::Onboarded, Condition::ValueAttested, Condition::Healthy];
    let named = data.item.as_str().strip_prefix("gate.");
    let Some(condition) = allowed.into_iter().find(|condition| named == Some(condition.name())) else { return };
    match data.state {
        ItemState::Done => {
            let last = day.plus(policy.gate.override_days);
            let until = data.due_on.map_or(last, |due| due.min(last));
            account.overrides.insert(condition, (until, mark.event));
        }
        ItemState::Open | ItemState::Dropped => {
            account.overrides.remove(&condition);
        }
    }
}

/// Hard limits that will be reached at the pace of the last weeks.
fn limits(turn: &Turn<'_>, policy: &Policy, account: &mut Account, today: Day, effects: &mut Effects) {
    let rules = &policy.limit;
    let near = account.limits.meters.iter().filter(|(_, meter)| meter.hard).filter_map(|(name, meter)| {
        let told = account.told.limits.get(name).is_some_and(|told| today.0 - told.0 < rules.again_days);
        let reach = meter.reached(policy, today).filter(|reach| !told && reach.days_left <= rules.within_days)?;
        let last = meter.last()?;
        Some(LimitWarned {
            meter: name.clone(),
            used: last.used,
            limit: last.limit,
            days_left: u32::try_from(reach.days_left).unwrap_or(0),
            reached_on: reach.on,
            reason: format!("{name} will reach its limit of {} on {} at the pace of four weeks", last.limit, reach.on),
            events: reach.events,
        })
    });
    let near: Vec<LimitWarned> = near.collect();
    for fact in near {
        account.told.limits.insert(fact.meter.clone(), today);
        effects.emit(Data::LimitWarned(fact.clone()));
        plays::notice(turn, policy, account, &fact, effects);
    }
}

/// What similar accounts use and this one pays for without using it: the most used of it is recommended.
fn compare(turn: &Turn<'_>, policy: &Policy, account: &mut Account, data: &PeersCompared, effects: &mut Effects) {
    let today = account.today(policy, turn.now);
    // An account that falls back has other worries than a further feature.
    let now = account.usage.volume(today, 28);
    let falls = real_fall(account.usage.volume_between(today.plus(-56), today.plus(-28)), now);
    if account.profile.ended() || !account.features.known() || falls {
        return;
    }
    let in_use = account.features.in_use(today);
    let again = policy.peers.again_days;
    account.told.recommended.retain(|_, told| today.0 - told.0 < again);
    let next = data.features.iter().find(|peer| {
        account.profile.core_features.contains(&peer.feature)
            && !in_use.contains(&peer.feature)
            && !account.told.recommended.contains_key(&peer.feature)
    });
    let Some(peer) = next else { return };
    let reason = format!(
        "{} % of {} similar accounts use {}, which is paid for and not in use here",
        peer.share_bp / 100,
        data.n,
        peer.feature
    );
    account.told.recommended.insert(peer.feature.clone(), today);
    effects.emit(Data::AdoptionRecommended(AdoptionRecommended {
        feature: peer.feature.clone(),
        share_bp: peer.share_bp,
        n: data.n,
        tactics: policy.adoption.tactics.clone(),
        reason: reason.clone(),
        events: std::iter::once(turn.cause).chain(account.features.events()).collect(),
    }));
    plays::recommend(turn, policy, account, (&peer.feature, peer.share_bp, data.n), &reason, effects);
}

/// Tells the segment how the account stands.
fn tell_segment(policy: &Policy, account: &mut Account, turn: &Turn<'_>, effects: &mut Effects) {
    let Entity::Account(name) = turn.entity else { return };
    let today = account.today(policy, turn.now);
    account.told.month = Some(month(today));
    let arr = account.profile.arr.and_then(|arr| policy.us_cents(arr));
    let now = if account.profile.ended() { Some(0) } else { arr };
    let year = account.growth.year(today, now);
    let kind = if account.profile.vendor { "vendor" } else { "customer" };
    let segment = Entity::Segment(kind.into(), account.segment().to_owned());
    effects.emit_to(
        segment,
        Data::ExpansionSampled(ExpansionSampled {
            account: name.clone(),
            features: account.features.in_use(today),
            arr_before: year.arr_before,
            arr_now: year.arr_now,
            renewals: year.renewals,
            expanded: year.expanded,
            renewed: year.renewed,
            added: year.added,
            growth_bp: year.growth_bp,
        }),
    );
}

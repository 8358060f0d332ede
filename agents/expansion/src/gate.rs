//! The ten conditions before every offer, each with its number and the events behind it.

use agent::{Effects, Turn};
use bus_schema::{
    Data, Day, Position, Time,
    data::facts::{Band, Condition, ConditionState, GateFailed, GatePassed, Tier},
    time::DAY_MS,
};

use crate::{
    policy::Policy,
    signals::Signal,
    state::{Account, count},
};

/// How the gate stands.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Gate {
    all: Vec<(bool, ConditionState)>,
}

impl Gate {
    /// Whether an offer may be made.
    pub(crate) fn holds(&self) -> bool {
        self.all.iter().all(|(holds, _)| *holds)
    }

    /// Whether an opportunity may go on inside our house: what fails is overridden by a person.
    pub(crate) fn holds_inside(&self) -> bool {
        self.all.iter().all(|(holds, state)| *holds || state.overridden)
    }

    /// The conditions that fail.
    pub(crate) fn missing(&self) -> Vec<ConditionState> {
        self.all.iter().filter(|(holds, _)| !holds).map(|(_, state)| state.clone()).collect()
    }

    /// All ten.
    pub(crate) fn states(&self) -> Vec<ConditionState> {
        self.all.iter().map(|(_, state)| state.clone()).collect()
    }
}

/// What a condition comes to: whether it holds, why, and the events behind it.
type Found = (bool, String, Vec<Position>);

/// Checks all ten conditions.
pub(crate) fn check(policy: &Policy, account: &Account, now: Time) -> Gate {
    let today = account.today(policy, now);
    let all = Condition::ALL.into_iter().map(|condition| {
        let (holds, reason, events) = found(policy, account, condition, now, today);
        let overridden = !holds && account.overrides.get(&condition).is_some_and(|(until, _)| today <= *until);
        (holds, ConditionState { condition, reason, overridden, events })
    });
    Gate { all: all.collect() }
}

fn found(policy: &Policy, account: &Account, condition: Condition, now: Time, today: Day) -> Found {
    match condition {
        Condition::Onboarded => onboarded(policy, account, today),
        Condition::ValueAttested => value(policy, account, today),
        Condition::Healthy => healthy(policy, account),
        Condition::SupportQuiet => support(account),
        Condition::LowRisk => risk(policy, account),
        Condition::Paid => paid(policy, account, today),
        Condition::NoIncident => incident(policy, account, now),
        Condition::NoDetractor => detractor(policy, account, today),
        Condition::SponsorKnown => sponsor(account),
        Condition::NothingOpen => nothing_open(policy, account, today),
    }
}

fn onboarded(policy: &Policy, account: &Account, today: Day) -> Found {
    let rules = &policy.gate;
    let profile = &account.profile;
    let age = profile.age_days(today);
    let heard = profile.first_seen.zip(profile.started_on).map(|(seen, started)| seen.0 - started.0);
    match account.onboarded {
        Some((true, event)) => (true, "onboarding is complete".into(), vec![event]),
        _ if age >= rules.onboarded_age_days => {
            (true, format!("the account is {age} days old, onboarding is long over"), Vec::new())
        }
        Some((false, event)) => (false, "onboarding was closed incomplete".into(), vec![event]),
        None if heard.is_some_and(|age| age >= rules.onboarded_before_days) => {
            (true, "onboarding was over before we heard of the account".into(), Vec::new())
        }
        None => (false, format!("onboarding is not complete, on day {age}"), Vec::new()),
    }
}

fn value(policy: &Policy, account: &Account, today: Day) -> Found {
    let days = policy.gate.value_days;
    match account.attested_since(today.plus(-days)).last() {
        Some(mark) => (true, format!("value was attested on {}", mark.at.day()), vec![mark.event]),
        None => (false, format!("no value attested by the customer or a CSM in {days} days"), Vec::new()),
    }
}

fn healthy(policy: &Policy, account: &Account) -> Found {
    let Some(health) = &account.health else { return (false, "the account has no health score".into(), Vec::new()) };
    let (band, coverage, events) = (health.band, health.coverage_bp, vec![health.event]);
    let good = match band {
        Band::Unknown | Band::Red => false,
        Band::Yellow | Band::Green => true,
    };
    let text = format!("the health band is {}, {} % of it known", band.name(), coverage / 100);
    (good && coverage >= policy.gate.coverage_bp, text, events)
}

fn support(account: &Account) -> Found {
    let trouble = &account.trouble;
    let open = || trouble.tickets.values().filter(|ticket| ticket.open);
    let urgent: Vec<Position> = open().filter(|ticket| ticket.p1).map(|ticket| ticket.event).collect();
    let late: Vec<Position> = open().filter(|ticket| !ticket.p1 && ticket.late).map(|ticket| ticket.event).collect();
    let parts = [
        (trouble.escalations.len(), "escalation", "escalations", "open"),
        (urgent.len(), "p1 ticket", "p1 tickets", "open"),
        (late.len(), "p2 ticket", "p2 tickets", "older than promised"),
    ];
    let text: Vec<String> = parts
        .iter()
        .filter(|(n, ..)| *n > 0)
        .map(|(n, one, many, how)| format!("{} {how}", count(i64::try_from(*n).unwrap_or(i64::MAX), one, many)))
        .collect();
    if text.is_empty() {
        return (true, "nothing is escalated and no urgent ticket is open".into(), Vec::new());
    }
    let events = trouble.escalations.values().copied().chain(urgent).chain(late).take(8).collect();
    (false, text.join(", "), events)
}

fn risk(policy: &Policy, account: &Account) -> Found {
    let Some(risk) = account.risk else { return (false, "the account has no churn forecast".into(), Vec::new()) };
    let holds = risk.tier < Tier::High && risk.p90_bp < policy.gate.p90_bp;
    // The number stays inside: a page shows it, a message never does.
    let text = format!("the churn tier is {}, {} % within 90 days", risk.tier.name(), risk.p90_bp / 100);
    (holds, text, vec![risk.event])
}

fn paid(policy: &Policy, account: &Account, today: Day) -> Found {
    match account.trouble.overdue(today) {
        Some((id, days, event)) if days > policy.gate.overdue_days => {
            (false, format!("invoice {id} is {days} days overdue"), vec![event])
        }
        Some((id, days, event)) => {
            let days = count(i64::from(days), "day", "days");
            (true, format!("invoice {id} is {days} overdue, which may be"), vec![event])
        }
        None => (true, "no invoice is overdue".into(), Vec::new()),
    }
}

fn incident(policy: &Policy, account: &Account, now: Time) -> Found {
    if !account.profile.incidents.is_empty() {
        let events = account.trouble.incident.into_iter().collect();
        return (false, "an incident covers the account".into(), events);
    }
    let rest = policy.gate.incident_rest_days;
    match account.trouble.incident_over {
        Some((at, event)) if now.since_ms(at) < i64::from(rest) * DAY_MS => {
            (false, format!("an incident ended on {}, fewer than {rest} days ago", at.day()), vec![event])
        }
        _ => (true, "no incident, and none lately".into(), Vec::new()),
    }
}

fn detractor(policy: &Policy, account: &Account, today: Day) -> Found {
    let from = today.plus(-policy.gate.detractor_days);
    let open: Vec<Position> =
        account.trouble.detractors.values().filter(|(day, _)| *day >= from).map(|(_, event)| *event).collect();
    if open.is_empty() {
        return (true, "no unhappy answer waits".into(), Vec::new());
    }
    let n = count(i64::try_from(open.len()).unwrap_or(i64::MAX), "unhappy answer", "unhappy answers");
    (false, format!("{n} whose loop is not closed"), open.into_iter().take(8).collect())
}

fn sponsor(account: &Account) -> Found {
    let known = account.profile.present().filter(|(_, contact)| contact.has("sponsor") || contact.has("champion"));
    let (mut named, mut reachable) = (0, 0);
    for (_, contact) in known {
        named += 1;
        reachable += i64::from(!contact.unreachable && contact.allows("email", "commercial"));
    }
    let text = match (named, reachable) {
        (0, _) => "no sponsor or champion is known".into(),
        (_, 0) => "no sponsor or champion may be written to about offers".into(),
        (_, n) => format!("{} may be written to", count(n, "sponsor or champion", "sponsors and champions")),
    };
    (reachable > 0, text, Vec::new())
}

fn nothing_open(policy: &Policy, account: &Account, today: Day) -> Found {
    account.opportunities.bars(policy, today).map_or_else(
        || (true, "nothing declined lately, nothing open".into(), Vec::new()),
        |(reason, events)| (false, reason, events),
    )
}

/// Says how the gate stands, when that changed.
pub(crate) fn tell(turn: &Turn<'_>, account: &mut Account, gate: &Gate, signals: &[Signal], effects: &mut Effects) {
    let missing = gate.missing();
    let names: Vec<Condition> = missing.iter().map(|state| state.condition).collect();
    if account.told.missing.as_ref() == Some(&names) {
        return;
    }
    account.told.missing = Some(names);
    if missing.is_empty() {
        effects.emit(Data::ExpansionGatePassed(GatePassed {
            conditions: gate.states(),
            policy_version: turn.policy_version,
        }));
    } else {
        effects.emit(Data::ExpansionGateFailed(GateFailed {
            missing,
            signals: signals.iter().map(|signal| signal.sign.name().to_owned()).collect(),
            policy_version: turn.policy_version,
        }));
    }
}

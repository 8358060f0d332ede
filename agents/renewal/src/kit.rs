//! What a person takes into the talks: the content of the business review, and the sheet for the negotiation.
//!
//! Every line is a fact of this account with its events; what nothing is known of is said to be a gap.

use agent::{Effects, Trail};
use bus_schema::{
    Data, Money, Position,
    data::facts::{KitLine, KitSection, RenewalKitPrepared, RenewalSheetPrepared, TermOption},
};

use crate::{policy::Policy, state::Account};

/// The content of the business review.
pub(crate) fn kit(policy: &Policy, account: &Account, effects: &mut Effects) {
    let Some(run) = account.run.as_deref() else { return };
    let sections = [
        ("usage", usage(account)),
        ("outcomes", outcomes(account)),
        ("people", people(policy, account)),
        ("contract", contract(account)),
        ("risks", risks(account)),
    ];
    let mut gaps: Vec<String> = sections
        .iter()
        .filter(|(name, lines)| lines.is_empty() && *name != "risks")
        .map(|(name, _)| format!("nothing is known of {name}"))
        .collect();
    if account.value.outcomes.is_empty() {
        gaps.push("no outcome was attested by the customer or the CSM".into());
    }
    let sections = sections.map(|(section, lines)| KitSection { section: section.into(), lines }).into();
    effects.emit(Data::RenewalKitPrepared(RenewalKitPrepared { contract: run.contract.clone(), sections, gaps }));
}

/// The sheet for the negotiation.
pub(crate) fn sheet(policy: &Policy, account: &Account, effects: &mut Effects) {
    let Some(run) = account.run.as_deref() else { return };
    let terms = account.profile.arr.map_or_else(Vec::new, |arr| {
        let option = |months: &u32| TermOption { months: *months, total: over(arr, *months) };
        policy.sheet.months.iter().map(option).collect()
    });
    let known = |role: &&String| account.profile.present().any(|(_, contact)| contact.has(role));
    let missing = policy.people.stakeholders.iter().filter(|role| !known(role));
    effects.emit(Data::RenewalSheetPrepared(RenewalSheetPrepared {
        contract: run.contract.clone(),
        give: policy.sheet.give.clone(),
        get: policy.sheet.get.clone(),
        terms,
        stakeholders: people(policy, account),
        gaps: missing.map(|role| format!("no {role} is known")).collect(),
    }));
}

/// What a yearly amount comes to over some months.
pub(crate) fn over(arr: Money, months: u32) -> Money {
    let minor = i128::from(arr.minor) * i128::from(months) / 12;
    Money { minor: i64::try_from(minor).unwrap_or(i64::MAX), currency: arr.currency }
}

fn line(text: String, events: Vec<Position>) -> KitLine {
    KitLine { text, events }
}

fn usage(account: &Account) -> Vec<KitLine> {
    let profile = &account.profile;
    let mut lines = Vec::new();
    if let (Some(assigned), Some(licensed)) = (profile.assigned_seats, profile.licensed_seats) {
        lines.push(line(format!("{assigned} of {licensed} seats are assigned"), Vec::new()));
    }
    let of_use =
        |risk: &&crate::state::RiskPart| risk.group.as_deref() == Some("usage") || risk.name == "usage_growing";
    lines.extend(account.risk.iter().filter(of_use).map(|risk| line(risk.reason.clone(), risk.events.clone())));
    lines
}

fn outcomes(account: &Account) -> Vec<KitLine> {
    let value = &account.value;
    let some = |trail: &Trail, one: &str, many: &str| {
        let text = match trail.total() {
            0 => return None,
            1 => one.to_owned(),
            n => format!("{n} {many}"),
        };
        Some(line(text, trail.latest()))
    };
    [
        some(&value.outcomes, "one outcome was attested", "outcomes were attested"),
        some(&value.roi, "one report of the return on investment", "reports of the return on investment"),
        some(&value.goals_achieved, "one goal was reached", "goals were reached"),
        some(&value.goals_missed, "one goal was missed", "goals were missed"),
        some(&value.use_cases, "one use case went live", "use cases went live"),
        some(&value.reviews, "one review was held", "reviews were held"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn people(policy: &Policy, account: &Account) -> Vec<KitLine> {
    let mut lines = Vec::new();
    for role in &policy.people.stakeholders {
        let count = account.profile.present().filter(|(_, contact)| contact.has(role)).count();
        if count > 0 {
            lines.push(line(format!("{count} known as {role}"), Vec::new()));
        }
    }
    if let Some((at, event)) = account.sponsor_met {
        lines.push(line(format!("the sponsor took part on {}", at.day()), vec![event]));
    }
    lines
}

fn contract(account: &Account) -> Vec<KitLine> {
    let Some(run) = account.run.as_deref() else { return Vec::new() };
    let known = || vec![run.known];
    let by_itself = if account.by_itself() { "renews by itself" } else { "does not renew by itself" };
    vec![
        line(format!("the term runs from {} to {}", run.term_start, run.term_end), known()),
        line(format!("it {by_itself}, with {} days of notice", account.notice_days()), known()),
    ]
}

fn risks(account: &Account) -> Vec<KitLine> {
    let evidence = account.risk.iter().filter(|risk| risk.group.is_some());
    evidence.map(|risk| line(risk.reason.clone(), risk.events.clone())).collect()
}

//! Qualified opportunities: when one is, what sales gets, and what becomes of it. One of ours is open at a time.

use std::collections::{BTreeMap, VecDeque};

use agent::{Effects, Turn};
use bus_schema::{
    Data, Day, Event, Position, Time,
    data::facts::{
        Evidence, ExpansionAnswered, ExpansionQualified, HandoffAnswer, HandoffMade, OpportunityContact, PlanItem,
        Strategy, TaskCreated,
    },
};
use serde::{Deserialize, Serialize};

use crate::{
    gate::Gate,
    plays,
    policy::{Policy, Sign},
    readiness::Ready,
    signals::Signal,
    state::{Account, Mark, id, sentence},
    value,
};

/// Opportunities of the sales system kept open.
const OPEN_MAX: usize = 16;
/// Opportunities kept for attribution.
const OPENED_MAX: usize = 16;
/// Days until the CSM looks at what came back.
const BACK_DAYS: u32 = 2;

/// The opportunities of an account.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Opportunities {
    pub(crate) ours: Option<Ours>,
    /// Open in the sales system, apart from ours.
    open: BTreeMap<String, Position>,
    /// Opened lately, the latest last.
    pub(crate) opened: VecDeque<Opened>,
    /// The customer said no.
    declined: Option<Mark>,
    /// Sales gave one back, or said nothing.
    returned: Option<Mark>,
}

/// An opportunity that was opened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Opened {
    pub(crate) id: String,
    pub(crate) mark: Mark,
}

/// Our own open opportunity.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Ours {
    pub(crate) id: String,
    task: String,
    at: Time,
    answer_by: Day,
    accepted: bool,
    /// Its id in the sales system.
    sales_id: Option<String>,
    pub(crate) lead: Sign,
    pub(crate) subject: Option<String>,
    pub(crate) events: Vec<Position>,
    pub(crate) reason: String,
    /// The customer was asked for a talk.
    pub(crate) asked: bool,
}

impl Opportunities {
    /// What bars a further offer, of the customer's no and of what sales has open.
    pub(crate) fn bars(&self, policy: &Policy, today: Day) -> Option<(String, Vec<Position>)> {
        if let Some((id, event)) = self.open.first_key_value() {
            return Some((format!("opportunity {id} is open"), vec![*event]));
        }
        let within = |mark: &Option<Mark>, days: i32| {
            mark.filter(|mark| today.0 - mark.at.day().0 < days).map(|mark| (mark.at.day(), vec![mark.event]))
        };
        if let Some((day, events)) = within(&self.declined, policy.gate.declined_days) {
            return Some((format!("an opportunity was declined on {day}"), events));
        }
        within(&self.returned, policy.gate.returned_days)
            .map(|(day, events)| (format!("sales gave an opportunity back on {day}"), events))
    }

    fn opened(&mut self, id: &str, mark: Mark) {
        if self.opened.iter().any(|known| known.id == id) {
            return;
        }
        self.opened.push_back(Opened { id: id.to_owned(), mark });
        if self.opened.len() > OPENED_MAX {
            self.opened.pop_front();
        }
    }

    fn is_ours(&self, id: &str) -> bool {
        self.ours.as_ref().is_some_and(|ours| ours.sales_id.as_deref() == Some(id))
    }
}

/// What the sales system and the task of sales say.
#[expect(clippy::wildcard_enum_match_arm, reason = "only opportunities are looked at here")]
pub(crate) fn fold(account: &mut Account, event: &Event, mark: Mark, effects: &mut Effects) {
    match &event.data {
        Data::OpportunityCreated(data) => appeared(account, &data.opportunity, mark, effects),
        Data::OpportunityUpdated(data) => appeared(account, &data.opportunity, mark, effects),
        Data::OpportunityWon(data) => ended(account, &data.opportunity, true, mark, effects),
        Data::OpportunityLost(data) => ended(account, &data.opportunity, false, mark, effects),
        Data::TaskCompleted(data) => {
            let known = account.opportunities.ours.as_ref().is_some_and(|ours| ours.task == data.task.as_str());
            if !known {
                return;
            }
            let back = data.outcome.as_ref().is_some_and(|outcome| outcome.as_str() == "returned");
            if back {
                account.opportunities.returned = Some(mark);
                answer(account, HandoffAnswer::Returned, "sales gave it back", &[mark.event], effects);
            } else {
                answer(account, HandoffAnswer::Accepted, "sales accepted it", &[mark.event], effects);
            }
        }
        _ => {}
    }
}

/// An opportunity shows up in the sales system: ours, where one waits for it.
fn appeared(account: &mut Account, id: &str, mark: Mark, effects: &mut Effects) {
    let known = account.opportunities.is_ours(id) || account.opportunities.open.contains_key(id);
    if known {
        return;
    }
    if let Some(ours) = account.opportunities.ours.as_mut().filter(|ours| ours.sales_id.is_none()) {
        ours.sales_id = Some(id.to_owned());
        if !ours.accepted {
            let reason = format!("sales has it as {id}");
            answer(account, HandoffAnswer::Accepted, &reason, &[mark.event], effects);
        }
        return;
    }
    let opportunities = &mut account.opportunities;
    opportunities.opened(id, mark);
    if opportunities.open.len() < OPEN_MAX {
        opportunities.open.insert(id.to_owned(), mark.event);
    }
}

fn ended(account: &mut Account, id: &str, won: bool, mark: Mark, effects: &mut Effects) {
    if !won {
        account.opportunities.declined = Some(mark);
    }
    if account.opportunities.is_ours(id) {
        let (how, reason) = if won { (HandoffAnswer::Won, "it was won") } else { (HandoffAnswer::Lost, "it was lost") };
        answer(account, how, reason, &[mark.event], effects);
    } else {
        account.opportunities.open.remove(id);
    }
}

fn answer(account: &mut Account, answer: HandoffAnswer, reason: &str, events: &[Position], effects: &mut Effects) {
    let Some(ours) = account.opportunities.ours.as_mut() else { return };
    let opportunity = ours.id.clone();
    match answer {
        HandoffAnswer::Accepted if ours.accepted => return,
        HandoffAnswer::Accepted => ours.accepted = true,
        HandoffAnswer::Returned | HandoffAnswer::Unanswered | HandoffAnswer::Won | HandoffAnswer::Lost => {
            account.opportunities.ours = None;
        }
    }
    effects.emit(Data::ExpansionAnswered(ExpansionAnswered {
        opportunity,
        answer,
        reason: reason.to_owned(),
        events: events.to_vec(),
    }));
}

/// What time does to our opportunity: without an answer it goes back to the CSM.
pub(crate) fn age(turn: &Turn<'_>, policy: &Policy, account: &mut Account, today: Day, effects: &mut Effects) {
    let Some(ours) = account.opportunities.ours.clone() else { return };
    if ours.accepted {
        // Sales has it and the customer bought nothing in all that time: it stands in nobody's way any more.
        if today.0 - ours.at.day().0 > policy.attribution.days {
            account.opportunities.ours = None;
        }
        return;
    }
    if today <= ours.answer_by {
        return;
    }
    let reason = format!("sales did not answer by {}, it is the CSM's again", ours.answer_by);
    account.opportunities.returned = Some(Mark { at: turn.now, event: turn.cause });
    answer(account, HandoffAnswer::Unanswered, &reason, &ours.events, effects);
    let task = id(turn, effects);
    effects.emit(Data::TaskCreated(TaskCreated {
        task,
        play: None,
        title: "An opportunity came back from sales".into(),
        assignee: account.profile.owner.clone(),
        due_on: value::business_days(policy, turn.now, BACK_DAYS),
        why: format!("{}.", sentence(&reason)),
        events: ours.events,
    }));
}

/// Counts the days on which the account was ready, and qualifies an opportunity when there were enough.
pub(crate) fn look(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    (gate, ready, signals): (&Gate, &Ready, &[Signal]),
    today: Day,
    effects: &mut Effects,
) {
    let rules = &policy.readiness;
    let ok = !signals.is_empty() && gate.holds_inside() && ready.points >= rules.qualified_from;
    let told = &mut account.told;
    told.days = match told.ready_on {
        _ if !ok => 0,
        Some(last) if last == today => told.days,
        Some(last) if last == today.plus(-1) => told.days.saturating_add(1),
        _ => 1,
    };
    told.ready_on = ok.then_some(today);
    let enough = ok && told.days >= rules.qualified_days && account.opportunities.ours.is_none();
    if let Some(lead) = signals.first().filter(|_| enough) {
        qualify(turn, policy, account, gate, ready, signals, lead, today, effects);
    }
    let asked = account.opportunities.ours.as_ref().is_none_or(|ours| ours.asked);
    if !asked && gate.holds() {
        if let Some(ours) = account.opportunities.ours.as_mut() {
            ours.asked = true;
        }
        plays::offer(turn, policy, account, today, effects);
    }
}

#[expect(clippy::too_many_arguments, reason = "an opportunity is all of these put together")]
fn qualify(
    turn: &Turn<'_>,
    policy: &Policy,
    account: &mut Account,
    gate: &Gate,
    ready: &Ready,
    signals: &[Signal],
    lead: &Signal,
    today: Day,
    effects: &mut Effects,
) {
    let rule = policy.strategy(lead.sign);
    let strategy = rule.map_or(Strategy::Account, |rule| rule.strategy);
    let estimate = value::estimate(policy, account, lead, today);
    let (opportunity, answer_by) =
        (id(turn, effects), value::business_days(policy, turn.now, policy.handoff.answer_days));
    let task = format!("{opportunity}-sales");
    let events: Vec<Position> = signals.iter().flat_map(|signal| signal.events.clone()).take(8).collect();
    let fact = ExpansionQualified {
        opportunity: opportunity.clone(),
        strategy,
        tactics: rule.map(|rule| rule.tactics.clone()).unwrap_or_default(),
        signals: signals.iter().map(Signal::fact).collect(),
        readiness: ready.points,
        days: account.told.days,
        internal: !gate.holds(),
        value_from: estimate.from,
        value_to: estimate.to,
        value_inputs: estimate.inputs,
        business_case: business_case(turn, ready, signals),
        contacts: contacts(account),
        risks: risks(account, today),
        not_to_say: policy.handoff.not_to_say.clone(),
        plan: plan(policy, turn, account, lead),
        task: task.clone(),
        answer_by,
        conditions: gate.states(),
        policy_version: turn.policy_version,
        events: events.clone(),
    };
    let worth = match (estimate.from, estimate.to) {
        (Some(from), Some(to)) => format!("worth {} to {} a year", from.in_words(), to.in_words()),
        _ => "worth is not known".into(),
    };
    let context = vec![sentence(&lead.reason), worth, format!("strategy {}", strategy.name())];
    effects.emit(Data::ExpansionQualified(fact));
    effects.emit(Data::TaskCreated(TaskCreated {
        task: task.clone(),
        play: None,
        title: "Accept or return an expansion opportunity".into(),
        assignee: Some("sales".into()),
        due_on: answer_by,
        why: format!("{}.", sentence(&lead.reason)),
        events: events.clone(),
    }));
    effects.emit(Data::HandoffMade(HandoffMade {
        from: "success".into(),
        to: "sales".into(),
        subject: "expansion".into(),
        context,
        task: task.clone(),
        events: events.clone(),
    }));
    account.opportunities.opened(&opportunity, Mark { at: turn.now, event: turn.cause });
    account.opportunities.ours = Some(Ours {
        id: opportunity,
        task,
        at: turn.now,
        answer_by,
        accepted: false,
        sales_id: None,
        lead: lead.sign,
        subject: lead.subject.clone(),
        events,
        reason: lead.reason.clone(),
        asked: false,
    });
}

/// Why it would pay for the customer: the signals, and the parts of readiness that say something.
fn business_case(turn: &Turn<'_>, ready: &Ready, signals: &[Signal]) -> Vec<Evidence> {
    let signs = signals.iter().map(|signal| (signal.reason.clone(), signal.events.clone()));
    let parts = ready.parts.iter().filter(|part| part.points > 0);
    let parts = parts.map(|part| (format!("{}: {}", part.part, part.reason), part.events.clone()));
    signs.chain(parts).map(|(text, events)| Evidence { text, at: turn.now, events }).collect()
}

fn contacts(account: &Account) -> Vec<OpportunityContact> {
    let mut found = Vec::new();
    for role in ["sponsor", "champion", "billing", "admin"] {
        for (contact, known) in account.profile.present() {
            if known.has(role) && found.iter().all(|other: &OpportunityContact| other.contact != *contact) {
                found.push(OpportunityContact { contact: contact.clone(), role: role.into() });
            }
        }
    }
    found.truncate(8);
    found
}

fn risks(account: &Account, today: Day) -> Vec<String> {
    let decision = account.profile.decision_day().filter(|day| (0..=90).contains(&(day.0 - today.0)));
    let unpaid = account.trouble.overdue(today).map(|(id, days, _)| format!("invoice {id} is {days} days overdue"));
    let sponsor = account.profile.present().any(|(_, contact)| contact.has("sponsor"));
    [
        decision.map(|day| format!("the renewal is decided by {day}: one talk, not two")),
        unpaid,
        (!sponsor).then(|| "no executive sponsor is known".into()),
        account.costs.open(today).then(|| "the customer pays for things it does not use: speak of that first".into()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn plan(policy: &Policy, turn: &Turn<'_>, account: &Account, lead: &Signal) -> Vec<PlanItem> {
    let in_days = |days| value::business_days(policy, turn.now, days);
    let owner = account.profile.owner.clone();
    vec![
        PlanItem { item: format!("talk about it: {}", lead.reason), due_on: in_days(10), owner: owner.clone() },
        PlanItem { item: "write down the value it should bring".into(), due_on: in_days(15), owner },
        PlanItem { item: "offer".into(), due_on: in_days(20), owner: Some("sales".into()) },
    ]
}

//! What is connected of an account, in the four steps of setting up: what came at least once, and what never did.

use std::collections::BTreeMap;

use agent::{Effects, Turn};
use bus_schema::{
    Data, Event, Position, Time,
    data::facts::{SetupChanged, SetupPart, SetupStep},
};
use serde::{Deserialize, Serialize};

use crate::state::State;

/// Something that is to be connected, in the order of the steps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
enum Part {
    Usage,
    Support,
    Contract,
    Payments,
    Answers,
    Meetings,
    Size,
    Owner,
    People,
    Consent,
    Value,
}

impl Part {
    const ALL: [Self; 11] = [
        Self::Usage,
        Self::Support,
        Self::Contract,
        Self::Payments,
        Self::Answers,
        Self::Meetings,
        Self::Size,
        Self::Owner,
        Self::People,
        Self::Consent,
        Self::Value,
    ];

    /// Its step and its name.
    const fn words(self) -> (SetupStep, &'static str) {
        match self {
            Self::Usage => (SetupStep::Health, "usage"),
            Self::Support => (SetupStep::Health, "support"),
            Self::Contract => (SetupStep::Health, "contract"),
            Self::Payments => (SetupStep::Health, "payments"),
            Self::Answers => (SetupStep::Health, "answers"),
            Self::Meetings => (SetupStep::Health, "meetings"),
            Self::Size => (SetupStep::Segments, "size"),
            Self::Owner => (SetupStep::Segments, "owner"),
            Self::People => (SetupStep::Automation, "people"),
            Self::Consent => (SetupStep::Automation, "consent"),
            Self::Value => (SetupStep::Dashboards, "value"),
        }
    }

    /// What an event connects.
    fn of(event: &Event) -> Option<Self> {
        Some(match &event.data {
            Data::UserLoggedIn(_) | Data::UsageRecorded(_) | Data::UsageAggregated(_) => Self::Usage,
            Data::TicketOpened(_) => Self::Support,
            Data::ContractSigned(_) | Data::SubscriptionStarted(_) | Data::SubscriptionChanged(_) => Self::Contract,
            Data::InvoiceIssued(_) | Data::InvoicePaid(_) | Data::InvoiceOverdue(_) => Self::Payments,
            Data::NpsResponded(_) => Self::Answers,
            Data::MeetingHeld(_) => Self::Meetings,
            Data::CsmAssigned(_) => Self::Owner,
            Data::ConsentChanged(_) | Data::OutreachUnsubscribed(_) => Self::Consent,
            Data::GoalSet(_) | Data::RoiReported(_) | Data::OutcomeDocumented(_) | Data::KpiMeasured(_) => Self::Value,
            // People and size are in what is kept of the account.
            _ => return None,
        })
    }
}

/// What came, and when first.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Setup(BTreeMap<Part, (Time, Position)>);

/// Folds what an event connects, and says it the first time.
pub(crate) fn on_event(turn: &Turn<'_>, state: &mut State, event: &Event, effects: &mut Effects) {
    let sized = state.life.segment.is_some() && !state.life.unclassified;
    let roles = || state.profile.contacts.values().any(|contact| !contact.roles.is_empty());
    let known = &state.setup.0;
    let size = (!known.contains_key(&Part::Size) && sized).then_some(Part::Size);
    let people = (!known.contains_key(&Part::People) && roles()).then_some(Part::People);
    let fresh: Vec<Part> =
        Part::of(event).filter(|part| !known.contains_key(part)).into_iter().chain(size).chain(people).collect();
    if fresh.is_empty() {
        return;
    }
    for part in &fresh {
        state.setup.0.insert(*part, (event.header.time, turn.cause));
    }
    let names: Vec<&str> = fresh.iter().map(|part| part.words().1).collect();
    let (connected, missing) = parts(&state.setup);
    let reason = format!("{} of {} are connected; {} came", connected.len(), Part::ALL.len(), names.join(" and "));
    effects.emit(Data::SetupChanged(SetupChanged { connected, missing, reason, events: vec![turn.cause] }));
}

fn parts(setup: &Setup) -> (Vec<SetupPart>, Vec<SetupPart>) {
    let part = |part: Part| {
        let (step, name) = part.words();
        let first = setup.0.get(&part);
        SetupPart {
            step,
            part: name.to_owned(),
            since: first.map(|(since, _)| *since),
            event: first.map(|(_, event)| *event),
        }
    };
    Part::ALL.into_iter().map(part).partition(|part| part.since.is_some())
}

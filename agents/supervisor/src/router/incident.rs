//! Whom an incident covers: one fact for each account, in the account's partition.
//!
//! No partition knows the accounts of another. The one where an incident is reported tells every partition its scope, and
//! each says of its own accounts which are covered. Accounts that are named are told at once, whether known or not.

use bus_schema::{
    Data, Entity, Event,
    data::{
        facts::IncidentCovers,
        product::{IncidentOpened, IncidentResolved, IncidentScope},
        words::{Label, List},
    },
};

use super::{Onward, ROUTER, Route, RouterState, Sender, unstamped};

/// Type of the entity under which a scope travels to a partition.
const SCOPE: &str = "incident";

/// An incident as the two kinds have it in common.
struct Told<'a> {
    incident: &'a Label,
    scope: &'a IncidentScope,
    accounts: &'a List<Label>,
    areas: &'a List<Label>,
    region: Option<&'a Label>,
    severity: &'a str,
    opened: bool,
}

impl<'a> Told<'a> {
    fn of(data: &'a Data) -> Option<Self> {
        match data {
            Data::IncidentOpened(IncidentOpened { incident, scope, accounts, product_areas, region, severity }) => {
                let (areas, region, severity) = (product_areas, region.as_ref(), severity.as_str());
                Some(Self { incident, scope, accounts, areas, region, severity, opened: true })
            }
            Data::IncidentResolved(IncidentResolved { incident, scope, accounts, product_areas, region, severity }) => {
                let (areas, region, severity) = (product_areas, region.as_ref(), severity.as_str());
                Some(Self { incident, scope, accounts, areas, region, severity, opened: false })
            }
            // The other kinds are no incident.
            _ => None,
        }
    }
}

impl RouterState {
    /// What a scope becomes that another partition told, or this one itself.
    pub(super) fn spread(&self, event: &Event, sender: Sender) -> Option<Route> {
        let told = Told::of(&event.data)?;
        let ours = sender == Sender::Router && event.header.source == ROUTER;
        if !ours || !matches!(&event.header.entity, Entity::Segment(name, _) if name == SCOPE) {
            return None;
        }
        let covered = self.places().filter(|(_, place)| match told.scope {
            IncidentScope::All => true,
            IncidentScope::ProductAreas => told.areas.iter().any(|area| place.uses(area.as_str())),
            IncidentScope::Region => told.region.is_some_and(|region| place.lies_in(region.as_str())),
            // These were told at once, and a word of the producer's own covers nobody by itself.
            IncidentScope::Accounts | IncidentScope::Other(_) => false,
        });
        let because = event.header.causation.as_deref().unwrap_or(&event.header.id);
        Some(Route::Spread(covered.map(|(account, _)| self.covers(event, &told, account, because)).collect()))
    }

    /// What has to be told because an incident was reported here.
    pub(super) fn scope(&self, event: &Event) -> Vec<Onward> {
        let Some(told) = Told::of(&event.data) else { return Vec::new() };
        if *told.scope == IncidentScope::Accounts {
            let named = told.accounts.iter().map(Label::as_str);
            return named.map(|account| self.covers(event, &told, account, &event.header.id)).collect();
        }
        let to_partition = |to: bus_schema::Partition| {
            let mut scope = unstamped(event);
            scope.header.id = format!("scope/{to}/{}", agent::digest::id(&[&event.header.source, &event.header.id]));
            scope.header.causation = Some(event.header.id.clone());
            scope.header.source = ROUTER.into();
            scope.header.contact = None;
            scope.header.entity = Entity::Segment(SCOPE.into(), to.to_string());
            Onward { to, event: scope }
        };
        self.partitions.all().map(to_partition).collect()
    }

    fn covers(&self, cause: &Event, told: &Told<'_>, account: &str, because: &str) -> Onward {
        let mut event = unstamped(cause);
        let opened = if told.opened { "opened" } else { "resolved" };
        let id = agent::digest::id(&[told.incident.as_str(), opened, &cause.header.time.0.to_string(), account]);
        event.header.id = format!("covers/{id}");
        event.header.causation = Some(because.to_owned());
        event.header.source = ROUTER.into();
        event.header.contact = None;
        event.header.entity = Entity::account(account);
        event.data = Data::IncidentCovers(IncidentCovers {
            incident: told.incident.to_string(),
            severity: Some(told.severity.to_owned()),
            opened: told.opened,
            at: cause.header.time,
        });
        Onward { to: self.partitions.of(&event.header.entity), event }
    }
}

//! What holds for every history: no offer through a closed gate, determinism, bounds, parts that fit together.

mod world;

use std::collections::{BTreeMap, BTreeSet};

use bus_schema::{
    Data, Day, Entity, Time,
    data::facts::{Condition, HandoffAnswer, MessageClass, Priority},
    time::{DAY_MS, HOUR_MS},
};
use proptest::{collection::vec, prelude::*};
use serde_json::json;

use self::world::{World, health, ready};
use super::*;

fn moves() -> impl Strategy<Value = Vec<(u8, u8, u8)>> {
    vec((0..2_u8, 0..26_u8, 0..200_u8), 1..100)
}

/// What happens to an account, and that time passes.
fn play(world: &mut World, (account, what, n): (u8, u8, u8)) {
    let day = world.now.day();
    let bands = ["yellow", "green", "red", "unknown"];
    let tiers = ["low", "monitor", "high"];
    let money = |minor: i64| json!({ "minor": minor, "currency": "USD" });
    let opportunity = |stage: &str| json!({ "opportunity": format!("o{}", n % 3), "type": "seats", "amount": money(1), "stage": stage, "close_on": day });
    let (kind, data) = match what {
        0 => ("health.scored", health(bands[usize::from(n) % 4], if n % 5 == 0 { 5_000 } else { 9_000 })),
        1 => (
            "churn.forecasted",
            json!({ "model": "m", "model_version": 1, "policy_version": 1, "segment": "smb", "p90_bp": u16::from(n) * 30, "p30_bp": 1, "logodds_bp": 0, "base_p90_bp": 1, "tier": tiers[usize::from(n) % 3], "daily": true }),
        ),
        2 => (
            "escalation.raised",
            json!({ "escalation": format!("e{}", n % 2), "cause": "x/y", "severity": 40, "level": "escalated" }),
        ),
        3 => (
            "escalation.resolved",
            json!({ "escalation": format!("e{}", n % 2), "opened_at": world.now, "reason": "done" }),
        ),
        4 => (
            "ticket.opened",
            json!({ "ticket": format!("t{}", n % 3), "priority": if n % 2 == 0 { "p1" } else { "p3" }, "category": "bug", "channel": "email", "contact": "c_ann" }),
        ),
        5 => ("ticket.resolved", json!({ "ticket": format!("t{}", n % 3) })),
        6 => (
            "invoice.issued",
            json!({ "invoice": format!("i{}", n % 3), "amount": money(1), "due_on": day.plus(i32::from(n % 30)) }),
        ),
        7 => ("invoice.paid", json!({ "invoice": format!("i{}", n % 3), "amount": money(1) })),
        8 => ("incident.covers", json!({ "incident": "out", "opened": n % 2 == 0, "at": world.now })),
        9 => ("nps.responded", json!({ "survey": "s", "type": "relationship", "score": n % 11 })),
        10 => (
            "outcome.documented",
            json!({ "value": money(1), "period": "x", "attested_by": if n % 3 == 0 { "bot" } else { "csm" } }),
        ),
        11 => ("contact.left", json!({ "contact": "c_ann", "on": day, "confirmed": true })),
        12 => ("contact.added", json!({ "contact": "c_ann", "roles": ["champion"] })),
        13 => ("opportunity.created", opportunity("open")),
        14 => ("opportunity.won", opportunity("won")),
        15 => ("opportunity.lost", opportunity("lost")),
        16 => ("seats.measured", json!({ "assigned": 60 + u64::from(n % 50), "licensed": 100 })),
        17 => (
            "plan.usage_measured",
            json!({ "meter": "api", "used": 700 + u64::from(n) * 2, "limit": 1_000, "hard": true }),
        ),
        18 => (
            "usage.recorded",
            json!({ "user": format!("c_{}", n % 9), "feature": if n % 2 == 0 { "boards" } else { "audit" }, "quantity": 1 }),
        ),
        19 => (
            "contract.amended",
            json!({ "contract": "k", "arr": money(1_000_000 + i64::from(n) * 1_000), "term_start": "2025-01-01", "term_end": "2027-01-01", "auto_renew": true, "notice_days": 30 }),
        ),
        20 => {
            let names: Vec<&str> = Condition::ALL.iter().map(|condition| condition.name()).collect();
            (
                "plan.edited",
                json!({ "plan": "expansion", "item": format!("gate.{}", names[usize::from(n) % 10]), "state": "done" }),
            )
        }
        21 => ("peers.compared", json!({ "n": 20, "features": [{ "feature": "reports", "share_bp": 8_000 }] })),
        22 => {
            ready(world, account);
            return;
        }
        _ => return world.pass(i64::from(n) * 3 * HOUR_MS),
    };
    world.hear(account, kind, &data);
    world.pass(i64::from(n % 40) * HOUR_MS);
}

fn lived(moves: &[(u8, u8, u8)]) -> World {
    let mut world = World::new();
    ready(&mut world, 0);
    world.pass(4 * DAY_MS);
    for one in moves {
        play(&mut world, *one);
    }
    world.pass(12 * DAY_MS);
    world
}

/// What was heard of an account, kept in the simplest way beside the agent.
#[derive(Default)]
struct Heard {
    band: Option<(String, u64)>,
    risk: Option<(String, u64)>,
    escalations: BTreeSet<String>,
    urgent: BTreeSet<String>,
    invoices: BTreeMap<String, Day>,
    incident: bool,
    value: Option<Day>,
    champion: bool,
    open: BTreeSet<String>,
}

impl Heard {
    fn hear(&mut self, at: Time, data: &Data) {
        match data {
            Data::HealthScored(data) => self.band = Some((data.band.name().into(), data.coverage_bp.into())),
            Data::ChurnForecasted(data) => self.risk = Some((data.tier.name().into(), data.p90_bp.into())),
            Data::EscalationRaised(data) => drop(self.escalations.insert(data.escalation.clone())),
            Data::EscalationResolved(data) => drop(self.escalations.remove(&data.escalation)),
            Data::TicketOpened(data) if data.priority.as_str() == "p1" => {
                self.urgent.insert(data.ticket.to_string());
            }
            Data::TicketOpened(data) => drop(self.urgent.remove(data.ticket.as_str())),
            Data::TicketResolved(data) => drop(self.urgent.remove(data.ticket.as_str())),
            Data::InvoiceIssued(data) => drop(self.invoices.insert(data.invoice.to_string(), data.due_on)),
            Data::InvoicePaid(data) => drop(self.invoices.remove(data.invoice.as_str())),
            Data::IncidentCovers(data) => self.incident = data.opened,
            Data::OutcomeDocumented(data) if data.attested_by.as_str() != "bot" => self.value = Some(at.day()),
            Data::ContactLeft(_) => self.champion = false,
            Data::ContactAdded(_) => self.champion = true,
            Data::OpportunityCreated(data) => drop(self.open.insert(data.opportunity.to_string())),
            Data::OpportunityWon(data) => drop(self.open.remove(data.opportunity.as_str())),
            Data::OpportunityLost(data) => drop(self.open.remove(data.opportunity.as_str())),
            _ => {}
        }
    }

    /// Why no offer may be made; of our own opportunity sales may have opened one.
    fn against(&self, at: Time) -> Option<&'static str> {
        let today = at.day();
        let band =
            self.band.as_ref().is_some_and(|(band, known)| (band == "yellow" || band == "green") && *known >= 6_000);
        let risk = self.risk.as_ref().is_some_and(|(tier, p90)| tier != "high" && *p90 < 3_000);
        let value = self.value.is_some_and(|day| today.0 - day.0 <= 180);
        let owed = self.invoices.values().any(|due| today.0 - due.0 > 15);
        [
            (!band, "health"),
            (!risk, "risk"),
            (!value, "value"),
            (owed, "an invoice"),
            (self.incident, "an incident"),
            (!self.escalations.is_empty(), "an escalation"),
            (!self.urgent.is_empty(), "a p1 ticket"),
            (!self.champion, "no champion"),
            (self.open.len() > 1, "open opportunities"),
        ]
        .into_iter()
        .find_map(|(fails, why)| fails.then_some(why))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_offer_is_ever_made_on_an_account_that_fails_the_gate(moves in moves()) {
        let world = lived(&moves);
        let mut heard: BTreeMap<Entity, Heard> = BTreeMap::new();
        let mut inputs = world.heard.iter().peekable();
        for (seq, at, entity, data) in &world.said {
            while let Some((_, time, of, input)) = inputs.next_if(|(n, ..)| n <= seq) {
                heard.entry(of.clone()).or_default().hear(*time, input);
            }
            let offer = match data {
                Data::TouchpointRequested(data) => data.class == MessageClass::Commercial || data.priority == Priority::Expansion,
                Data::ExpansionQualified(data) => !data.internal,
                _ => false,
            };
            if offer {
                let against = heard.entry(entity.clone()).or_default().against(*at);
                prop_assert_eq!(against, None, "at {} {:?}", at, data);
            }
        }
    }

    #[test]
    fn parts_fit_together_and_one_of_our_opportunities_is_open_at_a_time(moves in moves()) {
        let world = lived(&moves);
        let mut open: BTreeMap<Entity, String> = BTreeMap::new();
        for (_, _, entity, data) in &world.said {
            match data {
                Data::ExpansionReadinessChanged(data) => {
                    let weights: u32 = data.parts.iter().map(|part| u32::from(part.weight)).sum();
                    let sum: u32 = data.parts.iter().map(|part| u32::from(part.weight) * u32::from(part.points)).sum();
                    prop_assert_eq!((weights, u32::from(data.readiness)), (100, sum / 100));
                    prop_assert!(data.readiness <= 100 && data.parts.iter().all(|part| part.points <= 100));
                }
                Data::ExpansionQualified(data) => {
                    prop_assert!(data.readiness >= 60 && data.days >= 7 && !data.signals.is_empty());
                    prop_assert!(data.value_from.map(|from| from.minor) <= data.value_to.map(|to| to.minor));
                    prop_assert!(!data.events.is_empty() && data.conditions.len() == 10);
                    open.insert(entity.clone(), data.opportunity.clone());
                }
                Data::ExpansionAnswered(data) => {
                    prop_assert_eq!(open.get(entity), Some(&data.opportunity));
                    if data.answer != HandoffAnswer::Accepted {
                        open.remove(entity);
                    }
                }
                Data::ExpansionGateFailed(data) => prop_assert!(!data.missing.is_empty() && data.missing.len() <= 10),
                Data::ExpansionAttributed(data) => {
                    prop_assert_eq!(data.increase.minor, data.to.minor - data.from.minor);
                    prop_assert!(data.increase.minor > 0 && data.days.is_none_or(|days| days <= 180));
                }
                Data::TouchpointRequested(data) => prop_assert!(!data.fields.is_empty() && !data.evidence.is_empty()),
                _ => {}
            }
        }
    }

    #[test]
    fn the_same_history_gives_the_same_facts_and_state_also_with_a_restart(moves in moves(), cut in 0..100_usize) {
        let one = lived(&moves);
        let mut two = World::new();
        ready(&mut two, 0);
        two.pass(4 * DAY_MS);
        for (n, step) in moves.iter().enumerate() {
            if n == cut {
                two.restart();
            }
            play(&mut two, *step);
        }
        two.pass(12 * DAY_MS);
        prop_assert_eq!(&one.said, &two.said);
        prop_assert_eq!(&one.states, &two.states);
    }

    /// More of what makes ready never makes less ready.
    #[test]
    fn readiness_is_monotone(assigned in 0..100_u64, outcomes in 0..4_u8) {
        let run = |assigned: u64, outcomes: u8| {
            let mut world = World::new();
            ready(&mut world, 0);
            world.hear(0, "seats.measured", &json!({ "assigned": assigned, "licensed": 100 }));
            for _ in 0..outcomes {
                world.hear(0, "outcome.documented", &json!({ "value": { "minor": 1, "currency": "USD" }, "period": "x", "attested_by": "csm" }));
            }
            world.pass(DAY_MS);
            let State::Account(account) = &world.states[&Entity::account("a0")] else { panic!() };
            readiness::measure(&world.policy, account, world.now.day()).points
        };
        prop_assert!(run(assigned + 1, outcomes) >= run(assigned, outcomes));
        prop_assert!(run(assigned, outcomes + 1) >= run(assigned, outcomes));
    }
}

#[test]
fn an_account_that_nothing_happens_to_gets_its_offer() {
    let mut world = World::new();
    ready(&mut world, 0);
    world.pass(12 * DAY_MS);
    let offers = |world: &World| {
        let offer =
            |data: &Data| matches!(data, Data::TouchpointRequested(data) if data.priority == Priority::Expansion);
        world.said.iter().filter(|(.., data)| offer(data)).count()
    };
    assert_eq!(offers(&world), 1);
    let sold = json!({ "opportunity": "crm", "type": "seats", "amount": { "minor": 1, "currency": "USD" }, "stage": "open", "close_on": world.now.day() });
    world.hear(0, "opportunity.created", &sold);
    world.pass(60 * DAY_MS);
    assert_eq!(offers(&world), 1, "once, however long the signal holds");
}

#[test]
fn an_account_stays_small() {
    let mut world = World::new();
    ready(&mut world, 0);
    for day in 0..60 {
        for user in 0..10 {
            world.hear(
                0,
                "usage.recorded",
                &json!({ "user": format!("c_{user}"), "feature": format!("f{}", day % 6), "quantity": 1 }),
            );
        }
        world.hear(0, "plan.usage_measured", &json!({ "meter": "api", "used": day, "limit": 1_000, "hard": true }));
        world.pass(DAY_MS);
    }
    let bytes = postcard::to_stdvec(&world.states[&Entity::account("a0")]).unwrap().len();
    assert!(bytes <= 2_048, "{bytes} bytes");
}

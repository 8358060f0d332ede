//! The order of the arbiter under trouble that comes and goes: held against what was heard, kept in the simplest way.

use std::collections::BTreeSet;

use bus_schema::{
    Data, Kind, Time,
    data::facts::{MessageClass, Priority},
    time::{DAY_MS, HOUR_MS},
};
use proptest::prelude::*;
use serde_json::json;

use crate::{
    Move, moves, play,
    world::{Stand, World},
};

/// How long a message keeps the less urgent ones waiting.
const AFTER_HOURS: i64 = 72;

/// Trouble that begins or ends.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    Escalation(bool),
    Tier(bool),
    Overdue(bool),
    Incident(bool),
    Gate(bool),
    Paused(bool),
}

/// What stands against a touch, as the test has heard it.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each stands for itself and comes and goes by itself")]
struct Standing {
    escalated: bool,
    high: bool,
    overdue: bool,
    incident: bool,
    offers: bool,
    paused: bool,
}

#[derive(Clone, Debug)]
enum Step {
    Move(Move),
    Trouble(Trouble),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let trouble = any::<bool>().prop_flat_map(|on| {
        prop_oneof![
            Just(Trouble::Escalation(on)),
            Just(Trouble::Tier(on)),
            Just(Trouble::Overdue(on)),
            Just(Trouble::Incident(on)),
            Just(Trouble::Gate(on)),
            Just(Trouble::Paused(on)),
        ]
    });
    let block = prop_oneof![
        2 => moves().prop_map(|moves| moves.into_iter().take(12).map(Step::Move).collect::<Vec<_>>()),
        3 => prop::collection::vec(trouble.prop_map(Step::Trouble), 1..3),
    ];
    prop::collection::vec(block, 1..24).prop_map(|blocks| blocks.into_iter().flatten().collect())
}

fn data(kind: Kind, data: &serde_json::Value) -> Data {
    Data::from_json(kind, &data.to_string()).unwrap()
}

fn happen(world: &mut World, standing: &mut Standing, trouble: Trouble) {
    let now = world.now;
    match trouble {
        Trouble::Escalation(on) => {
            standing.escalated = on;
            world.hear(if on {
                let raised = json!({"escalation": "e1", "cause": "exports/bug", "severity": 35, "level": "escalated"});
                data(Kind::EscalationRaised, &raised)
            } else {
                data(Kind::EscalationResolved, &json!({"escalation": "e1", "opened_at": now, "reason": "fixed"}))
            });
        }
        Trouble::Tier(on) => {
            standing.high = on;
            let tier = if on { "high" } else { "low" };
            let said = json!({"model": "rules", "model_version": 1, "policy_version": 1, "segment": "smb",
                "p90_bp": 100, "p30_bp": 30, "logodds_bp": 0, "base_p90_bp": 100, "tier": tier, "daily": true});
            world.hear(data(Kind::ChurnForecasted, &said));
        }
        Trouble::Overdue(on) => {
            standing.overdue = on;
            let amount = json!({"minor": 100, "currency": "USD"});
            world.hear(if on {
                data(Kind::InvoiceOverdue, &json!({"invoice": "i1", "amount": amount, "days_late": 16}))
            } else {
                data(Kind::InvoicePaid, &json!({"invoice": "i1", "amount": amount}))
            });
        }
        Trouble::Incident(on) => {
            standing.incident = on;
            world.hear(data(Kind::IncidentCovers, &json!({"incident": "n1", "opened": on, "at": now})));
        }
        Trouble::Gate(on) => {
            standing.offers = on;
            world.hear(if on {
                data(Kind::ExpansionGatePassed, &json!({"conditions": [], "policy_version": 1}))
            } else {
                data(Kind::ExpansionGateFailed, &json!({"missing": [], "policy_version": 1}))
            });
        }
        Trouble::Paused(on) => {
            standing.paused = on;
            // A pause that ends the day before has ended.
            let until = (!on).then(|| now.day().plus(-1));
            world.hear(data(Kind::AccountMuted, &json!({"scope": "all", "until": until, "reason": "asked for"})));
        }
    }
}

/// What the blocks forbid, word by word as the rules have it.
fn forbidden(standing: &Standing, priority: Priority, class: MessageClass) -> Option<&'static str> {
    use Priority::{Adoption, Advocacy, Expansion, Incident, Survey};
    let any = |list: &[Priority]| list.contains(&priority);
    [
        (standing.incident && priority != Incident, "an incident allows its notice alone"),
        (standing.paused && class != MessageClass::Transactional, "a pause"),
        (standing.escalated && any(&[Expansion, Survey, Advocacy, Adoption]), "an open escalation"),
        (standing.high && any(&[Expansion, Survey, Advocacy]), "tier high"),
        (standing.overdue && any(&[Expansion, Adoption]), "an invoice long overdue"),
        (!standing.offers && priority == Expansion, "a condition for offers fails"),
    ]
    .into_iter()
    .find_map(|(against, why)| against.then_some(why))
}

/// A personal message on its way or sent: what it is, and when it left.
type Before = (Priority, Option<Time>);

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn nothing_passes_what_is_more_urgent_or_what_forbids_it(steps in steps()) {
        let (mut world, mut standing) = (World::new(), Standing::default());
        let mut mine: std::collections::BTreeMap<String, (Priority, MessageClass)> = std::collections::BTreeMap::new();
        let mut left: Vec<(Priority, Time)> = Vec::new();
        let mut heard = 0;
        for step in &steps {
            let alive: BTreeSet<String> = world.proposals.keys().chain(world.strays.keys()).cloned().collect();
            let sent = world.sent.len();
            match step {
                Step::Move(step) => play(&mut world, step),
                Step::Trouble(trouble) => happen(&mut world, &mut standing, *trouble),
            }
            // Whoever is neither open nor a stray any more, and was counted as sent, left now.
            let still: BTreeSet<String> = world.proposals.keys().chain(world.strays.keys()).cloned().collect();
            if world.sent.len() > sent
                && let Some((priority, class)) = alive.difference(&still).find_map(|id| mine.get(id))
                && *class != MessageClass::Transactional
            {
                left.push((*priority, world.now));
            }
            for fact in world.said.split_off(heard) {
                match &fact {
                    Data::OutreachProposed(draft) => {
                        let why = forbidden(&standing, draft.priority, draft.class);
                        prop_assert!(why.is_none(), "{:?} proposed against {why:?}", draft.priority);
                        if draft.class != MessageClass::Transactional {
                            let open = world.proposals.iter().filter(|(id, _)| **id != draft.proposal);
                            let open = open.map(|(_, (other, _))| (other.priority, other.class));
                            let strays = world.strays.values().filter(|(_, until)| world.now < *until);
                            let strays = strays.map(|(other, _)| (other.priority, other.class));
                            let mut before: Vec<Before> = open
                                .chain(strays)
                                .filter(|(_, class)| *class != MessageClass::Transactional)
                                .map(|(priority, _)| (priority, None))
                                .collect();
                            let recent = left.iter().filter(|(_, at)| world.now.since_ms(*at) < AFTER_HOURS * HOUR_MS);
                            before.extend(recent.map(|(priority, at)| (*priority, Some(*at))));
                            let first = before.iter().find(|(priority, _)| *priority < draft.priority);
                            prop_assert!(first.is_none(), "{:?} passes {first:?}", draft.priority);
                        }
                        mine.insert(draft.proposal.clone(), (draft.priority, draft.class));
                    }
                    Data::TouchpointMerged(merged) => {
                        let (priority, class) = mine[&merged.proposal];
                        prop_assert!(priority != Priority::Incident && class != MessageClass::Survey);
                    }
                    _ => {}
                }
            }
            heard = world.said.len();
        }
        // Everything ends in time: after a quiet quarter nothing waits that could go.
        world.pass(90 * DAY_MS);
        prop_assert!(world.state.account().is_none_or(|account| account.waiting.is_empty()));
        prop_assert!(world.proposals.values().all(|(_, stand)| matches!(stand, Stand::Open | Stand::Held | Stand::Signed(_))));
    }
}

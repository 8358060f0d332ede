//! What holds for every history: determinism, bounds, a step asked for once, sums that bracket what is expected.

use std::collections::{BTreeMap, BTreeSet};

use agent::{Effect, Effects, Input, Turn};
use bus_schema::{
    Actor, ActorKind, Data, Day, Entity, Event, Header, Position, Time,
    data::{action::ClockMode, facts::RenewalSettled},
    time::DAY_MS,
};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::*;

/// Accounts and books of a virtual log.
struct World {
    policy: Policy,
    states: BTreeMap<Entity, State>,
    timers: BTreeSet<(Time, Entity, String)>,
    now: Time,
    seq: u64,
    said: Vec<(Time, Entity, Data)>,
}

impl World {
    fn new() -> Self {
        Self {
            policy: Policy::read(&Renewal::DEFAULT_POLICY.replace("[\"manager\"]", "[\"p0\"]")).unwrap(),
            states: BTreeMap::new(),
            timers: BTreeSet::new(),
            now: Time::parse("2026-01-05T09:00:00Z").unwrap(),
            seq: 0,
            said: Vec::new(),
        }
    }

    fn turn(&mut self, entity: &Entity, input: Input<'_>) {
        self.seq += 1;
        let turn = Turn {
            entity,
            now: self.now,
            cause: Position { seq: self.seq, index: 0 },
            ordinal: 0,
            log: "log",
            agent: Renewal::NAME,
            policy_version: 1,
            clock: ClockMode::Live,
        };
        let mut effects = Effects::new(entity.clone());
        Renewal::step(&turn, &self.policy, self.states.entry(entity.clone()).or_default(), input, &mut effects);
        assert!(effects.list().len() <= 256);
        let mut back = Vec::new();
        for effect in effects.into_list() {
            match effect {
                Effect::Emit(fact) => {
                    assert!(Renewal::EMITS.contains(&fact.data.kind()));
                    if Renewal::READS.contains(&fact.data.kind()) {
                        back.push((fact.entity.clone(), fact.data.clone()));
                    }
                    self.said.push((self.now, fact.entity, fact.data));
                }
                Effect::SetTimer { name, due } => {
                    self.timers.retain(|(_, of, set)| of != entity || *set != name);
                    self.timers.insert((due, entity.clone(), name));
                }
                Effect::CancelTimer { name } => self.timers.retain(|(_, of, set)| of != entity || *set != name),
            }
        }
        for (entity, data) in back {
            self.take(&entity, data);
        }
    }

    fn take(&mut self, entity: &Entity, data: Data) {
        let header = Header {
            source: "test".into(),
            id: self.seq.to_string(),
            entity: entity.clone(),
            time: self.now,
            logtime: self.now,
            actor: Some(Actor { kind: ActorKind::Person, id: format!("p{}", self.seq % 3) }),
            contact: None,
            correlation: None,
            causation: None,
            stage: None,
            segment: None,
            late: false,
        };
        self.turn(entity, Input::Event(&Event { header, data }));
    }

    fn hear(&mut self, account: u8, kind: &str, data: &Value) {
        let data = Data::from_json(Kind::from_name(kind).unwrap(), &data.to_string()).unwrap();
        self.take(&Entity::account(format!("a{account}")), data);
    }

    fn pass(&mut self, ms: i64) {
        let until = self.now.plus_ms(ms);
        while let Some((due, entity, name)) = self.timers.first().cloned().filter(|(due, ..)| *due <= until) {
            self.timers.remove(&(due, entity.clone(), name.clone()));
            self.now = self.now.max(due);
            self.turn(&entity, Input::Timer(&name));
        }
        self.now = until;
    }

    fn states(&self) -> BTreeMap<Entity, Vec<u8>> {
        self.states.iter().map(|(entity, state)| (entity.clone(), postcard::to_stdvec(state).unwrap())).collect()
    }
}

fn moves() -> impl Strategy<Value = Vec<(u8, u8, u8)>> {
    vec((0..3_u8, 0..18_u8, 0..250_u8), 1..60)
}

fn contract(today: Day, n: u8) -> Value {
    let start = today.plus(-i32::from(n));
    json!({
        "contract": format!("k{}", n % 2), "arr": { "minor": i64::from(n) * 100_000, "currency": (["USD", "EUR", "ZAR"])[usize::from(n) % 3] },
        "term_start": start, "term_end": start.plus(30 + i32::from(n) * 2), "auto_renew": n.is_multiple_of(4),
        "notice_days": u32::from(n) % 91, "price_uplift_bp": i32::from(n) * 10,
    })
}

fn forecast(n: u8) -> Value {
    let factor = |signal: &str, group: Option<&str>, bp: i32| {
        let mut factor = json!({ "signal": signal, "bp": bp, "counted_bp": bp, "reason": signal });
        if let Some(group) = group {
            factor["group"] = json!(group);
            factor["class"] = json!("strong");
        }
        factor
    };
    json!({
        "model": "rules_v1", "model_version": 1, "policy_version": 1, "segment": "smb", "p90_bp": 100, "p30_bp": 30,
        "logodds_bp": 0, "base_p90_bp": 500, "tier": (["low", "monitor", "high"])[usize::from(n) % 3], "daily": true,
        "factors": [
            factor("base", None, -29_444),
            factor("proximity", None, 8_000),
            factor("usage_halved", Some("usage"), i32::from(n) * 100),
            factor("promoter", None, -i32::from(n) * 20),
        ],
    })
}

/// What happens to an account, and that time passes.
fn play(world: &mut World, (account, what, n): (u8, u8, u8)) {
    let today = world.now.day();
    let own = json!({ "contract": format!("k{}", n % 2) });
    let with = |more: Value| {
        let mut data = own.clone();
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        data
    };
    let amount = json!({ "minor": 100_000, "currency": "USD" });
    let stages = ["open", "discussed", "proposed", "negotiating", "verbal", "signed", "lost"];
    let (kind, data) = match what {
        0..=2 => ("contract.signed", contract(today, n)),
        3 => ("contract.amended", contract(today, n)),
        4 if n % 5 == 0 => ("contract.notice_given", with(json!({ "effective_on": today.plus(30) }))),
        4 => ("contract.auto_renew_disabled", with(json!({ "effective_on": today }))),
        5 => ("renewal.proposal_sent", with(json!({ "amount": amount }))),
        6 | 7 => ("renewal.stage_changed", with(json!({ "stage": stages[usize::from(n) % 7], "amount": amount }))),
        8 => ("churn.forecasted", forecast(n)),
        9 => ("csm.assigned", json!({ "csm": format!("jo{}", n % 3) })),
        10 => ("renewal.called", with(json!({ "likelihood_bp": u16::from(n) * 40, "reason": "they said so" }))),
        11 => (
            "renewal.terms_asked",
            with(json!({ "terms": format!("t{}", n % 3), "discount_bp": u16::from(n) * 40, "months": n % 40 })),
        ),
        12 => {
            let verdict = if n % 4 == 0 { "reject" } else { "approve" };
            ("renewal.terms_decided", json!({ "terms": format!("t{}", n % 3), "verdict": verdict }))
        }
        13 => ("contact.added", json!({ "contact": format!("c_{}", n % 4), "roles": ["sponsor"] })),
        14 if n % 9 == 0 => {
            ("account.churned", json!({ "service_ended_on": today, "reason_code": "price", "voluntary": true }))
        }
        14 => ("review.held", json!({ "type": "review_executive", "attended": ["c_1"] })),
        15 => (
            "segment.changed",
            json!({ "to": (["smb", "enterprise"])[usize::from(n) % 2], "reason": "ARR", "unclassified": false }),
        ),
        _ => return world.pass(i64::from(n) * DAY_MS),
    };
    world.hear(account, kind, &data);
    world.pass(i64::from(n) * DAY_MS / 8);
}

fn lived(moves: &[(u8, u8, u8)]) -> World {
    let mut world = World::new();
    for one in moves {
        play(&mut world, *one);
    }
    world.pass(40 * DAY_MS);
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_same_history_says_the_same(moves in moves()) {
        let (one, two) = (lived(&moves), lived(&moves));
        prop_assert_eq!(&one.said, &two.said);
        prop_assert_eq!(one.states(), two.states());
    }

    #[test]
    fn a_state_is_read_back_as_it_was_written(moves in moves()) {
        let world = lived(&moves);
        for state in world.states.values() {
            let bytes = postcard::to_stdvec(state).unwrap();
            prop_assert_eq!(&postcard::from_bytes::<State>(&bytes).unwrap(), state);
        }
    }

    #[test]
    fn an_event_that_comes_again_asks_for_nothing_again(moves in moves(), again in 0..60_usize) {
        let mut world = lived(&moves);
        let Some(one) = moves.get(again % moves.len()).filter(|one| one.1 <= 2) else { return Ok(()) };
        let data = contract(world.now.day(), one.2);
        world.hear(one.0, "contract.signed", &data);
        let before = world.said.len();
        world.hear(one.0, "contract.signed", &data);
        prop_assert_eq!(world.said.len(), before);
    }

    #[test]
    fn a_term_is_settled_once_and_its_steps_are_asked_for_in_order(moves in moves()) {
        let world = lived(&moves);
        let mut settled: BTreeMap<(Entity, String, Day), u32> = BTreeMap::new();
        for (_, entity, data) in &world.said {
            if let Data::RenewalSettled(RenewalSettled { contract, term_end, .. }) = data {
                let count = settled.entry((entity.clone(), contract.clone(), *term_end)).or_default();
                *count += 1;
                // The same end may come again only with a contract that was signed again.
                let signed = moves.iter().filter(|one| one.1 <= 3).count();
                prop_assert!(usize::try_from(*count).unwrap() <= signed.max(1));
            }
        }
    }

    #[test]
    fn likelihoods_and_sums_keep_their_bounds(moves in moves()) {
        for (_, _, data) in &lived(&moves).said {
            match data {
                Data::RenewalForecasted(data) => {
                    prop_assert!(data.likelihood_bp <= 10_000);
                    let sum: i64 = data.parts.iter().map(|part| i64::from(part.bp)).sum();
                    prop_assert_eq!(sum, i64::from(data.logodds_bp));
                }
                Data::RenewalSummed(data) => {
                    prop_assert!(data.worst.minor <= data.expected.minor && data.expected.minor <= data.best.minor);
                    prop_assert!(data.signed.minor <= data.worst.minor && data.best.minor <= data.due.minor);
                    let open: i64 = data.categories.iter().map(|sum| sum.arr.minor).sum();
                    prop_assert_eq!(open + data.signed.minor + data.lost.minor, data.due.minor);
                }
                Data::RenewalTermsSettled(data) if data.approved => {
                    let who: BTreeSet<&String> = data.by.iter().collect();
                    prop_assert!(who.len() >= 2 && who.len() == data.by.len());
                }
                _ => {}
            }
        }
    }

    #[test]
    fn more_evidence_never_raises_a_likelihood(n in 0..249_u8, segment in 0..2_u8) {
        let said = |n: u8| {
            let mut world = World::new();
            world.hear(0, "segment.changed", &json!({ "to": (["smb", "enterprise"])[usize::from(segment)], "reason": "ARR", "unclassified": false }));
            let mut evidence = forecast(n);
            evidence["factors"].as_array_mut().unwrap().pop();
            world.hear(0, "churn.forecasted", &evidence);
            world.hear(0, "contract.signed", &contract(world.now.day(), 101));
            let last = world.said.iter().rev().find_map(|(_, _, data)| match data {
                Data::RenewalForecasted(data) => Some(data.likelihood_bp),
                _ => None,
            });
            last.unwrap()
        };
        prop_assert!(said(n + 1) <= said(n));
    }
}

#[test]
fn a_term_of_whole_months_is_followed_by_as_many() {
    let day = |text: &str| Day::from_civil(text.parse().unwrap());
    for (start, end, next, last) in [
        ("2026-01-01", "2026-12-31", "2027-01-01", "2027-12-31"),
        ("2027-03-01", "2028-02-29", "2028-03-01", "2029-02-28"),
        ("2026-01-31", "2026-02-27", "2026-02-28", "2026-03-27"),
        ("2026-01-15", "2026-02-14", "2026-02-15", "2026-03-14"),
    ] {
        assert_eq!(timeline::next_term(day(start), day(end)), (day(next), day(last)), "{start}");
    }
}

#[test]
fn it_reads_what_the_profile_folds() {
    for kind in agent::profile::PROFILE_KINDS {
        assert!(Renewal::READS.contains(kind), "{kind}");
    }
}

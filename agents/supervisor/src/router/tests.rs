//! Routing, and the properties it keeps whatever comes in.

use bus_schema::{
    Header, Partitions,
    data::{
        contact::IdentityMerged,
        facts::{ClockResumed, ClockTicked, StageChanged},
        product::{IncidentOpened, IncidentResolved, IncidentScope, IncidentSeverity},
        usage::{UsageRecorded, UserLoggedIn},
    },
};
use proptest::prelude::*;

use super::*;

const PARTS: Partitions = Partitions(16);
const NOON: Time = Time(1_772_366_400_000);

fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

fn event(entity: Entity, source: &str, id: &str, time: Time, data: Data) -> Event {
    let header = Header {
        source: source.into(),
        id: id.into(),
        entity,
        time,
        logtime: Time(0),
        actor: None,
        contact: None,
        correlation: None,
        causation: None,
        stage: None,
        segment: None,
        late: false,
    };
    Event { header, data }
}

fn login(entity: Entity, source: &str, id: &str, time: Time) -> Event {
    event(entity, source, id, time, Data::UserLoggedIn(UserLoggedIn { user: label("c_u") }))
}

fn tick(p: Partition, mode: ClockMode, time: Time) -> Event {
    let entity = Entity::Segment(CLOCK.into(), p.to_string());
    event(entity, CLOCK, &format!("tick/{p}/{}", time.0), time, Data::ClockTicked(ClockTicked { mode }))
}

fn member(user: &str, account: &str, id: &str) -> Event {
    let data = MembershipRecorded { user: label(user), account: label(account) };
    event(Entity::User(user.into()), "test", id, NOON, Data::MembershipRecorded(data))
}

const fn at(broker: Time) -> Moment {
    Moment { broker, first: false, accepted: false }
}

fn home(entity: &Entity) -> RouterState {
    RouterState::new(PARTS.of(entity), PARTS)
}

fn append(state: &mut RouterState, event: &Event, moment: Moment) -> Event {
    match state.decide(event, Sender::Outside, moment) {
        Route::Append { event, .. } => {
            state.fold(&event, moment.broker);
            *event
        }
        other => panic!("not appended: {other:?}"),
    }
}

#[test]
fn log_time_is_the_brokers_in_live_mode_and_never_goes_back() {
    let acme = Entity::account("acme");
    let mut state = home(&acme);
    let first = append(&mut state, &login(acme.clone(), "s", "1", NOON.plus_ms(-5_000)), at(NOON));
    assert_eq!((first.header.logtime, first.header.late), (NOON, false));
    let second = append(&mut state, &login(acme.clone(), "s", "2", NOON), at(NOON.plus_ms(-60_000)));
    assert_eq!(second.header.logtime, NOON);
    let old = append(&mut state, &login(acme, "s", "3", NOON.plus_ms(-LATE_MS - 1)), at(NOON));
    assert!(old.header.late);
}

#[test]
fn event_time_counts_for_imports_demos_and_the_clock_only() {
    let acme = Entity::account("acme");
    let mut state = home(&acme);
    let (p, past) = (PARTS.of(&acme), NOON.plus_ms(-90 * DAY_MS));
    let began = append(&mut state, &tick(p, ClockMode::Event, past), at(NOON));
    assert_eq!((began.header.logtime, state.clock()), (past, ClockMode::Event));
    let row = append(&mut state, &login(acme.clone(), "import/m", "1", past.plus_ms(5)), at(NOON));
    assert_eq!((row.header.logtime, row.header.late), (past.plus_ms(5), false));
    let other = append(&mut state, &login(acme.clone(), "segment/k", "1", NOON), at(NOON));
    assert_eq!(other.header.logtime, past.plus_ms(5));
    let ahead = append(&mut state, &login(acme.clone(), "demo/w", "1", NOON.plus_ms(HOUR_MS)), at(NOON));
    assert_eq!(ahead.header.logtime, NOON, "event time ends where the present begins");
    let live = tick(p, ClockMode::Live, NOON);
    assert!(matches!(state.decide(&live, Sender::Router, at(NOON)), Route::Dead(DeadReason::WrongClock { .. })));
    let resumed = Data::ClockResumed(ClockResumed { event_time_until: past });
    let much_later = NOON.plus_ms(30 * DAY_MS);
    let resumed = event(Entity::Segment(CLOCK.into(), p.to_string()), CLOCK, "resumed", much_later, resumed);
    assert_eq!(append(&mut state, &resumed, at(much_later)).header.logtime, much_later);
    assert_eq!(state.clock(), ClockMode::Live);
    append(&mut state, &tick(p, ClockMode::Live, much_later), at(much_later));
    let back = tick(p, ClockMode::Event, much_later.plus_ms(1));
    assert!(matches!(state.decide(&back, Sender::Router, at(much_later)), Route::Dead(DeadReason::WrongClock { .. })));
}

#[test]
fn a_step_of_more_than_an_hour_stops_the_partition_until_it_is_accepted() {
    let acme = Entity::account("acme");
    let mut state = home(&acme);
    append(&mut state, &login(acme.clone(), "s", "1", NOON), at(NOON));
    let next = login(acme, "s", "2", NOON);
    let poisoned = NOON.plus_ms(HOUR_MS + 1);
    assert_eq!(state.decide(&next, Sender::Outside, at(poisoned)), Route::Stop { last: NOON, next: poisoned });
    let accepted = Moment { accepted: true, ..at(poisoned) };
    let after_a_pause = Moment { first: true, ..at(poisoned) };
    for moment in [at(NOON.plus_ms(HOUR_MS)), accepted, after_a_pause] {
        assert!(matches!(state.decide(&next, Sender::Outside, moment), Route::Append { .. }), "{moment:?}");
    }
    let year_9999 = Moment { first: true, ..at(Time(253_370_764_800_000)) };
    assert!(matches!(state.decide(&next, Sender::Outside, year_9999), Route::Stop { .. }));
}

#[test]
fn repeats_are_known_for_a_day_and_imported_rows_for_ever() {
    let acme = Entity::account("acme");
    let mut state = home(&acme);
    let (live, row) = (login(acme.clone(), "s", "1", NOON), login(acme.clone(), "import/m", "1", NOON));
    append(&mut state, &live, at(NOON));
    append(&mut state, &row, at(NOON));
    assert_eq!(state.decide(&live, Sender::Outside, at(NOON)), Route::Repeat);
    let later = NOON.plus_ms(DAY_MS + 1);
    append(&mut state, &login(acme.clone(), "s", "2", later), Moment { first: true, ..at(later) });
    assert_eq!(state.decide(&row, Sender::Outside, at(later)), Route::Repeat);
    assert!(matches!(state.decide(&live, Sender::Outside, at(later)), Route::Append { .. }));
    assert!(matches!(state.decide(&login(acme, "t", "2", later), Sender::Outside, at(later)), Route::Append { .. }));
}

#[test]
fn a_rebuild_remembers_by_when_events_came_not_by_when_the_log_took_them() {
    let acme = Entity::account("acme");
    let mut state = home(&acme);
    let (hours_9, hours_10, days_3) = (NOON.plus_ms(9 * HOUR_MS), NOON.plus_ms(10 * HOUR_MS), NOON.plus_ms(3 * DAY_MS));
    let first = login(acme.clone(), "s", "1", NOON);
    let at_once = append(&mut state, &first, at(NOON));
    // Came in time, and waited while no router ran.
    let waited = append(&mut state, &login(acme.clone(), "s", "2", hours_9), Moment { first: true, ..at(hours_9) });
    let mut rebuilt = home(&acme);
    rebuilt.fold(&at_once, NOON);
    rebuilt.fold(&waited, days_3);
    assert_eq!(rebuilt.decide(&first, Sender::Outside, at(hours_10)), Route::Repeat);
    rebuilt.take_changes();
    state.take_changes();
    assert_eq!(format!("{state:?}"), format!("{rebuilt:?}"));
}

#[test]
fn an_id_that_was_forgotten_and_came_again_is_kept_from_then_on() {
    let acme = Entity::account("acme");
    let mut state = home(&acme);
    let came = login(acme.clone(), "s", "1", NOON);
    append(&mut state, &came, at(NOON));
    let next_day = NOON.plus_ms(DAY_MS + 1);
    append(&mut state, &login(acme.clone(), "s", "2", next_day), Moment { first: true, ..at(next_day) });
    let mut before = home(&acme);
    before.restore(state.meta(), state.clone().take_changes());
    let again = append(&mut state, &came, at(next_day));
    before.fold(&again, next_day);
    assert_eq!(before.decide(&came, Sender::Outside, at(next_day)), Route::Repeat);
    // What was forgotten may still stand in what is kept.
    for turned in [false, true] {
        let mut kept = state.clone().take_changes();
        if turned {
            kept.reverse();
        }
        let mut restored = home(&acme);
        restored.restore(state.meta(), kept);
        let hour_later = next_day.plus_ms(HOUR_MS);
        append(&mut restored, &login(acme.clone(), "s", "3", hour_later), at(hour_later));
        assert_eq!(restored.decide(&came, Sender::Outside, at(hour_later)), Route::Repeat);
    }
}

#[test]
fn an_event_in_a_partition_that_is_not_its_own_is_dead_and_a_users_goes_home() {
    let acme = Entity::account("acme");
    let wrong = Partition((PARTS.of(&acme).0 + 1) % 16);
    let state = RouterState::new(wrong, PARTS);
    let route = state.decide(&login(acme, "s", "1", NOON), Sender::Router, at(NOON));
    let Route::Dead(reason) = route else { panic!("{route:?}") };
    assert_eq!(reason.code(), "wrong_partition");
    let user = Entity::User("c_u".into());
    let away = RouterState::new(Partition((PARTS.of(&user).0 + 1) % 16), PARTS);
    let route = away.decide(&login(user.clone(), "s", "1", NOON), Sender::Outside, at(NOON));
    assert!(
        matches!(route, Route::Forward(onward) if onward.to == PARTS.of(&user) && onward.event.header.entity == user)
    );
}

#[test]
fn a_users_event_waits_for_its_account_and_goes_there_with_the_same_id() {
    let user = Entity::User("c_u".into());
    let mut state = home(&user);
    let seen = login(user.clone(), "s", "1", NOON);
    assert_eq!(state.decide(&seen, Sender::Outside, at(NOON)), Route::Waiting { user: "c_u".into() });
    append(&mut state, &member("c_u", "acme", "m1"), at(NOON));
    let Route::Forward(onward) = state.decide(&seen, Sender::Outside, at(NOON)) else { panic!() };
    let header = &onward.event.header;
    assert_eq!((header.id.as_str(), header.entity.clone()), ("1", Entity::account("acme")));
    assert_eq!((header.contact.as_deref(), onward.to), (Some("c_u"), PARTS.of(&Entity::account("acme"))));
}

#[test]
fn merged_users_learn_of_each_others_account_and_stop_telling() {
    let (one, other) = ("c_one", "c_other");
    let mut homes: Vec<RouterState> = PARTS.all().map(|p| RouterState::new(p, PARTS)).collect();
    let merged = IdentityMerged { user: label(one), previous: label(other) };
    let merged = event(Entity::User(one.into()), "s", "merge", NOON, Data::IdentityMerged(merged));
    let mut waiting = vec![
        (Onward { to: PARTS.of(&merged.header.entity), event: merged }, Sender::Outside),
        (Onward { to: PARTS.of(&Entity::User(other.into())), event: member(other, "acme", "m1") }, Sender::Outside),
    ];
    let mut steps = 0;
    while !waiting.is_empty() {
        steps += 1;
        assert!(steps < 20, "they tell each other for ever");
        let (onward, sender) = waiting.remove(0);
        let state = &mut homes[usize::from(onward.to.0)];
        if let Route::Append { event, sends } = state.decide(&onward.event, sender, at(NOON)) {
            state.fold(&event, NOON);
            waiting.extend(sends.into_iter().map(|send| (send, Sender::Router)));
        }
    }
    for user in [one, other] {
        let home = PARTS.of(&Entity::User(user.into()));
        assert_eq!(homes[usize::from(home.0)].account_of(user), Some("acme"), "{user}");
    }
}

#[test]
fn stage_and_segment_are_stamped_as_the_supervisor_said_last() {
    let acme = Entity::account("acme");
    let mut state = home(&acme);
    let said = StageChanged { from: None, to: "renewal".into(), reason: String::new() };
    state.fold_fact(&event(acme.clone(), "supervisor", "1", NOON, Data::StageChanged(said)));
    let stamped = append(&mut state, &login(acme, "s", "1", NOON), at(NOON));
    assert_eq!((stamped.header.stage.as_deref(), stamped.header.segment), (Some("renewal"), None));
}

#[derive(Clone, Debug)]
enum Came {
    Login { source: usize, id: u8, ago_ms: i64 },
    Tick { event_time: bool, ago_ms: i64 },
    Member { user: u8, account: u8, id: u8 },
}

fn came() -> impl Strategy<Value = (Came, i64)> {
    let ago = -2 * DAY_MS..30 * DAY_MS;
    let one = prop_oneof![
        6 => (0..4_usize, 0..20_u8, ago.clone()).prop_map(|(source, id, ago_ms)| Came::Login { source, id, ago_ms }),
        2 => (any::<bool>(), ago).prop_map(|(event_time, ago_ms)| Came::Tick { event_time, ago_ms }),
        1 => (0..3_u8, 0..3_u8, 0..9_u8).prop_map(|(user, account, id)| Came::Member { user, account, id }),
    ];
    (one, prop_oneof![8 => 0..100_000_i64, 1 => 0..DAY_MS])
}

proptest! {
    #[test]
    fn log_time_never_goes_back_ids_stand_once_and_a_rebuild_is_equal(steps in prop::collection::vec(came(), 1..80)) {
        let acme = Entity::account("acme");
        let p = PARTS.of(&acme);
        let mut state = RouterState::new(p, PARTS);
        let (mut log, mut broker) = (Vec::<(Event, Time)>::new(), NOON);
        let mut kept = Vec::new();
        for (came, after) in steps {
            broker = broker.plus_ms(after);
            let came = match came {
                Came::Login { source, id, ago_ms } => {
                    let source = ["s", "import/m", "demo/w", "t"][source];
                    login(acme.clone(), source, &id.to_string(), broker.plus_ms(-ago_ms))
                }
                Came::Tick { event_time, ago_ms } => {
                    let mode = if event_time { ClockMode::Event } else { ClockMode::Live };
                    tick(p, mode, broker.plus_ms(-ago_ms))
                }
                Came::Member { user, account, id } => member(&format!("c_{user}"), &account.to_string(), &id.to_string()),
            };
            let moment = Moment { first: log.is_empty(), ..at(broker) };
            if let Route::Append { event, .. } = state.decide(&came, Sender::Router, moment) {
                let last = log.last().map_or(Time(0), |(event, _)| event.header.logtime);
                prop_assert!(event.header.logtime >= last);
                prop_assert!(event.header.logtime <= broker.max(last));
                let same = |(known, at): &&(Event, Time)| {
                    let (known, event) = (&known.header, &event.header);
                    (&known.source, &known.id) == (&event.source, &event.id)
                        && (known.source.starts_with("import/") || broker.since_ms(*at) <= DAY_MS)
                };
                prop_assert!(!log.iter().any(|entry| same(&entry)), "appended twice");
                state.fold(&event, broker);
                kept.extend(state.take_changes());
                log.push((*event, broker));
            }
        }
        let mut rebuilt = RouterState::new(p, PARTS);
        for (event, stored) in &log {
            rebuilt.fold(event, *stored);
        }
        rebuilt.take_changes();
        prop_assert_eq!(format!("{state:?}"), format!("{rebuilt:?}"));
        let gone: std::collections::BTreeSet<u128> = kept
            .iter()
            .filter_map(|change| if let Change::Forgotten(id) = change { Some(*id) } else { None })
            .collect();
        let rows = kept.into_iter().filter(|change| !matches!(change, Change::Id(id, _) if gone.contains(id)));
        let mut restored = RouterState::new(p, PARTS);
        restored.restore(state.meta(), rows);
        if gone.is_empty() {
            prop_assert_eq!(format!("{state:?}"), format!("{restored:?}"));
        }
    }
}

fn incident(scope: IncidentScope, areas: &[&str], accounts: &[&str], opened: bool) -> Data {
    let list = |names: &[&str]| names.iter().map(|name| label(name)).collect();
    let (incident, severity, region) = (label("i1"), IncidentSeverity::Major, None);
    let (accounts, product_areas) = (list(accounts), list(areas));
    if opened {
        Data::IncidentOpened(IncidentOpened { incident, scope, accounts, product_areas, region, severity })
    } else {
        Data::IncidentResolved(IncidentResolved { incident, scope, accounts, product_areas, region, severity })
    }
}

fn uses(account: &str, feature: &str, id: &str) -> Event {
    let data = UsageRecorded { user: label("c_u"), feature: label(feature), quantity: 1, seconds: None };
    event(Entity::account(account), "app", id, NOON, Data::UsageRecorded(data))
}

fn covered(sends: &[Onward]) -> Vec<(String, bool)> {
    let of = |send: &Onward| match &send.event.data {
        Data::IncidentCovers(data) => (send.event.header.entity.to_string(), data.opened),
        other => panic!("{other:?}"),
    };
    sends.iter().map(of).collect()
}

fn sends(state: &RouterState, event: &Event) -> Vec<Onward> {
    match state.decide(event, Sender::Outside, at(NOON)) {
        Route::Append { sends, .. } => sends,
        other => panic!("not appended: {other:?}"),
    }
}

#[test]
fn an_incident_covers_the_accounts_it_names_in_their_own_partitions() {
    let home_account = Entity::account("us");
    let state = home(&home_account);
    let told = event(home_account, "desk", "1", NOON, incident(IncidentScope::Accounts, &[], &["acme", "zeta"], true));
    let sends = sends(&state, &told);
    assert_eq!(covered(&sends), [("account/acme".into(), true), ("account/zeta".into(), true)]);
    assert!(sends.iter().all(|send| send.to == PARTS.of(&send.event.header.entity)));
    assert!(sends.iter().all(|send| send.event.header.causation.as_deref() == Some("1")));
}

#[test]
fn an_incident_of_an_area_covers_who_uses_it_in_every_partition() {
    let us = Entity::account("us");
    for (opened, id) in [(true, "1"), (false, "2")] {
        let told = incident(IncidentScope::ProductAreas, &["exports"], &[], opened);
        let scopes = sends(&home(&us), &event(us.clone(), "desk", id, NOON, told));
        assert_eq!(scopes.len(), 16, "one for each partition");
        let acme = Entity::account("acme");
        let mut state = home(&acme);
        append(&mut state, &uses("acme", "exports.csv", "a"), at(NOON));
        for scope in &scopes {
            let spread = state.decide(&scope.event, Sender::Router, at(NOON));
            let Route::Spread(sends) = spread else { panic!("{spread:?}") };
            assert_eq!(covered(&sends), [("account/acme".into(), opened)]);
            assert_eq!(state.decide(&scope.event, Sender::Router, at(NOON)), Route::Spread(sends), "the same ids");
        }
        let mut other = home(&acme);
        append(&mut other, &uses("acme", "exportsheet", "a"), at(NOON));
        assert_eq!(other.decide(&scopes[0].event, Sender::Router, at(NOON)), Route::Spread(Vec::new()));
    }
}

#[test]
fn nobody_but_the_router_tells_a_scope() {
    let us = Entity::account("us");
    let scopes = sends(&home(&us), &event(us.clone(), "desk", "1", NOON, incident(IncidentScope::All, &[], &[], true)));
    let state = home(&us);
    assert!(matches!(state.decide(&scopes[3].event, Sender::Outside, at(NOON)), Route::Dead(_)));
}

#[test]
fn what_incidents_need_is_kept_and_restored() {
    let acme = Entity::account("acme");
    let mut state = home(&acme);
    append(&mut state, &uses("acme", "exports", "a"), at(NOON));
    let moved = Data::from_json(Kind::AccountUpdated, r#"{"time_zone":"Europe/Berlin"}"#).unwrap();
    append(&mut state, &event(acme.clone(), "crm", "b", NOON, moved), at(NOON));
    let mut again = home(&acme);
    let (meta, changes) = (state.meta(), state.take_changes());
    again.restore(meta, changes);
    let place = again.place("acme").unwrap();
    assert!(place.uses("exports") && !place.uses("export"));
    assert!(place.lies_in("Europe") && place.lies_in("Europe/Berlin") && !place.lies_in("Euro"));
}

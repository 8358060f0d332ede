//! Sources over weeks: nights, weekends, holidays and late batches are no outage; an outage is found and its end told.

use bus_schema::{
    Header, Partition, Partitions,
    data::{facts::ClockTicked, usage::UserLoggedIn, words::Label},
};

use super::*;

const PARTITIONS: Partitions = Partitions(16);
/// Monday, 2026-01-05T00:00:00Z.
const MONDAY: Time = Time(1_767_571_200_000);

/// All partitions, hour by hour.
struct World {
    states: Vec<RouterState>,
    now: Time,
    n: u64,
    told: Vec<(i64, Data)>,
}

/// Events of a source in an hour of the week, of so many accounts.
type Habit = fn(i64) -> u64;

fn office(hour: i64) -> u64 {
    let (day, hour) = (hour.div_euclid(24).rem_euclid(7), hour.rem_euclid(24));
    if day < 5 && (8..18).contains(&hour) { 5 } else { 0 }
}

fn nightly_batch(hour: i64) -> u64 {
    if hour.rem_euclid(24) == 2 { 400 } else { 0 }
}

fn monthly(hour: i64) -> u64 {
    if hour.rem_euclid(30 * 24) < 12 { 60 } else { 0 }
}

impl World {
    fn new() -> Self {
        let states = PARTITIONS.all().map(|p| RouterState::new(p, PARTITIONS)).collect();
        Self { states, now: MONDAY, n: 0, told: Vec::new() }
    }

    fn event(&mut self, source: &str, entity: Entity, data: Data) -> Event {
        self.n += 1;
        let header = Header {
            source: source.into(),
            id: self.n.to_string(),
            entity,
            time: self.now,
            logtime: self.now,
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

    fn fold(&mut self, p: Partition, event: &Event) {
        let now = self.now;
        self.states.iter_mut().find(|state| state.partition == p).unwrap().fold(event, now);
    }

    /// A tick in every partition; what is to be told reaches every account at once.
    fn tick(&mut self) {
        for p in PARTITIONS.all() {
            let tick = Data::ClockTicked(ClockTicked { mode: ClockMode::Live });
            let tick = self.event(CLOCK, Entity::Segment(CLOCK.into(), p.to_string()), tick);
            self.fold(p, &tick);
            if p != PARTITIONS.all().next().unwrap() {
                continue;
            }
            let states: Vec<&RouterState> = self.states.iter().collect();
            let words = sources_changed(&states, &tick);
            self.told.extend(words.first().map(|word| (hour(self.now) - hour(MONDAY), word.event.data.clone())));
            for word in words {
                let state = self.states.iter().find(|state| state.partition == word.to).unwrap();
                let Some(Route::Spread(list)) = state.spread_source(&word.event, Sender::Router) else {
                    panic!("not spread")
                };
                for one in list {
                    assert_eq!(one.to, PARTITIONS.of(&one.event.header.entity));
                    self.fold(one.to, &one.event);
                }
            }
        }
    }

    /// Lives through hours with sources and their habits.
    fn live(&mut self, hours: i64, accounts: u64, sources: &[(&str, Habit)]) {
        for _ in 0..hours {
            self.tick();
            let hour = hour(self.now) - hour(MONDAY);
            for (source, habit) in sources {
                for one in 0..habit(hour) {
                    let account = Entity::account(format!("a{}", (one + self.n) % accounts));
                    let event = self.event(source, account.clone(), login());
                    let used = Data::from_json(bus_schema::Kind::AccountUpdated, r#"{"time_zone":"UTC"}"#).unwrap();
                    let known = self.event(ROUTER, account.clone(), used);
                    self.fold(PARTITIONS.of(&account), &known);
                    self.fold(PARTITIONS.of(&account), &event);
                }
            }
            self.now = self.now.plus_ms(HOUR_MS);
        }
    }
}

fn login() -> Data {
    Data::UserLoggedIn(UserLoggedIn { user: Label::new("c_u").unwrap() })
}

fn never(_: i64) -> u64 {
    0
}

#[test]
fn nights_weekends_and_what_comes_seldom_are_no_outage() {
    let mut world = World::new();
    let sources: [(&str, Habit); 3] = [("app", office), ("batch", nightly_batch), ("billing", monthly)];
    world.live(24 * 7 * 13, 40, &sources);
    assert_eq!(world.told, []);
    // A batch that is nine hours late, and a holiday on which a tenth of the people work.
    world.live(11, 40, &[("app", office)]);
    world.live(24, 40, &[("app", |hour| office(hour) / 5)]);
    world.live(24 * 6, 40, &sources);
    assert_eq!(world.told, []);
}

#[test]
fn an_outage_is_found_within_a_working_day_and_its_end_is_told_once() {
    let mut world = World::new();
    world.live(24 * 7 * 4, 40, &[("app", office)]);
    let begins = 24 * 7 * 4;
    // Two days of silence from Monday on; the last event came on Friday in the last hour of work.
    world.live(48, 40, &[("app", never)]);
    world.live(24 * 12, 40, &[("app", office)]);
    let [(at, Data::SourceStalled(stalled)), (again, Data::SourceResumed(resumed))] = world.told.as_slice() else {
        panic!("{:?}", world.told);
    };
    assert!((begins + 11..=begins + 17).contains(at), "{} hours into Monday", at - begins);
    assert_eq!(stalled.since, MONDAY.plus_ms((begins - 55) * HOUR_MS));
    assert_eq!((resumed.stalled_at, *again), (stalled.since, begins + 48 + 9));
}

#[test]
fn a_young_source_one_of_few_accounts_and_an_import_are_never_called_stalled() {
    let mut world = World::new();
    world.live(24 * 13, 40, &[("young", |_| 20)]);
    world.live(24 * 7 * 5, 2, &[("own", |_| 20), ("import/csv", |_| 20)]);
    world.live(24 * 5, 40, &[("other", |_| 20)]);
    assert_eq!(world.told, []);
}

#[test]
fn a_pause_of_the_machine_is_nobodys_silence() {
    let mut world = World::new();
    world.live(24 * 7 * 4, 40, &[("app", |_| 20)]);
    world.now = world.now.plus_ms(3 * DAY_MS);
    world.live(5, 40, &[("app", never)]);
    world.live(24, 40, &[("app", |_| 20)]);
    assert_eq!(world.told, []);
    world.live(7, 40, &[("app", never)]);
    assert!(matches!(world.told.as_slice(), [(_, Data::SourceStalled(_))]), "{:?}", world.told);
}

#[test]
fn what_is_kept_and_read_again_says_the_same_and_nothing_is_learnt_of_an_outage() {
    let mut world = World::new();
    world.live(24 * 7 * 4, 40, &[("app", office)]);
    world.live(15, 40, &[("app", never)]);
    for state in &mut world.states {
        let mut again = RouterState::new(state.partition, PARTITIONS);
        again.restore(state.meta(), state.take_changes());
        assert_eq!(format!("{:?}", again.pulses), format!("{:?}", state.pulses));
        *state = again;
    }
    world.live(24 * 21, 40, &[("app", never)]);
    let usual = |world: &World| -> u32 {
        world.states.iter().filter_map(|state| state.pulses.sources.get("app")).flat_map(|pulse| &pulse.usual).sum()
    };
    assert_eq!(world.told.len(), 1, "{:?}", world.told);
    let before = usual(&world);
    world.live(24 * 7, 40, &[("app", never)]);
    assert_eq!(usual(&world), before);
    world.live(24 * 7 * 2, 40, &[("app", office)]);
    assert_eq!(world.told.len(), 2, "it speaks again, and the weekends after it are no outage: {:?}", world.told);
}

#[test]
fn nobody_but_the_router_tells_of_a_source_and_the_same_word_has_the_same_id() {
    let mut world = World::new();
    world.live(24 * 7 * 3, 40, &[("app", |_| 20)]);
    let tick = world.event(CLOCK, Entity::Segment(CLOCK.into(), "0".into()), login());
    let mut later = tick;
    later.header.logtime = world.now.plus_ms(9 * HOUR_MS);
    let states: Vec<&RouterState> = world.states.iter().collect();
    let words = sources_changed(&states, &later);
    assert_eq!(words.len(), 16);
    assert_eq!(words, sources_changed(&states, &later));
    let home = words.iter().find(|one| one.to == PARTITIONS.of(&Entity::account("a1"))).unwrap();
    let state = states.iter().find(|state| state.partition == home.to).unwrap();
    assert_eq!(state.spread_source(&home.event, Sender::Outside), None);
    let Some(Route::Spread(list)) = state.spread_source(&home.event, Sender::Router) else { panic!("not spread") };
    assert!(list.iter().any(|one| one.event.header.entity == Entity::account("a1")));
    let ids: BTreeSet<&String> = list.iter().map(|one| &one.event.header.id).collect();
    assert_eq!(ids.len(), list.len());
}

//! A small company, drawn from a number: accounts with a hidden course of which only events can be seen.
//!
//! The world knows nothing of agents, scores or proposals; it writes CloudEvents as a product, a helpdesk, a CRM and a
//! billing system would. Equal seeds give equal events.

use bus_schema::{
    Day, Time,
    time::{HOUR_MS, MINUTE_MS},
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

use super::names;

/// The product's core features.
const FEATURES: [&str; 6] = ["planning", "dispatch", "reports", "imports", "alerts", "exports"];
/// Days before an invoice is due.
const PAYMENT_TERM_DAYS: i32 = 14;

/// What really goes on in an account. Agents never see it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Course {
    /// Use, tone and payment wander around their level.
    Steady,
    /// From some day on people use it less, answer later and complain more.
    Fading,
    /// Used as ever, but invoices stay open.
    PayingLate,
}

/// How many companies, for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) accounts: u32,
    pub(crate) days: i32,
}

/// The world and its randomness.
pub(crate) struct World {
    rng: StdRng,
    seed: u64,
    start: Day,
    days: i32,
    accounts: Vec<Account>,
    counter: u64,
}

struct Account {
    id: String,
    name: String,
    zone: &'static str,
    course: Course,
    turns_on: Day,
    arr_minor: i64,
    seats: u64,
    users: Vec<User>,
    contacts: Vec<(&'static str, names::Person)>,
    csm: &'static str,
    /// Day of the 30 on which it is invoiced.
    invoiced_on: i32,
    unpaid: Option<(String, Day)>,
    open_tickets: Vec<(String, Day, usize)>,
}

struct User {
    id: String,
    /// Chance of a working day's login, in permille.
    habit: u32,
    features: Vec<&'static str>,
}

/// One event on its way into the list of a day.
struct Draft<'a> {
    account: &'a str,
    kind: &'a str,
    at: Time,
    contact: Option<&'a str>,
    data: Value,
}

impl World {
    /// A world that begins on a day.
    pub(crate) fn new(seed: u64, start: Day, size: Size) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let accounts = (0..size.accounts).map(|n| account(&mut rng, n, start, size)).collect();
        Self { rng, seed, start, days: size.days, accounts, counter: 0 }
    }

    /// The events of one day, by time.
    pub(crate) fn day(&mut self, day: Day) -> Vec<Value> {
        let mut events = Vec::new();
        let mut accounts = std::mem::take(&mut self.accounts);
        for account in &mut accounts {
            if day == self.start {
                self.opening(account, day, &mut events);
            }
            self.usage(account, day, &mut events);
            self.support(account, day, &mut events);
            self.relation(account, day, &mut events);
            self.money(account, day, &mut events);
        }
        self.accounts = accounts;
        events.sort_by_key(|(at, id, _)| (*at, *id));
        events.into_iter().map(|(_, _, event)| event).collect()
    }

    fn push(&mut self, events: &mut Vec<(Time, u64, Value)>, draft: &Draft<'_>) {
        self.counter += 1;
        let mut event = json!({
            "specversion": "1.0",
            "id": format!("{:016x}", self.counter),
            "source": format!("demo/{}", self.seed),
            "type": draft.kind,
            "subject": format!("account/{}", draft.account),
            "time": draft.at,
            "data": draft.data,
        });
        if let (Some(contact), Some(fields)) = (draft.contact, event.as_object_mut()) {
            fields.insert("contact".into(), contact.into());
        }
        events.push((draft.at, self.counter, event));
    }

    fn opening(&mut self, account: &Account, day: Day, events: &mut Vec<(Time, u64, Value)>) {
        let at = day.start().plus_ms(MINUTE_MS);
        let about = |kind, data| Draft { account: &account.id, kind, at, contact: None, data };
        let started = day.plus(-400);
        self.push(
            events,
            &about(
                "account.created",
                json!({"name": account.name, "kind": "customer", "started_on": started, "licensed_seats": account.seats,
                    "core_features": FEATURES, "plan": "team", "time_zone": account.zone, "currency": "USD"}),
            ),
        );
        // No contract ends within the history: this world signs none again.
        let term_end = day.plus(self.days + self.rng.random_range(15..300));
        let auto_renew = self.rng.random_bool(0.5);
        self.push(
            events,
            &about(
                "contract.signed",
                json!({"contract": format!("{}-1", account.id), "arr": {"minor": account.arr_minor, "currency": "USD"},
                    "term_start": term_end.plus(-365), "term_end": term_end, "auto_renew": auto_renew,
                    "notice_days": 30}),
            ),
        );
        let assigned = account.users.len();
        self.push(events, &about("seats.measured", json!({"assigned": assigned, "licensed": account.seats})));
        self.push(events, &about("csm.assigned", json!({"csm": account.csm})));
        for (role, person) in &account.contacts {
            let data = json!({"contact": person.email(&account.id), "roles": [role], "name": person.name(),
                "email": person.email(&account.id), "title": person.title(role), "time_zone": account.zone});
            self.push(events, &about("contact.added", data));
        }
        for n in 0..3 {
            let goal = format!("goal-{n}");
            let due_on = day.plus(20 + 40 * n);
            self.push(events, &about("goal.set", json!({"goal": goal, "due_on": due_on})));
        }
    }

    fn usage(&mut self, account: &Account, day: Day, events: &mut Vec<(Time, u64, Value)>) {
        let weekday = (day.0 + 3).rem_euclid(7);
        let calendar = if weekday < 5 { 1_000 } else { 80 };
        let level = account.level(day);
        for user in &account.users {
            let chance = u64::from(user.habit) * calendar * level / 1_000_000;
            if self.rng.random_range(0..1_000) >= chance {
                continue;
            }
            let at = day.start().plus_ms(8 * HOUR_MS + self.rng.random_range(0..9 * HOUR_MS));
            let contact = Some(user.id.as_str());
            let about = |kind, at, data| Draft { account: &account.id, kind, at, contact, data };
            self.push(events, &about("user.logged_in", at, json!({"user": user.id})));
            for feature in &user.features {
                if self.rng.random_range(0..1_000) < 450 {
                    let quantity = self.rng.random_range(1..9);
                    let data = json!({"user": user.id, "feature": feature, "quantity": quantity});
                    self.push(events, &about("usage.recorded", at.plus_ms(MINUTE_MS), data));
                }
            }
        }
    }

    fn support(&mut self, account: &mut Account, day: Day, events: &mut Vec<(Time, u64, Value)>) {
        let unhappy = account.course == Course::Fading && day >= account.turns_on;
        let rate = if unhappy { 90 } else { 25 };
        let at = day.start().plus_ms(9 * HOUR_MS + self.rng.random_range(0..7 * HOUR_MS));
        let id = account.id.clone();
        if self.rng.random_range(0..1_000) < rate {
            let ticket = format!("{}-{}", id, self.counter);
            let which = self.rng.random_range(0..account.contacts.len());
            let contact = account.contact(which);
            let text = if unhappy { names::COMPLAINTS } else { names::QUESTIONS };
            let (subject, text) = text.choose(&mut self.rng).copied().unwrap_or_default();
            let tone = if unhappy { self.rng.random_range(-7_000..-1_000) } else { self.rng.random_range(-500..4_000) };
            let data = json!({"ticket": ticket, "priority": if unhappy { "p2" } else { "p3" }, "category": "how-to",
                "product_area": "exports", "channel": "email", "contact": contact, "subject": subject, "text": text,
                "sentiment_bp": tone});
            self.push(events, &Draft { account: &id, kind: "ticket.opened", at, contact: Some(&contact), data });
            account.open_tickets.push((ticket, day.plus(if unhappy { 3 } else { 1 }), which));
        }
        let (due, open): (Vec<_>, Vec<_>) = account.open_tickets.drain(..).partition(|(_, until, _)| *until <= day);
        account.open_tickets = open;
        for (ticket, _, which) in due {
            let contact = account.contact(which);
            let about = |kind, at, data| Draft { account: &id, kind, at, contact: Some(contact.as_str()), data };
            self.push(events, &about("ticket.replied", at, json!({"ticket": ticket, "by": "agent"})));
            let data = json!({"ticket": ticket, "resolution_code": "fixed"});
            self.push(events, &about("ticket.resolved", at.plus_ms(HOUR_MS), data));
            if self.rng.random_bool(0.5) {
                let score = if unhappy { self.rng.random_range(2..=4) } else { self.rng.random_range(4..=5) };
                let data = json!({"ticket": ticket, "score": score, "scale": 5});
                self.push(events, &about("csat.responded", at.plus_ms(2 * HOUR_MS), data));
            }
        }
    }

    fn relation(&mut self, account: &Account, day: Day, events: &mut Vec<(Time, u64, Value)>) {
        let age = day.0 - self.start.0;
        let fading = account.course == Course::Fading && day >= account.turns_on;
        let at = day.start().plus_ms(13 * HOUR_MS);
        let id = account.id.as_str();
        let phase = i32::try_from(account.seats % 14).unwrap_or(0);
        if age % 14 == phase {
            let everyone: Vec<String> = (0..account.contacts.len()).map(|n| account.contact(n)).collect();
            let meeting = format!("{}-{age}", account.id);
            let (kind, data) = if fading {
                ("meeting.missed", json!({"meeting": meeting, "type": "check_in", "invited": everyone}))
            } else {
                let data = json!({"meeting": meeting, "type": "check_in", "invited": everyone, "attended": everyone});
                ("meeting.held", data)
            };
            self.push(events, &Draft { account: id, kind, at, contact: None, data });
        }
        if age % 21 == phase {
            let champion = account.contact(1);
            let message = format!("{}-m{age}", account.id);
            let data = json!({"message": message, "class": "relationship"});
            let contact = Some(champion.as_str());
            self.push(events, &Draft { account: id, kind: "outreach.delivered", at, contact, data });
            if !fading && self.rng.random_bool(0.6) {
                let data = json!({"message": message, "class": "relationship", "sentiment_bp": 2_500});
                let at = at.plus_ms(20 * HOUR_MS);
                self.push(events, &Draft { account: id, kind: "outreach.replied", at, contact, data });
            }
        }
        if let Some(n) = (0..3).find(|n| age == 20 + 40 * n) {
            let met = !fading && self.rng.random_bool(0.8);
            let kind = if met { "goal.achieved" } else { "goal.missed" };
            let data = json!({"goal": format!("goal-{n}")});
            self.push(events, &Draft { account: id, kind, at, contact: None, data });
        }
        if age == 15 + phase && account.course != Course::Fading {
            let worth = account.arr_minor * self.rng.random_range(15..32) / 10;
            let data = json!({"value": {"minor": worth, "currency": "USD"}, "cost": {"minor": account.arr_minor, "currency": "USD"},
                "period": "year", "attested_by": "customer"});
            self.push(events, &Draft { account: id, kind: "roi.reported", at, contact: None, data });
        }
    }

    fn money(&mut self, account: &mut Account, day: Day, events: &mut Vec<(Time, u64, Value)>) {
        let age = day.0 - self.start.0;
        let at = day.start().plus_ms(6 * HOUR_MS);
        let amount = json!({"minor": account.arr_minor / 12, "currency": "USD"});
        let id = account.id.clone();
        let about = |kind, data| Draft { account: &id, kind, at, contact: None, data };
        if age % 30 == account.invoiced_on {
            let invoice = format!("{id}-{age}");
            let due_on = day.plus(PAYMENT_TERM_DAYS);
            self.push(
                events,
                &about("invoice.issued", json!({"invoice": invoice, "amount": amount, "due_on": due_on})),
            );
            if account.unpaid.is_none() {
                account.unpaid = Some((invoice, due_on));
            }
        }
        let Some((invoice, due_on)) = account.unpaid.clone() else { return };
        let days_late = day.0 - due_on.0;
        let late = account.course == Course::PayingLate && day >= account.turns_on;
        if days_late >= 0 && !late {
            let data = json!({"invoice": invoice, "amount": amount, "days_late": days_late});
            self.push(events, &about("invoice.paid", data));
            account.unpaid = None;
        } else if days_late > 0 && days_late % 5 == 0 {
            let data = json!({"invoice": invoice, "amount": amount, "days_late": days_late});
            self.push(events, &about("invoice.overdue", data));
        }
    }
}

impl Account {
    /// Level of use on a day, in permille of the habit.
    fn level(&self, day: Day) -> u64 {
        let gone = i64::from(day.0 - self.turns_on.0);
        match self.course {
            Course::Steady | Course::PayingLate => 1_000,
            Course::Fading => u64::try_from((1_000 - gone.max(0) * 25).max(150)).unwrap_or(150),
        }
    }

    /// The address of a contact, which is also their id at the producer.
    fn contact(&self, which: usize) -> String {
        self.contacts.get(which).or(self.contacts.first()).map_or_else(String::new, |(_, p)| p.email(&self.id))
    }
}

fn account(rng: &mut StdRng, n: u32, start: Day, size: Size) -> Account {
    let (id, name) = names::company(n);
    let course = match n % 10 {
        3 | 7 => Course::Fading,
        1 | 5 => Course::PayingLate,
        4 | 8 if n > 10 => Course::Fading,
        _ => Course::Steady,
    };
    // Causes begin all along the way, so that some are over, some decided on and some still waiting at the end.
    let begins = match n {
        0..10 => size.days * (30 + 3 * i32::try_from(n).unwrap_or(0) + rng.random_range(-4..5)) / 100,
        13 => size.days - 31,
        14 => size.days - 28,
        17 => size.days - 25,
        18 => size.days - 23,
        _ => size.days * 60 / 100,
    };
    let seats = rng.random_range(12..40);
    let users = (0..seats * 85 / 100)
        .map(|user| User {
            id: format!("user-{user}@{id}.example"),
            habit: *[800, 800, 450, 350, 350, 120, 80].choose(rng).unwrap_or(&350),
            features: FEATURES.iter().copied().filter(|_| rng.random_range(0..10) < 7).collect(),
        })
        .collect();
    let [sponsor, champion, billing] = names::people(rng);
    Account {
        course,
        turns_on: start.plus(begins),
        arr_minor: rng.random_range(8_000..90_000) * 100,
        seats,
        users,
        contacts: vec![("sponsor", sponsor), ("champion", champion), ("billing", billing)],
        csm: ["ana", "ben"].choose(rng).copied().unwrap_or("ana"),
        zone: ["Europe/Amsterdam", "America/New_York", "Europe/London"].choose(rng).copied().unwrap_or("UTC"),
        invoiced_on: (i32::try_from(n).unwrap_or(0) * 9 + 12) % 30,
        unpaid: None,
        open_tickets: Vec::new(),
        id,
        name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(seed: u64) -> Vec<Value> {
        let size = Size { accounts: 20, days: 120 };
        let mut world = World::new(seed, Day(20_000), size);
        (0..size.days).flat_map(|n| world.day(Day(20_000 + n))).collect()
    }

    #[test]
    fn equal_seeds_give_equal_worlds_and_others_do_not() {
        assert_eq!(events(7), events(7));
        assert_ne!(events(7), events(8));
    }

    #[test]
    fn every_event_passes_the_door() {
        let door = bus_schema::door::Door::new([7; 32]);
        let received = Day(20_200).start();
        let all = events(1);
        assert!(all.len() > 10_000, "{}", all.len());
        for event in &all {
            let text = event.to_string();
            door.admit(text.as_bytes(), received).unwrap_or_else(|refusal| panic!("{refusal:?}: {text}"));
        }
    }
}

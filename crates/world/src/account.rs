//! One account of a world: who it is for everybody to see, and how it is inclined for nobody.

use std::collections::BTreeMap;

use bus_schema::{Day, Kind, Time};
use serde_json::Value;

use crate::{
    dice::Dice,
    names,
    story::{Archetype, Story},
};

/// The core features of the product.
pub(crate) const FEATURES: [&str; 8] =
    ["planning", "dispatch", "reports", "imports", "alerts", "exports", "forecasts", "approvals"];
/// Above so many seats a producer sends sums of a day instead of events of single users.
const SUMS_ABOVE: u32 = 50;

/// Which part of the market it is in, as the world draws it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Size {
    Strategic,
    Enterprise,
    MidMarket,
    Smb,
    Vendor,
}

impl Size {
    /// Of 85 accounts.
    pub(crate) const OF_85: [(Self, u32); 5] =
        [(Self::Strategic, 5), (Self::Enterprise, 10), (Self::MidMarket, 30), (Self::Smb, 28), (Self::Vendor, 12)];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Strategic => "strategic",
            Self::Enterprise => "enterprise",
            Self::MidMarket => "mid_market",
            Self::Smb | Self::Vendor => "smb",
        }
    }

    /// Revenue a year in thousands, seats, contacts.
    const fn ranges(self) -> ((u64, u64), (u64, u64), (u64, u64)) {
        match self {
            Self::Strategic => ((180, 420), (400, 1_500), (8, 12)),
            Self::Enterprise => ((105, 260), (150, 900), (6, 6)),
            Self::MidMarket => ((26, 95), (50, 300), (4, 4)),
            Self::Smb => ((3, 24), (5, 45), (2, 2)),
            Self::Vendor => ((3, 24), (5, 12), (2, 2)),
        }
    }

    pub(crate) const fn is_small(self) -> bool {
        matches!(self, Self::Smb | Self::Vendor)
    }
}

/// A person who uses the product.
#[derive(Clone, Copy, Debug)]
pub(crate) struct User {
    /// Chance of a working day's login, in permille.
    pub(crate) chance: u64,
    /// A bit for each feature.
    pub(crate) features: u8,
}

/// One of the customer's people whom we know.
#[derive(Clone, Debug)]
pub(crate) struct Contact {
    /// Their address, which is their id.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) role: &'static str,
    pub(crate) title: &'static str,
    /// What they would answer, in tenths of the scale of ten.
    pub(crate) opinion: i64,
    pub(crate) left: bool,
}

/// What was agreed.
#[derive(Clone, Debug)]
pub(crate) struct Term {
    pub(crate) monthly: bool,
    pub(crate) start: Day,
    pub(crate) end: Day,
    pub(crate) auto_renew: bool,
    pub(crate) notice_days: i32,
    /// How often it was signed.
    pub(crate) number: u32,
}

/// What will have happened, in order of time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Agenda {
    next: u64,
    events: BTreeMap<(Time, u64), Said>,
}

/// One event without its envelope.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) kind: Kind,
    pub(crate) contact: Option<String>,
    pub(crate) data: Value,
}

impl Agenda {
    pub(crate) fn say(&mut self, at: Time, kind: Kind, contact: Option<&str>, data: Value) {
        self.next += 1;
        self.events.insert((at, self.next), Said { kind, contact: contact.map(ToOwned::to_owned), data });
    }

    /// What happens before an instant.
    pub(crate) fn take(&mut self, until: Time) -> BTreeMap<(Time, u64), Said> {
        let later = self.events.split_off(&(until, 0));
        std::mem::replace(&mut self.events, later)
    }

    pub(crate) fn clear(&mut self) {
        self.events.clear();
    }
}

/// An account.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) number: u64,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) size: Size,
    pub(crate) csm: &'static str,
    /// Zone, and the hour there is eight in the morning in UTC.
    pub(crate) zone: (&'static str, i64),
    /// Revenue a year in cents.
    pub(crate) arr: i64,
    pub(crate) licensed: u64,
    /// How it uses the product: all there will ever be; the first `assigned` have a seat.
    pub(crate) users: Vec<User>,
    pub(crate) assigned: usize,
    pub(crate) contacts: Vec<Contact>,
    /// A bit for each feature it uses at all.
    pub(crate) features: u8,
    /// Calls of the API a day, where it calls.
    pub(crate) calls: Option<u64>,
    /// When the relation began, and its first day in this world.
    pub(crate) created: Day,
    pub(crate) first: Day,
    pub(crate) term: Term,
    pub(crate) story: Story,
    /// Tickets, answers and care for money, in permille of the usual.
    pub(crate) asks: u64,
    pub(crate) answers: u64,
    pub(crate) attested: Option<Day>,
    pub(crate) agenda: Agenda,
    /// A counter for names of tickets, messages, invoices.
    pub(crate) counter: u64,
    pub(crate) notice: Option<Day>,
    pub(crate) ended: Option<Day>,
    pub(crate) expanded: bool,
}

const ZONES: [(&str, i64); 4] =
    [("Europe/Amsterdam", 7), ("Europe/London", 8), ("America/New_York", 13), ("Europe/Berlin", 7)];

impl Account {
    /// An account with everything but its term and the dates of its story.
    pub(crate) fn draw(seed: u64, number: u32, size: Size, archetype: Archetype, csm: &'static str) -> Self {
        let mut dice = Dice::of(&[seed, 1, u64::from(number)]);
        let (id, name) = names::company(seed, number);
        let ((arr_low, arr_high), (low, high), (few, many)) = size.ranges();
        // Small ones are more common than large ones.
        let seats = dice.between(low, high).min(dice.between(low, high));
        let arr = dice.between(arr_low * 1_000, arr_high * 1_000).min(dice.between(arr_low * 1_000, arr_high * 1_000));
        let gap = archetype == Archetype::ValueGap;
        let features = some_features(&mut dice, if gap { (2, 3) } else { (4, 8) }, u8::MAX);
        let temper = dice.uneven().clamp(500, 1_700);
        // Growth needs people who can still be given a seat.
        let users = (0..seats * 2).map(|_| user(&mut dice, temper, features)).collect();
        let assigned = usize::try_from((seats * dice.between(70, 95) / 100).max(2)).unwrap_or(2);
        let contacts = contacts(&mut dice, &id, dice_between(few, many, number));
        Self {
            number: u64::from(number),
            id,
            name,
            size,
            csm,
            zone: dice.pick(&ZONES).copied().unwrap_or(("UTC", 8)),
            arr: i64::try_from(arr).unwrap_or(0) * 100,
            licensed: seats,
            users,
            assigned,
            contacts,
            features,
            calls: dice.falls(400).then(|| dice.between(200, 20_000).min(dice.between(200, 20_000))),
            created: Day(0),
            first: Day(0),
            term: Term { monthly: false, start: Day(0), end: Day(0), auto_renew: false, notice_days: 30, number: 1 },
            story: Story::new(&mut dice, archetype),
            asks: dice.uneven(),
            answers: dice.uneven().clamp(600, 1_500),
            attested: None,
            agenda: Agenda::default(),
            counter: 0,
            notice: None,
            ended: None,
            expanded: false,
        }
    }

    /// Whether its producer sends sums of a day.
    pub(crate) fn sums(&self) -> bool {
        self.licensed > u64::from(SUMS_ABOVE) || self.users.len() > 2 * SUMS_ABOVE as usize
    }

    /// Eight in the morning where it is.
    pub(crate) fn morning(&self, day: Day) -> Time {
        day.start().plus_ms(self.zone.1 * bus_schema::time::HOUR_MS)
    }

    /// A name that was not used before.
    pub(crate) fn fresh(&mut self, what: &str) -> String {
        self.counter += 1;
        format!("{what}-{}-{}", self.id, self.counter)
    }

    /// Who has a role and is still there.
    pub(crate) fn with_role(&self, role: &str) -> Option<&Contact> {
        self.contacts.iter().find(|contact| contact.role == role && !contact.left)
    }

    /// Somebody who is still there.
    pub(crate) fn somebody(&self, dice: &mut Dice) -> Option<&Contact> {
        let there: Vec<&Contact> = self.contacts.iter().filter(|contact| !contact.left).collect();
        dice.pick(&there).copied()
    }

    /// Use on a day in permille: the cause, and a slow coming and going that every account has.
    pub(crate) fn level(&self, seed: u64, day: Day) -> u64 {
        let fortnight = |n: i64| {
            let n = u64::try_from(n).unwrap_or(0);
            1_000 + Dice::of(&[seed, 2, self.number, n]).around(90).clamp(-250, 250)
        };
        let (n, into) = (i64::from(day.0).div_euclid(14), i64::from(day.0).rem_euclid(14));
        let wave = (fortnight(n) * (14 - into) + fortnight(n + 1) * into) / 14;
        // Between notice and end people begin to leave.
        let notice = if self.notice.is_some_and(|notice| day > notice) { 500 } else { 1_000 };
        let starting = i64::from((day.0 - self.first.0).clamp(0, 30));
        let start = if self.first == self.created { 300 + 700 * starting / 30 } else { 1_000 };
        u64::try_from(wave * self.story.level(day) / 1_000 * notice / 1_000 * start / 1_000).unwrap_or(0)
    }
}

fn dice_between(few: u64, many: u64, number: u32) -> u64 {
    few + u64::from(number) % (many - few + 1)
}

fn some_features(dice: &mut Dice, (few, many): (u64, u64), of: u8) -> u8 {
    let mut all: Vec<u8> = (0..8).filter(|bit| of & (1 << bit) != 0).collect();
    dice.shuffle(&mut all);
    let count = usize::try_from(dice.between(few, many)).unwrap_or(2);
    all.iter().take(count).fold(0, |bits, bit| bits | (1 << bit))
}

fn user(dice: &mut Dice, temper: u64, of: u8) -> User {
    let base = match dice.below(100) {
        0..25 => 800,
        25..60 => 350,
        60..85 => 80,
        _ => 0,
    };
    let chance = base * dice.uneven().clamp(500, 1_700) / 1_000 * temper / 1_000;
    User { chance: chance.min(950), features: some_features(dice, (2, 6), of) }
}

fn contacts(dice: &mut Dice, company: &str, count: u64) -> Vec<Contact> {
    let mut out: Vec<Contact> = Vec::new();
    for n in 0..count {
        let role = match n {
            0 => "sponsor",
            1 => "champion",
            2 => "admin",
            3 => "billing",
            4 if count > 6 => "champion",
            _ => "user",
        };
        out.push(contact(dice, company, role, &out));
    }
    out
}

/// Somebody at a company, with a name nobody there has.
pub(crate) fn contact(dice: &mut Dice, company: &str, role: &'static str, others: &[Contact]) -> Contact {
    let taken: Vec<String> = others.iter().map(|contact| contact.id.clone()).collect();
    let (id, name) = names::person(dice, company, &taken);
    let opinion = 84 + dice.around(12);
    Contact { id, name, role, title: names::title(dice, role), opinion, left: false }
}

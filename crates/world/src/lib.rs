//! A made-up company, drawn from a number: what its customers do day by day, and why.
//!
//! Every account has a hidden cause; only events come out, as a product, a desk, a sales system and a bank would send
//! them. The crate knows nothing of agents, scores or proposals. Equal numbers give equal bytes on every machine:
//! integers, tables, and chances that are asked one by one. Invariant: no field, id, name or order of what comes out
//! carries a cause; the truth is told beside it, by [`World::truth`].

mod account;
mod calendar;
mod dice;
mod draw;
mod life;
mod money;
mod names;
mod relation;
mod story;
mod support;
mod text;
mod truth;
mod usage;
mod value;
mod vendor;

use bus_schema::{
    Day, Kind, Time,
    time::{HOUR_MS, MINUTE_MS},
};
use serde_json::{Value, json};

use crate::{account::Account, calendar::Today};
pub use crate::{
    calendar::HISTORY_DAYS,
    names::CSMS,
    story::Archetype,
    truth::{Truth, TruthOfAccount},
};

/// Most accounts of a world: as many companies have names of their own.
pub const ACCOUNTS_MAX: u32 = names::COMPANIES_MAX;
/// Accounts an incident's event can name.
const NAMED_MAX: usize = 100;

/// How large, and for how long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size {
    /// Companies.
    pub accounts: u32,
    /// Days after the 84 days of history.
    pub days: i32,
}

/// An incident other than the usual one, for a test of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outage {
    /// First day, counted like [`Size::days`].
    pub day: i32,
    /// How long it lasts.
    pub days: i32,
    /// How many accounts it covers.
    pub accounts: u32,
    /// What is left of use, in permille.
    pub left: u64,
}

/// A world at a day.
#[derive(Clone, Debug)]
pub struct World {
    seed: u64,
    first: Day,
    accounts: Vec<Account>,
    needless: Vec<u64>,
    /// Accounts the usual incident covers.
    covered: Vec<usize>,
    outage: Option<Outage>,
}

/// One event on its way out.
#[derive(Clone, PartialEq, Debug)]
pub struct Happening {
    /// When.
    pub time: Time,
    /// What.
    pub kind: Kind,
    /// Of which account.
    pub account: String,
    /// Of whom, by their address.
    pub contact: Option<String>,
    /// The fields of the kind, personal ones included.
    pub data: Value,
    /// Unique in the world.
    pub id: String,
    /// Who sends it.
    pub source: &'static str,
}

impl Happening {
    /// As a structured CloudEvents object.
    pub fn json(&self) -> Value {
        let mut event = json!({
            "specversion": "1.0", "id": self.id, "source": self.source, "type": self.kind.name(),
            "subject": format!("account/{}", self.account), "time": self.time, "data": self.data,
        });
        if let (Some(contact), Value::Object(fields)) = (&self.contact, &mut event) {
            fields.insert("contact".into(), contact.clone().into());
        }
        event
    }
}

impl World {
    /// A world whose history begins on `start`; day 0 is 84 days later.
    pub fn new(seed: u64, start: Day, size: Size) -> Self {
        let first = start.plus(HISTORY_DAYS);
        let accounts = draw::accounts(seed, size.accounts, first, size.days);
        let wanted = (accounts.len() * 9 / 85).max(1);
        let mut order: Vec<usize> = (0..accounts.len()).collect();
        dice::Dice::of(&[seed, 5]).shuffle(&mut order);
        order.truncate(wanted);
        Self { seed, first, needless: vec![0; accounts.len()], accounts, covered: order, outage: None }
    }

    /// The same world with an incident of its own in place of the usual one.
    #[must_use]
    pub fn with_outage(mut self, outage: Outage) -> Self {
        let mut order: Vec<usize> = (0..self.accounts.len()).collect();
        dice::Dice::of(&[self.seed, 6]).shuffle(&mut order);
        order.truncate(usize::try_from(outage.accounts).unwrap_or(usize::MAX));
        (self.covered, self.outage) = (order, Some(outage));
        self
    }

    /// Day 0: the first after the history.
    pub const fn first(&self) -> Day {
        self.first
    }

    /// The events of a day, by time. Days have to be asked for one after the other.
    pub fn day(&mut self, day: Day) -> Vec<Happening> {
        let today = Today::of(day, self.first);
        let seed = self.seed;
        let mut out = Vec::new();
        self.incident(today, &mut out);
        for (at, account) in self.accounts.iter_mut().enumerate() {
            if day < account.first || account.ended.is_some_and(|ended| day > ended) {
                continue;
            }
            if day == account.first {
                life::open(account, seed);
            }
            let covered = self.covered.contains(&at);
            let needless = self.needless.get(at).copied().unwrap_or(0);
            live(account, seed, today, covered, self.outage, needless);
            let ended = account.ended;
            for ((time, n), said) in account.agenda.take(day.plus(1).start()) {
                let id = format!("{}-{n:05}", account.id);
                let account = account.id.clone();
                let source = source(said.kind);
                out.push(Happening {
                    time,
                    kind: said.kind,
                    account,
                    contact: said.contact,
                    data: said.data,
                    id,
                    source,
                });
            }
            if ended == Some(day) {
                account.agenda.clear();
            }
        }
        out.sort_by(|a, b| (a.time, &a.account, &a.id).cmp(&(b.time, &b.account, &b.id)));
        out
    }

    /// Begin and end of the incident, each naming whom it covers.
    fn incident(&self, today: Today, out: &mut Vec<Happening>) {
        let (begins, ends, hours) = match self.outage {
            Some(outage) => (outage.day, outage.day + outage.days, 0),
            None => (calendar::INCIDENT_DAY, calendar::INCIDENT_DAY, calendar::INCIDENT_HOURS),
        };
        let mut say = |kind: Kind, hour: i64| {
            let known =
                |at: &usize| self.accounts.get(*at).filter(|account| account.first < today.day).map(|a| a.id.clone());
            let covered: Vec<String> = self.covered.iter().filter_map(known).collect();
            for (n, part) in covered.chunks(NAMED_MAX).enumerate() {
                let time = today.day.start().plus_ms(hour * HOUR_MS + MINUTE_MS);
                let data = json!({"incident": "incident-exports", "scope": "accounts", "accounts": part,
                    "product_areas": ["exports"], "severity": "major"});
                let account = part.first().cloned().unwrap_or_default();
                let id = format!("incident-{}-{n}", kind.name());
                out.push(Happening { time, kind, account, contact: None, data, id, source: source(kind) });
            }
        };
        if today.age == begins {
            say(Kind::IncidentOpened, if self.outage.is_some() { 0 } else { 9 });
        }
        if today.age == ends {
            say(Kind::IncidentResolved, if self.outage.is_some() { 0 } else { 9 + hours });
        }
    }

    /// A message of ours reached an account. Helps where there is a cause; where there is none it wears people out.
    pub fn delivered(&mut self, account: &str, day: Day) {
        if let Some(at) = self.accounts.iter().position(|known| known.id == account)
            && let (Some(account), Some(needless)) = (self.accounts.get_mut(at), self.needless.get_mut(at))
            && !account.story.help(day)
        {
            *needless += 1;
        }
    }

    /// Whether what shows of an account now is a scare: the managers learn it when they call.
    pub fn is_scare(&self, account: &str) -> bool {
        let known = self.accounts.iter().find(|known| known.id == account);
        known.is_some_and(|account| account.story.archetype == Archetype::FalseScare)
    }

    /// What was hidden.
    pub fn truth(&self) -> Truth {
        truth::of(self.seed, self.first, &self.accounts)
    }
}

/// A day of one account.
fn live(account: &mut Account, seed: u64, today: Today, covered: bool, outage: Option<Outage>, needless: u64) {
    let out = outage.filter(|outage| covered && (outage.day..outage.day + outage.days).contains(&today.age));
    let dimmed = match out {
        Some(outage) => Today { activity: today.activity * outage.left / 1_000, ..today },
        None => today,
    };
    usage::happen(account, seed, dimmed, covered && outage.is_none());
    life::happen(account, seed, today);
    if account.notice.is_none() {
        support::happen(account, seed, today);
        relation::happen(account, seed, today, needless);
        value::happen(account, seed, today);
    }
    money::happen(account, seed, today);
    vendor::happen(account, seed, dimmed);
}

/// Which system sends a kind.
#[expect(clippy::wildcard_enum_match_arm, reason = "what is none of these comes from the product")]
const fn source(kind: Kind) -> &'static str {
    match kind {
        Kind::TicketOpened
        | Kind::TicketReplied
        | Kind::TicketUpdated
        | Kind::TicketEscalated
        | Kind::TicketResolved
        | Kind::TicketReopened
        | Kind::CsatResponded
        | Kind::HelpSearched
        | Kind::HelpViewed
        | Kind::HelpAnswered => "world/desk",
        Kind::InvoiceIssued | Kind::InvoicePaid | Kind::InvoicePaymentFailed | Kind::InvoiceOverdue => "world/billing",
        Kind::ContractSigned
        | Kind::ContractAmended
        | Kind::ContractNoticeGiven
        | Kind::RenewalStageChanged
        | Kind::RenewalProposalSent
        | Kind::OpportunityCreated
        | Kind::OpportunityWon
        | Kind::OpportunityLost
        | Kind::CompetitorMentioned
        | Kind::BudgetReported
        | Kind::OrgChanged
        | Kind::ContactAdded
        | Kind::ContactLeft
        | Kind::MeetingHeld
        | Kind::MeetingMissed
        | Kind::ReviewHeld
        | Kind::OutreachDelivered
        | Kind::OutreachReplied
        | Kind::OutreachBounced
        | Kind::OutreachUnsubscribed
        | Kind::SurveySent
        | Kind::NpsResponded => "world/crm",
        _ => "world/product",
    }
}

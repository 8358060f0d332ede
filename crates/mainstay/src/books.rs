//! Whose accounts are whose, how full each book is, and what is not connected: read from the facts of the supervisor
//! when it is asked for. Shown, never enforced.

use std::collections::BTreeMap;

use bus_schema::{
    Data, Event, Kind,
    data::facts::{SetupPart, SetupStep},
};
use serde::Serialize;

/// The kinds this is made of.
pub(crate) const READS: &[Kind] =
    &[Kind::OwnerChanged, Kind::ServiceChanged, Kind::StageChanged, Kind::SegmentChanged, Kind::SetupChanged];

/// What is known of each account.
#[derive(Debug, Default)]
pub(crate) struct Accounts(BTreeMap<String, Account>);

#[derive(Debug, Default)]
struct Account {
    owner: Option<String>,
    segment: String,
    load_bp: u32,
    ended: bool,
    unclassified: bool,
    connected: Vec<SetupPart>,
    missing: Vec<SetupPart>,
}

/// The accounts of one CSM.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Book {
    /// The CSM; none for accounts that nobody looks after.
    pub(crate) owner: Option<String>,
    /// How many there are.
    pub(crate) accounts: u32,
    /// How full the book is: 10,000 is full.
    pub(crate) load_bp: u32,
    /// How many of each segment.
    pub(crate) segments: BTreeMap<String, u32>,
}

/// One of the four steps of setting up.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    /// Its name.
    pub(crate) step: &'static str,
    /// Its parts.
    pub(crate) parts: Vec<Reach>,
}

/// Something that is to be connected.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Reach {
    /// Its name.
    pub(crate) part: String,
    /// Accounts of which it is known.
    pub(crate) connected: u32,
    /// Accounts there are.
    pub(crate) accounts: u32,
}

impl Accounts {
    /// Folds one event of the log.
    pub(crate) fn take(&mut self, event: &Event) {
        let Some(id) = event.header.entity.account_id() else { return };
        let account = self.0.entry(id.to_owned()).or_default();
        match &event.data {
            Data::OwnerChanged(data) => account.owner.clone_from(&data.to),
            Data::ServiceChanged(data) => {
                account.segment.clone_from(&data.segment);
                account.load_bp = data.load_bp;
            }
            Data::StageChanged(data) => account.ended = data.to == "churned",
            Data::SegmentChanged(data) => account.unclassified = data.unclassified,
            Data::SetupChanged(data) => {
                account.connected.clone_from(&data.connected);
                account.missing.clone_from(&data.missing);
            }
            // READS names what is folded here.
            _ => {}
        }
    }

    /// The books, fullest first, and last the accounts that nobody looks after. Accounts that left are in none.
    pub(crate) fn books(&self) -> Vec<Book> {
        let mut books: BTreeMap<Option<&String>, Book> = BTreeMap::new();
        for account in self.active() {
            let book = books.entry(account.owner.as_ref()).or_default();
            book.owner.clone_from(&account.owner);
            book.accounts = book.accounts.saturating_add(1);
            book.load_bp = book.load_bp.saturating_add(account.load_bp);
            let segment = book.segments.entry(account.segment.clone()).or_default();
            *segment = segment.saturating_add(1);
        }
        let mut books: Vec<Book> = books.into_values().collect();
        books.sort_by_key(|book| (book.owner.is_none(), std::cmp::Reverse(book.load_bp)));
        books
    }

    /// Accounts whose segment rests on nothing.
    pub(crate) fn unclassified(&self) -> usize {
        self.active().filter(|account| account.unclassified).count()
    }

    /// The steps of setting up with what is connected of how many accounts.
    pub(crate) fn setup(&self) -> Vec<Step> {
        let all = u32::try_from(self.active().count()).unwrap_or(u32::MAX);
        let mut parts: BTreeMap<(SetupStep, &str), u32> = BTreeMap::new();
        for account in self.active() {
            for part in &account.missing {
                parts.entry((part.step, part.part.as_str())).or_default();
            }
            for part in &account.connected {
                let connected = parts.entry((part.step, part.part.as_str())).or_default();
                *connected = connected.saturating_add(1);
            }
        }
        let step = |step: SetupStep| Step {
            step: step.name(),
            parts: parts
                .iter()
                .filter(|((of, _), _)| *of == step)
                .map(|((_, part), connected)| Reach { part: (*part).to_owned(), connected: *connected, accounts: all })
                .collect(),
        };
        SetupStep::ALL.into_iter().map(step).collect()
    }

    fn active(&self) -> impl Iterator<Item = &Account> {
        self.0.values().filter(|account| !account.ended)
    }
}

#[cfg(test)]
mod tests {
    use bus_schema::{
        Entity, Header, Position, Time,
        data::{
            account::AccountKind,
            facts::{OwnerChanged, ServiceChanged, SetupChanged, StageChanged, TouchModel},
        },
    };

    use super::*;

    fn event(account: &str, data: Data) -> Event {
        let header = Header {
            source: "supervisor".into(),
            id: "1".into(),
            entity: Entity::account(account),
            time: Time(0),
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

    fn owned(by: &str) -> Data {
        Data::OwnerChanged(OwnerChanged { from: None, to: Some(by.into()), reason: String::new(), until: None })
    }

    fn served(segment: &str, accounts_per_csm: u32) -> Data {
        Data::ServiceChanged(ServiceChanged {
            kind: AccountKind::Customer,
            segment: segment.into(),
            touch: TouchModel::HighTouch,
            accounts_per_csm,
            load_bp: 10_000 / accounts_per_csm,
            currency: None,
            reason: String::new(),
            policy_version: 1,
            events: Vec::new(),
        })
    }

    fn told(facts: Vec<(&str, Data)>) -> Accounts {
        let mut accounts = Accounts::default();
        for (account, data) in facts {
            accounts.take(&event(account, data));
        }
        accounts
    }

    #[test]
    fn a_book_is_as_full_as_its_accounts_are_heavy_and_who_left_is_in_none() {
        let left = Data::StageChanged(StageChanged { from: None, to: "churned".into(), reason: String::new() });
        let accounts = told(vec![
            ("a", owned("ana")),
            ("a", served("smb", 100)),
            ("a", served("enterprise", 10)),
            ("b", owned("ben")),
            ("b", owned("ana")),
            ("b", served("strategic", 5)),
            ("c", served("smb", 100)),
            ("d", owned("ben")),
            ("d", served("smb", 100)),
            ("e", owned("ben")),
            ("e", served("strategic", 5)),
            ("e", left),
        ]);
        let books: Vec<_> =
            accounts.books().into_iter().map(|book| (book.owner, book.accounts, book.load_bp)).collect();
        assert_eq!(books, [(Some("ana".into()), 2, 3_000), (Some("ben".into()), 1, 100), (None, 1, 100)]);
        assert_eq!(accounts.books()[0].segments, BTreeMap::from([("enterprise".into(), 1), ("strategic".into(), 1)]));
    }

    #[test]
    fn what_is_connected_is_counted_over_accounts_in_the_order_of_the_steps() {
        let part = |step, part: &str, since: Option<i64>| SetupPart {
            step,
            part: part.into(),
            since: since.map(Time),
            event: since.map(|_| Position { seq: 1, index: 0 }),
        };
        let setup = |connected, missing| {
            Data::SetupChanged(SetupChanged { connected, missing, reason: String::new(), events: Vec::new() })
        };
        let (usage, owner) =
            (|since| part(SetupStep::Health, "usage", since), part(SetupStep::Segments, "owner", None));
        let accounts = told(vec![
            ("a", setup(vec![usage(Some(1))], vec![owner.clone()])),
            ("b", setup(Vec::new(), vec![usage(None), owner])),
        ]);
        let steps = accounts.setup();
        let names: Vec<&str> = steps.iter().map(|step| step.step).collect();
        assert_eq!(names, ["health", "segments", "automation", "dashboards"]);
        assert_eq!(steps[0].parts, [Reach { part: "usage".into(), connected: 1, accounts: 2 }]);
        assert_eq!(steps[1].parts, [Reach { part: "owner".into(), connected: 0, accounts: 2 }]);
    }
}

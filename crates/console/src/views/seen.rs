//! Which accounts and contacts there are, and when something was last heard of them.
//!
//! Most events say no more of an account than that. Of these a transaction writes one row for each account and each
//! contact, in the order of the tables, however many events came.

use std::collections::BTreeMap;

use bus_schema::{Header, Time};
use rusqlite::{Transaction, params};

use super::ViewsError;

/// Who was heard of in a transaction, and when last.
#[derive(Default)]
pub(super) struct Seen(BTreeMap<String, SeenAccount>);

#[derive(Default)]
struct SeenAccount {
    last: Time,
    contacts: BTreeMap<String, Time>,
}

impl Seen {
    /// Notes whom an event is about.
    pub(super) fn note(&mut self, header: &Header, at: Time) {
        let Some(account) = header.entity.account_id() else { return };
        if !self.0.contains_key(account) {
            self.0.insert(account.to_owned(), SeenAccount::default());
        }
        let Some(seen) = self.0.get_mut(account) else { return };
        seen.last = seen.last.max(at);
        if let Some(contact) = &header.contact {
            match seen.contacts.get_mut(contact) {
                Some(last) => *last = at.max(*last),
                None => {
                    seen.contacts.insert(contact.clone(), at);
                }
            }
        }
    }

    /// Writes what was noted of an account, before an event changes its rows.
    pub(super) fn settle(&mut self, t: &Transaction<'_>, account: &str) -> Result<(), ViewsError> {
        self.0.remove_entry(account).map_or(Ok(()), |(account, seen)| seen.write(t, &account))
    }

    /// Writes all that was noted.
    pub(super) fn write(self, t: &Transaction<'_>) -> Result<(), ViewsError> {
        self.0.into_iter().try_for_each(|(account, seen)| seen.write(t, &account))
    }
}

impl SeenAccount {
    fn write(self, t: &Transaction<'_>, id: &str) -> Result<(), ViewsError> {
        account(t, id, self.last)?;
        self.contacts.into_iter().try_for_each(|(person, last)| contact(t, id, &person, last))
    }
}

/// Something was heard of an account.
pub(super) fn account(t: &Transaction<'_>, account: &str, at: Time) -> Result<(), ViewsError> {
    t.prepare_cached(
        "INSERT INTO accounts (account, last_event) VALUES (?1, ?2)
         ON CONFLICT (account) DO UPDATE SET last_event = max(last_event, ?2)",
    )?
    .execute(params![account, at.0])?;
    Ok(())
}

/// Something was heard of a contact.
pub(super) fn contact(t: &Transaction<'_>, account: &str, contact: &str, at: Time) -> Result<(), ViewsError> {
    t.prepare_cached(
        "INSERT INTO contacts (account, contact, seen_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (account, contact) DO UPDATE SET seen_at = max(seen_at, ?3)",
    )?
    .execute(params![account, contact, at.0])?;
    Ok(())
}

//! What an account, its contacts, its health and its risk are, from the events about it.

use bus_schema::{
    Data, Money, Position,
    data::{
        contact::{ConsentState, Role},
        facts::{Band, Tier},
        words::List,
    },
};
use rusqlite::{Transaction, params};

use super::{ViewsError, project::Placed, seen};

/// The name of a closed word as it travels, for a column.
pub(crate) fn word<T: serde::Serialize>(value: &T) -> Result<String, ViewsError> {
    Ok(serde_json::to_value(value)?.as_str().unwrap_or_default().to_owned())
}

/// Applies one event to the account it is about.
pub(crate) fn apply(t: &Transaction<'_>, account: &str, placed: &Placed<'_>) -> Result<(), ViewsError> {
    seen::account(t, account, placed.at())?;
    if let Some(contact) = &placed.header.contact {
        seen::contact(t, account, contact, placed.at())?;
    }
    profile(t, account, placed)?;
    contacts(t, account, placed)?;
    revenue(t, account, placed)?;
    health(t, account, placed)?;
    risk(t, account, placed)
}

fn set(t: &Transaction<'_>, account: &str, column: &str, value: impl rusqlite::ToSql) -> Result<(), ViewsError> {
    // Column names are literals of this file.
    t.prepare_cached(&format!("UPDATE accounts SET {column} = ?2 WHERE account = ?1"))?
        .execute(params![account, value])?;
    Ok(())
}

fn profile(t: &Transaction<'_>, account: &str, placed: &Placed<'_>) -> Result<(), ViewsError> {
    match placed.data {
        Data::AccountCreated(data) => {
            set(t, account, "kind", word(&data.kind)?)?;
            named(t, account, placed)?;
            if let Some(seats) = data.licensed_seats {
                set(t, account, "seats", seats)?;
            }
            zone(t, account, data.time_zone.as_deref())
        }
        Data::AccountUpdated(data) => {
            if let Some(kind) = &data.kind {
                set(t, account, "kind", word(kind)?)?;
            }
            named(t, account, placed)?;
            if let Some(seats) = data.licensed_seats {
                set(t, account, "seats", seats)?;
            }
            zone(t, account, data.time_zone.as_deref())
        }
        Data::AccountChurned(_) => set(t, account, "ended", true),
        Data::AccountWonBack(_) => set(t, account, "ended", false),
        Data::CsmAssigned(data) => set(t, account, "owner", data.csm.as_str()),
        Data::SegmentChanged(data) => set(t, account, "segment", &data.to),
        Data::StageChanged(data) => set(t, account, "stage", &data.to),
        Data::OwnerChanged(data) => set(t, account, "owner", &data.to),
        // Every other kind says nothing about who the account is.
        _ => Ok(()),
    }
}

fn named(t: &Transaction<'_>, account: &str, placed: &Placed<'_>) -> Result<(), ViewsError> {
    placed.personal("name").map_or(Ok(()), |name| set(t, account, "name", name))
}

fn zone(t: &Transaction<'_>, account: &str, zone: Option<&str>) -> Result<(), ViewsError> {
    zone.map_or(Ok(()), |zone| set(t, account, "zone", zone))
}

fn set_contact(
    t: &Transaction<'_>,
    (account, contact): (&str, &str),
    column: &str,
    value: Option<impl rusqlite::ToSql>,
) -> Result<(), ViewsError> {
    let Some(value) = value else { return Ok(()) };
    t.prepare_cached(&format!("UPDATE contacts SET {column} = ?3 WHERE account = ?1 AND contact = ?2"))?
        .execute(params![account, contact, value])?;
    Ok(())
}

fn roles(roles: &List<Role>) -> Result<String, ViewsError> {
    let words: Vec<String> = roles.iter().map(word).collect::<Result<_, _>>()?;
    Ok(words.join(" "))
}

fn contacts(t: &Transaction<'_>, account: &str, placed: &Placed<'_>) -> Result<(), ViewsError> {
    let at = |contact: &str| seen::contact(t, account, contact, placed.at());
    let names = |contact: &str| {
        let key = (account, contact);
        set_contact(t, key, "name", placed.personal("name"))?;
        set_contact(t, key, "email", placed.personal("email"))?;
        set_contact(t, key, "title", placed.personal("title"))
    };
    match placed.data {
        Data::ContactAdded(data) => {
            at(&data.contact)?;
            names(&data.contact)?;
            let key = (account, data.contact.as_str());
            set_contact(t, key, "roles", Some(roles(&data.roles)?))?;
            set_contact(t, key, "zone", data.time_zone.as_deref())?;
            set_contact(t, key, "language", data.language.as_deref())
        }
        Data::ContactUpdated(data) => {
            at(&data.contact)?;
            names(&data.contact)?;
            let key = (account, data.contact.as_str());
            set_contact(t, key, "roles", data.roles.as_ref().map(roles).transpose()?)?;
            set_contact(t, key, "zone", data.time_zone.as_deref())?;
            set_contact(t, key, "language", data.language.as_deref())
        }
        Data::ContactRoleChanged(data) => {
            at(&data.contact)?;
            set_contact(t, (account, &data.contact), "roles", Some(roles(&data.to)?))
        }
        Data::ContactLeft(data) if data.confirmed => {
            at(&data.contact)?;
            set_contact(t, (account, &data.contact), "left_on", Some(data.on.0))
        }
        Data::ConsentChanged(data) => {
            at(&data.contact)?;
            let consent = match data.state {
                ConsentState::Granted => "granted",
                _ => "revoked",
            };
            set_contact(t, (account, &data.contact), "consent", Some(consent))
        }
        Data::OutreachUnsubscribed(_) | Data::OutreachComplained(_) => {
            let contact = placed.header.contact.as_deref().unwrap_or_default();
            set_contact(t, (account, contact), "consent", Some("revoked"))
        }
        // Every other kind says nothing about a contact.
        _ => Ok(()),
    }
}

/// Recurring revenue as the agents' own profile has it: what was said last, by a contract or a subscription.
fn revenue(t: &Transaction<'_>, account: &str, placed: &Placed<'_>) -> Result<(), ViewsError> {
    let yearly = |mrr: Money| Money { minor: mrr.minor.saturating_mul(12), currency: mrr.currency };
    let (arr, seats, ends_on) = match placed.data {
        Data::ContractSigned(data) => (data.arr, None, Some(data.term_end)),
        Data::ContractAmended(data) => (data.arr, None, Some(data.term_end)),
        Data::SubscriptionStarted(data) => (yearly(data.mrr), Some(data.quantity), None),
        Data::SubscriptionChanged(data) => (yearly(data.mrr), Some(data.quantity), None),
        Data::SubscriptionRenewed(data) => (yearly(data.mrr), Some(data.quantity), None),
        Data::AccountWonBack(data) => (data.arr, None, None),
        Data::SubscriptionCancelled(data) if !data.at_period_end => return set(t, account, "ended", true),
        // Every other kind moves no recurring revenue.
        _ => return Ok(()),
    };
    set(t, account, "arr_minor", arr.minor)?;
    set(t, account, "currency", arr.currency.code())?;
    if let Some(seats) = seats {
        set(t, account, "seats", seats)?;
    }
    ends_on.map_or(Ok(()), |day| set(t, account, "renews_on", day.0))
}

fn health(t: &Transaction<'_>, account: &str, placed: &Placed<'_>) -> Result<(), ViewsError> {
    let Data::HealthScored(data) = placed.data else { return Ok(()) };
    let Position { seq, index } = placed.position;
    let (at, band) = (placed.at().0, band_word(data.band));
    t.prepare_cached("INSERT OR REPLACE INTO health VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?.execute(params![
        account,
        at,
        seq,
        index,
        data.machine,
        data.final_score,
        band
    ])?;
    t.prepare_cached(
        "UPDATE accounts SET machine = ?2, final = ?3, band = ?4, coverage = ?5, confidence = ?6,
             scored_at = ?7, scored_seq = ?8, scored_idx = ?9 WHERE account = ?1",
    )?
    .execute(params![
        account,
        data.machine,
        data.final_score,
        band,
        data.coverage_bp,
        data.confidence_bp,
        at,
        seq,
        index
    ])?;
    Ok(())
}

const fn band_word(band: Band) -> &'static str {
    band.name()
}

fn risk(t: &Transaction<'_>, account: &str, placed: &Placed<'_>) -> Result<(), ViewsError> {
    let Position { seq, index } = placed.position;
    let at = placed.at().0;
    match placed.data {
        Data::ChurnForecasted(data) => {
            t.prepare_cached(
                "UPDATE accounts SET p90 = ?2, tier = ?3, forecast_at = ?4, forecast_seq = ?5, forecast_idx = ?6
                 WHERE account = ?1",
            )?
            .execute(params![account, data.p90_bp, tier_word(data.tier), at, seq, index])?;
            Ok(())
        }
        Data::AlertOpened(data) => {
            t.prepare_cached("INSERT OR REPLACE INTO alerts VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL, ?7, ?8)")?.execute(
                params![data.alert, account, data.group.name(), tier_word(data.tier), data.reason, at, seq, index],
            )?;
            Ok(())
        }
        Data::AlertUpdated(data) => {
            t.prepare_cached("UPDATE alerts SET tier = ?2, reason = ?3, seq = ?4, idx = ?5 WHERE alert = ?1")?
                .execute(params![data.alert, tier_word(data.tier), data.reason, seq, index])?;
            Ok(())
        }
        Data::AlertClosed(data) => {
            t.prepare_cached("UPDATE alerts SET closed_at = ?2 WHERE alert = ?1")?.execute(params![data.alert, at])?;
            Ok(())
        }
        // Every other kind is no risk by itself.
        _ => Ok(()),
    }
}

const fn tier_word(tier: Tier) -> &'static str {
    tier.name()
}

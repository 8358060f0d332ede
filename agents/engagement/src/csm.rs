//! The attention of a CSM: so many new cards a day, so many open at once, the best first.
//!
//! Proposals of one account are one card, and so are the notices of one incident. A card is shown at once while the day
//! has room for it; else the best of those that wait are shown when the next working day begins. Days off belong to the
//! working day that follows.
//!
//! Invariant: no working day shows more new cards than the policy says, and nothing is lost: an offered card is shown,
//! waits, was closed by its account, or was dropped with a reason.

use std::collections::{BTreeMap, BTreeSet};

use agent::{Effects, Turn, hours::Counting};
use bus_schema::{
    Data, Day, Entity, Event, Time,
    data::facts::{CardDropped, CardOffered, CardShown},
};
use serde::{Deserialize, Serialize};

use crate::policy::Policy;

/// Proposals kept for one CSM, whatever the policy says of cards: one incident may cover hundreds of accounts.
const PROPOSALS_MAX: usize = 500;
/// The one timer: a working day begins.
const DAY: &str = "day";

/// The queue of a CSM.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Csm {
    cards: BTreeMap<String, Card>,
    /// The working day that is counted.
    day: Option<Day>,
    /// Cards it has shown within the daily limit, and critical ones beyond it.
    shown: u32,
    passed: u32,
}

/// A proposal in the queue.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Card {
    account: String,
    rank: i64,
    critical: bool,
    bulk: Option<String>,
    offered_at: Time,
    shown: bool,
}

impl Card {
    /// What counts as one card.
    fn key(&self) -> &str {
        self.bulk.as_deref().unwrap_or(&self.account)
    }
}

impl Csm {
    /// Folds what an account says.
    pub(crate) fn fold(&mut self, turn: &Turn<'_>, policy: &Policy, event: &Event, effects: &mut Effects) {
        self.turn_the_day(policy, turn.now);
        if let Data::CardOffered(data) = &event.data {
            self.offered(turn, policy, data, effects);
        } else if let Data::CardClosed(data) = &event.data {
            self.cards.remove(&data.proposal);
        }
        self.settle(turn, policy, effects);
    }

    /// A working day begins.
    pub(crate) fn begin(&mut self, turn: &Turn<'_>, policy: &Policy, effects: &mut Effects) {
        self.turn_the_day(policy, turn.now);
        self.settle(turn, policy, effects);
    }

    fn turn_the_day(&mut self, policy: &Policy, now: Time) {
        let today = policy.calendar.next_open(Counting::Workdays, now).day_in(&policy.calendar.zone);
        if self.day.is_none_or(|day| day < today) {
            (self.day, self.shown, self.passed) = (Some(today), 0, 0);
        }
    }

    fn offered(&mut self, turn: &Turn<'_>, policy: &Policy, data: &CardOffered, effects: &mut Effects) {
        if self.cards.contains_key(&data.proposal) {
            return;
        }
        let card = Card {
            account: data.account.clone(),
            rank: data.rank,
            critical: data.critical,
            bulk: data.bulk.clone(),
            offered_at: turn.now,
            shown: data.again,
        };
        if self.cards.len() >= PROPOSALS_MAX {
            let reason = format!("{PROPOSALS_MAX} proposals are open for this person already");
            return drop_card(turn, &data.proposal, &card, reason, effects);
        }
        self.cards.insert(data.proposal.clone(), card);
        if data.again {
            self.show(turn, &data.proposal, 0, None, "it waits again, as its approval was taken back", effects);
        }
        self.crowd_out(turn, policy, effects);
    }

    /// Above the limit of open cards, the lowest goes: a critical one last.
    fn crowd_out(&mut self, turn: &Turn<'_>, policy: &Policy, effects: &mut Effects) {
        let most = policy.attention.open_max;
        loop {
            let mut worth: BTreeMap<&str, (bool, i64)> = BTreeMap::new();
            for card in self.cards.values() {
                let own = worth.entry(card.key()).or_default();
                *own = (own.0 || card.critical, own.1.max(card.rank));
            }
            let open = worth.len();
            let lowest = worth.iter().min_by_key(|(key, worth)| (**worth, **key)).map(|(key, _)| (*key).to_owned());
            let Some(lowest) = lowest.filter(|_| open > most) else { return };
            let reason = format!("{open} cards are open, at most {most} are kept, and this one has the lowest rank");
            let gone = self.cards.extract_if(.., |_, card| card.key() == lowest);
            for (proposal, card) in gone {
                drop_card(turn, &proposal, &card, reason.clone(), effects);
            }
        }
    }

    /// Shows what may be shown, the best first, and sees to it that the rest is looked at when a day begins.
    fn settle(&mut self, turn: &Turn<'_>, policy: &Policy, effects: &mut Effects) {
        let mut waiting: Vec<(bool, i64, Time, String)> = self
            .cards
            .iter()
            .filter(|(_, card)| !card.shown)
            .map(|(proposal, card)| (!card.critical, card.rank.saturating_neg(), card.offered_at, proposal.clone()))
            .collect();
        waiting
            .sort_unstable_by(|one, other| (one.1, one.0, one.2, &one.3).cmp(&(other.1, other.0, other.2, &other.3)));
        let limits = &policy.attention;
        for (.., proposal) in &waiting {
            let Some(card) = self.cards.get(proposal) else { continue };
            if self.beside(card).is_some() {
                continue;
            }
            if self.shown < limits.cards_per_day {
                self.shown += 1;
                let reason = format!("card {} of {} of the day", self.shown, limits.cards_per_day);
                self.show(turn, proposal, self.shown + self.passed, None, &reason, effects);
            } else if card.critical && self.passed < limits.critical_per_day {
                self.passed += 1;
                let reason = format!("critical: passes the {} cards of the day", limits.cards_per_day);
                self.show(turn, proposal, self.shown + self.passed, None, &reason, effects);
            }
        }
        for (.., proposal) in &waiting {
            let Some(card) = self.cards.get(proposal).filter(|card| !card.shown) else { continue };
            if let Some(first) = self.beside(card) {
                self.show(turn, proposal, 0, Some(first), "its account or incident has a card already", effects);
            }
        }
        self.look_again(policy, effects);
    }

    /// The shown proposal whose card this one joins.
    fn beside(&self, card: &Card) -> Option<String> {
        let same = |other: &Card| {
            other.shown && (other.account == card.account || card.bulk.is_some() && other.bulk == card.bulk)
        };
        self.cards.iter().find(|(_, other)| same(other)).map(|(proposal, _)| proposal.clone())
    }

    fn show(
        &mut self,
        turn: &Turn<'_>,
        proposal: &str,
        place: u32,
        joined: Option<String>,
        reason: &str,
        effects: &mut Effects,
    ) {
        let (Entity::Csm(csm), Some(day)) = (turn.entity, self.day) else { return };
        let Some(card) = self.cards.get_mut(proposal) else { return };
        card.shown = true;
        let (proposal, csm, reason) = (proposal.to_owned(), csm.clone(), reason.to_owned());
        let shown = CardShown { proposal, csm, rank: card.rank, day, place, joined, reason };
        effects.emit_to(Entity::account(&card.account), Data::CardShown(shown));
    }

    fn look_again(&self, policy: &Policy, effects: &mut Effects) {
        let waits = self.cards.values().any(|card| !card.shown);
        let next = self.day.and_then(|day| {
            let midnight = day.plus(1).civil().to_zoned(policy.calendar.zone.clone()).ok()?;
            Some(Time::from(midnight.timestamp()))
        });
        match next.filter(|_| waits) {
            Some(due) => effects.set_timer(DAY, due),
            None => effects.cancel_timer(DAY),
        }
    }

    /// Cards that are open, and the accounts behind them.
    pub fn open(&self) -> BTreeSet<&str> {
        self.cards.values().map(Card::key).collect()
    }
}

fn drop_card(turn: &Turn<'_>, proposal: &str, card: &Card, reason: String, effects: &mut Effects) {
    let Entity::Csm(csm) = turn.entity else { return };
    let (proposal, csm) = (proposal.to_owned(), csm.clone());
    let dropped = CardDropped { proposal, csm, rank: card.rank, at: turn.now, reason };
    effects.emit_to(Entity::account(&card.account), Data::CardDropped(dropped));
}

//! Cases to be saved: an account that reaches tier high, what was done about it, and what became of it 90 days later.
//!
//! A case is said before anything is proposed, also one that is held out, so that nobody chooses afterwards what counts.
//! It is judged on its day and not before: losses are quicker than rescues, and a rate taken early would be too low.

use std::collections::VecDeque;

use agent::{Effects, Turn};
use bus_schema::{
    Data, Day, Entity, Time,
    data::facts::{SaveSampled, SaveSettled, SaveStarted, Tier},
    entity::fnv1a,
    time::{DAY_MS, HOUR_MS},
};
use serde::{Deserialize, Serialize};

use crate::{odds::Odds, policy::Policy, segment, signals::Look, state::State};

/// Timers on which a case is judged: `save/<when it began>`.
pub const TIMER: &str = "save/";
/// Ids of cases are counted apart from those of alerts and touches.
const EPISODES: u32 = 2_000;
/// Cases that wait for their day.
const EPISODES_MAX: usize = 8;
/// Approved messages that were not sent yet.
const APPROVED_MAX: usize = 16;
/// Tasks of campaigns that are open.
const TASKS_MAX: usize = 32;
/// Interventions remembered.
const DONE_MAX: usize = 32;

/// The cases of an account, and what was done about them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Saves {
    episodes: VecDeque<Episode>,
    /// The last one has not ended.
    open: bool,
    /// Since when the tier is below high.
    below_since: Option<Time>,
    approved: VecDeque<String>,
    tasks: VecDeque<String>,
    /// When a message of a save play went out or one of its tasks was done.
    done: VecDeque<Time>,
    /// Since when the tier is high, without a pause that ended a case.
    pub alerted: Option<Time>,
}

/// A case that waits for its day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Episode {
    id: String,
    at: Time,
    segment: String,
    tier: Tier,
    held_out: bool,
    delivered: Option<Time>,
    /// The end of a term that falls into it.
    renewal_on: Option<Day>,
    lost: bool,
}

impl Saves {
    /// Nothing is proposed while the open case is held out.
    pub fn held_out(&self) -> bool {
        self.open && self.episodes.back().is_some_and(|episode| episode.held_out)
    }

    /// A message that rests on an alert was approved.
    pub fn approved(&mut self, proposal: &str) {
        keep(&mut self.approved, proposal.to_owned(), APPROVED_MAX);
    }

    /// A message was sent; it counts where it was one of ours.
    pub fn sent(&mut self, proposal: &str, now: Time, policy: &Policy) {
        if let Some(place) = self.approved.iter().position(|known| known == proposal) {
            self.approved.remove(place);
            self.intervened(now, policy);
        }
    }

    /// A task of a campaign was given.
    pub fn asked(&mut self, task: &str) {
        keep(&mut self.tasks, task.to_owned(), TASKS_MAX);
    }

    /// A task was done; it counts where it was one of ours.
    pub fn completed(&mut self, task: &str, now: Time, policy: &Policy) {
        if let Some(place) = self.tasks.iter().position(|known| known == task) {
            self.tasks.remove(place);
            self.intervened(now, policy);
        }
    }

    fn intervened(&mut self, now: Time, policy: &Policy) {
        keep(&mut self.done, now, DONE_MAX);
        let within = i64::from(policy.save.delivered_within_days) * DAY_MS;
        for episode in self.episodes.iter_mut().filter(|episode| now.since_ms(episode.at) <= within) {
            episode.delivered = episode.delivered.or(Some(now));
        }
    }

    /// Interventions since an instant.
    pub fn done_since(&self, from: Time) -> u32 {
        u32::try_from(self.done.iter().filter(|at| **at >= from).count()).unwrap_or(u32::MAX)
    }

    /// The outcome is there.
    pub fn lost(&mut self) {
        self.episodes.iter_mut().for_each(|episode| episode.lost = true);
        self.open = false;
    }

    /// The account came back: what was before says nothing of what comes.
    pub fn began_again(&mut self) {
        (self.alerted, self.below_since) = (None, None);
        self.done.clear();
    }
}

/// Compares the tier with the open case.
pub fn review(turn: &Turn<'_>, look: &Look<'_>, state: &mut State, odds: &Odds, effects: &mut Effects) {
    let rules = &look.policy.save;
    if odds.tier < Tier::High {
        let since = *state.saves.below_since.get_or_insert(turn.now);
        if turn.now.since_ms(since) >= i64::from(rules.closes_after_hours) * HOUR_MS {
            (state.saves.open, state.saves.alerted) = (false, None);
        }
        return;
    }
    state.saves.below_since = None;
    state.saves.alerted = state.saves.alerted.or(Some(turn.now));
    if state.saves.open || state.saves.episodes.len() >= EPISODES_MAX {
        return;
    }
    let (id, segment) = (turn.id(EPISODES), state.segment().to_owned());
    let drawn = fnv1a(format!("{} {id}", turn.entity).as_bytes()) % 10_000 < u32::from(rules.holdout_bp);
    let held_out = drawn && rules.holdout_segments.contains(&segment);
    let judged_at = turn.now.plus_ms(i64::from(rules.judged_after_days) * DAY_MS);
    let ends = state.profile.contract.as_ref().map(|contract| contract.term_end);
    let renewal_on = ends.filter(|end| (look.today..=look.today.plus(rules.judged_after_days)).contains(end));
    effects.emit(Data::SaveStarted(SaveStarted {
        episode: id.clone(),
        segment: segment.clone(),
        tier: odds.tier,
        p90_bp: odds.p90,
        held_out,
        holdout_bp: rules.holdout_bp,
        judged_at,
    }));
    effects.set_timer(format!("{TIMER}{}", turn.now.0), judged_at);
    let (at, tier) = (turn.now, odds.tier);
    let episode = Episode { id, at, segment, tier, held_out, delivered: None, renewal_on, lost: false };
    state.saves.episodes.push_back(episode);
    state.saves.open = true;
}

/// A case's day is there.
pub fn judge(turn: &Turn<'_>, policy: &Policy, state: &mut State, effects: &mut Effects) {
    let span = i64::from(policy.save.judged_after_days) * DAY_MS;
    while let Some(episode) = state.saves.episodes.pop_front_if(|episode| turn.now.since_ms(episode.at) >= span) {
        if state.saves.episodes.is_empty() {
            state.saves.open = false;
        }
        let calm_from = turn.now.plus_ms(-i64::from(policy.save.calm_days) * DAY_MS);
        let calm = state.saves.below_since.is_some_and(|since| since <= calm_from);
        let signed = episode.renewal_on.is_none_or(|on| {
            state.profile.contract.as_ref().is_some_and(|contract| contract.term_end > on || contract.auto_renew)
        });
        let (saved, reason) = if episode.lost {
            (false, "the customer left".to_owned())
        } else if !signed {
            (false, "the renewal that fell due is not signed".to_owned())
        } else if calm {
            (true, format!("below tier high since {}", state.saves.below_since.unwrap_or(turn.now).day()))
        } else {
            (false, format!("not below tier high for {} days", policy.save.calm_days))
        };
        if let Some(account) = turn.entity.account_id() {
            let (account, tier) = (account.to_owned(), episode.tier);
            let sample =
                SaveSampled { account, episode: episode.id.clone(), tier, treated: episode.delivered.is_some(), saved };
            let segment = Entity::Segment(segment::NAME.into(), episode.segment.clone());
            effects.emit_to(segment, Data::SaveSampled(sample));
        }
        effects.emit(Data::SaveSettled(SaveSettled {
            episode: episode.id,
            segment: episode.segment,
            tier: episode.tier,
            started_at: episode.at,
            held_out: episode.held_out,
            delivered_at: episode.delivered,
            saved,
            reason,
        }));
    }
}

fn keep<T>(list: &mut VecDeque<T>, item: T, most: usize) {
    list.push_back(item);
    if list.len() > most {
        list.pop_front();
    }
}

//! Which producers speak of this account, which of them went silent, and which days say nothing of its use.

use std::collections::BTreeMap;

use bus_schema::{Day, Time};
use serde::{Deserialize, Serialize};

use crate::metrics::Source;

/// Producers kept at most.
const PRODUCERS_MAX: usize = 8;
/// Spans of cut days kept at most.
const CUTS_MAX: usize = 8;

/// Producers and incidents.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sources {
    producers: BTreeMap<String, Producer>,
    cuts: Vec<Cut>,
    /// Seats or invited users were told: use by nobody is then known to be none.
    pub(crate) users_told: bool,
}

/// A producer: what it feeds, and since when it is silent.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Producer {
    feeds: Vec<Source>,
    stalled: Option<Time>,
}

/// Days cut out of the windows of use: by an incident with its tail, or by the silence of a producer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Cut {
    by: u32,
    from: Day,
    /// The last day; none while it lasts.
    to: Option<Day>,
}

impl Sources {
    /// Notes that a producer feeds a source.
    pub(crate) fn hear(&mut self, producer: &str, source: Source) {
        if let Some(known) = self.producers.get_mut(producer) {
            if !known.feeds.contains(&source) {
                known.feeds.push(source);
            }
        } else if self.producers.len() < PRODUCERS_MAX {
            self.producers.insert(producer.to_owned(), Producer { feeds: vec![source], stalled: None });
        }
    }

    /// Notes that a producer went silent, or speaks again.
    pub(crate) fn stalled(&mut self, producer: &str, since: Option<Time>) {
        if let Some(known) = self.producers.get_mut(producer) {
            known.stalled = since;
        }
    }

    /// The silent producer of a source, and since when.
    pub(crate) fn silent(&self, source: Source) -> Option<(&str, Time)> {
        let mut feeding = self.producers.iter().filter(|(_, producer)| producer.feeds.contains(&source));
        feeding.find_map(|(name, producer)| Some((name.as_str(), producer.stalled?)))
    }

    /// Whether anything of a source was ever heard.
    pub(crate) fn heard(&self, source: Source) -> bool {
        self.producers.values().any(|producer| producer.feeds.contains(&source))
    }

    /// Whether a producer feeds a source.
    pub(crate) fn feeds(&self, producer: &str, source: Source) -> bool {
        self.producers.get(producer).is_some_and(|known| known.feeds.contains(&source))
    }

    /// Cuts days out from here on.
    pub(crate) fn cut_from(&mut self, by: u32, from: Day) {
        // The same incident or producer may be cut twice: what has an end stays.
        self.cuts.retain(|cut| cut.by != by || cut.to.is_some());
        self.cuts.push(Cut { by, from, to: None });
        if self.cuts.len() > CUTS_MAX {
            self.cuts.remove(0);
        }
    }

    /// Ends a cut; `to` is its last day.
    pub(crate) fn cut_to(&mut self, by: u32, to: Day) {
        for cut in self.cuts.iter_mut().filter(|cut| cut.by == by && cut.to.is_none()) {
            cut.to = Some(to);
        }
    }

    /// Whether a day says nothing of the use.
    pub(crate) fn is_cut(&self, day: Day) -> bool {
        self.cuts.iter().any(|cut| cut.from <= day && cut.to.is_none_or(|to| day <= to))
    }

    /// Forgets cuts that no window reaches any more.
    pub(crate) fn forget(&mut self, today: Day) {
        self.cuts.retain(|cut| cut.to.is_none_or(|to| to >= today.plus(-112)));
    }
}

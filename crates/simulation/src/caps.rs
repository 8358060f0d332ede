//! How many messages a contact may get, as the published policies say.

use std::collections::BTreeMap;

use bus_schema::{Time, data::facts::MessageClass, time::DAY_MS};
use engagement::policy::{Budget, Window};

const CLASSES: [MessageClass; 4] =
    [MessageClass::Transactional, MessageClass::Relationship, MessageClass::Commercial, MessageClass::Survey];

/// The widest windows of all policies so far: what none of them allows, nobody may do.
#[derive(Clone, Debug, Default)]
pub struct Caps {
    /// By class, or together for all that are not transactional: most messages by days.
    windows: Option<BTreeMap<(Option<MessageClass>, u32), usize>>,
}

impl Caps {
    /// Takes in the budget of another policy.
    pub fn widen(&mut self, budget: &Budget) {
        let mut own: BTreeMap<(Option<MessageClass>, u32), usize> = BTreeMap::new();
        let mut add = |class: Option<MessageClass>, windows: &[Window]| {
            for window in windows {
                let known = own.entry((class, window.days)).or_insert(window.max);
                *known = (*known).min(window.max);
            }
        };
        for class in CLASSES {
            add(Some(class), budget.of(class));
        }
        add(None, &budget.together);
        // A window that one of the policies does not have is none.
        self.windows = Some(match self.windows.take() {
            None => own,
            Some(known) => {
                let both = known.into_iter().filter_map(|(key, max)| Some((key, max.max(*own.get(&key)?))));
                both.collect()
            }
        });
    }

    /// The first window that one more message to a contact would break; `mails` are those before.
    pub fn broken(
        &self,
        mails: &[(String, MessageClass, Time)],
        to: &str,
        class: MessageClass,
        now: Time,
    ) -> Option<String> {
        let windows = self.windows.as_ref()?;
        windows.iter().find_map(|((counted, days), max)| {
            let counts = |other: MessageClass| match counted {
                Some(counted) => other == *counted,
                None => other != MessageClass::Transactional,
            };
            if !counts(class) {
                return None;
            }
            let length = i64::from(*days) * DAY_MS;
            let inside = |at: Time| now.since_ms(at) < length;
            let before = mails.iter().filter(|(other, class, at)| other == to && counts(*class) && inside(*at)).count();
            let name = counted.map_or("non-transactional", MessageClass::name);
            (before >= *max)
                .then(|| format!("{} {name} messages to one contact within {days} days, at most {max}", before + 1))
        })
    }
}

//! A message taken in: which events make turns, and in which order timers fire.

use std::sync::Arc;

use agent::Input;
use bus_schema::{Data, Entity, Event, Kind, Position, Time, data::action::ClockMode};

use super::{Care, Fold, Halt, Indexed, Said, Seen, rules::RuleText, turn::Cause};

/// How often one tick looks again for timers that became due while it fired. A timer that always sets itself into the
/// past thus fires this often with each tick, and nobody else's has to wait for it.
const ROUNDS_PER_TICK_MAX: usize = 8;

impl Fold {
    /// Takes a message; answers what its turns said, in order.
    ///
    /// # Errors
    /// See [`Halt`]. The fold must not be used afterwards.
    pub(crate) fn apply(&mut self, message: &Indexed) -> Result<Vec<Said>, Halt> {
        self.apply_with(Care::Taken, message)
    }

    /// The same; without care at less cost, for a caller who can go back to an earlier state of the fold.
    ///
    /// # Errors
    /// See [`Halt`]. The fold must not be used afterwards.
    pub(crate) fn apply_with(&mut self, care: Care, message: &Indexed) -> Result<Vec<Said>, Halt> {
        self.care = care;
        let mut said = Vec::new();
        for (index, entry) in message.index.iter().enumerate() {
            if !self.wanted.get(usize::from(entry.kind)).copied().unwrap_or(false) {
                continue;
            }
            let position = Position { seq: message.message.seq, index: u16::try_from(index).unwrap_or(u16::MAX) };
            match message.event(index) {
                Ok(event) => self.take(position, event, &mut said)?,
                Err(problem) => self.refuse(format!("the event at {position} cannot be read: {problem}")),
            }
        }
        self.pass(&message.message);
        Ok(said)
    }

    /// Goes past a message without reading it.
    pub(crate) fn pass(&mut self, message: &Arc<bus::Stored>) {
        self.seen = Seen::Message(Arc::clone(message));
    }

    /// Counts something that could not be used, and says so once.
    pub(crate) fn refuse(&mut self, problem: String) {
        tracing::warn!(agent = self.about.name, partition = %self.place.partition, problem, "not used by a fold");
        self.counts.refused += 1;
        self.counts.last_error = Some(problem);
    }

    fn take(&mut self, position: Position, event: &Event, said: &mut Vec<Said>) -> Result<(), Halt> {
        let kind = event.kind();
        self.now = self.now.max(event.header.logtime);
        self.own(event);
        let mut cause = Cause::of(position, event);
        if self.about.reads.contains(&kind) {
            self.turn(&cause, &event.header.entity, 0, Input::Event(event), said)?;
        }
        if kind == Kind::ClockTicked || kind == Kind::ClockResumed {
            let until = event.header.time.max(event.header.logtime);
            self.now = self.now.max(until);
            cause.late |= kind == Kind::ClockResumed;
            self.fire(&cause, until, said)?;
        }
        Ok(())
    }

    /// What the fold itself reads: rules, the clock's mode, and which entities it skips.
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other kind is the agent's, or nobody's")]
    fn own(&mut self, event: &Event) {
        let entity = &event.header.entity;
        match &event.data {
            Data::PolicyPublished(data) if *data.name == *self.about.name => {
                self.publish(true, &data.name, data.version, &data.text);
            }
            Data::PlaybookPublished(data) => self.publish(false, &data.name, data.version, &data.text),
            Data::ClockTicked(data) => self.clock = data.mode,
            Data::ClockResumed(_) => self.clock = ClockMode::Live,
            Data::TurnFailed(data) if data.agent == self.about.name && self.skipped.insert(entity.clone()) => {
                // Said by an earlier build: this one would have got through, but the log says that it was not folded.
                self.dirty.skipped.insert(entity.clone());
            }
            Data::TurnReleased(data) if data.agent == self.about.name && self.skipped.remove(entity) => {
                self.dirty.skipped.insert(entity.clone());
            }
            _ => {}
        }
    }

    fn publish(&mut self, policy: bool, name: &str, version: u32, text: &str) {
        let rule = RuleText { policy, name: name.to_owned(), version, text: text.to_owned() };
        match self.rules.publish(&mut *self.machine, rule) {
            Ok(()) => self.dirty.rules = true,
            Err(problem) => self.refuse(problem),
        }
    }

    /// Fires what is due, ordinals from 1.
    fn fire(&mut self, cause: &Cause, until: Time, said: &mut Vec<Said>) -> Result<(), Halt> {
        let mut ordinal = 0;
        for _ in 0..ROUNDS_PER_TICK_MAX {
            let due = self.timers.due(until, &self.skipped);
            if due.is_empty() {
                break;
            }
            for (due, entity, name) in due {
                if self.stands(&entity, &name, due) {
                    ordinal += 1;
                    self.turn(cause, &entity, ordinal, Input::Timer(&name), said)?;
                }
            }
        }
        Ok(())
    }

    /// Whether a timer is still set as it was when the round began: an earlier turn may have moved it.
    fn stands(&self, entity: &Entity, name: &str, due: Time) -> bool {
        !self.skipped.contains(entity) && self.timers.get(entity, name) == Some(due)
    }
}

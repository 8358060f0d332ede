//! One turn: a step on one entity's state, its effects judged and taken over as a whole or not at all.

use agent::{Effect, Effects, Input, TimerName, Turn};
use bus_schema::{
    Data, Entity, Event, Kind, Position, Time, TurnId,
    batch::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX},
    data::facts::TurnFailed,
};

use super::{ByPartition, Fold, Halt, Said, facts::Circumstances};

/// Effects of one turn at most: facts and timers.
const EFFECTS_MAX: usize = 256;
/// Longest reason of a failed turn.
const REASON_CHARS_MAX: usize = 400;

/// A turn's facts must fit into one message.
const _: () = assert!(EFFECTS_MAX <= BATCH_EVENTS_MAX, "a turn's facts are never split");

/// What a turn's facts inherit.
pub(super) struct Cause {
    pub(super) position: Position,
    pub(super) kind: Kind,
    pub(super) correlation: String,
    /// Too old for a touch: nothing that comes of it reaches out.
    pub(super) late: bool,
}

/// What a good turn leaves.
struct Outcome {
    facts: ByPartition,
    count: u64,
    timers: Vec<(TimerName, Option<Time>)>,
}

/// Why a turn does not count.
enum Failure {
    /// It broke a bound, or panicked: the entity is skipped from here.
    Turn(String),
    Halt(Halt),
}

impl Cause {
    pub(super) fn of(position: Position, event: &Event) -> Self {
        let header = &event.header;
        let correlation = header.correlation.clone().unwrap_or_else(|| header.id.clone());
        Self { position, kind: event.kind(), correlation, late: header.late }
    }
}

impl Fold {
    pub(super) fn turn(
        &mut self,
        cause: &Cause,
        entity: &Entity,
        ordinal: u32,
        input: Input<'_>,
        said: &mut Vec<Said>,
    ) -> Result<(), Halt> {
        if self.skipped.contains(entity) {
            self.counts.skipped += 1;
            return Ok(());
        }
        let (agent, position) = (self.about.name, cause.position);
        if !self.machine.has_policy() {
            let (partition, kind) = (self.place.partition, cause.kind);
            return Err(Halt::NoPolicy { agent, partition, position, kind });
        }
        let turn = Turn {
            entity,
            now: self.now,
            cause: position,
            ordinal,
            clock: self.clock,
            log: &self.place.log,
            agent,
            policy_version: self.rules.policy_version(),
        };
        let id = TurnId { seq: position.seq, index: position.index, ordinal };
        let mut effects = Effects::new(entity.clone());
        self.counts.turns += 1;
        let stepped = self.machine.step(&turn, input, self.care, &mut effects).map_err(Failure::Turn);
        match stepped.and_then(|()| self.judge(cause, id, effects)) {
            Ok(outcome) => {
                self.keep(entity, input, outcome, id, said);
                Ok(())
            }
            Err(Failure::Turn(reason)) => self.fail(cause, entity, id, &name_timer(input, reason), said),
            Err(Failure::Halt(halt)) => Err(halt),
        }
    }

    /// Checks a turn's effects against what the agent may say and against the bounds.
    fn judge(&self, cause: &Cause, turn: TurnId, effects: Effects) -> Result<Outcome, Failure> {
        let effects = effects.into_list();
        if effects.len() > EFFECTS_MAX {
            return Err(Failure::Turn(format!("{} effects, at most {EFFECTS_MAX}", effects.len())));
        }
        let circumstances = self.circumstances(cause, turn);
        let mut outcome = Outcome { facts: ByPartition::new(), count: 0, timers: Vec::new() };
        let mut bytes = 0;
        for (n, effect) in effects.into_iter().enumerate() {
            match effect {
                Effect::SetTimer { name, due } => outcome.timers.push((name, Some(due))),
                Effect::CancelTimer { name } => outcome.timers.push((name, None)),
                Effect::Emit(fact) => {
                    let kind = fact.data.kind();
                    if !self.about.emits.contains(&kind) {
                        return Err(Failure::Halt(Halt::Emits { agent: self.about.name, kind, turn }));
                    }
                    if cause.late && touches(kind) {
                        continue;
                    }
                    bytes += circumstances.say(n, fact, &mut outcome.facts).map_err(Failure::Halt)?;
                    outcome.count += 1;
                }
            }
        }
        if bytes > BATCH_BYTES_MAX {
            return Err(Failure::Turn(format!("facts of {bytes} bytes, at most {BATCH_BYTES_MAX}")));
        }
        Ok(outcome)
    }

    fn keep(&mut self, entity: &Entity, input: Input<'_>, outcome: Outcome, turn: TurnId, said: &mut Vec<Said>) {
        if let Input::Timer(name) = input {
            self.timers.cancel(entity, name);
        }
        for (name, due) in outcome.timers {
            match due {
                Some(due) => self.timers.set(entity, &name, due),
                None => self.timers.cancel(entity, &name),
            }
        }
        self.counts.facts += outcome.count;
        said.extend(outcome.facts.into_iter().map(|(to, events)| Said { turn, to, events }));
    }

    /// Leaves the entity as it was before the turn, its timer too, and skips it until a person releases it.
    fn fail(
        &mut self,
        cause: &Cause,
        entity: &Entity,
        turn: TurnId,
        reason: &str,
        said: &mut Vec<Said>,
    ) -> Result<(), Halt> {
        if !self.machine.undo() {
            return Err(Halt::Spoiled { agent: self.about.name, turn });
        }
        self.skipped.insert(entity.clone());
        self.dirty.skipped.insert(entity.clone());
        self.counts.failed += 1;
        self.counts.last_error = Some(format!("turn {turn} on {entity} failed: {reason}"));
        let data = Data::TurnFailed(TurnFailed {
            agent: self.about.name.to_owned(),
            position: cause.position,
            kind: cause.kind,
            reason: reason.chars().take(REASON_CHARS_MAX).collect(),
        });
        let mut facts = ByPartition::new();
        self.circumstances(cause, turn).put(0, self.place.partition, entity, data, &mut facts);
        self.counts.facts += 1;
        said.extend(facts.into_iter().map(|(to, events)| Said { turn, to, events }));
        Ok(())
    }

    fn circumstances<'a>(&'a self, cause: &'a Cause, turn: TurnId) -> Circumstances<'a> {
        Circumstances { agent: self.about.name, place: &self.place, now: self.now, cause, turn }
    }
}

/// Kinds that may end in a message to a customer.
const fn touches(kind: Kind) -> bool {
    matches!(kind, Kind::TouchpointRequested | Kind::OutreachProposed)
}

fn name_timer(input: Input<'_>, reason: String) -> String {
    match input {
        Input::Event(_) => reason,
        Input::Timer(name) => format!("timer {name}: {reason}"),
    }
}

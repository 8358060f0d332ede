//! What a step wants done.

use bus_schema::{Data, Entity, Time};

/// The name of a timer, unique within its entity: `daily`, `hold/<proposal>`.
pub type TimerName = String;

/// Something said, on the way to the log.
#[derive(Clone, PartialEq, Debug)]
pub struct Fact {
    /// What it is about; usually the turn's entity.
    pub entity: Entity,
    /// The customer's person it concerns, as a pseudonym.
    pub contact: Option<String>,
    /// What is said.
    pub data: Data,
}

/// One thing a step wants done.
#[derive(Clone, PartialEq, Debug)]
#[expect(clippy::large_enum_variant, reason = "most effects are facts, and a turn has few: boxes would cost more")]
pub enum Effect {
    /// Say a fact.
    Emit(Fact),
    /// Set a timer, or move it.
    SetTimer {
        /// Its name.
        name: TimerName,
        /// When it fires: with the first tick at or after.
        due: Time,
    },
    /// Cancel a timer.
    CancelTimer {
        /// Its name.
        name: TimerName,
    },
}

/// The effects of one turn, in order.
#[derive(Debug)]
pub struct Effects {
    entity: Entity,
    list: Vec<Effect>,
}

impl Effects {
    /// No effects yet, of a turn on this entity.
    pub fn new(entity: Entity) -> Self {
        Self { entity, list: Vec::new() }
    }

    /// Says a fact about the turn's entity.
    pub fn emit(&mut self, data: Data) {
        self.list.push(Effect::Emit(Fact { entity: self.entity.clone(), contact: None, data }));
    }

    /// Says a fact about the turn's entity and one of its contacts.
    pub fn emit_for(&mut self, contact: &str, data: Data) {
        let contact = Some(contact.to_owned());
        self.list.push(Effect::Emit(Fact { entity: self.entity.clone(), contact, data }));
    }

    /// Says a fact about another entity.
    pub fn emit_to(&mut self, entity: Entity, data: Data) {
        self.list.push(Effect::Emit(Fact { entity, contact: None, data }));
    }

    /// Sets a timer, or moves it.
    pub fn set_timer(&mut self, name: impl Into<TimerName>, due: Time) {
        self.list.push(Effect::SetTimer { name: name.into(), due });
    }

    /// Cancels a timer; one that is not set is no matter.
    pub fn cancel_timer(&mut self, name: impl Into<TimerName>) {
        self.list.push(Effect::CancelTimer { name: name.into() });
    }

    /// The effects so far.
    pub fn list(&self) -> &[Effect] {
        &self.list
    }

    /// The effects, taken out.
    pub fn into_list(self) -> Vec<Effect> {
        self.list
    }
}

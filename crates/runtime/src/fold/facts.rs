//! From what a turn wants said to events ready to be packed.

use agent::Fact;
use bus::Packed;
use bus_schema::{Data, Entity, Event, Header, Kind, Partition, Time, TurnId};

use super::{ByPartition, Halt, Place, turn::Cause};

/// Facts that every partition gets its copy of: what they are about concerns accounts everywhere.
const EVERYWHERE: &[Kind] = &[Kind::SegmentBaseline];

/// The one agent whose subject in a partition is shared by no other partition's fold.
const SUPERVISOR: &str = "supervisor";

/// What the facts of one turn have in common.
pub(super) struct Circumstances<'a> {
    pub(super) agent: &'static str,
    pub(super) place: &'a Place,
    pub(super) now: Time,
    pub(super) cause: &'a Cause,
    pub(super) turn: TurnId,
}

impl Circumstances<'_> {
    /// Adds a fact to those of the turn; answers its bytes.
    ///
    /// # Errors
    /// The supervisor may not speak into other partitions.
    pub(super) fn say(&self, n: usize, fact: Fact, facts: &mut ByPartition) -> Result<usize, Halt> {
        let kind = fact.data.kind();
        let Fact { entity, contact, data } = fact;
        let packed = self.pack(n, &entity, contact, data);
        let bytes = packed.json.len();
        if EVERYWHERE.contains(&kind) {
            for to in self.place.partitions.all() {
                facts.entry(to).or_default().push(packed.clone());
            }
            return Ok(bytes);
        }
        let (from, to) = (self.place.partition, self.place.partitions.of(&entity));
        if self.agent == SUPERVISOR && from != to {
            return Err(Halt::Elsewhere { agent: self.agent, kind, entity, from, to });
        }
        facts.entry(to).or_default().push(packed);
        Ok(bytes)
    }

    /// Adds a fact that lives in `to`, whatever its entity.
    pub(super) fn put(&self, n: usize, to: Partition, entity: &Entity, data: Data, facts: &mut ByPartition) {
        let packed = self.pack(n, entity, None, data);
        facts.entry(to).or_default().push(packed);
    }

    fn pack(&self, n: usize, entity: &Entity, contact: Option<String>, data: Data) -> Packed {
        let kind = data.kind();
        let header = Header {
            source: format!("agent/{}", self.agent),
            id: format!("{}/{}/{}/{n}", self.agent, self.place.partition, self.turn),
            entity: entity.clone(),
            time: self.now,
            logtime: self.now,
            actor: None,
            contact,
            correlation: Some(self.cause.correlation.clone()),
            causation: Some(self.cause.position.to_string()),
            stage: None,
            segment: None,
            // What comes of a late event is as late: another agent must not reach out because of it.
            late: self.cause.late,
        };
        let json = Event { header, data }.to_json(None);
        Packed { kind, entity_hash: entity.hash(), json }
    }
}

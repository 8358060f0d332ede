//! What a correct run must have said: the same agents folded again beside the system, one message at a time.
//!
//! The bus shows what was said. A turn that is missing there, said twice, said in two halves or in other words differs
//! from what this fold of the same log says.

use std::collections::{BTreeMap, VecDeque};

use bus::{Packed, Stored};
use bus_schema::{Partition, Partitions, TurnId, subject};
use runtime::{AgentFold, Refold, Said};

/// What is to be said and is not on the bus, by folds of every partition and copies.
#[derive(Debug)]
pub struct Reference {
    folds: BTreeMap<Partition, Refold>,
    due: BTreeMap<String, VecDeque<Said>>,
}

impl Reference {
    /// Before the first message of a log.
    pub fn new(agents: &[AgentFold], log: &str, partitions: Partitions) -> Self {
        let fold = |p| (p, Refold::new(agents, log, partitions, p));
        Self { folds: partitions.all().map(fold).collect(), due: BTreeMap::new() }
    }

    /// Takes the next message of the log. One of an agent must say what is due, in whole turns.
    ///
    /// # Errors
    /// What differs, in words.
    pub fn take(&mut self, message: &Stored) -> Result<(), String> {
        // What is routed comes from outside: nobody knows it before.
        if subject::log_writer(&message.subject) != Some("in") {
            self.settle(message)?;
        }
        let partition = subject::partition_of(&message.subject);
        let Some((from, fold)) = partition.and_then(|p| Some((p, self.folds.get_mut(&p)?))) else {
            return Err(format!("message {} stands on {}, in no partition of this log", message.seq, message.subject));
        };
        let said = fold.take(message.clone()).map_err(|halt| halt.to_string())?;
        for (agent, said) in said {
            let subject = subject::log_fact(said.to, agent, from);
            self.due.entry(subject).or_default().push_back(said);
        }
        Ok(())
    }

    /// The partitions of the log.
    pub fn partitions(&self) -> Vec<Partition> {
        self.folds.keys().copied().collect()
    }

    /// Notes something that is to be said on a subject.
    pub fn owe(&mut self, subject: String, said: Said) {
        self.due.entry(subject).or_default().push_back(said);
    }

    /// Strikes off what a message says.
    fn settle(&mut self, message: &Stored) -> Result<(), String> {
        let (seq, subject) = (message.seq, &message.subject);
        let events = Packed::unpack(message).map_err(|error| format!("message {seq} on {subject}: {error}"))?;
        let due = self.due.entry(subject.clone()).or_default();
        let mut rest = events.as_slice();
        let mut last: Option<TurnId> = None;
        while !rest.is_empty() {
            let Some(said) = due.pop_front() else {
                return Err(format!("message {seq} on {subject} says more than its agent has to say: {}", first(rest)));
            };
            let Some((own, others)) = rest.split_at_checked(said.events.len()) else {
                let (has, of) = (rest.len(), said.events.len());
                return Err(format!("message {seq} on {subject} has {has} of the {of} facts of turn {}", said.turn));
            };
            if own != said.events {
                let (found, wanted) = (first(own), first(&said.events));
                return Err(format!(
                    "message {seq} on {subject} says `{found}` where turn {} says `{wanted}`",
                    said.turn
                ));
            }
            (rest, last) = (others, Some(said.turn));
        }
        if last == message.headers.turn() {
            return Ok(());
        }
        Err(format!("message {seq} on {subject} names another turn than the last inside, {last:?}"))
    }

    /// A turn that nobody said, where there is one.
    pub fn unsaid(&self) -> Option<String> {
        self.due.iter().find_map(|(subject, due)| {
            let said = due.front()?;
            Some(format!(
                "{} turns of {subject} are not said, from turn {} on: {}",
                due.len(),
                said.turn,
                first(&said.events)
            ))
        })
    }

    /// The digest of each fold: partition, agent, position, SHA-256 in hex.
    pub fn digests(&self) -> Vec<(Partition, &'static str, u64, String)> {
        let of = |(p, fold): (&Partition, &Refold)| -> Vec<_> {
            let (p, at) = (*p, fold.applied());
            fold.digests().into_iter().map(move |(agent, digest)| (p, agent, at, digest)).collect()
        };
        self.folds.iter().flat_map(of).collect()
    }
}

/// Kind and id of the first of some events, for people.
fn first(events: &[Packed]) -> String {
    let Some(event) = events.first() else { return "nothing".into() };
    let envelope: Option<bus_schema::Envelope> = serde_json::from_slice(&event.json).ok();
    envelope.map_or_else(|| event.kind.name().to_owned(), |envelope| format!("{} {}", envelope.kind, envelope.id))
}

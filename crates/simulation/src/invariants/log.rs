//! What the log itself must be.

use bus::{MessageHash, Stored};
use bus_schema::{
    Time,
    subject::{self, Stream},
    time::DAY_MS,
};

use crate::history::{History, Seen, ids, log_times};

/// Agents that speak, beside the router, the copies and the supervisor.
const AGENTS: [&str; 8] =
    ["onboarding", "escalation", "health", "churn", "renewal", "expansion", "advocacy", "engagement"];

/// I7: one unbroken chain on every subject, and no subject that has no writer.
pub(super) fn chains(history: &History, seen: &Seen<'_>) -> Result<(), String> {
    let Seen::Message(Stream::Log, message) = seen else { return Ok(()) };
    let (seq, subject) = (message.seq, message.subject.as_str());
    if !is_known(subject) {
        return Err(format!("message {seq} stands on {subject}, which has no writer"));
    }
    let broken = |what: &str| Err(format!("message {seq} on {subject} {what}"));
    let (Some(turn), Some(epoch)) = (message.headers.turn(), message.headers.epoch()) else {
        return broken("names no turn or no epoch");
    };
    let tail = history.tails.get(subject);
    let before = tail.map_or(MessageHash::NONE, |tail| tail.hash);
    if message.headers.prev() != Some(before.to_string().as_str()) {
        return broken("does not name the hash of the message before");
    }
    match tail {
        Some(tail) if turn <= tail.turn => broken(&format!("says turn {turn} after turn {}", tail.turn)),
        Some(tail) if epoch < tail.epoch => broken(&format!("has epoch {epoch} after epoch {}", tail.epoch)),
        Some(_) | None => Ok(()),
    }
}

fn is_known(subject: &str) -> bool {
    let Some(p) = subject::partition_of(subject) else { return false };
    let own =
        [subject::log_in(p), subject::log_people(p), subject::log_outcome(p), subject::log_fact(p, "supervisor", p)];
    let mut parts = subject.rsplit('.');
    let from = parts.next().and_then(bus_schema::Partition::parse);
    let agent = |from| AGENTS.iter().any(|agent| subject == subject::log_fact(p, agent, from));
    own.iter().any(|known| known == subject) || from.is_some_and(agent)
}

/// I7: an event once within a day, and time that does not go back.
///
/// The day is of log time, which is when an event came: what waits on IN because no router runs is stored in the log
/// later than that.
pub(super) fn routed_once(history: &History, seen: &Seen<'_>) -> Result<(), String> {
    let Seen::Message(Stream::Log, message) = seen else { return Ok(()) };
    if subject::log_writer(&message.subject) != Some("in") {
        return Ok(());
    }
    let found = ids(message).map_err(|error| format!("message {} of the log: {error}", message.seq))?;
    let times = log_times(message).map_err(|error| format!("message {}: {error}", message.seq))?;
    let mut before = std::collections::BTreeMap::new();
    let again = found.iter().zip(&times).find_map(|(id, time)| {
        let last = before.insert(id, *time).or_else(|| history.routed.get(id).copied());
        last.is_some_and(|last| time.since_ms(last) < DAY_MS).then_some(id)
    });
    match again {
        Some((source, id)) => Err(format!("event {source} {id} is in the log again, at {}", message.seq)),
        None => time_goes_on(history, message, times),
    }
}

fn time_goes_on(history: &History, message: &Stored, found: Vec<Time>) -> Result<(), String> {
    let mut last = history.log_times.get(&message.subject).copied().unwrap_or_default();
    for time in found {
        if time < last {
            return Err(format!(
                "log time goes back in message {} on {}: {time} after {last}",
                message.seq, message.subject
            ));
        }
        if time > message.time {
            return Err(format!(
                "message {} of the log was stored at {}, before its log time {time}",
                message.seq, message.time
            ));
        }
        last = time;
    }
    Ok(())
}

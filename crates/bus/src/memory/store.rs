//! The streams of the memory twin.

use std::{collections::BTreeMap, time::Duration};

use bus_schema::{Partitions, Time, subject::Stream};

use super::fault::Faults;
use crate::{
    BusError, LogInfo, Message, Provisioning, PublishError, Stored, StreamState, matches, streams::DEAD_AGE_MAX,
};

pub(super) struct Store {
    logs: BTreeMap<Stream, Log>,
    pub(super) info: LogInfo,
    pub(super) epochs: BTreeMap<String, u64>,
    pub(super) faults: Faults,
    pub(super) away: bool,
}

/// One stream.
#[derive(Default)]
pub(super) struct Log {
    messages: BTreeMap<u64, Stored>,
    last_by_subject: BTreeMap<String, u64>,
    last_seq: u64,
    bytes: u64,
    pub(super) bytes_max: Option<u64>,
    age_max: Option<Duration>,
}

impl Store {
    pub(super) fn new(info: LogInfo) -> Self {
        let mut logs: BTreeMap<_, _> = Stream::ALL.into_iter().map(|stream| (stream, Log::default())).collect();
        logs.entry(Stream::Dead).or_default().age_max = Some(DEAD_AGE_MAX);
        Self { logs, info, epochs: BTreeMap::new(), faults: Faults::default(), away: false }
    }

    pub(super) fn log_mut(&mut self, stream: Stream) -> &mut Log {
        self.logs.entry(stream).or_default()
    }

    /// A stream; all exist from the start, an unknown one would be empty.
    pub(super) fn log(&mut self, stream: Stream) -> &Log {
        self.log_mut(stream)
    }

    pub(super) fn append(
        &mut self,
        stream: Stream,
        message: Message,
        expect_last: Option<u64>,
        time: Time,
    ) -> Result<u64, PublishError> {
        let subject = transformed(message.subject, self.info.partitions);
        self.log_mut(stream).append(Message { subject, ..message }, expect_last, time)
    }

    pub(super) fn provision(&mut self, settings: &Provisioning) -> Result<(), BusError> {
        let untouched = self.logs.get(&Stream::Log).is_none_or(|log| log.last_seq == 0);
        if untouched {
            self.info.partitions = settings.partitions;
            self.info.labels.clone_from(&settings.labels);
            if let Some(id) = &settings.log_id {
                self.info.id.clone_from(id);
            }
        } else if let Some(expected) = settings.log_id.as_ref().filter(|id| **id != self.info.id) {
            return Err(BusError::Different {
                stream: Stream::Log.name(),
                field: "log id",
                found: self.info.id.clone(),
                expected: expected.clone(),
            });
        }
        let limit = self.log_mut(Stream::In);
        limit.bytes_max = limit.bytes_max.or(Some(settings.in_bytes_max));
        Ok(())
    }
}

impl Log {
    fn append(&mut self, message: Message, expect_last: Option<u64>, time: Time) -> Result<u64, PublishError> {
        self.expire(time);
        let last = self.last_by_subject.get(&message.subject).copied().unwrap_or(0);
        if expect_last.is_some_and(|expected| expected != last) {
            return Err(PublishError::WrongLast);
        }
        let Message { subject, headers, body } = message;
        let stored = Stored { seq: self.last_seq + 1, subject, time, headers, body };
        let bytes = size(&stored);
        if self.bytes_max.is_some_and(|max| self.bytes + bytes > max) {
            return Err(PublishError::Full);
        }
        self.last_seq = stored.seq;
        self.bytes += bytes;
        self.last_by_subject.insert(stored.subject.clone(), stored.seq);
        self.messages.insert(stored.seq, stored);
        Ok(self.last_seq)
    }

    pub(super) fn get(&self, seq: u64) -> Option<&Stored> {
        self.messages.get(&seq)
    }

    pub(super) fn last(&self, subject: &str) -> Option<&Stored> {
        let seq = match self.last_by_subject.get(subject) {
            Some(seq) => Some(*seq),
            None if subject.contains(['*', '>']) => {
                let hits = self.last_by_subject.iter().filter(|(known, _)| matches(subject, known));
                hits.map(|(_, seq)| *seq).max()
            }
            None => None,
        };
        self.messages.get(&seq?)
    }

    pub(super) fn before(&self, subject: &str, seq: u64) -> Option<&Stored> {
        self.messages.range(..seq).rev().map(|(_, stored)| stored).find(|stored| matches(subject, &stored.subject))
    }

    pub(super) fn from(&self, seq: u64) -> impl Iterator<Item = &Stored> {
        self.messages.range(seq..).map(|(_, stored)| stored)
    }

    pub(super) const fn last_seq(&self) -> u64 {
        self.last_seq
    }

    pub(super) fn state(&self) -> StreamState {
        StreamState {
            first_seq: self.messages.keys().next().copied().unwrap_or(self.last_seq + 1),
            last_seq: self.last_seq,
            messages: self.messages.len() as u64,
            bytes: self.bytes,
        }
    }

    pub(super) fn purge(&mut self, filter: Option<&str>, below_seq: u64) -> u64 {
        let below = self.messages.range(..below_seq);
        let hit = |stored: &Stored| filter.is_none_or(|pattern| matches(pattern, &stored.subject));
        let gone: Vec<u64> = below.filter(|(_, stored)| hit(stored)).map(|(seq, _)| *seq).collect();
        for seq in &gone {
            self.remove(*seq);
        }
        gone.len() as u64
    }

    fn expire(&mut self, now: Time) {
        let Some(age_max) = self.age_max else { return };
        let age_max_ms = i64::try_from(age_max.as_millis()).unwrap_or(i64::MAX);
        while let Some((seq, _)) = self.messages.first_key_value().filter(|(_, s)| now.since_ms(s.time) > age_max_ms) {
            let seq = *seq;
            self.remove(seq);
        }
    }

    fn remove(&mut self, seq: u64) {
        let Some(stored) = self.messages.remove(&seq) else { return };
        self.bytes = self.bytes.saturating_sub(size(&stored));
        // The server forgets a subject's sequence with its last message, so this does too.
        if self.last_by_subject.get(&stored.subject) == Some(&seq) {
            self.last_by_subject.remove(&stored.subject);
        }
    }
}

/// The subject transform of IN: `cs.event.<entity>` becomes `cs.in.<p>.<entity>`, without a leading zero.
fn transformed(subject: String, partitions: Partitions) -> String {
    match subject.strip_prefix("cs.event.") {
        Some(token) => format!("cs.in.{}.{token}", partitions.of_token(token).0),
        None => subject,
    }
}

fn size(stored: &Stored) -> u64 {
    let headers: usize = stored.headers.0.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    (stored.subject.len() + headers + stored.body.len()) as u64
}

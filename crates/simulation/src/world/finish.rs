//! The end of a history: every fault is lifted, a fresh event has to get through, and every fold is folded again.

use std::{collections::BTreeMap, time::Duration};

use bus::Stored;
use bus_schema::{
    Entity, Kind, Partition, Partitions,
    batch::decode_index,
    subject::{self, Stream},
};
use runtime::Runtime;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use super::{
    World,
    process::{Core, TICK_MS_MAX},
};
use crate::{
    observe::{Folded, Liveness, Occasion, Run, Who},
    plan::Process,
};

/// How long a fresh event may take to become facts.
const ALIVE_MS: u64 = 30_000;
/// How long everything may take to come to rest after that, and to be compared there: an approval that is held and an
/// intent without an outcome are waited for, one after the other.
const REST_MS: u64 = 120_000;
/// Looks that find nothing stirring, one after the other: longer than the longest wait of an idle reader.
const QUIET: u32 = 14;
/// How long a fold may take to be folded again.
const VERIFY: Duration = Duration::from_mins(1);
/// Between two looks.
const LOOK_MS: u64 = 500;

impl World<'_> {
    /// Lifts the faults, looks whether it lives, and answers with everything seen.
    pub(super) async fn finish(mut self) -> Run {
        let until = self.shared.time.virtual_ms() + self.shared.shape.rest_ms;
        self.wait_until(until).await;
        self.lift();
        let liveness = self.canary().await;
        self.rest_and_verify().await;
        self.show(Occasion::End);
        self.answer(liveness)
    }

    fn lift(&mut self) {
        self.shared.note("the faults are over");
        self.streams.set_away(false);
        self.shared.time.set_right();
        self.processes.thaw_all();
        {
            let mut book = self.shared.book();
            book.faults.clear();
            book.mail_to_come.clear();
        }
        self.processes.tend();
        self.processes.complete();
    }

    /// Steps of time that stand are accepted, as an operator does.
    pub(super) fn accept_steps(&self) {
        for running in self.processes.of(Process::Router) {
            if let Some(Core::Router(parts)) = running.core() {
                for partition in parts.router().stopped().into_keys() {
                    parts.router().accept_clock(partition);
                }
            }
        }
    }

    async fn step(&mut self) {
        let next = self.shared.time.virtual_ms() + LOOK_MS;
        self.wait_until(next).await;
    }

    /// A fresh account in each partition has to become known to the gate and scored by the agents.
    async fn canary(&mut self) -> Liveness {
        let begun = self.shared.time.virtual_ms();
        let partitions = Partitions(self.shared.shape.partitions);
        let mut waiting = BTreeMap::new();
        for number in 0_u32.. {
            let name = format!("canary{number}");
            let entity = Entity::account(&name);
            if waiting.len() >= usize::from(partitions.0) {
                break;
            }
            waiting.entry(partitions.of(&entity)).or_insert((name, entity.hash()));
        }
        let from = self.streams.end(Stream::Log) + 1;
        for (name, _) in waiting.values() {
            let data = json!({"kind": "customer", "started_on": "2026-01-01"});
            self.producer.say(name, "account.created", &data, self.shared.time.now());
            self.producer.what(name, crate::plan::What::Competitor, self.shared.time.now());
        }
        loop {
            let after_ms = self.shared.time.virtual_ms() - begun;
            let log = self.streams.messages(Stream::Log, from);
            let silent = waiting.values().find_map(|(name, hash)| {
                let missing = ["supervisor", "churn"].into_iter().find(|writer| !spoke(&log, writer, *hash))?;
                Some(format!("{missing} says nothing of {name}"))
            });
            match silent {
                None => return Liveness::Alive { after_ms },
                Some(why) if after_ms >= ALIVE_MS => {
                    self.shared.note(format!("stuck: {why}"));
                    return Liveness::Stuck { why };
                }
                Some(_) => self.step().await,
            }
        }
    }

    /// Compares every fold with its refold where all is at rest. What stirs meanwhile, as where a tick lets an approval
    /// go, comes to rest first, and all is compared again.
    async fn rest_and_verify(&mut self) {
        let until = self.shared.time.virtual_ms() + REST_MS;
        self.rest(until).await;
        loop {
            self.caught_up(until).await;
            let (log, ends) = (self.streams.end(Stream::Log), self.ends());
            self.shared.book().folds.clear();
            self.compare().await;
            let stirred = self.ends() != ends || !self.settled();
            if self.is_late(until) || !stirred && self.streams.end(Stream::Log) == log {
                return;
            }
            if stirred {
                self.rest(until).await;
            }
        }
    }

    fn is_late(&self, until: u64) -> bool {
        self.shared.time.virtual_ms() >= until
    }

    /// Waits until nothing stirs any more.
    async fn rest(&mut self, until: u64) {
        let (mut quiet, mut before) = (0, None);
        while quiet < QUIET && !self.is_late(until) {
            self.step().await;
            let ends = Some(self.ends());
            quiet = if ends == before && self.settled() { quiet + 1 } else { 0 };
            before = ends;
        }
    }

    /// Where the streams end on which nothing is said by itself as time passes.
    fn ends(&self) -> [u64; 3] {
        [Stream::People, Stream::Action, Stream::Dead].map(|stream| self.streams.end(stream))
    }

    /// Whether all is routed and copied, no approval leaves its hold soon, no courier has anything in hand, and every
    /// approval on ACTION has its outcome.
    fn settled(&self) -> bool {
        let (received, acted) = (self.streams.end(Stream::In), self.streams.end(Stream::Action));
        // The clock ticks once more within this time, and finer while the gate waits for less.
        let soon = self.shared.time.now().plus_ms(TICK_MS_MAX);
        let rests = |core: Core| match core {
            Core::Router(parts) => {
                let due = parts.runtime().next_due().get("supervisor").copied();
                parts.router().routed() >= received && due.is_none_or(|due| due > soon)
            }
            Core::Courier(progress) => progress.is_settled(acted),
            Core::Agents(_) => true,
        };
        self.processes.all().all(|running| running.core().is_some_and(rests))
            && self.copied(Stream::People, subject::log_people)
            && self.copied(Stream::Action, subject::log_outcome)
            && self.delivered()
    }

    /// Whether nothing stands on ACTION that a courier has to end.
    fn delivered(&self) -> bool {
        let last: BTreeMap<String, bool> = self
            .streams
            .messages(Stream::Action, 1)
            .into_iter()
            .map(|stored| {
                let open = [Kind::DeliveryApproved, Kind::DeliveryIntended].map(Kind::code);
                let is_open = kinds(&stored).iter().any(|kind| open.contains(kind));
                (stored.subject, is_open)
            })
            .collect();
        !last.into_values().any(|is_open| is_open)
    }

    /// Whether the log has the last copy of every partition, as the streams themselves show it.
    fn copied(&self, stream: Stream, to: fn(Partition) -> String) -> bool {
        let said = self.streams.messages(stream, 1);
        Partitions(self.shared.shape.partitions).all().all(|p| {
            let last = said.iter().rev().find(|stored| is_copied(stream, stored, p)).map(|stored| stored.seq);
            let there = self.streams.before(Stream::Log, &to(p), u64::MAX).and_then(|copy| copy.headers.turn());
            last.is_none_or(|last| there.is_some_and(|turn| turn.seq >= last))
        })
    }

    /// Waits until gate and agents are up, and have folded the log to its end.
    async fn caught_up(&mut self, until: u64) {
        while !self.is_late(until) {
            let runtimes = self.runtimes();
            let both = [Process::Router, Process::Agents]
                .into_iter()
                .all(|process| runtimes.iter().any(|(who, _)| who.process == Some(process)));
            let at_end = |(partition, applied): (Partition, u64)| {
                let last = self.streams.before(Stream::Log, &subject::log_partition(partition), u64::MAX);
                last.is_none_or(|last| applied >= last.seq)
            };
            if both && runtimes.iter().all(|(_, runtime)| runtime.positions().into_iter().all(at_end)) {
                return;
            }
            self.step().await;
        }
    }

    fn runtimes(&self) -> Vec<(Who, Runtime)> {
        self.processes
            .all()
            .filter_map(|running| match running.core()? {
                Core::Router(parts) => Some((running.who, parts.runtime().clone())),
                Core::Agents(runtime) => Some((running.who, runtime)),
                Core::Courier(_) => None,
            })
            .collect()
    }

    async fn compare(&mut self) {
        for (who, runtime) in self.runtimes() {
            match timeout(VERIFY, runtime.verify()).await {
                Ok(Ok(verified)) => {
                    let folds = verified.into_iter().map(|one| Folded {
                        who,
                        agent: one.agent,
                        partition: one.partition.0,
                        position: one.position,
                        live: one.live,
                        refolded: one.refolded,
                    });
                    self.shared.book().folds.extend(folds);
                }
                Ok(Err(error)) => self.shared.note(format!("{} cannot be verified: {error}", who.number)),
                Err(_) => self.shared.note(format!("{} does not come to an end of its verification", who.number)),
            }
        }
    }

    fn answer(self, liveness: Liveness) -> Run {
        self.shared.note(format!("{liveness:?}"));
        let streams: BTreeMap<_, _> =
            Stream::ALL.into_iter().map(|stream| (stream, self.streams.messages(stream, 0))).collect();
        drop(self.processes);
        let book = std::mem::take(&mut *self.shared.book());
        let mut hash = Sha256::new();
        let mut take = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        book.trace.iter().for_each(|line| take(line.as_bytes()));
        book.mail.iter().for_each(|mail| take(format!("{mail:?}").as_bytes()));
        for stored in streams.values().flatten() {
            take(stored.subject.as_bytes());
            take(&stored.time.0.to_le_bytes());
            take(&stored.hash().0);
        }
        let hash = data_encoding::HEXLOWER.encode(&hash.finalize());
        Run {
            streams,
            sent: book.sent,
            mail: book.mail,
            decided: book.decided,
            stopped: book.stopped,
            folds: book.folds,
            liveness,
            coverage: book.coverage,
            ended: book.ended,
            trace: book.trace,
            hash,
        }
    }
}

/// Whether a writer of the log said anything about an entity.
fn spoke(log: &[Stored], writer: &str, entity: u32) -> bool {
    log.iter().filter(|stored| subject::log_writer(&stored.subject) == Some(writer)).any(|stored| {
        let index = stored.headers.index().and_then(|text| decode_index(text).ok()).unwrap_or_default();
        index.iter().any(|entry| entry.entity == entity)
    })
}

/// Whether a message has a copy in a partition of the log: approvals hold the bytes a second time, and stops are of none.
fn is_copied(stream: Stream, stored: &Stored, p: Partition) -> bool {
    let left_out = [Kind::DeliveryApproved, Kind::StopSet].map(Kind::code);
    let copied = kinds(stored).iter().any(|kind| stream == Stream::People || !left_out.contains(kind));
    copied && subject::partition_of(&stored.subject).is_none_or(|only| only == p)
}

/// The codes of the kinds in a message.
fn kinds(stored: &Stored) -> Vec<u16> {
    let index = stored.headers.index().and_then(|text| decode_index(text).ok()).unwrap_or_default();
    index.iter().map(|entry| entry.kind).collect()
}

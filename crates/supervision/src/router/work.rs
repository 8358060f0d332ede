//! The loop: read, decide, send, append, remember.

use std::{collections::BTreeMap, time::Duration};

use bus::{Bus, Message, Packed, Reader, Stored};
use bus_schema::{
    Data, Entity, Partition, Partitions, TurnId,
    data::facts::ClockMode,
    door::{Admitted, Door},
    subject::{self, Stream},
    time::DAY_MS,
};
use runtime::store::{Ledger, Writes};
use supervisor::router::Route;
use tokio::{
    sync::mpsc::{self, error::TryRecvError},
    time::Instant,
};

use super::{
    CHECKPOINT_EVERY, PART, PURGE_EVERY,
    dead::{self, Cause, NO_ACCOUNT, waiting_subject},
    facts::{Facts, Said},
    handle::{Order, RouterStats, Seen, Shared, StoppedPartition},
    intake::{self, Raw},
    lane::{Lane, Stopped, packed},
    open::{Waiting, blocking, patiently},
    outgoing::{Outgoing, Post},
    purge,
    rows::{self, Position},
};
use crate::{HEADER_OWN, SupervisionError};

/// Messages of one read; each may hold 256 events.
const MESSAGES_MAX: usize = 64;
const WAIT: Duration = Duration::from_millis(250);
const RETRY: Duration = Duration::from_millis(250);

/// The router at work.
pub(super) struct Work {
    pub(super) bus: Bus,
    pub(super) partitions: Partitions,
    door: Door,
    ledger: Ledger,
    lanes: BTreeMap<Partition, Lane>,
    waiting: Waiting,
    reader: Reader,
    facts: Facts,
    /// Every fact up to here is folded.
    heard: u64,
    routed: u64,
    stats: RouterStats,
    kept: Instant,
    kept_at: u64,
    purged: Instant,
}

/// What one read appends.
type Appends = BTreeMap<Partition, Vec<(TurnId, Vec<Packed>)>>;

impl Work {
    #[expect(
        clippy::too_many_arguments,
        reason = "one caller puts the parts together; a struct would only repeat this one"
    )]
    pub(super) fn new(
        bus: Bus,
        partitions: Partitions,
        door: Door,
        ledger: Ledger,
        lanes: BTreeMap<Partition, Lane>,
        waiting: Waiting,
        reader: Reader,
        facts: Facts,
        heard: u64,
        routed: u64,
    ) -> Self {
        let (stats, now) = (RouterStats::default(), Instant::now());
        Self {
            bus,
            partitions,
            door,
            ledger,
            lanes,
            waiting,
            reader,
            facts,
            heard,
            routed,
            stats,
            kept: now,
            kept_at: routed,
            purged: now,
        }
    }

    /// Runs until told to stop, or until it cannot go on.
    pub(super) async fn run(mut self, seen: Shared, mut orders: mpsc::UnboundedReceiver<Order>) {
        let result = loop {
            match self.turn(&seen, &mut orders).await {
                Ok(true) => {}
                Ok(false) => break self.checkpoint().await,
                Err(error) => break Err(error),
            }
        };
        if let Err(error) = &result {
            tracing::error!(error = error as &dyn std::error::Error, "routing stopped");
        }
        seen.send_modify(|seen| (seen.failed, seen.ended) = (result.err(), true));
    }

    /// One read with everything that comes of it. False once it has to stop.
    async fn turn(
        &mut self,
        seen: &Shared,
        orders: &mut mpsc::UnboundedReceiver<Order>,
    ) -> Result<bool, SupervisionError> {
        if !self.obey(seen, orders).await? {
            return Ok(false);
        }
        if self.purged.elapsed() >= PURGE_EVERY {
            self.purged = Instant::now();
            self.purge().await;
        }
        // Alone, not in a select: a read that is given up half way could lose what it had already taken.
        let batch = self.reader.next(MESSAGES_MAX, WAIT).await;
        match batch {
            Ok(batch) => {
                if let Some(last) = batch.last().map(|stored| stored.seq) {
                    self.route(&batch).await?;
                    self.routed = self.routed.max(last);
                    self.show(seen);
                }
            }
            // Going on would pass by what the older copy takes in up to the old position.
            Err(error) if error.is_another_stream() => return Err(SupervisionError::read(PART, error)),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "IN cannot be read, trying on");
                tokio::time::sleep(RETRY).await;
            }
        }
        if self.kept.elapsed() >= CHECKPOINT_EVERY {
            self.checkpoint().await?;
        }
        Ok(true)
    }

    /// Does all it was told since the last read: one order a read would let orders that are given faster pile up. False
    /// once it has to stop.
    async fn obey(
        &mut self,
        seen: &Shared,
        orders: &mut mpsc::UnboundedReceiver<Order>,
    ) -> Result<bool, SupervisionError> {
        let mut from = None;
        let go_on = loop {
            match orders.try_recv() {
                Ok(Order::Accept(partition)) => from = [from, self.accept(partition)].into_iter().flatten().min(),
                Ok(Order::Stop) | Err(TryRecvError::Disconnected) => break false,
                Err(TryRecvError::Empty) => break true,
            }
        };
        if let Some(from) = from {
            self.read_again(from).await?;
            self.show(seen);
        }
        Ok(go_on)
    }

    async fn purge(&self) {
        if self.mode() == Some(ClockMode::Live) {
            let now = self.lanes.values().map(|lane| lane.state.last()).max().unwrap_or_default();
            purge::old(&self.bus, self.routed_by_all(), now).await;
        }
    }

    /// Up to where every partition has routed `IN`: one that stands still has not routed what came since.
    fn routed_by_all(&self) -> u64 {
        let stopped = self.lanes.values().filter_map(|lane| lane.stopped.map(|at| at.seq)).min();
        stopped.map_or(self.routed, |seq| self.routed.min(seq - 1))
    }

    /// Lets a partition take a step of time; answers where it stood still.
    fn accept(&mut self, partition: Partition) -> Option<u64> {
        let lane = self.lanes.get_mut(&partition)?;
        let stopped = lane.stopped.take()?;
        lane.accepted = true;
        Some(stopped.seq)
    }

    /// Reads again from where a partition stood still. Never forward: another partition may be reading again what lies
    /// before. One reader at a time has the name; the partitions skip what they have routed.
    async fn read_again(&mut self, from: u64) -> Result<(), SupervisionError> {
        self.routed = self.routed.min(from - 1);
        match self.reader.reset(from.min(self.reader.position())).await {
            // The position is kept, and the next read goes on from it.
            Err(error) if !error.is_transient() => Err(SupervisionError::read(PART, error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    async fn route(&mut self, batch: &[Stored]) -> Result<(), SupervisionError> {
        let (mut outgoing, mut appends) = (Outgoing::default(), Appends::new());
        self.hear_facts();
        for stored in batch {
            self.midnight(stored).await?;
            self.message(stored, &mut outgoing, &mut appends);
        }
        let routed = self.routed_by_all();
        let post = Post { bus: &self.bus, door: &self.door, partitions: self.partitions, routed };
        outgoing.send(&post).await?;
        let append = |source| SupervisionError::Append { part: PART, source };
        for (p, turns) in appends {
            if let Some(lane) = self.lanes.get(&p) {
                lane.chain.push_all(turns).await.map_err(append)?;
            }
        }
        for lane in self.lanes.values() {
            lane.chain.flush().await.map_err(append)?;
        }
        Ok(())
    }

    /// Decides about every event of a message.
    fn message(&mut self, stored: &Stored, outgoing: &mut Outgoing, appends: &mut Appends) {
        let partition = subject::partition_of(&stored.subject);
        let Some(mut lane) = partition.and_then(|p| self.lanes.remove(&p)) else {
            let cause = cause(stored, 0, "wrong_subject", "the subject names no partition of this log".into());
            outgoing.dead(dead::letter(subject::dead(PART), stored.body.to_vec(), stored, true, &cause));
            self.stats.dead += 1;
            return;
        };
        if lane.stopped.is_none() {
            match intake::events(stored) {
                Ok(events) => self.events(&mut lane, stored, &events, outgoing, appends),
                Err(problem) => {
                    let turn = TurnId { seq: stored.seq, index: 0, ordinal: 0 };
                    if !lane.is_done(turn) {
                        let cause = cause(stored, 0, "unreadable_message", problem);
                        outgoing.dead(dead::letter(subject::dead(PART), stored.body.to_vec(), stored, true, &cause));
                        self.stats.dead += 1;
                        lane.done = Some(turn);
                    }
                }
            }
        }
        self.lanes.insert(lane.partition, lane);
    }

    fn events(
        &mut self,
        lane: &mut Lane,
        stored: &Stored,
        events: &[Raw<'_>],
        outgoing: &mut Outgoing,
        appends: &mut Appends,
    ) {
        let single = stored.subject.rsplit('.').next() != Some("batch");
        for (index, raw) in (0_u16..).zip(events) {
            let turn = TurnId { seq: stored.seq, index, ordinal: 0 };
            if lane.is_done(turn) {
                continue;
            }
            let passed = if raw.ours {
                self.door.readmit(&raw.json, stored.time)
            } else {
                self.door.admit(&raw.json, stored.time)
            };
            let here = Here { stored, index, raw, single };
            match passed {
                Err(refusal) => {
                    let mut cause = cause(stored, index, refusal.reason.code(), refusal.to_string());
                    (cause.source, cause.id) = (refusal.source.as_deref(), refusal.id.as_deref());
                    outgoing.dead(here.letter(subject::dead(PART), &cause));
                    self.stats.dead += 1;
                }
                Ok(admitted) => {
                    if !self.admitted(lane, &here, &admitted, outgoing, appends, turn) {
                        return;
                    }
                }
            }
            lane.done = Some(turn);
        }
    }

    /// Decides about an event that passed the door. False where the partition has to stand still before it.
    fn admitted(
        &mut self,
        lane: &mut Lane,
        here: &Here<'_>,
        admitted: &Admitted,
        outgoing: &mut Outgoing,
        appends: &mut Appends,
        turn: TurnId,
    ) -> bool {
        let header = &admitted.event.header;
        if let Some(problem) = here.misaddressed(&admitted.addressed) {
            let cause = Cause {
                source: Some(&header.source),
                id: Some(&header.id),
                ..cause(here.stored, here.index, "wrong_subject", problem)
            };
            outgoing.dead(here.letter(subject::dead(PART), &cause));
            self.stats.dead += 1;
            return true;
        }
        match lane.route(admitted, here.raw.ours, here.stored.time) {
            Route::Append { event, sends } => {
                self.stats.routed += 1;
                for send in sends.into_iter().chain(lane.sources_changed(&self.lanes, &event)) {
                    outgoing.onward(send.to, packed(&send.event, &serde_json::Map::new()));
                }
                if let Data::MembershipRecorded(data) = &event.data
                    && self.waiting.remove(data.user.as_str())
                {
                    outgoing.found(&data.user, &data.account);
                }
                let packed = packed(&event, &admitted.personal);
                appends.entry(lane.partition).or_default().push((turn, vec![packed]));
            }
            Route::Spread(sends) => {
                for send in sends {
                    self.stats.forwarded += 1;
                    outgoing.onward(send.to, packed(&send.event, &serde_json::Map::new()));
                }
            }
            Route::Repeat => self.stats.repeats += 1,
            Route::Forward(onward) => {
                self.stats.forwarded += 1;
                outgoing.onward(onward.to, packed(&onward.event, &admitted.personal));
            }
            Route::Waiting { user } => {
                let text =
                    "no account is known for this user: send a group or identify call that says where they belong";
                let cause = Cause {
                    source: Some(&header.source),
                    id: Some(&header.id),
                    ..cause(here.stored, here.index, NO_ACCOUNT, text.into())
                };
                outgoing.dead(here.letter(waiting_subject(&user), &cause));
                self.waiting.insert(user);
                self.stats.dead += 1;
                self.stats.waiting += 1;
            }
            Route::Dead(reason) => {
                let cause = Cause {
                    source: Some(&header.source),
                    id: Some(&header.id),
                    ..cause(here.stored, here.index, reason.code(), reason.to_string())
                };
                outgoing.dead(here.letter(subject::dead(PART), &cause));
                self.stats.dead += 1;
            }
            Route::Stop { last, next } => {
                tracing::error!(
                    partition = %lane.partition, log.time = %last, log.next = %next,
                    "log time would make a step: the partition stands still until the step is accepted"
                );
                lane.stopped = Some(Stopped { seq: here.stored.seq, last, next });
                return false;
            }
        }
        true
    }

    /// Takes in what the supervisor said. On a log that counts in event time it is folded at midnight only, when all is
    /// at rest, so that stamps do not depend on how fast anybody was.
    fn hear_facts(&mut self) {
        for said in self.facts.read() {
            self.heard(said);
        }
        if self.mode() == Some(ClockMode::Live) {
            for lane in self.lanes.values_mut() {
                lane.fold_facts(u64::MAX);
            }
        }
    }

    fn heard(&mut self, said: Said) -> (Partition, u64) {
        let Said { partition, seq, facts } = said;
        if let Some(lane) = self.lanes.get_mut(&partition) {
            lane.facts.extend(facts.into_iter().map(|event| (seq, event)));
            lane.heard = lane.heard.max(seq);
        }
        (partition, seq)
    }

    /// At the first message of a day in event time, folds everything the supervisor has said of that partition.
    async fn midnight(&mut self, stored: &Stored) -> Result<(), SupervisionError> {
        let Some(p) = subject::partition_of(&stored.subject) else { return Ok(()) };
        if self.mode() != Some(ClockMode::Event) || !begins_day(stored) {
            return Ok(());
        }
        let (bus, said) = (&self.bus, subject::log_fact(p, "supervisor", p));
        let last = patiently(|| bus.last(Stream::Log, &said)).await?;
        let target = last.map_or(0, |stored| stored.seq);
        let heard = |work: &Self| work.lanes.get(&p).is_none_or(|lane| lane.heard >= target);
        while target > self.heard && !heard(self) {
            let Some(said) = self.facts.next().await else { break };
            self.heard(said);
        }
        if let Some(lane) = self.lanes.get_mut(&p) {
            lane.fold_facts(target);
        }
        Ok(())
    }

    fn mode(&self) -> Option<ClockMode> {
        let begun: Vec<ClockMode> =
            self.lanes.values().filter(|lane| !lane.state.is_empty()).map(|lane| lane.state.clock()).collect();
        if begun.contains(&ClockMode::Event) { Some(ClockMode::Event) } else { begun.first().copied() }
    }

    /// Shows how far it is.
    pub(super) fn show(&self, seen: &tokio::sync::watch::Sender<Seen>) {
        let stopped =
            |lane: &Lane| lane.stopped.map(|at| (lane.partition, StoppedPartition { last: at.last, next: at.next }));
        let next = Seen {
            routed: self.routed_by_all(),
            stats: self.stats,
            log_time: self.lanes.values().filter(|l| !l.state.is_empty()).map(|lane| lane.state.last()).max(),
            mode: self.mode(),
            written: self.lanes.iter().map(|(p, lane)| (*p, lane.chain.progress().borrow().seq)).collect(),
            stopped: self.lanes.values().filter_map(stopped).collect(),
            failed: None,
            ended: false,
        };
        seen.send_replace(next);
    }

    /// Keeps what changed. Everything decided is acknowledged here, so nothing is kept that the log does not have.
    async fn checkpoint(&mut self) -> Result<(), SupervisionError> {
        self.kept = Instant::now();
        if self.routed == self.kept_at || self.lanes.values().any(|lane| lane.stopped.is_some()) {
            return Ok(());
        }
        let folded = self.lanes.values().map(|lane| lane.chain.progress().borrow().seq).max().unwrap_or(0);
        let bus = &self.bus;
        let last = if folded > 0 { patiently(|| bus.get(Stream::Log, folded)).await? } else { None };
        let Some(hash) = last.map(|stored| stored.hash().0) else { return Ok(()) };
        // Facts that were read and not folded yet have to be read again.
        let unread = self.lanes.values().filter_map(|lane| lane.facts.front().map(|(seq, _)| seq - 1)).min();
        let heard = self.lanes.values().map(|lane| lane.heard).max().unwrap_or(0).max(self.heard);
        let heard = unread.map_or(heard, |unread| unread.min(heard));
        let mut writes = Writes::new();
        for lane in self.lanes.values_mut() {
            rows::changed(&mut writes, lane.partition, &mut lane.state, &mut lane.id_rows);
        }
        let position = Position { routed: self.routed, folded, hash, heard, ..Position::default() };
        let ledger = self.ledger.clone();
        blocking(&self.ledger.disk(), move || rows::write(&ledger, writes, position)).await?;
        self.kept_at = self.routed;
        Ok(())
    }
}

/// Where an event stands.
struct Here<'a> {
    stored: &'a Stored,
    index: u16,
    raw: &'a Raw<'a>,
    single: bool,
}

impl Here<'_> {
    fn letter(&self, subject: String, cause: &Cause<'_>) -> Message {
        // Of a single message the body is kept as it came, with its headers; of a batch the event's JSON.
        let body = if self.single { self.stored.body.to_vec() } else { self.raw.json.to_vec() };
        let letter = dead::letter(subject, body, self.stored, self.single, cause);
        // Its pseudonyms are in place: when it goes through again, they stay.
        if self.raw.ours { letter.with_header(HEADER_OWN, "forward") } else { letter }
    }

    /// Why the subject of a single event is not that of the event.
    fn misaddressed(&self, entity: &Entity) -> Option<String> {
        let token = self.stored.subject.rsplit('.').next()?;
        (self.single && token != entity.token())
            .then(|| format!("the event is about {entity}: publish it on cs.event.{}", entity.token()))
    }
}

fn cause<'a>(stored: &Stored, index: u16, code: &'a str, text: String) -> Cause<'a> {
    Cause { code, text, seq: stored.seq, index, source: None, id: None }
}

/// Whether a message of our clock begins with the tick of a midnight.
fn begins_day(stored: &Stored) -> bool {
    let first = intake::events(stored).ok().and_then(|events| {
        let raw = events.first().filter(|raw| raw.ours)?;
        serde_json::from_slice::<bus_schema::Envelope>(&raw.json).ok()
    });
    first.is_some_and(|tick| tick.time.0 % DAY_MS == 0)
}

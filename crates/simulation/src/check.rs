//! A plan played and checked: every invariant after every step, and at the end.

use std::collections::BTreeMap;

use bus::{Bus, Packed, Stored};
use bus_schema::{
    Kind, Partitions, TurnId,
    subject::{self, Stream},
};
use futures_util::FutureExt as _;
use runtime::AgentFold;

use crate::{
    history::{History, Seen, events},
    invariants::{self, Breach, Check, Finale, name},
    observe::{Moment, Run},
    plan::Plan,
    planted::{self, Planted},
    reference::Reference,
    world::run_observed,
};

/// The streams that are looked at, in the order in which what they hold depends on each other.
const STREAMS: [Stream; 4] = [Stream::Dead, Stream::Log, Stream::People, Stream::Action];

/// What came of a plan.
#[derive(Clone, Debug)]
pub struct Report {
    /// The first invariant that broke.
    pub breach: Option<Breach>,
    /// How often what matters happened.
    pub counts: BTreeMap<&'static str, u64>,
    /// What happened, readable.
    pub trace: Vec<String>,
    /// The same for every run of the plan.
    pub hash: String,
}

/// Plays a plan and checks it.
pub fn check(plan: &Plan, planted: Option<Planted>) -> Report {
    planted::reset();
    let mut checker = Checker::new(planted);
    let run = run_observed(plan, planted, &mut |moment| checker.look(moment));
    checker.end(run)
}

struct Checker {
    agents: Vec<AgentFold>,
    log: Option<(String, Partitions)>,
    history: History,
    reference: Option<Reference>,
    read: BTreeMap<Stream, u64>,
    copied_from: BTreeMap<Stream, u64>,
    mails: usize,
    at_ms: u64,
    breach: Option<Breach>,
}

impl Checker {
    fn new(planted: Option<Planted>) -> Self {
        let twist = planted::twist(planted);
        let mut agents = twist.agents();
        agents.push(twist.gate());
        Self {
            agents,
            log: None,
            history: History::default(),
            reference: None,
            read: BTreeMap::new(),
            copied_from: BTreeMap::new(),
            mails: 0,
            at_ms: 0,
            breach: None,
        }
    }

    fn look(&mut self, moment: &Moment<'_>) {
        self.at_ms = moment.at_ms;
        planted::set_clock(moment.now);
        if self.breach.is_some() {
            return;
        }
        if self.reference.is_none() {
            let info = Bus::from(moment.bus.clone()).log_info().now_or_never();
            let Some(Ok(info)) = info else { return };
            self.reference = Some(Reference::new(&self.agents, &info.id, info.partitions));
            self.log = Some((info.id, info.partitions));
        }
        // What is to be copied is known before the copies are looked at.
        for stream in [Stream::People, Stream::Action] {
            let from = self.copied_from.entry(stream).or_insert(1);
            for stored in moment.bus.messages(stream, *from) {
                *from = stored.seq + 1;
                if let Some(reference) = &mut self.reference {
                    reference.copy(stream, &stored);
                }
            }
        }
        for stream in STREAMS {
            let from = self.read.get(&stream).copied().unwrap_or(1);
            for stored in moment.bus.messages(stream, from) {
                self.read.insert(stream, stored.seq + 1);
                self.message(stream, &stored);
            }
        }
        for mail in moment.mail.get(self.mails..).unwrap_or_default() {
            self.each(&Seen::Mail(mail));
            self.history.take_mail(mail);
        }
        self.mails = moment.mail.len();
    }

    fn message(&mut self, stream: Stream, stored: &Stored) {
        self.each(&Seen::Message(stream, stored));
        if stream == Stream::Log
            && let Some(Err(what)) = self.reference.as_mut().map(|reference| reference.take(stored))
        {
            self.broke(name::SAID_ONCE, what);
        }
        self.history.take_message(stream, stored);
        if stream == Stream::Dead {
            return;
        }
        match events(stream, stored) {
            Ok(found) => {
                for happened in found {
                    self.each(&Seen::Event(&happened));
                    self.history.take_event(&happened);
                }
            }
            Err(error) => self.broke(name::CHAINS, format!("message {} of {}: {error}", stored.seq, stream.name())),
        }
    }

    fn each(&mut self, seen: &Seen<'_>) {
        for invariant in invariants::ALL {
            let Check::Each(check) = invariant.check else { continue };
            if let Err(what) = check(&self.history, seen) {
                self.broke(invariant.name, what);
            }
        }
    }

    fn end(mut self, run: Run) -> Report {
        if let Some(reference) = self.reference.take() {
            if let Some(what) = reference.unsaid() {
                self.broke(name::SAID_ONCE, what);
            }
            if let Err(what) = self.again(&run) {
                self.broke(name::SAID_AGAIN, what);
            }
            for invariant in invariants::ALL {
                let Check::End(check) = invariant.check else { continue };
                let finale = Finale {
                    history: &self.history,
                    reference: &reference,
                    sent: &run.sent,
                    decided: &run.decided,
                    folds: &run.folds,
                    liveness: &run.liveness,
                    ended: &run.ended,
                };
                if let Err(what) = check(&finale) {
                    self.broke(invariant.name, what);
                }
            }
        } else {
            self.broke(name::ALIVE, "there was never a log".into());
        }
        let mut counts = run.coverage;
        for (what, count) in std::mem::take(&mut self.history.counts) {
            *counts.entry(what).or_default() += count;
        }
        Report { breach: self.breach, counts, trace: run.trace, hash: run.hash }
    }

    /// Folds the whole log from its start: what it says must be what is there.
    fn again(&self, run: &Run) -> Result<(), String> {
        let of = |stream: Stream| run.streams.get(&stream).into_iter().flatten();
        let Some((log, partitions)) = &self.log else { return Ok(()) };
        let mut reference = Reference::new(&self.agents, log, *partitions);
        for stream in [Stream::People, Stream::Action] {
            of(stream).for_each(|stored| reference.copy(stream, stored));
        }
        of(Stream::Log).try_for_each(|stored| reference.take(stored))
    }

    /// Keeps the first.
    fn broke(&mut self, invariant: &'static str, what: String) {
        let at_ms = self.at_ms;
        self.breach.get_or_insert(Breach { invariant, at_ms, what });
    }
}

impl Reference {
    /// What the copies in the log have to say of a message of PEOPLE or ACTION.
    fn copy(&mut self, stream: Stream, stored: &Stored) {
        let events = Packed::unpack(stored).unwrap_or_default();
        let copied = |kind| stream == Stream::People || !matches!(kind, Kind::DeliveryApproved | Kind::StopSet);
        let events: Vec<Packed> = events.into_iter().filter(|event| copied(event.kind)).collect();
        if events.is_empty() {
            return;
        }
        let turn = TurnId { seq: stored.seq, index: 0, ordinal: 0 };
        let only = subject::partition_of(&stored.subject);
        for p in self.partitions().into_iter().filter(|p| only.is_none_or(|only| only == *p)) {
            let subject = if stream == Stream::People { subject::log_people(p) } else { subject::log_outcome(p) };
            self.owe(subject, runtime::Said { turn, to: p, events: events.clone() });
        }
    }
}

//! The wire of one process to the bus, and with it its life: a dead process's line carries nothing any more.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bus::{Bus, Doubt, MemoryBus, Message, PublishError, Stored, memory::Wire};
use bus_schema::{Time, subject::Stream};
use futures_util::future::BoxFuture;
use tokio::{sync::Notify, time::sleep};

use super::{
    random::Random,
    shared::{Fault, Shared},
};
use crate::{
    observe::Who,
    plan::{Process, Subjects},
    twist::{Ack, Parcel},
};

/// How long a sender waits for an acknowledgement, as over a real connection.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(4);
/// An empty read waits at least so long: what a process does between two of them is nothing.
const READ_WAIT_MIN: Duration = Duration::from_secs(5);

/// Whether a process lives.
#[derive(Default)]
pub(crate) struct Life {
    dead: AtomicBool,
    frozen: AtomicBool,
    thawed: Notify,
}

impl Life {
    pub(crate) fn end(&self) {
        self.dead.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.dead.load(Ordering::Relaxed)
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen.load(Ordering::Relaxed)
    }

    pub(crate) fn freeze(&self) {
        self.frozen.store(true, Ordering::Relaxed);
    }

    pub(crate) fn thaw(&self) {
        self.frozen.store(false, Ordering::Relaxed);
        self.thawed.notify_waiters();
    }

    /// Waits while it is frozen; for ever once it is over.
    pub(crate) async fn lives(&self) {
        loop {
            if self.is_over() {
                return std::future::pending().await;
            }
            let thawed = self.thawed.notified();
            if !self.is_frozen() {
                return;
            }
            thawed.await;
        }
    }
}

/// A line of a process.
pub(crate) struct Line {
    who: Who,
    life: Arc<Life>,
    shared: Arc<Shared>,
    random: Mutex<Random>,
}

impl Line {
    /// The bus as a process has it.
    pub(crate) fn bus(streams: &MemoryBus, shared: &Arc<Shared>, who: Who, life: &Arc<Life>) -> Bus {
        let random = Mutex::new(Random::new(shared.seed, u64::from(who.number)));
        let wire = Self { who, life: Arc::clone(life), shared: Arc::clone(shared), random };
        streams.behind(Arc::new(wire)).into()
    }

    fn delay(&self) -> Duration {
        let max = u64::from(self.shared.shape.delay_ms_max);
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        // Every other way takes no time to speak of.
        if random.below(2) == 0 { Duration::ZERO } else { Duration::from_millis(random.below(max + 1)) }
    }

    /// One parcel, with the fault that waits for its subject.
    async fn send(&self, bus: &MemoryBus, parcel: Parcel) -> Result<u64, PublishError> {
        let fault = self.fault(&parcel.message.subject);
        let bus = Bus::from(bus.clone());
        let Parcel { message, expect_last } = parcel;
        let unknown = Err(PublishError::Unknown(Doubt::Timeout));
        match fault {
            None => bus.publish(message, expect_last).await,
            Some(Fault::LoseAck) => {
                bus.publish(message, expect_last).await?;
                sleep(PUBLISH_TIMEOUT).await;
                unknown
            }
            Some(Fault::LoseMessage) => {
                sleep(PUBLISH_TIMEOUT).await;
                unknown
            }
            // It is on its way, whatever becomes of its sender.
            Some(Fault::Delay(late)) => {
                let arrives = tokio::spawn(async move {
                    sleep(late).await;
                    bus.publish(message, expect_last).await
                });
                match tokio::time::timeout(PUBLISH_TIMEOUT, arrives).await {
                    Ok(Ok(answer)) => answer,
                    Ok(Err(_)) | Err(_) => unknown,
                }
            }
            Some(Fault::Duplicate) => {
                let first = bus.publish(message.clone(), expect_last).await?;
                // What is expected of the subject refuses the second.
                bus.publish(message, expect_last).await.or(Ok(first))
            }
        }
    }

    fn fault(&self, subject: &str) -> Option<Fault> {
        let mut book = self.shared.book();
        let at = book.faults.iter().position(|(subjects, _)| covers(*subjects, subject))?;
        let (_, fault) = book.faults.remove(at);
        drop(book);
        self.shared.note(format!("fault {fault:?} on {subject}"));
        Some(fault)
    }
}

impl Wire for Line {
    fn carry(&self) -> BoxFuture<'_, Result<(), Doubt>> {
        Box::pin(async {
            self.life.lives().await;
            let delay = self.delay();
            if !delay.is_zero() {
                sleep(delay).await;
                self.life.lives().await;
            }
            Ok(())
        })
    }

    fn publish<'a>(
        &'a self,
        bus: &'a MemoryBus,
        message: Message,
        expect_last: Option<u64>,
    ) -> BoxFuture<'a, Result<u64, PublishError>> {
        Box::pin(async move {
            let twist = &self.shared.twist;
            if let Ack::Early(late) = twist.ack(self.who, &message) {
                let stream = stream_of(&message.subject);
                let guess = bus.end(stream) + 1;
                let (life, bus) = (Arc::clone(&self.life), Bus::from(bus.clone()));
                tokio::spawn(async move {
                    sleep(late).await;
                    life.lives().await;
                    bus.publish(message, expect_last).await.ok();
                });
                return Ok(guess);
            }
            let mut answer = Err(PublishError::Unknown(Doubt::Timeout));
            for parcel in twist.publish(self.who, Parcel { message, expect_last }) {
                answer = self.send(bus, parcel).await;
                if answer.is_err() {
                    break;
                }
            }
            if answer == Err(PublishError::WrongLast) {
                self.shared.met("compare_and_set_lost");
            }
            answer
        })
    }

    fn last(&self, bus: &MemoryBus, subject: &str, found: Option<Stored>) -> Option<Stored> {
        if self.shared.twist.is_true() {
            return found;
        }
        let earlier = found.as_ref().and_then(|found| bus.before(stream_of(subject), subject, found.seq));
        self.shared.twist.last(self.who, subject, found, earlier)
    }

    fn get(&self, stream: Stream, found: Option<Stored>) -> Option<Stored> {
        self.shared.twist.get(self.who, stream, found)
    }

    fn time(&self, found: Time) -> Time {
        if self.who.process == Some(Process::Router) { self.shared.twist.publisher_time(found) } else { found }
    }

    fn begins(&self, stream: Stream, from_seq: u64) -> u64 {
        self.shared.twist.begins(self.who, stream, from_seq)
    }

    fn read(&self, stream: Stream, messages: Vec<Stored>) -> Vec<Stored> {
        self.shared.twist.read(self.who, stream, messages)
    }

    fn patience(&self, wait: Duration) -> Duration {
        wait.max(READ_WAIT_MIN)
    }
}

/// The stream a subject is of.
pub(crate) fn stream_of(subject: &str) -> Stream {
    match subject.split('.').nth(1) {
        Some("log") => Stream::Log,
        Some("people") => Stream::People,
        Some("action" | "stop") => Stream::Action,
        Some("dead") => Stream::Dead,
        _ => Stream::In,
    }
}

fn covers(subjects: Subjects, subject: &str) -> bool {
    let writer = || bus_schema::subject::log_writer(subject);
    match subjects {
        Subjects::In => stream_of(subject) == Stream::In,
        Subjects::LogIn => writer() == Some("in"),
        Subjects::Copies => matches!(writer(), Some("people" | "outcome")),
        Subjects::Gate => writer() == Some("supervisor"),
        Subjects::Facts => writer().is_some_and(|writer| !["in", "people", "outcome", "supervisor"].contains(&writer)),
        Subjects::People => stream_of(subject) == Stream::People,
        Subjects::Action => stream_of(subject) == Stream::Action,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_know_their_subjects() {
        let of = |subject: &str| {
            let all = [
                Subjects::In,
                Subjects::LogIn,
                Subjects::Copies,
                Subjects::Gate,
                Subjects::Facts,
                Subjects::People,
                Subjects::Action,
            ];
            all.into_iter().filter(|subjects| covers(*subjects, subject)).collect::<Vec<_>>()
        };
        assert_eq!(of("cs.event.abc"), [Subjects::In]);
        assert_eq!(of("cs.in.00.batch"), [Subjects::In]);
        assert_eq!(of("cs.log.00.in"), [Subjects::LogIn]);
        assert_eq!(of("cs.log.00.people"), [Subjects::Copies]);
        assert_eq!(of("cs.log.00.outcome"), [Subjects::Copies]);
        assert_eq!(of("cs.log.00.supervisor"), [Subjects::Gate]);
        assert_eq!(of("cs.log.01.health.00"), [Subjects::Facts]);
        assert_eq!(of("cs.people.00.abc"), [Subjects::People]);
        assert_eq!(of("cs.action.00.abc"), [Subjects::Action]);
        assert_eq!(of("cs.stop.all"), [Subjects::Action]);
    }
}

//! From one approval to its outcome.
//!
//! Order matters and stands here alone: check, intent, stops, note, attempt, outcome. An unsubscribe that was acknowledged
//! before the intent is seen by the read of the stops, which comes after it. Intent and outcome are dated by the broker's
//! clock.

use bus::Bus;
use bus_schema::{
    Data, Time,
    data::{
        action::{ClockMode, DeliveryFailed, DeliveryIntended, DeliverySent, DeliveryUnknown, FailureReason},
        words::Label,
    },
    subject::{Stop, Stream},
};
use tokio::time::{Instant, sleep, sleep_until};

use crate::{
    action::{Approved, Objection},
    begun::{self, Begin},
    broker_time::{self, milliseconds},
    compose::bytes_hash,
    config::Config,
    record::{Appended, Record},
    transport::{Attempt, Letter, Transport},
};

/// How an approval ended, for the metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Sent,
    Failed,
    Unknown,
    /// Another courier, or a withdrawal, came first.
    NotOurs,
}

impl Outcome {
    /// What a record of an end says; any other data is none of ours.
    const fn of(data: &Data) -> Self {
        match data {
            Data::DeliverySent(_) => Self::Sent,
            Data::DeliveryFailed(_) => Self::Failed,
            Data::DeliveryUnknown(_) => Self::Unknown,
            _ => Self::NotOurs,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::NotOurs => "not_ours",
        }
    }
}

/// Carries an approval out, or records why not.
pub(crate) async fn deliver(config: &Config, bus: &Bus, approved: &Approved) -> Outcome {
    let letter = match approved.letter(&config.envelope_from) {
        Ok(letter) => letter,
        Err(objection) => return object(config, bus, approved, approved.seq, objection).await,
    };
    let now = broker_time::now(bus).await;
    let until = Instant::now() + config.deadline;
    let deadline = now.plus_ms(milliseconds(config.deadline));
    let intended = DeliveryIntended { proposal: approved.data.proposal.clone(), deadline };
    let place = (&*approved.subject, approved.seq);
    let intent = Record::new(&config.unique, place, &approved.event, now, Data::DeliveryIntended(intended), None);
    let Appended::Stored(intent) = intent.append(bus).await else { return Outcome::NotOurs };
    if let Some(objection) = expired(bus, approved, intent, until).await {
        return object(config, bus, approved, intent, objection).await;
    }
    let end = attempts(config, bus, approved, &letter, until).await;
    finish(config, bus, approved, intent, end, &letter).await
}

/// How the attempts ended.
enum End {
    Attempted(Attempt),
    Stopped(Stop),
    Objected(Objection),
}

/// Attempts until it is taken, doubtful, refused for good, or too late. Stops are read before each one.
async fn attempts(config: &Config, bus: &Bus, approved: &Approved, letter: &Letter, until: Instant) -> End {
    let transport = Transport::choose(config, approved.data.clock);
    let mut waits = config.retry_after.iter();
    let mut begun = false;
    loop {
        match stop(bus, approved, until).await {
            Ok(None) => {}
            Ok(Some(stop)) => return End::Stopped(stop),
            Err(objection) => return End::Objected(objection),
        }
        if Instant::now() >= until {
            let text = "the time for the attempt was over before it began".to_owned();
            return End::Objected(Objection { reason: FailureReason::Expired, text });
        }
        if !std::mem::replace(&mut begun, true)
            && let Some(end) = begin(config, letter).await
        {
            return end;
        }
        let attempt = transport.send(config, letter, until).await;
        let again = matches!(attempt, Attempt::Refused { later: true, .. });
        let next = waits.next().map(|wait| Instant::now() + *wait).filter(|next| again && *next < until);
        let Some(next) = next else {
            if matches!(attempt, Attempt::Refused { .. }) {
                begun::forget(config.begun.as_deref(), &letter.proposal).await;
            }
            return End::Attempted(attempt);
        };
        sleep_until(next).await;
    }
}

/// Remembers that the first attempt begins. One that began before, under an intent that the bus has forgotten, may have
/// reached its recipient.
async fn begin(config: &Config, letter: &Letter) -> Option<End> {
    match begun::begin(config.begun.as_deref(), &letter.proposal).await {
        Ok(Begin::First) => None,
        Ok(Begin::Again) => Some(End::Attempted(Attempt::Doubt(
            "it was begun before, and the bus does not know: it may have been replaced by an older copy",
        ))),
        Err(error) => {
            let text = format!("the attempt cannot be remembered: {error}; make the data folder writable");
            Some(End::Objected(Objection { reason: FailureReason::Other, text }))
        }
    }
}

/// The stop that holds the message; read where the stream is led, never from a follower that may be behind.
async fn stop(bus: &Bus, approved: &Approved, until: Instant) -> Result<Option<Stop>, Objection> {
    let data = &approved.data;
    let scopes = [
        Stop::All,
        Stop::Play(data.play.as_str().to_owned()),
        Stop::Contact(data.contact.as_str().to_owned()),
        Stop::Address(data.address_hmac.as_str().to_owned()),
    ];
    for scope in scopes {
        let subject = scope.subject();
        loop {
            match bus.last(Stream::Action, &subject).await {
                Ok(Some(_)) => return Ok(Some(scope)),
                Ok(None) => break,
                Err(error) if Instant::now() >= until => {
                    let text = format!("the stops could not be read: {error}");
                    return Err(Objection { reason: FailureReason::Other, text });
                }
                Err(error) => {
                    tracing::warn!(courier.error = %error, "cannot read the stops; trying again");
                    sleep(std::time::Duration::from_millis(100)).await;
                }
            }
        }
    }
    Ok(None)
}

/// Compares the broker's time of the intent with the end of the approval; an approval on event time has no such end.
async fn expired(bus: &Bus, approved: &Approved, intent: u64, until: Instant) -> Option<Objection> {
    match approved.data.clock {
        ClockMode::Event => return None,
        ClockMode::Live => {}
    }
    loop {
        match bus.get(Stream::Action, intent).await {
            Ok(Some(stored)) if stored.time <= approved.data.not_after => return None,
            Ok(Some(stored)) => {
                let text = format!("the approval ended at {}, it was {}", approved.data.not_after, stored.time);
                return Some(Objection { reason: FailureReason::Expired, text });
            }
            Ok(None) | Err(_) if Instant::now() >= until => {
                let text = "the age of the approval could not be checked".to_owned();
                return Some(Objection { reason: FailureReason::Other, text });
            }
            Ok(None) | Err(_) => sleep(std::time::Duration::from_millis(100)).await,
        }
    }
}

async fn finish(config: &Config, bus: &Bus, approved: &Approved, intent: u64, end: End, letter: &Letter) -> Outcome {
    let ended = Instant::now();
    let proposal = approved.data.proposal.clone();
    match end {
        End::Attempted(Attempt::Sent(response)) => {
            let bytes_hash = Label::nearest(&bytes_hash(&letter.bytes));
            let sent = DeliverySent { proposal, bytes_hash, response: Some(response) };
            record(config, bus, approved, intent, ended, Data::DeliverySent(sent), None).await
        }
        End::Attempted(Attempt::Doubt(reason)) => {
            let unknown = DeliveryUnknown { proposal, reason: reason.to_owned() };
            record(config, bus, approved, intent, ended, Data::DeliveryUnknown(unknown), None).await
        }
        End::Attempted(Attempt::Refused { text, later }) => {
            let failed =
                DeliveryFailed { proposal, reason: FailureReason::Refused, stop_scope: None, retryable: later };
            record(config, bus, approved, intent, ended, Data::DeliveryFailed(failed), Some(text)).await
        }
        End::Stopped(scope) => {
            let failed =
                DeliveryFailed { proposal, reason: FailureReason::Stopped, stop_scope: Some(scope), retryable: false };
            record(config, bus, approved, intent, ended, Data::DeliveryFailed(failed), None).await
        }
        End::Objected(objection) => object(config, bus, approved, intent, objection).await,
    }
}

async fn object(config: &Config, bus: &Bus, approved: &Approved, expect: u64, objection: Objection) -> Outcome {
    let Objection { reason, text } = objection;
    let retryable = match reason {
        FailureReason::Expired | FailureReason::Other => true,
        FailureReason::Stopped | FailureReason::Refused | FailureReason::HashMismatch | FailureReason::NotPermitted => {
            false
        }
    };
    let proposal = approved.data.proposal.clone();
    let failed = DeliveryFailed { proposal, reason, stop_scope: None, retryable };
    record(config, bus, approved, expect, Instant::now(), Data::DeliveryFailed(failed), Some(text)).await
}

/// Appends what an attempt that ended at `ended` came to.
async fn record(
    config: &Config,
    bus: &Bus,
    approved: &Approved,
    expect: u64,
    ended: Instant,
    data: Data,
    text: Option<String>,
) -> Outcome {
    let outcome = Outcome::of(&data);
    let place = (&*approved.subject, expect);
    let time = broker_time::at(bus, ended).await;
    match Record::new(&config.unique, place, &approved.event, time, data, text).append(bus).await {
        Appended::Stored(_) => outcome,
        // Declared unknown meanwhile, or withdrawn: what was done stays true, what is recorded stays cautious.
        Appended::Lost => {
            let (subject, outcome) = (&approved.subject, outcome.name());
            tracing::warn!(courier.subject = subject, courier.outcome = outcome, "another record came first");
            Outcome::NotOurs
        }
    }
}

/// Waits until an intent is past its deadline by `grace`, and declares it unknown if nobody recorded its outcome.
pub(crate) async fn settle(config: &Config, bus: &Bus, subject: &str, intent: u64, deadline: Time) -> Outcome {
    let over = deadline.plus_ms(milliseconds(config.grace));
    let left = u64::try_from(over.since_ms(broker_time::now(bus).await)).unwrap_or(0);
    // It was stored before it was read here, and whoever stored it gives up so long after that: even where the broker's
    // clock is set back meanwhile, to wait longer from now on is never needed.
    let longest = config.deadline.saturating_add(config.grace);
    sleep(std::time::Duration::from_millis(left).min(longest)).await;
    let event = loop {
        match bus.get(Stream::Action, intent).await {
            Ok(Some(stored)) => match crate::action::read(&stored) {
                Ok((_, event)) => break event,
                Err(_) => return Outcome::NotOurs,
            },
            Ok(None) => return Outcome::NotOurs,
            Err(_) => sleep(std::time::Duration::from_millis(500)).await,
        }
    };
    let Data::DeliveryIntended(DeliveryIntended { proposal, .. }) = event.data.clone() else { return Outcome::NotOurs };
    let reason = "the courier ended before it recorded an outcome".to_owned();
    let unknown = Data::DeliveryUnknown(DeliveryUnknown { proposal, reason });
    let now = broker_time::now(bus).await;
    match Record::new(&config.unique, (subject, intent), &event, now, unknown, None).append(bus).await {
        Appended::Stored(_) => Outcome::Unknown,
        Appended::Lost => Outcome::NotOurs,
    }
}

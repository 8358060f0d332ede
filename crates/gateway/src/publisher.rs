//! Group commit: one publisher per partition, one publish in flight, what arrives meanwhile goes into the next message.
//!
//! A request is answered when the last message with one of its events is acknowledged. Invariant: what was answered
//! with success is stored; what was not may be stored all the same, and the router drops the repeat.

use std::{collections::VecDeque, sync::Arc};

use bus::{Bus, CONTENT_TYPE_BATCH, HEADER_CONTENT_TYPE, Message, PublishError};
use bus_schema::{
    Batch, Partition, Partitions,
    batch::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, HEADER_INDEX},
    subject,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::JoinHandle,
};

use crate::{event::Event, reply::Refused};

/// The publishers of all partitions.
pub(crate) struct Publisher {
    bus: Bus,
    partitions: Partitions,
    waiting_max: usize,
    lanes: Vec<Lane>,
}

/// The tasks behind a publisher.
pub(crate) struct Publishing(Vec<(oneshot::Sender<()>, JoinHandle<()>)>);

struct Lane {
    sender: mpsc::UnboundedSender<Parcel>,
    /// Bounds the events that wait; the channel itself has no bound.
    room: Arc<Semaphore>,
}

type Answer = oneshot::Receiver<Result<(), Refused>>;

/// The events of one request for one partition.
struct Parcel {
    events: VecDeque<Event>,
    done: oneshot::Sender<Result<(), Refused>>,
    _room: OwnedSemaphorePermit,
}

impl Publisher {
    /// Starts a publisher per partition.
    pub(crate) fn start(bus: &Bus, partitions: Partitions, waiting_max: usize) -> (Self, Publishing) {
        let mut lanes = Vec::new();
        let mut tasks = Vec::new();
        for partition in partitions.all() {
            let (sender, parcels) = mpsc::unbounded_channel();
            let (close, closed) = oneshot::channel();
            tasks.push((close, tokio::spawn(publish_all(bus.clone(), partition, parcels, closed))));
            lanes.push(Lane { sender, room: Arc::new(Semaphore::new(waiting_max)) });
        }
        (Self { bus: bus.clone(), partitions, waiting_max, lanes }, Publishing(tasks))
    }

    /// Publishes the events of a request and waits until all are stored.
    ///
    /// Either there is room for all of them, or none is taken.
    pub(crate) async fn publish(&self, events: Vec<Event>) -> Result<(), Refused> {
        if !self.bus.is_connected() {
            return Err(Refused::BusAway);
        }
        let mut answers = Vec::new();
        for (lane, parcel, done) in self.parcels(events)? {
            answers.push(done);
            // A closed lane drops the parcel, and its answer says so.
            drop(lane.sender.send(parcel));
        }
        let mut result = Ok(());
        for done in answers {
            result = result.and(done.await.unwrap_or(Err(Refused::BusAway)));
        }
        result
    }

    /// Sorts events by partition and takes room for all of them.
    fn parcels(&self, events: Vec<Event>) -> Result<Vec<(&Lane, Parcel, Answer)>, Refused> {
        let mut sorted: Vec<VecDeque<Event>> = self.lanes.iter().map(|_| VecDeque::new()).collect();
        for event in events {
            let Partition(partition) = self.partitions.of(&event.entity);
            if let Some(of_lane) = sorted.get_mut(usize::from(partition)) {
                of_lane.push_back(event);
            }
        }
        let used = self.lanes.iter().zip(sorted).filter(|(_, events)| !events.is_empty());
        used.map(|(lane, events)| {
            // One request may be larger than the bound; it then waits for an empty queue.
            let permits = u32::try_from(events.len().min(self.waiting_max)).unwrap_or(u32::MAX);
            let room = Arc::clone(&lane.room).try_acquire_many_owned(permits);
            let room = room.map_err(|_| Refused::Busy("too many events wait for the bus"))?;
            let (done, answer) = oneshot::channel();
            Ok((lane, Parcel { events, done, _room: room }, answer))
        })
        .collect()
    }
}

impl Publishing {
    /// Publishes what waits, and ends.
    pub(crate) async fn stop(self) {
        let (closes, tasks): (Vec<_>, Vec<_>) = self.0.into_iter().unzip();
        drop(closes);
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(gateway.error = %error, "a publisher ended badly");
            }
        }
    }
}

async fn publish_all(
    bus: Bus,
    partition: Partition,
    mut parcels: mpsc::UnboundedReceiver<Parcel>,
    mut closed: oneshot::Receiver<()>,
) {
    let mut waiting = VecDeque::new();
    let mut closing = false;
    loop {
        if waiting.is_empty() {
            tokio::select! {
                parcel = parcels.recv() => match parcel {
                    Some(parcel) => waiting.push_back(parcel),
                    None => return,
                },
                _ = &mut closed, if !closing => {
                    closing = true;
                    // What is in the channel still comes; what comes later is refused.
                    parcels.close();
                    continue;
                }
            }
        }
        while let Ok(parcel) = parcels.try_recv() {
            waiting.push_back(parcel);
        }
        let mut packed = pack(partition, &mut waiting);
        let result = bus.publish(packed.message, None).await;
        let result = result.map(drop).map_err(|error| refused(partition, &error));
        if result.is_err() && packed.partly {
            // Its first events are lost to the sender already: the rest would only be repeated.
            packed.finished.extend(waiting.pop_front());
        }
        for parcel in packed.finished {
            // A sender that went away does not want the answer.
            drop(parcel.done.send(result.clone()));
        }
    }
}

/// A message, and what it means for the parcels it is made of.
struct Packed {
    message: Message,
    /// Parcels whose last event is in it.
    finished: Vec<Parcel>,
    /// Whether the front of the queue has events in it, and others not.
    partly: bool,
}

fn pack(partition: Partition, waiting: &mut VecDeque<Parcel>) -> Packed {
    let mut batch = Batch::new();
    let mut finished = Vec::new();
    let mut partly = false;
    while let Some(mut parcel) = waiting.pop_front() {
        partly = false;
        while let Some(event) = parcel.events.pop_front_if(|event| fits(&batch, event)) {
            batch.push_code(event.kind, event.entity.hash(), &event.json);
            partly = true;
        }
        if !parcel.events.is_empty() {
            waiting.push_front(parcel);
            break;
        }
        partly = false;
        finished.push(parcel);
    }
    metrics::histogram!("mainstay_gateway_batch_events").record(u32::try_from(batch.len()).unwrap_or(u32::MAX));
    let (body, index) = batch.finish();
    let message = Message::new(subject::in_batch(partition), body)
        .with_header(HEADER_CONTENT_TYPE, CONTENT_TYPE_BATCH)
        .with_header(HEADER_INDEX, index);
    Packed { message, finished, partly }
}

fn fits(batch: &Batch, event: &Event) -> bool {
    batch.is_empty() || (batch.len() < BATCH_EVENTS_MAX && batch.bytes() + event.json.len() + 2 <= BATCH_BYTES_MAX)
}

fn refused(partition: Partition, error: &PublishError) -> Refused {
    tracing::warn!(gateway.partition = %partition, gateway.error = %error, "events were not acknowledged");
    match error {
        PublishError::Full => Refused::Busy("the event bus is full"),
        PublishError::Unknown(_) | PublishError::WrongLast => Refused::BusAway,
        PublishError::Refused { .. } => Refused::NotTaken(error.to_string()),
    }
}

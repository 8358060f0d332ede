//! The way of an event but for the folds: door, JSON, packing, hash, router, store.

use std::hint::black_box;

use bus::{Headers, Packed, Stored, message_hash};
use bus_schema::{
    Batch, Event, Partitions, Time,
    batch::{self, HEADER_INDEX},
    subject,
};
use runtime::store::{Disk, Ledger, Writes};
use supervisor::router::{Moment, Route, RouterState, Sender};

use crate::{
    Case,
    world::{self, BATCH, HERE},
};

/// States written by one run, and the bytes of one.
const STATES: usize = 256;
const STATE_BYTES: usize = 800;

/// One event of a producer through the door.
pub(crate) fn admit() -> Case {
    let (door, raw, received) = (world::door(), world::raw(), world::end());
    Case::new("door.admit", raw.len(), move || {
        for json in &raw {
            black_box(door.admit(black_box(json), received).is_ok());
        }
    })
}

/// One event to JSON.
pub(crate) fn write() -> Case {
    let events = world::events();
    Case::new("event.write", events.len(), move || {
        for event in &events {
            black_box(black_box(event).to_json(None));
        }
    })
}

/// One event from JSON.
pub(crate) fn read() -> Case {
    let written: Vec<Vec<u8>> = world::events().iter().map(|event| event.to_json(None)).collect();
    Case::new("event.read", written.len(), move || {
        for json in &written {
            black_box(Event::read(black_box(json)).is_ok());
        }
    })
}

/// Events into a message.
pub(crate) fn pack() -> Case {
    let packed = batch_of_packed();
    Case::new("batch.pack", packed.len(), move || {
        black_box(pack_all(&packed));
    })
}

/// A message into its events, as a verbatim copy takes it apart.
pub(crate) fn unpack() -> Case {
    let stored = stored();
    Case::new("batch.unpack", BATCH, move || {
        black_box(Packed::unpack(black_box(&stored)).is_ok());
    })
}

/// The hash of a message, by event.
pub(crate) fn hash() -> Case {
    let stored = stored();
    Case::new("message.hash", BATCH, move || {
        black_box(message_hash(&stored.subject, &stored.headers, &stored.body));
    })
}

/// One admitted event judged by the router and remembered.
pub(crate) fn decide() -> Case {
    let mut admitted = world::admitted();
    let one = Partitions(1);
    let mut state = RouterState::new(HERE, one);
    let mut round = 0_u64;
    Case::new("router.decide", admitted.len(), move || {
        round += 1;
        for (n, admitted) in admitted.iter_mut().enumerate() {
            admitted.event.header.id = format!("{round}-{n}");
            let moment = Moment { broker: world::end(), first: false, accepted: true };
            if let Route::Append { event, .. } = state.decide(&admitted.event, Sender::Outside, moment) {
                state.fold(&event, world::end());
            }
        }
        black_box(state.take_changes().len());
    })
}

/// A checkpoint of many states, by state.
pub(crate) fn store() -> Case {
    let dir = tempfile::tempdir();
    let ledger = dir.as_ref().ok().and_then(|dir| {
        let dir = dir.path();
        Ledger::open(&Disk::Machine, &dir.join("states"), &dir.join("quarantine"), "yardstick").ok()
    });
    let mut round = 0_u8;
    Case::new("store.write", STATES, move || {
        round = round.wrapping_add(1);
        let mut writes = Writes::new();
        for n in 0..STATES {
            writes.put(format!("account/w{n}"), vec![round; STATE_BYTES]);
        }
        let done = ledger.as_ref().map(|ledger| ledger.write(writes));
        black_box((&dir, done.is_some_and(|done| done.is_ok())));
    })
}

fn batch_of_packed() -> Vec<Packed> {
    world::events().iter().take(BATCH).map(world::packed).collect()
}

fn pack_all(packed: &[Packed]) -> (Vec<u8>, String) {
    let mut batch = Batch::new();
    for event in packed {
        batch.push_raw(event.kind, event.entity_hash, &event.json);
    }
    batch.finish()
}

fn stored() -> Stored {
    let (body, index) = pack_all(&batch_of_packed());
    debug_assert!(batch::decode_index(&index).is_ok_and(|index| index.len() == BATCH));
    let headers = Headers::new().with(HEADER_INDEX, index);
    Stored { seq: 1, subject: subject::log_in(HERE), time: Time(0), headers, body: body.into() }
}

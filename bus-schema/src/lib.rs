//! The contract of the bus: kinds, envelope, entities, subjects, packing, schemas.
//!
//! Everything two processes must agree on is here and nowhere else. The crate deliberately does no I/O and
//! reads no clock. Invariant: [`Event`], the type that folds see, has no way to name a personal field.

pub mod batch;
pub mod binary;
pub mod data;
pub mod door;
pub mod entity;
pub mod envelope;
pub mod kind;
pub mod money;
pub mod position;
pub mod schema;
pub mod subject;
pub mod time;

pub use crate::{
    batch::{Batch, IndexEntry},
    data::Data,
    entity::{Entity, Partition, Partitions},
    envelope::{Actor, ActorKind, Envelope, Event, Header},
    kind::{Kind, Origin},
    money::{Currency, Money},
    position::{Position, TurnId},
    time::{Day, Time},
};

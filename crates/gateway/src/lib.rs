//! HTTP ingest in the Segment form, and of CloudEvents.
//!
//! An edge: it turns requests into events on stream `IN` and knows nothing of what they mean. It deliberately does not
//! judge data (the router does, and keeps what it refuses with the reason). Invariant: a success is answered only after
//! the bus acknowledged every event of the request.

mod body;
mod cloud_event;
mod config;
mod event;
mod publisher;
mod reading;
mod reply;
mod segment;
mod serve;

pub use crate::{
    config::{Config, WriteKeys},
    event::Event,
    reading::Route,
    reply::Refused,
    segment::Call,
    serve::{GatewayError, MetricsText, serve},
};

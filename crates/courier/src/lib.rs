//! The courier: delivers what was approved.
//!
//! The only crate that names SMTP, and the only part that holds delivery secrets. It composes mails for the console,
//! and sends approved bytes. It folds its state from stream `ACTION`, which says for each proposal what was approved,
//! intended and done, and remembers beside it only which attempts began, for a bus that forgets. Invariant: between an approval and an attempt stands an intent that only one courier can have
//! written, and the stops are read after it; after any doubt nothing is sent again.

mod action;
mod begun;
mod broker_time;
pub mod compose;
mod config;
mod courier;
mod delivery;
mod eml;
mod record;
mod smtp;
mod transport;

pub use crate::{
    compose::{
        Address, BODY_BYTES_MAX, ComposeError, Draft, NAME_CHARS_MAX, Person, SUBJECT_CHARS_MAX, URL_BYTES_MAX,
        bytes_hash, compose,
    },
    config::{Config, Encryption, Smtp, SmtpUrlError, Unique},
    courier::{Courier, CourierError, Progress, run},
    transport::{Attempt, Letter, Outlet},
};

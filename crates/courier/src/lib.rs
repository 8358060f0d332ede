//! The courier: delivers what was approved.

mod compose;

pub use compose::{
    Address, BODY_BYTES_MAX, ComposeError, Draft, NAME_CHARS_MAX, Person, SUBJECT_CHARS_MAX, URL_BYTES_MAX, bytes_hash,
    compose,
};

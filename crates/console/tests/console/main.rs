//! The console over a memory bus: what a browser, a program and a mail reader can and cannot do with it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod access;
mod browser;
mod decisions;
mod projection;
mod stops;
mod support;

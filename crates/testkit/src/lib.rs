//! What tests need: a real nats-server, an SMTP server, a browser, a story.

pub mod browser;
pub mod nats;
pub mod segment;
pub mod smtp;
pub mod story;
pub mod tool;
pub mod vader;

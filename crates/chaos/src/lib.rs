//! Real faults on real processes: the separate binaries, a real nats-server and a real mail server, broken in every way
//! that is known, and judged afterwards.
//!
//! A [`Scenario`] builds a [`Rig`], breaks something, lets it heal, and hands the rig to [`oracle::judge`]. What must
//! hold is the same after each of them: every acknowledged event is in the log once and in every fold, the system goes
//! on by itself, and nothing is sent twice or without a decision. The table is `docs/chaos.md`.

pub mod binaries;
pub mod broken;
pub mod drive;
pub mod flow;
pub mod mount;
pub mod oracle;
pub mod producer;
pub mod proxy;
pub mod report;
pub mod rig;
pub mod run;
pub mod scenario;
pub mod scenarios;
pub mod world;

pub use binaries::Binaries;
pub use broken::Broken;
pub use flow::Flow;
pub use producer::Producer;
pub use rig::{Part, Rig, Setup};
pub use scenario::{Context, Scenario, Verdict};

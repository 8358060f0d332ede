//! Read views: what the pages show, as a projection of the log in one `SQLite` file.
//!
//! The position in the log moves in the same transaction as the rows it explains, so a crash at any moment leaves a
//! view of some earlier position and never a half. Deleting the file costs a rebuild, never data. Invariant:
//! nothing but the log (and the dead letters) is written here; a decision shows up only when the log has it.

pub(crate) mod dead;
pub(crate) mod follow;
mod project;
mod project_account;
mod project_proposal;
pub(crate) mod read_account;
pub(crate) mod read_event;
pub(crate) mod read_proposal;
pub(crate) mod row;
mod seen;
mod store;

pub use self::store::{Views, ViewsError};

//! The pages, one file each, and what two of them share.

pub(crate) mod account;
mod account_health;
mod card;
mod card_context;
mod card_draft;
pub(crate) mod decision;
mod describe;
pub(crate) mod inbox;
pub(crate) mod operator;
mod outcome;
pub(crate) mod portfolio;
mod refused;
pub(crate) mod reject;
pub(crate) mod sign_in;
mod timeline;
pub(crate) mod unsubscribe;

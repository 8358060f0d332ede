//! The agent trait and the types it speaks in.

//! The mainstay command.

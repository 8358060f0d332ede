//! The door: raw input becomes a validated event once.

//! The engagement agent.

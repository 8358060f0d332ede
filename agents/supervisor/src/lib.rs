//! The supervisor agent.

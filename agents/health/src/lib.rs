//! The health agent.

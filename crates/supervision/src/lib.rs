//! The shell of router and gate.

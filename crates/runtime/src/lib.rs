//! The shell that runs a fold.

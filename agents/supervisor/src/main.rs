//! The separate binary.
fn main() {}

//! The agent as a whole: worked accounts, and what holds for every history.

mod histories;
mod use_measured;
mod worked;
mod world;

//! The whole shell on the memory bus, with a puppet for an agent.

mod restart;
mod running;
mod stores;

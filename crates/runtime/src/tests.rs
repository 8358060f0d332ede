//! The whole shell on the memory bus, with a puppet for an agent.

mod http;
mod nats;
mod restart;
mod running;
mod stores;

//! The real bus: one connection to a nats-server, as one role in one account.

mod connect;

use bus_schema::subject::Stream;

pub use connect::{Connect, NatsBus};

use crate::{BusError, Doubt, LogInfo, Message, Provisioning, PublishError, Reader, Stored, StreamState};

impl NatsBus {
    pub(crate) async fn publish(&self, _message: Message, _expect_last: Option<u64>) -> Result<u64, PublishError> {
        Err(PublishError::Unknown(Doubt::NoResponders))
    }

    pub(crate) async fn last(&self, _stream: Stream, _subject: &str) -> Result<Option<Stored>, BusError> {
        Err(unavailable("last message"))
    }

    pub(crate) async fn get(&self, _stream: Stream, _seq: u64) -> Result<Option<Stored>, BusError> {
        Err(unavailable("message by sequence"))
    }

    pub(crate) async fn state(&self, _stream: Stream) -> Result<StreamState, BusError> {
        Err(unavailable("stream state"))
    }

    pub(crate) async fn reader(
        &self,
        _stream: Stream,
        _durable: &str,
        _filters: &[String],
        _from_seq: u64,
    ) -> Result<Reader, BusError> {
        Err(unavailable("reader"))
    }

    pub(crate) async fn purge(&self, _stream: Stream, _filter: Option<&str>, _below_seq: u64) -> Result<u64, BusError> {
        Err(unavailable("purge"))
    }

    pub(crate) async fn next_epoch(&self, _writer: &str) -> Result<u64, BusError> {
        Err(unavailable("next epoch"))
    }

    pub(crate) async fn provision(&self, _settings: &Provisioning) -> Result<(), BusError> {
        Err(unavailable("provision"))
    }

    pub(crate) async fn log_info(&self) -> Result<LogInfo, BusError> {
        Err(unavailable("log info"))
    }
}

fn unavailable(operation: &str) -> BusError {
    BusError::Unavailable { operation: operation.into(), doubt: Doubt::NoResponders }
}

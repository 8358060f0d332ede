//! A message with its packing index, read once for all folds of a partition.

use std::{cell::OnceCell, sync::Arc};

use bus::Stored;
use bus_schema::{
    Event, IndexEntry,
    batch::{self, BatchError},
};

/// A message whose events are decoded when the first fold wants them, and then shared.
pub(crate) struct Indexed {
    pub(crate) message: Arc<Stored>,
    pub(crate) index: Vec<IndexEntry>,
    events: Vec<OnceCell<Result<Event, String>>>,
}

impl Indexed {
    /// Reads the index.
    ///
    /// # Errors
    /// The header is missing or damaged: no event of the message can be found.
    pub(crate) fn new(message: Stored) -> Result<Self, (Arc<Stored>, BatchError)> {
        let message = Arc::new(message);
        let decoded = message.headers.index().ok_or(BatchError::Index).and_then(batch::decode_index);
        match decoded {
            Ok(index) => {
                let events = index.iter().map(|_| OnceCell::new()).collect();
                Ok(Self { message, index, events })
            }
            Err(error) => Err((message, error)),
        }
    }

    /// An event of the batch, or why it cannot be read.
    pub(crate) fn event(&self, at: usize) -> Result<&Event, &str> {
        let Some(cell) = self.events.get(at) else { return Err("outside the batch") };
        cell.get_or_init(|| self.decode(at)).as_ref().map_err(String::as_str)
    }

    fn decode(&self, at: usize) -> Result<Event, String> {
        batch::event(&self.message.body, &self.index, at).map_err(|e| e.to_string())
    }
}

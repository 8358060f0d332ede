//! Reading the whole log once, for a projection that is made when it is asked for.

use std::time::Duration;

use bus::{Bus, Packed};
use bus_schema::{Event, Kind, subject::Stream};

use crate::{error::Error, system::bus_error};

const MESSAGES_MAX: usize = 512;
const WAIT: Duration = Duration::from_secs(30);

/// Hands over every event of these kinds, in the order of the log.
///
/// # Errors
/// The bus does not answer.
pub(crate) async fn log(bus: &Bus, kinds: &[Kind], mut each: impl FnMut(&Event)) -> Result<(), Error> {
    let fail = || bus_error("its log cannot be read");
    let end = bus.state(Stream::Log).await.map_err(fail())?.last_seq;
    if end == 0 {
        return Ok(());
    }
    let mut reader = bus.reader(Stream::Log, "ledger", &[], 1).await.map_err(fail())?;
    let mut read = 0;
    while read < end {
        let messages = reader.next(MESSAGES_MAX, WAIT).await.map_err(fail())?;
        if messages.is_empty() {
            let what = format!("its log ends at message {read}, and should at {end}");
            return Err(Error::Bus { what, source: None });
        }
        for message in &messages {
            read = read.max(message.seq);
            // A message of a later build is passed over, as the folds do.
            for packed in Packed::unpack(message).unwrap_or_default() {
                if kinds.contains(&packed.kind)
                    && let Ok(event) = Event::read(&packed.json)
                {
                    each(&event);
                }
            }
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}

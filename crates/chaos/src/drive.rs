//! What scenarios do with a rig over and over: send in the background, bring an account to its proposal, approve it.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinHandle, time::sleep};

use crate::{Broken, Rig, oracle, producer::Producer, world};

/// How long a condition may take while things are broken. Generous: machines are shared.
pub const PATIENCE: Duration = Duration::from_mins(1);
/// How long a producer goes on with an event when the scenario is over.
const LAST_EVENT_MAX: Duration = Duration::from_secs(30);

/// Events that are sent one after another until it is stopped, each until it is acknowledged, as a producer does.
#[derive(Debug)]
pub struct Load {
    stop: watch::Sender<bool>,
    task: JoinHandle<Result<Producer, Broken>>,
}

impl Load {
    /// Begins: somebody of one account after another uses the product.
    pub fn start(rig: &Rig, every: Duration) -> Self {
        let mut producer = rig.producer.clone();
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(async move {
            for n in 0_u64.. {
                if *stopped.borrow() {
                    break;
                }
                let at = usize::try_from(n).unwrap_or(0) % world::ACCOUNTS.len();
                let account = world::ACCOUNTS.get(at).copied().unwrap_or("acme");
                let call = [world::login(account, &format!("load-{n}"))];
                while !producer.send(&call).await {
                    if *stopped.borrow() {
                        // What nobody ever acknowledged nobody has to keep.
                        producer.send_until_acknowledged(&call, LAST_EVENT_MAX).await?;
                        break;
                    }
                    sleep(every).await;
                }
                sleep(every).await;
            }
            Ok(producer)
        });
        Self { stop, task }
    }

    /// Ends, and gives the rig's producer what was acknowledged.
    ///
    /// # Errors
    /// The last event is not taken although the faults have stopped.
    pub async fn stop(self, rig: &mut Rig) -> Result<(), Broken> {
        self.stop.send_replace(true);
        let joined = self.task.await.map_err(|error| Broken::io("end the load")(std::io::Error::other(error)))?;
        rig.producer.adopt(&joined?);
        Ok(())
    }
}

/// Lets things go wrong at an account and waits for its proposal. Mail goes to `address`.
///
/// # Errors
/// There is no proposal in time.
pub async fn propose_to(rig: &mut Rig, account: &str, address: &str) -> Result<String, Broken> {
    rig.producer.send_until_acknowledged(&world::bad_days(account, address), PATIENCE).await?;
    let what = format!("a proposal for {account}");
    rig.until(&what, PATIENCE, async |rig| oracle::waiting(rig, account).await).await
}

/// As [`propose_to`], to the account's champion.
///
/// # Errors
/// There is no proposal in time.
pub async fn propose(rig: &mut Rig, account: &str) -> Result<String, Broken> {
    propose_to(rig, account, &world::champion(account)).await
}

/// Approves a proposal; it must be taken.
///
/// # Errors
/// It is not.
pub async fn approve(rig: &mut Rig, proposal: &str) -> Result<(), Broken> {
    let (status, answer) = try_approve(rig, proposal).await?;
    if status.is_success() {
        return Ok(());
    }
    Err(Broken::Answer { asked: format!("the approval of {proposal}"), answer: format!("{status} {answer}") })
}

/// Approves a proposal; any answer is one.
///
/// # Errors
/// There is no answer.
pub async fn try_approve(rig: &mut Rig, proposal: &str) -> Result<(StatusCode, Value), Broken> {
    rig.post(&format!("proposals/{proposal}/approve"), &json!({})).await
}

/// The state of a proposal.
///
/// # Errors
/// The console cannot be asked.
pub async fn state_of(rig: &mut Rig, proposal: &str) -> Result<String, Broken> {
    let found = rig.get(&format!("proposals/{proposal}")).await?;
    Ok(found.get("state").and_then(Value::as_str).unwrap_or_default().to_owned())
}

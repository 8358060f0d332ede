//! A steady flow of events beside a fault: how long nothing was acknowledged, and how long an answer took.

use reqwest::StatusCode;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Duration, Instant, sleep, timeout},
};

use crate::{Broken, Producer, Rig, Verdict, world};

/// Between two events.
const PACE: Duration = Duration::from_millis(20);
/// An answer that takes longer counts as none.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// The longest gap between two acknowledgements beyond the time the fault itself lasts.
pub const GAP_MAX: Duration = Duration::from_secs(10);

/// One producer that sends an event, waits for its acknowledgement, and sends the next.
#[derive(Debug)]
pub struct Flow {
    taken: watch::Receiver<u64>,
    stop: watch::Sender<bool>,
    task: JoinHandle<Flowed>,
}

/// What a flow has seen.
#[derive(Clone, Debug)]
pub struct Flowed {
    /// Knows what was acknowledged.
    pub producer: Producer,
    /// Events that were acknowledged.
    pub taken: u64,
    /// Requests that were answered with something else, or not.
    pub refused: u64,
    /// The longest time between two acknowledgements.
    pub gap: Duration,
    /// The longest time an answer took.
    pub slowest: Duration,
}

impl Flow {
    /// Begins a flow about an account; `label` makes its ids its own.
    pub fn begin(rig: &Rig, account: &'static str, label: &str) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (counting, taken) = watch::channel(0);
        let (producer, label) = (rig.producer.clone(), label.to_owned());
        let task = tokio::spawn(run(producer, account, label, stopped, counting));
        Self { taken, stop, task }
    }

    /// How many events were acknowledged so far.
    pub fn taken(&self) -> u64 {
        *self.taken.borrow()
    }

    /// Waits until more events are acknowledged than `before`; answers how long that took.
    ///
    /// # Errors
    /// None is, in time.
    pub async fn until_more(&self, before: u64, limit: Duration) -> Result<Duration, Broken> {
        let began = Instant::now();
        let mut taken = self.taken.clone();
        match timeout(limit, taken.wait_for(|taken| *taken > before)).await {
            Ok(Ok(_)) => Ok(began.elapsed()),
            Ok(Err(_)) | Err(_) => Err(Broken::late("an acknowledgement", limit, "none came")),
        }
    }

    /// Ends the flow; the rig's producer takes over what was acknowledged.
    ///
    /// # Errors
    /// The flow broke.
    pub async fn end(self, rig: &mut Rig) -> Result<Flowed, Broken> {
        let flowed = self.end_apart().await?;
        rig.producer.adopt(&flowed.producer);
        Ok(flowed)
    }

    /// Ends the flow and keeps what it knows from the rig.
    ///
    /// # Errors
    /// The flow broke.
    pub async fn end_apart(self) -> Result<Flowed, Broken> {
        self.stop.send_replace(true);
        let broken = |error| Broken::Io { action: "end a flow".into(), source: std::io::Error::other(error) };
        self.task.await.map_err(broken)
    }
}

impl Flowed {
    /// Whether the flow stood still no longer than the fault and the time allowed to notice its end.
    pub fn gap_verdict(&self, fault: Duration) -> Verdict {
        let (gap, slowest) = (self.gap.as_secs_f64(), self.slowest.as_secs_f64());
        let detail = format!(
            "{} acknowledged, {} refused; longest gap {gap:.1} s with a fault of {} s; slowest answer {slowest:.1} s",
            self.taken,
            self.refused,
            fault.as_secs()
        );
        Verdict::of("gap", self.taken > 0 && self.gap <= fault + GAP_MAX, detail)
    }

    /// Whether every request was answered in time, yes or no.
    pub fn answered_verdict(&self) -> Verdict {
        let detail = format!("the slowest answer took {:.1} s", self.slowest.as_secs_f64());
        Verdict::of("answered", self.slowest <= GAP_MAX, detail)
    }
}

async fn run(
    producer: Producer,
    account: &'static str,
    label: String,
    stopped: watch::Receiver<bool>,
    counting: watch::Sender<u64>,
) -> Flowed {
    let mut flowed = Flowed { producer, taken: 0, refused: 0, gap: Duration::ZERO, slowest: Duration::ZERO };
    let mut last = Instant::now();
    while !*stopped.borrow() {
        let call = world::login(account, &format!("{label}-{}", flowed.taken));
        let asked = Instant::now();
        let status = timeout(ANSWER_MAX, flowed.producer.status(&[call])).await.ok().flatten();
        flowed.slowest = flowed.slowest.max(asked.elapsed());
        if status.is_some_and(|status: StatusCode| status.is_success()) {
            flowed.gap = flowed.gap.max(last.elapsed());
            last = Instant::now();
            flowed.taken += 1;
            counting.send_replace(flowed.taken);
        } else {
            flowed.refused += 1;
        }
        sleep(PACE).await;
    }
    flowed
}

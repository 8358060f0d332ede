//! The bus comes back with an older copy of its disk.

use bus_schema::{Data, subject::Stream};
use futures_util::FutureExt as _;
use serde_json::json;
use tokio::time::Duration;

use crate::{Broken, Context, Flow, Part, Rig, Scenario, Setup, Verdict, oracle, world};

pub(super) const ALL: &[Scenario] = &[Scenario {
    name: "bus-older-copy",
    faults: &["F9", "F24"],
    about: "the bus is replaced by a copy from before a delivery: whoever reads it stops and says why, started again \
            everybody folds the copy, and the courier does not send again",
    needs_root: false,
    smoke: true,
    run: |context| older_copy(context).boxed_local(),
}];

/// How long whoever reads the bus may take to notice.
const NOTICED_MAX: Duration = Duration::from_secs(30);
/// Those that keep a position in a stream.
const READERS: [Part; 10] = [
    Part::Supervisor,
    Part::Onboarding,
    Part::Escalation,
    Part::Health,
    Part::Churn,
    Part::Renewal,
    Part::Expansion,
    Part::Advocacy,
    Part::Engagement,
    Part::Courier,
];

async fn older_copy(context: Context) -> Result<Vec<Verdict>, Broken> {
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let proposal = approved_and_copied(&mut rig).await?;
    rig.launch(Part::Courier)?;
    let state = oracle::until_ended(&mut rig, &proposal).await?;
    let sent = Verdict::of("sent", state == "sent", format!("after the copy was made the delivery is {state}"));
    // What is acknowledged behind the copy is lost with the disk it was on; the oracle does not ask for it.
    let lost = Flow::begin(&rig, "globex", "lost");
    lost.until_more(50, oracle::LIVENESS_MAX).await?;
    lost.end_apart().await?;
    rig.nats.stop().await;
    rig.nats.set_dir(copied(&rig));
    rig.nats.restart().await?;
    let noticed = noticed(&mut rig).await?;
    for part in READERS {
        rig.launch(part)?;
    }
    rig.until_ready().await?;
    let state = oracle::until_ended(&mut rig, &proposal).await?;
    let mails = oracle::mails_of(&rig, &proposal)?;
    let detail = format!("on the copy the delivery is {state}, with {mails} mails");
    let mut verdicts = vec![sent, noticed, Verdict::of("in-doubt", state == "unknown" && mails == 1, detail)];
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    rig.stop_all().await?;
    Ok(verdicts)
}

fn copied(rig: &Rig) -> std::path::PathBuf {
    rig.data().with_extension("older")
}

/// Has a message approved while no courier runs, and copies the disk of the bus at that moment.
async fn approved_and_copied(rig: &mut Rig) -> Result<String, Broken> {
    let calls = world::bad_days("acme", &world::champion("acme"));
    rig.producer.send_until_acknowledged(&calls, oracle::LIVENESS_MAX).await?;
    let waiting = async |rig: &mut Rig| oracle::waiting(rig, "acme").await;
    let proposal = rig.until("a proposal", oracle::LIVENESS_MAX, waiting).await?;
    rig.stop(Part::Courier).await?;
    let (status, answer) = rig.post(&format!("proposals/{proposal}/approve"), &json!({})).await?;
    if !status.is_success() {
        return Err(Broken::Answer { asked: "an approval".into(), answer: format!("{status} {answer}") });
    }
    let approved = async |rig: &mut Rig| {
        let all = oracle::events(rig, Stream::Action, &["cs.action.>"], 1).await?;
        let approved = |happened: &oracle::Happened| {
            happened.envelope.event().is_ok_and(|event| matches!(event.data, Data::DeliveryApproved(_)))
        };
        Ok(all.iter().any(approved).then_some(()))
    };
    rig.until("the approval on ACTION", oracle::DELIVERY_MAX, approved).await?;
    rig.nats.stop().await;
    world::copy(rig.nats.dir(), &copied(rig))?;
    rig.nats.restart().await?;
    Ok(proposal)
}

/// Everybody who reads the bus ends and names the reason.
async fn noticed(rig: &mut Rig) -> Result<Verdict, Broken> {
    let mut silent = Vec::new();
    for part in READERS {
        let mut process = rig.take(part.name())?;
        let status = process.until_ended(NOTICED_MAX).await?;
        if status.success() || !process.said().contains("replaced by an older copy") {
            silent.push(format!("{} ended with {status}", part.name()));
        }
    }
    let detail = format!("{} programs stopped and said why; without a reason: {silent:?}", READERS.len());
    Ok(Verdict::of("noticed", silent.is_empty(), detail))
}

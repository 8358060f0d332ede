//! Parts that are started in any order.

use futures_util::FutureExt as _;

use crate::{Broken, Context, Part, Rig, Scenario, Setup, Verdict, oracle};

pub(super) const ALL: &[Scenario] = &[Scenario {
    name: "bus-comes-last",
    faults: &["F5"],
    about: "every program is started before its bus: each waits, says so once, and runs when the bus is there",
    needs_root: false,
    smoke: false,
    run: |context| bus_comes_last(context).boxed_local(),
}];

async fn bus_comes_last(context: Context) -> Result<Vec<Verdict>, Broken> {
    let mut rig = Rig::start(&context, Setup::default()).await?;
    rig.stop_all().await?;
    rig.nats.stop().await;
    for part in Part::ALL {
        rig.launch(part)?;
    }
    let mut verdicts = Vec::new();
    for part in Part::ALL {
        let said = rig.until("its words", oracle::LIVENESS_MAX, async |rig| {
            let process = rig.process(part.name())?;
            process.lives()?;
            Ok(process.said().contains("waiting for the bus").then_some(()))
        });
        let waits = said.await;
        let detail = waits.as_ref().err().map_or_else(|| part.name().to_owned(), Broken::chain);
        verdicts.push(Verdict::of("waits", waits.is_ok(), detail));
    }
    rig.nats.restart().await?;
    rig.until_ready().await?;
    verdicts.extend(oracle::judge_with_delivery(&mut rig).await?);
    Ok(verdicts)
}

//! Nothing is broken: what the oracle says of a system that runs as it should.

use futures_util::FutureExt as _;

use crate::{Broken, Context, Rig, Scenario, Setup, Verdict, oracle};

pub(super) const ALL: &[Scenario] = &[Scenario {
    name: "calm",
    faults: &[],
    about: "nothing is broken; the separate programs take events, propose, and deliver once",
    needs_root: false,
    smoke: false,
    run: |context| calm(context).boxed_local(),
}];

async fn calm(context: Context) -> Result<Vec<Verdict>, Broken> {
    let mut rig = Rig::start(&context, Setup::default()).await?;
    let verdicts = oracle::judge_with_delivery(&mut rig).await?;
    rig.stop_all().await?;
    Ok(verdicts)
}

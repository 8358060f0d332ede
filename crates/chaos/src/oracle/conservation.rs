//! Every acknowledged event is in the log once and in every fold; every fold is the fold of the log.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use bus_schema::subject::{Stream, partition_of};
use serde_json::Value;

use super::{LIVENESS_MAX, record};
use crate::{Broken, Part, Rig, Verdict, world};

/// How long the folds may take to what was said before the canary.
const CATCH_UP_MAX: Duration = Duration::from_mins(1);

pub(super) async fn judge(rig: &mut Rig) -> Result<Vec<Verdict>, Broken> {
    let (kept, ends) = in_the_log(rig).await?;
    Ok(vec![kept, in_every_fold(rig, &ends).await?, folds_are_of_the_log(rig).await?])
}

/// Where the last acknowledged event of each partition stands.
type Ends = BTreeMap<u64, u64>;

async fn in_the_log(rig: &mut Rig) -> Result<(Verdict, Ends), Broken> {
    const INVARIANT: &str = "conservation";
    let acknowledged = rig.producer.acknowledged().clone();
    // What was acknowledged last may be on its way from IN to the log.
    let whole = rig.until("the log", LIVENESS_MAX, async |rig| {
        let (counts, ends) = count(rig).await?;
        let missing = acknowledged.iter().filter(|id| !counts.contains_key(*id)).count();
        Ok((missing == 0).then_some((counts, ends)))
    });
    let (counts, ends) = match whole.await {
        Ok(whole) => whole,
        Err(Broken::Late { .. }) => count(rig).await?,
        Err(error) => return Err(error),
    };
    let missing: Vec<_> = acknowledged.iter().filter(|id| !counts.contains_key(*id)).take(5).collect();
    let repeated: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).map(|(id, _)| id).take(5).collect();
    let detail = if missing.is_empty() && repeated.is_empty() {
        format!("{} acknowledged events are in the log once", acknowledged.len())
    } else {
        format!("acknowledged and not in the log: {missing:?}; more than once: {repeated:?}")
    };
    let whole = missing.is_empty() && repeated.is_empty() && !acknowledged.is_empty();
    Ok((Verdict::of(INVARIANT, whole, detail), ends))
}

/// How often each id of the producer is in the log.
async fn count(rig: &Rig) -> Result<(BTreeMap<String, u32>, Ends), Broken> {
    let (mut counts, mut ends) = (BTreeMap::new(), Ends::new());
    for happened in record::events(rig, Stream::Log, &["cs.log.*.in"], rig.log_start() + 1).await? {
        if happened.envelope.source == world::SOURCE {
            *counts.entry(happened.envelope.id).or_default() += 1;
            if let Some(partition) = partition_of(&happened.subject) {
                ends.insert(partition.0.into(), happened.seq);
            }
        }
    }
    Ok((counts, ends))
}

async fn in_every_fold(rig: &mut Rig, ends: &Ends) -> Result<Verdict, Broken> {
    const INVARIANT: &str = "folded";
    if rig.is_whole() {
        let caught_up = rig.until("every agent", CATCH_UP_MAX, async |rig| {
            let status = rig.get("status").await?;
            let agents = status.get("agents").and_then(Value::as_array).cloned().unwrap_or_default();
            let current = |agent: &Value| agent.get("behind") == Some(&Value::from(0));
            Ok((!agents.is_empty() && agents.iter().all(current)).then_some(()))
        });
        let detail = caught_up.await.map_or_else(|error| Err(error.chain()), |()| Ok("no agent is behind".to_owned()));
        return Ok(Verdict::of(INVARIANT, detail.is_ok(), detail.unwrap_or_else(|error| error)));
    }
    for part in Part::FOLDS {
        let caught_up = rig.until(part.name(), CATCH_UP_MAX, async |rig| {
            let status = rig.ask(part, "status").await?;
            let folds = status.get("folds").and_then(Value::as_array).cloned().unwrap_or_default();
            let number = |fold: &Value, name: &str| fold.get(name).and_then(Value::as_u64);
            let applied: BTreeMap<_, _> =
                folds.iter().filter_map(|fold| number(fold, "partition").zip(number(fold, "applied"))).collect();
            let there = ends.iter().all(|(partition, end)| applied.get(partition).is_some_and(|at| at >= end));
            Ok(there.then_some(()))
        });
        if let Err(error) = caught_up.await {
            return Ok(Verdict::of(INVARIANT, false, error.chain()));
        }
    }
    Ok(Verdict::of(INVARIANT, true, "every agent applied every acknowledged event"))
}

async fn folds_are_of_the_log(rig: &mut Rig) -> Result<Verdict, Broken> {
    const INVARIANT: &str = "refold";
    if rig.is_whole() {
        let (status, found) = rig.post("verify", &Value::Null).await?;
        let equal = found.get("equal") == Some(&Value::Bool(true));
        return Ok(Verdict::of(INVARIANT, status.is_success() && equal, found.to_string()));
    }
    let (mut compared, mut different) = (0, BTreeSet::new());
    for part in Part::FOLDS {
        for fold in verified(rig, part).await? {
            compared += 1;
            if fold.get("equal") != Some(&Value::Bool(true)) {
                different.insert(fold.to_string());
            }
        }
    }
    let holds = different.is_empty() && compared > 0;
    let detail =
        if holds { format!("{compared} folds equal their refold") } else { format!("different: {different:?}") };
    Ok(Verdict::of(INVARIANT, holds, detail))
}

async fn verified(rig: &mut Rig, part: Part) -> Result<Vec<Value>, Broken> {
    Ok(rig.ask(part, "verify").await?.as_array().cloned().unwrap_or_default())
}

/// Whether every fold of a part equals what is folded again from the log.
///
/// # Errors
/// The part cannot be asked.
pub async fn refold(rig: &mut Rig, part: Part) -> Result<bool, Broken> {
    let folds = verified(rig, part).await?;
    Ok(!folds.is_empty() && folds.iter().all(|fold| fold.get("equal") == Some(&Value::Bool(true))))
}

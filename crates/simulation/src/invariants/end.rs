//! What must be true once every fault is over and the system came to rest.

use crate::{
    history::DeliveryStep,
    invariants::Finale,
    observe::{Folded, Liveness},
};

/// I1: what was acknowledged is in the log, or put aside if no door lets it through.
pub(super) fn nothing_lost(finale: &Finale<'_>) -> Result<(), String> {
    for sent in finale.sent {
        let Some(seq) = sent.acknowledged else { continue };
        let key = (sent.source.clone(), sent.id.clone());
        let routed = finale.history.routed.contains_key(&key);
        let dead = finale.history.dead.contains(&format!("{seq}.0"));
        if !routed && !dead {
            return Err(format!(
                "event {} was acknowledged at {seq} of IN and is neither in the log nor in DEAD",
                sent.id
            ));
        }
        if !sent.sound && !dead {
            return Err(format!(
                "event {} was acknowledged at {seq} of IN, no door lets it through, and it is in the log",
                sent.id
            ));
        }
    }
    Ok(())
}

/// I2: every state equals its fold from the start, and one that was taken beside the system all along.
pub(super) fn state_is_the_fold(finale: &Finale<'_>) -> Result<(), String> {
    let differs = |folded: &&Folded| folded.live != folded.refolded;
    if let Some(folded) = finale.folds.iter().find(differs) {
        let Folded { who, agent, partition, position, .. } = folded;
        return Err(format!(
            "the state of {agent} in partition {partition} of {who:?} is no fold of the log up to {position}"
        ));
    }
    for (partition, agent, position, digest) in finale.reference.digests() {
        let mut own = finale.folds.iter().filter(|folded| folded.agent == agent && folded.partition == partition.0);
        if own.clone().next().is_none() {
            return Err(format!("no state of {agent} in partition {partition} was compared at the end"));
        }
        // A tick may come while the states are compared; the fold beside the system is then further on.
        if own.any(|folded| folded.position == position && folded.live != digest) {
            return Err(format!(
                "the state of {agent} in partition {partition} at {position} differs from a fold beside it"
            ));
        }
    }
    Ok(())
}

/// I3b: whoever approved a mail had its draft before their eyes.
pub(super) fn what_was_seen(finale: &Finale<'_>) -> Result<(), String> {
    for proposal in finale.history.mailed.keys() {
        let approved = finale.history.approved(proposal);
        let decision = approved.and_then(|(approved, _)| finale.history.decisions.get(&approved.decision));
        let Some(decision) = decision else { continue };
        let Some(decided) = finale.decided.iter().find(|decided| decided.id == decision.id) else {
            return Err(format!("{proposal} was sent on decision {}, which nobody made", decision.id));
        };
        if decided.version != decision.version || decided.draft_hash != decision.draft_hash {
            let (seen, named) = (decided.version, decision.version);
            return Err(format!(
                "{proposal} was sent on version {named}, {} had version {seen} before them",
                decided.person
            ));
        }
    }
    Ok(())
}

/// I5: no approval and no intent is left without an end.
pub(super) fn every_intent_ends(finale: &Finale<'_>) -> Result<(), String> {
    for (proposal, steps) in &finale.history.deliveries {
        match steps.last().map(|delivery| &delivery.step) {
            Some(DeliveryStep::Approved(..)) => return Err(format!("the approval of {proposal} has no end")),
            Some(DeliveryStep::Intended) => return Err(format!("the intent of {proposal} has no end")),
            Some(DeliveryStep::Sent | DeliveryStep::Failed(_) | DeliveryStep::Unknown | DeliveryStep::Withdrawn)
            | None => {}
        }
    }
    Ok(())
}

/// I10: the system lives when the faults are over.
pub(super) fn alive(finale: &Finale<'_>) -> Result<(), String> {
    match finale.liveness {
        Liveness::Alive { .. } => Ok(()),
        Liveness::Stuck { why } => Err(why.clone()),
    }
}

/// I11: nothing makes a process give up but another that took its place, or a bus that is away when it starts.
pub(super) fn no_process_gives_up(finale: &Finale<'_>) -> Result<(), String> {
    let may = |why: &str| why.contains("taken over") || why.contains("disconnected");
    match finale.ended.iter().find(|(_, why)| !may(why)) {
        None => Ok(()),
        Some((who, why)) => Err(format!("{who:?} ended by itself: {why}")),
    }
}

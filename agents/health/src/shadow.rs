//! Models beside the one in use: scored and shown. They move no band, no play, and nothing of the score in use.

use bus_schema::data::facts::{PillarScore, ShadowScore};

use crate::{
    explain,
    metrics::View,
    model::{Scored, score_with},
    policy::Model,
    scoring::{remember, small},
    state::Account,
};

/// What each of them says now.
pub(crate) fn scores(view: &View<'_>) -> Vec<ShadowScore> {
    scored(view).map(|(model, scored)| said(view, model, &scored)).collect()
}

/// Lets them remember what they knew, as the model in use does: it may be bound to one of them tomorrow.
pub(crate) fn keep(view: &View<'_>) -> Vec<Scored> {
    scored(view).map(|(_, scored)| scored).collect()
}

/// Remembers what was kept.
pub(crate) fn remember_all(account: &mut Account, kept: &[Scored]) {
    for scored in kept {
        remember(account, scored);
    }
}

fn scored<'a>(view: &'a View<'_>) -> impl Iterator<Item = (&'a Model, Scored)> {
    view.policy.shadows(&view.binding()).collect::<Vec<_>>().into_iter().map(|model| (model, score_with(view, model)))
}

fn said(view: &View<'_>, model: &Model, scored: &Scored) -> ShadowScore {
    let bare = |pillar: PillarScore| PillarScore { metrics: Vec::new(), ..pillar };
    ShadowScore {
        model: model.name.clone(),
        model_version: model.version,
        machine: small(i64::from(scored.machine)),
        coverage_bp: small(scored.coverage_bp),
        confidence_bp: small(scored.confidence_bp()),
        pillars: explain::pillars(scored, view).into_iter().map(bare).collect(),
    }
}

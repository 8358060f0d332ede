//! Facts: what the router, the supervisor and the agents say. Each kind has one emitter.

mod advocacy;
mod any_agent;
mod attention;
mod churn;
mod engagement;
mod escalation;
mod expansion;
mod gate;
mod health;
mod lifecycle;
mod loss;
mod onboarding;
mod programme;
mod relationship;
mod renewal;
mod router;

pub use self::{
    advocacy::*, any_agent::*, attention::*, churn::*, engagement::*, escalation::*, expansion::*, gate::*, health::*,
    lifecycle::*, loss::*, onboarding::*, programme::*, relationship::*, renewal::*, router::*,
};

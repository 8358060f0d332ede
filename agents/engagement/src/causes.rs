//! What a touch rests on, and which events end that.
//!
//! A touch names its cause by a key, `escalation:<id>`. One that still waits when its cause is over is dropped: a
//! reminder of a step that is done would tell the customer that nobody looked.

use bus_schema::{
    Data,
    data::facts::{Band, StepState},
};

/// The causes that an event ends. A key that ends with `:` stands for every cause of that kind.
#[expect(clippy::wildcard_enum_match_arm, reason = "all other kinds end nothing")]
pub fn ended_by(data: &Data) -> Vec<String> {
    match data {
        Data::AlertClosed(data) => vec![format!("alert:{}", data.alert)],
        Data::HealthBandChanged(data) => [Band::Unknown, Band::Red, Band::Yellow, Band::Green]
            .into_iter()
            .filter(|band| *band != data.to)
            .map(|band| format!("band:{}", band.name()))
            .collect(),
        Data::EscalationResolved(data) => vec![format!("escalation:{}", data.escalation)],
        Data::IncidentCovers(data) if !data.opened => vec![format!("incident:{}", data.incident)],
        Data::PatternCovers(data) if !data.opened => vec![format!("pattern:{}/{}", data.area, data.category)],
        Data::OnboardingPlanned(data) => data
            .steps
            .iter()
            .filter(|step| match step.state {
                StepState::Done | StepState::Implied | StepState::ByHand | StepState::Dropped => true,
                StepState::Blocked | StepState::Open => false,
            })
            .map(|step| format!("onboarding:{}", step.step))
            .collect(),
        Data::OnboardingResumed(data) => vec![format!("onboarding:{}", data.step)],
        Data::RenewalSettled(data) => vec![format!("renewal:{}:", data.contract)],
        Data::ExpansionGateFailed(_) => vec!["opportunity:".into()],
        Data::OnboardingCompleted(_) => vec!["onboarding:".into()],
        _ => Vec::new(),
    }
}

/// Whether a cause is one that is over.
pub fn is_over(cause_key: &str, over: &str) -> bool {
    if over.ends_with(':') { cause_key.starts_with(over) } else { cause_key == over }
}

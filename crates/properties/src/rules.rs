//! What people write for agents: policies.

use agent::Agent;

use crate::life;

/// Any text as a policy of each agent: it is refused with a place and a reason, twice the same, or taken;
/// what is taken can be lived under.
pub(crate) fn policy(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    read::<onboarding::Onboarding>(text);
    read::<escalation::Escalation>(text);
    read::<health::Health>(text);
    read::<churn::Churn>(text);
    read::<renewal::Renewal>(text);
    read::<expansion::Expansion>(text);
    read::<advocacy::Advocacy>(text);
    read::<engagement::Engagement>(text);
    read::<supervisor::Supervisor>(text);
}

fn read<A: Agent>(text: &str) {
    match (A::policy(text), A::policy(text)) {
        (Ok(mut policy), Ok(_)) => {
            drop(A::adopt(&mut policy, "template/at_risk_checkin", 1, text));
            life::live::<A>(&policy);
        }
        (Err(first), Err(second)) => {
            assert_eq!(first, second, "{}: two answers for one text", A::NAME);
            assert!(!first.to_string().trim().is_empty(), "{}: an error says nothing", A::NAME);
        }
        (first, second) => assert_eq!(first.is_ok(), second.is_ok(), "{}: two answers for one text", A::NAME),
    }
}

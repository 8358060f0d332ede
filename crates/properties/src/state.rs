//! Agents' states as they stand in a store.

use agent::Agent;

/// Any bytes as a state: they are refused, or are a state that is written and read again the same.
pub(crate) fn state(data: &[u8]) {
    decoded::<onboarding::Onboarding>(data);
    decoded::<escalation::Escalation>(data);
    decoded::<health::Health>(data);
    decoded::<churn::Churn>(data);
    decoded::<renewal::Renewal>(data);
    decoded::<expansion::Expansion>(data);
    decoded::<advocacy::Advocacy>(data);
    decoded::<engagement::Engagement>(data);
    decoded::<supervisor::Supervisor>(data);
}

fn decoded<A: Agent>(data: &[u8]) {
    let Ok((state, _)) = postcard::take_from_bytes::<A::State>(data) else { return };
    let bytes = postcard::to_stdvec(&state).expect("a state has bytes");
    let (again, rest) = postcard::take_from_bytes::<A::State>(&bytes).expect("a state reads back");
    assert!(rest.is_empty(), "{}: bytes are left over", A::NAME);
    assert_eq!(postcard::to_stdvec(&again).expect("a state has bytes"), bytes, "{}: another state", A::NAME);
}

//! What the guide of the first months does, told in `scenarios/`.

#[test]
fn scenarios_come_true() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    assert!(scenario::check::<onboarding::Onboarding>(folder).unwrap() >= 1);
}

//! What the keeper of support does, told in `scenarios/`.

#[test]
fn scenarios_come_true() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    assert!(scenario::check::<escalation::Escalation>(folder).unwrap() >= 1);
}

//! What the keeper of renewals does, told in `scenarios/`.

#[test]
fn scenarios_come_true() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    assert!(scenario::check::<renewal::Renewal>(folder).unwrap() >= 1);
}

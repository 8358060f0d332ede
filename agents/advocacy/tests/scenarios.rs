//! What the keeper of voices does, told in `scenarios/`.

#[test]
fn scenarios_come_true() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    assert!(scenario::check::<advocacy::Advocacy>(folder).unwrap() >= 1);
}

//! What the finder of growth does, told in `scenarios/`.

#[test]
fn scenarios_come_true() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    assert!(scenario::check::<expansion::Expansion>(folder).unwrap() >= 1);
}

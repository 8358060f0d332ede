//! What the supervisor does, told in `scenarios/*.toml`.

use supervisor::Supervisor;

#[test]
fn every_scenario_comes_true() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    assert!(scenario::check::<Supervisor>(folder).unwrap() > 0);
}

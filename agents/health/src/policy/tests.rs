//! The shipped policy, what is refused and with which words, and how weights are shared out.

use agent::Agent;

use super::{Policy, Segment};
use crate::{Health, metrics::Metric};

fn shipped() -> String {
    Health::DEFAULT_POLICY.to_owned()
}

fn weights(policy: &Policy, vendor: bool, segment: Segment) -> Vec<(&str, u16)> {
    let model = policy.model(vendor, segment);
    model.pillars.iter().flat_map(|(_, metrics)| metrics).map(|own| (own.metric.name(), own.weight)).collect()
}

fn sources(list: &str) -> Policy {
    let all = r#"["usage", "features", "support", "relationship", "outcomes", "commercial"]"#;
    assert!(shipped().contains(all));
    Policy::read(&shipped().replace(all, list)).unwrap()
}

#[test]
fn the_shipped_model_weighs_30_25_25_20() {
    let policy = Policy::read(&shipped()).unwrap();
    let model = policy.model(false, Segment::Enterprise);
    let pillars: Vec<(&str, u32)> = model
        .pillars
        .iter()
        .map(|(name, metrics)| (name.as_str(), metrics.iter().map(|own| u32::from(own.weight)).sum()))
        .collect();
    assert_eq!(pillars, [("usage", 3_000), ("support", 2_500), ("relationship", 2_500), ("outcomes", 2_000)]);
    assert_eq!(model.pillars.iter().map(|(_, metrics)| metrics.len()).sum::<usize>(), 12);
    assert!(policy.trimmed.is_empty());
}

#[test]
fn what_is_not_connected_is_trimmed_within_its_pillar_first() {
    assert_eq!(
        weights(&sources(r#"["usage"]"#), false, Segment::Smb),
        [("user_engagement", 6_000), ("usage_trend", 4_000)]
    );
    let policy = sources(r#"["usage", "features", "support", "relationship", "outcomes"]"#);
    let weights = weights(&policy, false, Segment::Smb);
    assert!(weights.contains(&("goals_achieved", 1_200)) && weights.contains(&("roi", 800)), "{weights:?}");
    assert_eq!(policy.trimmed.iter().map(|source| source.name()).collect::<Vec<_>>(), ["commercial"]);
}

#[test]
fn weights_add_up_whatever_is_connected() {
    let names = ["usage", "features", "support", "relationship", "outcomes", "commercial"];
    for mask in 1_u32..64 {
        let list: Vec<String> = names
            .iter()
            .zip(0..)
            .filter(|(_, bit)| mask >> bit & 1 == 1)
            .map(|(name, _)| format!("\"{name}\""))
            .collect();
        let text = shipped().replace(
            r#"["usage", "features", "support", "relationship", "outcomes", "commercial"]"#,
            &format!("[{}]", list.join(", ")),
        );
        // Without a vendor's exceptions, which leave nothing of some lists.
        let text = text.replace(r#"vendor = ["feature_adoption", "roi", "expansion_history"]"#, "vendor = []");
        let policy = Policy::read(&text).unwrap();
        for vendor in [false, true] {
            let sum: u32 = weights(&policy, vendor, Segment::Smb).iter().map(|(_, weight)| u32::from(*weight)).sum();
            assert_eq!(sum, 10_000, "{list:?}");
        }
    }
}

#[test]
fn what_means_nothing_for_a_vendor_is_shared_out() {
    let policy = Policy::read(&shipped()).unwrap();
    let weights = weights(&policy, true, Segment::Enterprise);
    assert_eq!(weights.iter().find(|(name, _)| *name == "goals_achieved"), Some(&("goals_achieved", 2_000)));
    assert_eq!(weights.iter().map(|(_, weight)| u32::from(*weight)).sum::<u32>(), 10_000);
    let excluded: Vec<Metric> = policy.model(true, Segment::Smb).excluded.iter().map(|(_, metric)| *metric).collect();
    assert_eq!(excluded, [Metric::FeatureAdoption, Metric::Roi, Metric::ExpansionHistory]);
}

/// Shipped text, what stands there instead, and what the refusal says.
#[track_caller]
fn refused(table: &[(&str, &str, &str)]) {
    for (was, is, expected) in table {
        let text = shipped();
        assert!(text.contains(was), "{was}");
        let error = Policy::read(&text.replace(was, is)).unwrap_err().to_string();
        assert!(error.contains(expected), "{is}: {error}");
    }
}

#[test]
fn a_model_that_does_not_weigh_the_whole_is_refused() {
    refused(&[
        (
            "feature_adoption = 1000",
            "feature_adoption = 1001",
            "model.four_pillar_v1: the weights add up to 10001, not to 10000",
        ),
        (
            "usage_trend = 800",
            "usage_trend = 0",
            "model.four_pillar_v1: the weight of usage_trend is 0; leave the metric out instead",
        ),
        ("sentiment = 800", "user_engagement = 800", "model.four_pillar_v1: user_engagement is weighed twice"),
        ("usage_trend = 800", "usage_trends = 800", "unknown variant `usage_trends`"),
        (
            "customer = \"four_pillar_v1\"",
            "customer = \"five\"",
            "bind.customer: `five` is no model of this policy; there is four_pillar_v1",
        ),
        ("sources = [\"usage\", \"features\"", "sources = [\"usages\", \"features\"", "unknown variant `usages`"),
    ]);
}

#[test]
fn numbers_out_of_range_are_refused_with_field_and_cure() {
    refused(&[
        ("yellow_from = 7000", "yellow_from = 9000", "band.yellow_from: must be below green_from, 9000"),
        ("green_from = 9000", "green_from = 10001", "band.green_from: is 10001, must be from 1 to 10000"),
        (
            "coverage_green_bp = 6000",
            "coverage_green_bp = 3999",
            "band.coverage_green_bp: is 3999, must be from 4000 to 10000",
        ),
        (
            "missing_points_max = 70",
            "missing_points_max = 101",
            "score.missing_points_max: is 101, must be from 0 to 100",
        ),
        ("missing_points_max = 70", "missing_points = 70", "unknown field `missing_points`"),
        ("time_zone = \"UTC\"", "time_zone = \"Mars\"", "time_zone: `Mars` is no IANA zone, like Europe/Berlin"),
        (
            "[[0, 0], [3000, 40], [6000, 75], [8000, 100]]",
            "[[0, 0], [3000, 40], [6000, 30]]",
            "metric.feature_adoption.points: must rise or fall all the way, not both",
        ),
        (
            "[[0, 0], [3000, 40], [6000, 75], [8000, 100]]",
            "[[0, 0], [0, 40]]",
            "metric.feature_adoption.points: the measured values must ascend",
        ),
        (
            "[[0, 0], [3000, 40], [6000, 75], [8000, 100]]",
            "[[0, 0], [9, 101]]",
            "metric.feature_adoption.points: 101 points are not between 0 and 100",
        ),
        (
            "[[0, 0], [3000, 40], [6000, 75], [8000, 100]]",
            "[[0, 0]]",
            "metric.feature_adoption.points: needs at least two points",
        ),
        ("when = \"band_falls_to_red\"", "when = \"full_moon\"", "unknown variant `full_moon`"),
        (
            "roles = [\"champion\", \"sponsor\", \"admin\", \"user\"]",
            "roles = []",
            "play.at_risk_intervention.roles: must name at least one role",
        ),
        (
            "cooldown_days = 30",
            "cooldown_days = 0",
            "play.at_risk_intervention.cooldown_days: is 0, must be from 1 to 365",
        ),
    ]);
}

#[test]
fn sources_that_feed_no_metric_are_refused() {
    let all = r#"["usage", "features", "support", "relationship", "outcomes", "commercial"]"#;
    let error = |list: &str| Policy::read(&shipped().replace(all, list)).unwrap_err().to_string();
    assert_eq!(error("[]"), "sources: must name at least one source");
    assert_eq!(
        error(r#"["commercial"]"#),
        "not_applicable.vendor: leaves no metric of `four_pillar_v1` that a connected source feeds; take one out of the list"
    );
    let usage_only = shipped().replace(all, r#"["features"]"#);
    let usage_only = usage_only.replace("feature_adoption = 1000, user_engagement = 1200", "user_engagement = 2200");
    let refused = Policy::read(&usage_only).unwrap_err().to_string();
    assert_eq!(refused, "sources: no connected source feeds a metric of `four_pillar_v1`");
}

//! The shipped policy, what is refused and with which words, and how weights are shared out.

use agent::Agent;

use super::{Model, Policy, Segment};
use crate::{Health, metrics::Metric, state::Binding, tests::with_sources};

fn shipped() -> String {
    Health::DEFAULT_POLICY.to_owned()
}

fn model(policy: &Policy, vendor: bool, segment: Segment) -> &Model {
    policy.model(&Binding { vendor, segment, stage: None })
}

fn weights(policy: &Policy, vendor: bool, segment: Segment) -> Vec<(&str, u16)> {
    let model = model(policy, vendor, segment);
    model.pillars.iter().flat_map(|(_, metrics)| metrics).map(|own| (own.metric.name(), own.weight)).collect()
}

fn sources(list: &str) -> Policy {
    Policy::read(&with_sources(&shipped(), list)).unwrap()
}

#[test]
fn the_shipped_model_weighs_30_25_25_20() {
    let policy = Policy::read(&shipped()).unwrap();
    let model = model(&policy, false, Segment::Enterprise);
    let pillars: Vec<(&str, u32)> = model
        .pillars
        .iter()
        .map(|(name, metrics)| (name.as_str(), metrics.iter().map(|own| u32::from(own.weight)).sum()))
        .collect();
    assert_eq!(pillars, [("usage", 3_000), ("support", 2_500), ("relationship", 2_500), ("outcomes", 2_000)]);
    assert_eq!(model.pillars.iter().map(|(_, metrics)| metrics.len()).sum::<usize>(), 12);
    assert!(model.trimmed.is_empty());
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
    let trimmed = &model(&policy, false, Segment::Smb).trimmed;
    assert_eq!(trimmed.iter().map(|source| source.name()).collect::<Vec<_>>(), ["commercial"]);
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
        let text = with_sources(&shipped(), &format!("[{}]", list.join(", ")));
        // Without a vendor's exceptions, which leave nothing of some lists.
        let exceptions = r#"vendor = ["feature_adoption", "roi", "expansion_history", "review_participation"]"#;
        assert!(text.contains(exceptions));
        let text = text.replace(exceptions, "vendor = []");
        let policy = Policy::read(&text).unwrap();
        for vendor in [false, true] {
            let sum: u32 = weights(&policy, vendor, Segment::Smb).iter().map(|(_, weight)| u32::from(*weight)).sum();
            assert_eq!(sum, 10_000, "{list:?}");
        }
    }
}

#[test]
fn what_means_nothing_for_a_vendor_is_shared_out() {
    let on_four_pillars = shipped().replace("vendor = \"marketplace_vendor_v1\"", "vendor = \"four_pillar_v1\"");
    let policy = Policy::read(&on_four_pillars).unwrap();
    let weights = weights(&policy, true, Segment::Enterprise);
    assert_eq!(weights.iter().find(|(name, _)| *name == "goals_achieved"), Some(&("goals_achieved", 2_000)));
    assert_eq!(weights.iter().map(|(_, weight)| u32::from(*weight)).sum::<u32>(), 10_000);
    let excluded: Vec<Metric> = model(&policy, true, Segment::Smb).excluded.iter().map(|(_, metric)| *metric).collect();
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
            "bind.customer: `five` is no model of this policy; there is five_pillar_v1, four_pillar_v1, marketplace_vendor_v1",
        ),
        ("\"usage\", \"features\"", "\"usages\", \"features\"", "unknown variant `usages`"),
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
    let error = |text: String| Policy::read(&text).unwrap_err().to_string();
    let only = |list: &str| with_sources(&shipped(), list);
    assert_eq!(error(only("[]")), "sources: must name at least one source");
    assert_eq!(
        error(only(r#"["commercial"]"#)),
        "not_applicable.vendor: leaves no metric of `four_pillar_v1` that a connected source feeds; take one out of the list"
    );
    assert_eq!(
        error(only(r#"["sales"]"#)),
        "bind.customer: no connected source feeds a metric of `four_pillar_v1`; connect one of usage, features, support, \
         relationship, outcomes, commercial, or name another model"
    );
}

#[test]
fn each_preset_weighs_as_it_says() {
    let policy =
        Policy::read(&shipped().replace("\ncustomer = \"four_pillar_v1\"", "\ncustomer = \"five_pillar_v1\"")).unwrap();
    let pillars = |vendor| -> Vec<(&str, u32, usize)> {
        let model = model(&policy, vendor, Segment::Strategic);
        let sum = |metrics: &[super::model::Weighed]| metrics.iter().map(|own| u32::from(own.weight)).sum();
        model.pillars.iter().map(|(name, metrics)| (name.as_str(), sum(metrics), metrics.len())).collect()
    };
    let five = [("product", 3_500, 5), ("support", 2_000, 5), ("relationship", 2_000, 5), ("outcomes", 1_500, 5)];
    assert_eq!(pillars(false), [&five[..], &[("commercial", 1_000, 5)]].concat());
    assert_eq!(
        pillars(true),
        [("sales", 3_500, 2), ("quality", 3_500, 2), ("presence", 2_000, 2), ("support", 1_000, 1)]
    );
}

#[test]
fn models_are_bound_by_kind_segment_and_stage() {
    let bound = |exceptions: &str| shipped().replace("exception = []", &format!("exception = [{exceptions}]"));
    let policy = Policy::read(&bound(
        r#"{ segment = "strategic", stage = "onboarding", model = "four_pillar_v1" }, { segment = "strategic", model = "five_pillar_v1" }"#,
    ));
    let policy = policy.unwrap();
    let name = |vendor, segment, stage: Option<&str>| {
        policy.model(&Binding { vendor, segment, stage: stage.map(str::to_owned) }).name.as_str()
    };
    assert_eq!(name(false, Segment::Strategic, None), "five_pillar_v1");
    assert_eq!(name(false, Segment::Strategic, Some("adoption")), "five_pillar_v1");
    assert_eq!(name(false, Segment::Strategic, Some("onboarding")), "four_pillar_v1");
    assert_eq!(name(false, Segment::Smb, Some("onboarding")), "four_pillar_v1");
    assert_eq!(name(true, Segment::Smb, None), "marketplace_vendor_v1");
    let error = |exceptions: &str| Policy::read(&bound(exceptions)).unwrap_err().to_string();
    assert_eq!(
        error(r#"{ model = "five_pillar_v1" }"#),
        "bind.exception 1: is for all accounts; name a kind, a segment or a stage"
    );
    assert!(error(r#"{ segment = "huge", model = "five_pillar_v1" }"#).contains("unknown variant `huge`"));
    assert!(error(r#"{ segment = "smb", model = "six" }"#).contains("bind.exception 1: `six` is no model"));
}

#[test]
fn shadows_are_models_of_the_policy_other_than_the_one_in_use() {
    let shadow = |list: &str| shipped().replace("[shadow]\ncustomer = []", &format!("[shadow]\ncustomer = {list}"));
    let policy = Policy::read(&shadow(r#"["four_pillar_v1", "five_pillar_v1"]"#)).unwrap();
    let names = |vendor| -> Vec<String> {
        let binding = Binding { vendor, segment: Segment::Enterprise, stage: None };
        policy.shadows(&binding).map(|model| model.name.clone()).collect()
    };
    assert_eq!((names(false), names(true)), (vec!["five_pillar_v1".to_owned()], vec![]));
    let error = |list: &str| Policy::read(&shadow(list)).unwrap_err().to_string();
    assert!(error(r#"["six"]"#).starts_with("shadow.customer: `six` is no model of this policy"));
    assert_eq!(error(r#"["a", "b", "c", "d"]"#), "shadow.customer: names 4 models, at most 3");
}

#[test]
fn numbers_of_segments_and_reviews_are_checked() {
    refused(&[
        ("p25 = 8500, p50 = 10000", "p25 = 10001, p50 = 10000", "baseline.usage_trend: p25, p50 and p75 must ascend"),
        ("accounts_min = 10", "accounts_min = 0", "baseline.accounts_min: is 0, must be from 1 to 1000"),
        ("auc_bp_min = 6000", "auc_bp_min = 4999", "review.auc_bp_min: is 4999, must be from 5000 to 10000"),
        ("few_points_min = 85", "few_points_min = 101", "divergence.few_points_min: is 101, must be from 0 to 100"),
    ]);
}

#[test]
fn numbers_of_the_catalogue_are_checked() {
    refused(&[
        (
            "undiscussed_days = 60",
            "undiscussed_days = 29",
            "metric.renewal_standing.undiscussed_days: is 29, must be from 30 to 365",
        ),
        (
            "mention_points = 50",
            "mention_points = 9",
            "metric.competition.evaluation_points: is 10, must be from 0 to 9",
        ),
        (
            "roles = [\"sponsor\", \"champion\"]",
            "roles = []",
            "metric.review_participation.roles: must name who decides",
        ),
        (
            "dispute_costs = 30",
            "dispute_costs = 101",
            "metric.payment_history.dispute_costs: is 101, must be from 0 to 100",
        ),
        (
            "[[30, 100], [45, 70]",
            "[[30, 100], [45, 101]",
            "metric.time_to_value.points: 101 points are not between 0 and 100",
        ),
        ("few_tickets = 2\n", "few_tickets = 2\nfew = 2\n", "unknown field `few`"),
    ]);
}

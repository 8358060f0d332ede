use super::*;

const DEFAULT: &str = include_str!("../../policy.toml");

#[test]
fn the_default_policy_is_valid_and_a_wrong_one_is_told_where() {
    Policy::read(DEFAULT).unwrap();
    for (line, instead_of, why) in [
        ("zone = \"Mars\"", "zone = \"UTC\"", "desk.zone: `Mars` is no IANA time zone"),
        ("to = \"08:00\"", "to = \"18:00\"", "desk.to: must be after `desk.from`"),
        ("coverage_bp = 0", "coverage_bp = 6_000", "gate.coverage_bp: 0 is not between 1 and 10000"),
        ("p90_bp = 10_001", "p90_bp = 3_000", "gate.p90_bp: 10001 is not between 1 and 10000"),
        ("meter_days = 8", "meter_days = 3", "signals.meter_days: 8 is not between 1 and 7"),
        ("pressure = 36", "pressure = 35", "readiness.weights: add up to 101, must be 100"),
        ("qualified_from = 35", "qualified_from = 60", "readiness.qualified_from: must be above 35"),
        (
            "[[8_000, 0], [6_000, 50]]",
            "[[6_000, 0], [8_000, 50], [9_500, 90], [10_000, 100]]",
            "readiness.pressure: is a list",
        ),
        ("low_bp = 10_001", "low_bp = 5_000", "value.low_bp: 10001 is not between 0 and 10000"),
        ("seat = -1", "seat = 24_000", "plans.team: needs a name of its own and prices from 0"),
        (
            "currency = \"EUR\"\nbase = 1_200_000",
            "currency = \"USD\"\nbase = 1_200_000",
            "plans: must all have one currency",
        ),
        (
            "audience = []",
            "audience = [\"finance\", \"data\", \"operations\"]",
            "products.analytics: needs a name, an audience",
        ),
        ("", "period_days = 365\n", "missing field `period_days`"),
        ("period_days = 30", "period_days = 365", "targets.expansion_rate: needs `period_days = 365`"),
        ("metric = \"expansion_rate\"", "metric = \"nrr\"", "targets.expansion_rate: stands twice"),
        (
            "signal = \"seats_near_limit\"",
            "signal = \"meter_near_limit\"",
            "strategies.meter_near_limit: every signal needs",
        ),
        ("millionths = 0", "millionths = 1_000_000", "currencies.USD: needs a rate above 0"),
        ("roles = []", "roles = [\"sponsor\", \"champion\"]", "plays: each needs a name"),
        ("sometimes = 1", "again_days = 90", "sometimes"),
    ] {
        assert!(DEFAULT.contains(instead_of), "{instead_of}");
        let error = Policy::read(&DEFAULT.replacen(instead_of, line, 1)).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn what_a_higher_plan_adds_is_found_and_what_is_paid_for_is_not() {
    let policy = Policy::read(DEFAULT).unwrap();
    let higher = |own, asked| policy.higher_plan(own, asked).map(|plan| plan.name.as_str());
    assert_eq!(higher(Some("team"), "exports"), Some("business"));
    assert_eq!(higher(Some("team"), "audit"), Some("enterprise"));
    assert_eq!(higher(Some("business"), "exports"), None);
    assert_eq!(higher(None, "exports"), None, "of a plan nobody knows nothing is higher");
}

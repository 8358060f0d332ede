use super::*;

const DEFAULT: &str = include_str!("../../policy.toml");

#[test]
fn the_default_policy_is_valid_and_a_wrong_one_is_told_where() {
    assert!(Policy::read(DEFAULT).is_ok());
    for (line, instead_of, why) in [
        ("zone = \"Mars\"", "zone = \"UTC\"", "zone: `Mars` is no IANA time zone"),
        ("opens_days = 0", "opens_days = 90", "opens_days: 0 is not between 1 and 365"),
        ("smal = 17346", "smb = 17346", "base: `smb` is missing"),
        ("smb = 17346\nhuge = 1", "smb = 17346", "base.huge: no segment: one of strategic"),
        ("discussed = -1", "discussed = 6000", "parts.discussed: -1 is not between 0 and 100000"),
        ("no_decider = 1", "no_decider = -6000", "parts.no_decider"),
        ("above_bp = 1600\nbp = -4000", "above_bp = 700\nbp = -4000", "uplift: edges ascend"),
        ("likely_bp = 9000", "likely_bp = 7000", "categories: 0 < at_risk_bp"),
        ("moves_bp = 0", "moves_bp = 200", "forecast.moves_bp"),
        ("name = \"D-90\"\ndays = 190", "name = \"D-90\"\ndays = 90", "steps.D-90: stands after a step"),
        ("name = \"D-180\"\ndays = 90", "name = \"D-90\"\ndays = 90", "steps.D-180: each step has a name of its own"),
        ("name = \"legal\"", "name = \"approvals\"", "tasks.legal: each needs a name of its own"),
        ("approvals = 1", "approvals = 2", "terms.approvals: 1 is not between 2 and 9"),
        ("months = [0]", "months = [12, 24, 36]", "sheet.months"),
        ("currency = \"ZAR\"", "currency = \"USD\"", "reporting.currency: `ZAR` has no rate"),
        ("value = 10001", "value = 9500", "targets.renewal_rate_logo: 10001 is not between 1 and 10000"),
        ("", "period_days = 365\n", "missing field `period_days`"),
        (
            "metric = \"renewal_rate_logo\"",
            "metric = \"renewal_rate_revenue\"",
            "targets.renewal_rate_logo: stands twice",
        ),
        ("step = \"D-1\"", "step = \"D-90\"", "plays.renewal_value_review: no step `D-1`"),
        ("sometimes = 1", "late_days = 30", "sometimes"),
    ] {
        assert!(DEFAULT.contains(instead_of), "{instead_of}");
        let error = Policy::read(&DEFAULT.replacen(instead_of, line, 1)).unwrap_err().to_string();
        assert!(error.contains(why), "{error} instead of {why}");
    }
}

#[test]
fn a_category_begins_at_its_edge() {
    let policy = Policy::read(DEFAULT).unwrap();
    for (bp, category) in [
        (10_000, RenewalCategory::Commit),
        (9_000, RenewalCategory::Commit),
        (8_999, RenewalCategory::Likely),
        (7_000, RenewalCategory::Likely),
        (6_999, RenewalCategory::AtRisk),
        (4_000, RenewalCategory::AtRisk),
        (3_999, RenewalCategory::Unlikely),
    ] {
        assert_eq!(policy.category(bp), category, "{bp}");
    }
}

#[test]
fn money_is_reported_by_integer_rates_and_an_unknown_rate_is_no_data() {
    let policy = Policy::read(DEFAULT).unwrap();
    let money = |minor, code: &str| Money { minor, currency: Currency::new(code).unwrap() };
    assert_eq!(policy.reported(money(10_000, "EUR")), Some(money(10_800, "USD")));
    assert_eq!(policy.reported(money(1_000, "JPY")), Some(money(670, "USD")));
    assert_eq!(policy.reported(money(1_000, "ZAR")), None);
}

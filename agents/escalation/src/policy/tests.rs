use super::*;

const DEFAULT: &str = include_str!("../../policy.toml");

#[test]
fn the_default_policy_is_valid_and_a_wrong_one_is_told_where() {
    assert!(Policy::read(DEFAULT).is_ok());
    for (line, instead_of, why) in [
        ("zone = \"Mars\"", "zone = \"UTC\"", "desk.zone: `Mars` is no IANA time zone"),
        ("from = \"nine\"", "from = \"09:00\"", "desk.from: `nine` is no time like 09:00"),
        ("to = \"09:00\"", "to = \"18:00\"", "desk.to: must be after `desk.from`"),
        ("weekend = [\"someday\"]", "weekend = [\"sat\", \"sun\"]", "unknown variant `someday`"),
        (
            "weekend = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\"]",
            "weekend = [\"sat\", \"sun\"]",
            "desk.weekend: leaves no working day",
        ),
        ("policy = \"gold\"", "policy = \"standard\"", "sla.policy: `gold` is none of standard, strict_24h"),
        (
            "{ minutes = 0, counting = \"always\" }",
            "{ minutes = 30, counting = \"always\" }",
            "sla.policies.standard.p1.first_response: `minutes` is from 1",
        ),
        ("counting = \"sometimes\"", "counting = \"always\"", "unknown variant `sometimes`"),
        ("warn_bp = 9_500", "warn_bp = 7_500", "sla.warn_bp, sla.urgent_bp: 0 < warn < urgent < 10000"),
        ("high_value = 30", "high_value = 10", "severity.high_value: must stay below `escalated_from`"),
        ("urgent_from = 20", "urgent_from = 50", "severity: 0 < escalated_from < urgent_from < executive_from"),
        ("nearly_breached = 21", "nearly_breached = 10", "severity.nearly_breached: must not be above `breached`"),
        ("next = [\"nobody\", \"manager\"]", "next = [\"support_lead\", \"manager\"]", "take.next: `nobody` is nobody"),
        (
            "next = [\"support_lead\"]",
            "next = [\"support_lead\", \"manager\"]",
            "take.next: must end with the `manager`",
        ),
        ("to = \"nobody\"", "to = \"product_engineer\"", "taxonomy.outage: `nobody` is nobody of `team`"),
        ("categories = [\"misc\"]", "categories = [\"*\"]", "taxonomy.types: the last one must know every category"),
        ("tickets = 4\n", "tickets = 5\n", "spike.limits: lines ascend"),
        ("short_tickets_min = 4", "short_tickets_min = 8", "spike.short_tickets_min: 4 is not between 5 and 1000"),
        ("queries_min = 1", "queries_min = 3", "gaps.queries_min: 1 is not between 2 and 100"),
        ("medium_minutes = 480", "medium_minutes = 2_400", "effort.medium_minutes: 480 is not between 481"),
        ("value = 0\n", "value = 120\n", "targets.first_response: 0 is not between 1 and 100000"),
        ("", "period = \"month\"\n", "missing field `period`"),
        ("", "segment = \"all\"\n", "missing field `segment`"),
        ("metric = \"resolution\"", "metric = \"first_response\"", "targets.resolution: stands twice"),
        ("roles = []", "roles = [\"admin\", \"champion\"]", "plays: each needs a name"),
        ("sometimes = 1", "version = 1", "sometimes"),
    ] {
        assert!(DEFAULT.contains(instead_of), "{instead_of}");
        let error = Policy::read(&DEFAULT.replacen(instead_of, line, 1)).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_strategic_account_is_promised_half_the_time_to_a_first_response_and_no_less_to_the_end() {
    let policy = Policy::read(DEFAULT).unwrap();
    for rank in [Rank::P1, Rank::P2, Rank::P3, Rank::P4] {
        let (usual, strategic) = (policy.promises(rank, "smb"), policy.promises(rank, "strategic"));
        assert_eq!((usual.0.ms, usual.1), (2 * strategic.0.ms, strategic.1));
    }
}

use super::*;

const DEFAULT: &str = include_str!("../../policy.toml");

#[test]
fn the_default_policy_is_valid_and_a_wrong_one_is_told_where() {
    Policy::read(DEFAULT).unwrap();
    for (line, instead_of, why) in [
        ("zone = \"Mars\"", "zone = \"UTC\"", "desk.zone: `Mars` is no IANA time zone"),
        ("promoter_from = 6", "promoter_from = 9", "gate.promoter_from: 6 is not between 7 and 10"),
        ("answer = 31", "answer = 30", "score.weights: add up to 101, must be 100"),
        ("promoter_9 = 101", "promoter_9 = 80", "score.promoter_9: must not be above `promoter_10`"),
        ("value = [[1, 60], [0, 0]]", "value = [[0, 0], [1, 60], [3, 100]]", "score.value: is a list"),
        ("act = \"singing\"", "act = \"review\"", "ladder.singing: is none of case_study"),
        ("act = \"review\"", "act = \"testimonial\"", "ladder.review: stands twice"),
        ("from = 90\nroles = []", "from = 60\nroles = []", "ladder: needs at least one act, the highest last"),
        ("after_ask_days = 20", "after_ask_days = 90", "rests.after_ask_days: 20 is not between 30 and 730"),
        ("after_no_days = 30", "after_no_days = 180", "rests.after_no_days: 30 is not between 90 and 730"),
        ("scheduled_hours = 12", "scheduled_hours = 48", "loop.scheduled_hours: 12 is not between 24 and 336"),
        ("documented_days = 5", "documented_days = 14", "loop.documented_days: 5 is not between 10 and 90"),
        ("relationship_days = 30", "relationship_days = 91", "survey.relationship_days: 30 is not between 90 and 365"),
        ("from = 1\n", "from = 500\n", "loyalty.tiers: each needs a name and more points"),
        ("at = 0", "at = 100", "recognition.first_100_orders: needs a name of its own and a count from 1"),
        ("period_days = 30", "period_days = 90", "targets.nps: needs `period_days = 90`"),
        ("value = 10_001", "value = 5_000", "targets.nps: 10001 is not between -10000 and 10000"),
        ("", "segment = \"all\"\n", "missing field `segment`"),
        (
            "roles = []\n\n[[plays]]\nname = \"nps_passive\"",
            "roles = [\"champion\", \"sponsor\", \"admin\", \"user\"]\n\n[[plays]]\nname = \"nps_passive\"",
            "plays: each needs a name",
        ),
        ("sometimes = 1", "few = 5", "sometimes"),
    ] {
        assert!(DEFAULT.contains(instead_of), "{instead_of}");
        let error = Policy::read(&DEFAULT.replacen(instead_of, line, 1)).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_tier_begins_at_its_points() {
    let policy = Policy::read(DEFAULT).unwrap();
    let tiers = [0, 1, 499, 500, 1_500].map(|points| policy.tier(points).unwrap_or("none"));
    assert_eq!(tiers, ["none", "member", "member", "partner", "ambassador"]);
}

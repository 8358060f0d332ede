use super::*;

const DEFAULT: &str = include_str!("../../policy.toml");

#[test]
fn the_default_policy_is_valid_and_a_wrong_one_is_told_where() {
    let policy = Policy::read(DEFAULT).unwrap();
    assert_eq!(policy.judged_on(false).into_iter().collect::<Vec<_>>(), [30, 90]);
    for (line, instead_of, why) in [
        ("zone = \"Mars\"", "zone = \"UTC\"", "zone: `Mars` is no IANA time zone"),
        ("close_day = 0", "close_day = 120", "close_day: 0 is not between 1 and 365"),
        ("over_bp = 9_999", "over_bp = 15_000", "stuck.over_bp: 9999 is not between 10000 and 100000"),
        ("again_bp = 15_000", "again_bp = 30_000", "stuck.again_bp: 15000 is not between 15001"),
        ("name = \"welcome\"", "name = \"account_setup\"", "customer.steps.welcome: stands twice"),
        ("after = [\"launch\"]", "after = [\"kickoff\"]", "comes after `launch`, which does not stand before it"),
        ("day = 4\nafter = [\"kickoff\"]", "day = 7\nafter = [\"kickoff\"]", "is expected at day 4, before `kickoff`"),
        ("by = \"magic\"", "by = \"contacted\"", "unknown variant `magic`"),
        ("whose = \"nobody\"", "whose = \"us\"", "unknown variant `nobody`"),
        ("count = 0", "count = 2", "`count` from 1"),
        ("", "period_days = 30\n", "missing field `period_days`"),
        ("", "segment = \"all\"\n", "missing field `segment`"),
        ("period_days = 0", "period_days = 30", "targets.time_to_first_value: needs `period_days` from 1 to 365"),
        ("period_days = 90", "period_days = 30", "targets.time_to_first_value: stands twice"),
        ("op = \"about\"", "op = \"below\"", "unknown variant `about`"),
        ("value = 10_001", "value = 8_000", "targets.user_activation: 10001 is not between 0 and 10000"),
        ("roles = []", "roles = [\"sponsor\", \"champion\"]", "plays: each needs a name"),
        ("sometimes = 1", "ahead_days = 7", "sometimes"),
    ] {
        assert!(DEFAULT.contains(instead_of), "{instead_of}");
        let error = Policy::read(&DEFAULT.replacen(instead_of, line, 1)).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_targets_own_number_is_on_the_bad_side() {
    assert!(Op::Below.met(29, 30) && !Op::Below.met(30, 30));
    assert!(Op::Above.met(8_001, 8_000) && !Op::Above.met(8_000, 8_000));
}

#[test]
fn a_segments_own_target_stands_over_the_one_for_all() {
    let own = "[[targets]]\nmetric = \"nps\"\nkind = \"customer\"\nsegment = \"enterprise\"\nperiod_days = 90\nop = \"above\"\nvalue = 6000\n";
    let policy = Policy::read(&format!("{DEFAULT}\n{own}")).unwrap();
    let nps = |segment: &str| {
        let targets = policy.targets_of(false, segment, 90);
        targets.iter().filter(|target| target.metric == Metric::Nps).map(|target| target.value).collect::<Vec<_>>()
    };
    assert_eq!((nps("enterprise"), nps("smb")), (vec![6_000], vec![4_000]));
}

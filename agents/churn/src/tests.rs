//! What ships: the policy and the kinds.

use agent::profile::PROFILE_KINDS;

use super::*;

#[test]
fn it_reads_what_the_profile_folds() {
    for kind in PROFILE_KINDS {
        assert!(Churn::READS.contains(kind), "{kind}");
    }
}

#[test]
fn the_default_policy_is_valid_and_a_wrong_one_is_told_where() {
    assert!(Policy::read(Churn::DEFAULT_POLICY).is_ok());
    for (line, instead_of, why) in [
        ("zone = \"Mars\"", "zone = \"UTC\"", "zone: `Mars` is no IANA time zone"),
        ("usage_halved = -1", "usage_halved = 22000", "signals.usage_halved: must be there, from 0 to 100000"),
        ("", "silent = 26000\n", "signals.silent: must be there"),
        ("usage_risen = 1\nsilent = 26000", "silent = 26000", "usage_risen"),
        ("smal = -29444", "smb = -29444", "base: `smb` is missing"),
        ("shares = [70, 100]", "shares = [100, 70, 50, 30]", "groups.shares: percent from 100 down"),
        ("habit = [[3, 1], [1, 2]]", "habit = [[1, 20000], [3, 10000], [8, 0], [20, -8000]]", "without_contract.habit"),
        ("high = 2000", "high = 5000", "tiers: 0 < moderate < high"),
        (
            "closes_after_hours = 1000",
            "closes_after_hours = 72",
            "alerts.closes_after_hours: 1000 is not between 0 and 720",
        ),
        ("opens_at = \"sometimes\"", "opens_at = \"monitor\"", "unknown variant `sometimes`"),
        (
            "roles = []",
            "roles = [\"billing\", \"admin\"]",
            "plays: each needs a name, a template and at least one role",
        ),
        ("recency = [[0, 5000], [14, 6000]]", "recency = [[0, 10000], [14, 6000], [45, 2500]]", "rank.recency: points"),
        ("", "mid_market = 60000\n", "rank.arr_unknown.mid_market: must be there"),
        ("millionths = 0", "millionths = 1_130_000", "currencies.CHF: millionths from 1"),
        ("holdout_bp = 2000", "holdout_bp = 0", "save.holdout_bp: 2000 is more than 1000"),
        ("[\"smb\", \"strategic\"]", "[\"smb\", \"vendor\"]", "save.holdout_segments: `strategic`"),
        ("calm_days = 100", "calm_days = 14", "save.calm_days: 100 is not between 0 and 90"),
        ("losses_min = 1", "losses_min = 3", "prevention.losses_min: 1 is not between 2 and 1000"),
        ("\"closed\"", "\"champion_left\"", "winback.reasons: `closed` is no reason"),
        ("name = \"save_people\"", "name = \"save_product\"", "campaigns: `save_people` is the name of two"),
        (
            "signals = [\"silent\"]",
            "signals = [\"sponsor_left\"]",
            "campaigns.save_people.signals: `silent` never holds",
        ),
        ("sometimes = 1", "model_version = 1", "sometimes"),
    ] {
        assert!(Churn::DEFAULT_POLICY.contains(instead_of), "{instead_of}");
        let error = Policy::read(&Churn::DEFAULT_POLICY.replacen(instead_of, line, 1)).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

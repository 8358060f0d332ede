//! What ships: the policy, the templates, the kinds.

use agent::{Agent as _, profile::PROFILE_KINDS};
use bus_schema::{Position, Time, data::facts::MergeField};

use super::*;

fn field(name: &str, value: &str) -> MergeField {
    let events = vec![Position { seq: 1, index: 0 }];
    MergeField { name: name.into(), value: value.into(), source: "test".into(), at: Time(0), events }
}

fn read(name: &str) -> Template {
    let (_, text) = TEMPLATES.iter().find(|(own, _)| *own == name).unwrap();
    Template::read(name, 1, text).unwrap()
}

#[test]
fn it_reads_what_the_profile_folds() {
    for kind in PROFILE_KINDS {
        assert!(Engagement::READS.contains(kind), "{kind}");
    }
}

#[test]
fn the_default_policy_is_valid_and_a_wrong_one_is_told_where() {
    assert!(Policy::read(Engagement::DEFAULT_POLICY).is_ok());
    for (line, instead_of, why) in [
        ("zone = \"Mars\"", "zone = \"UTC\"", "zone: `Mars` is no IANA time zone"),
        ("from = 19", "from = 8", "hours: from must be"),
        (
            "weekend = [\"sat\", \"sun\", \"mon\", \"tue\", \"wed\", \"thu\", \"fri\"]",
            "weekend = [\"sat\", \"sun\"]",
            "hours.weekend",
        ),
        (
            "expires_working_days = 0",
            "expires_working_days = 3",
            "proposal.expires_working_days: 0 is not between 1 and 30",
        ),
        ("like_contact_bp = 60000", "like_contact_bp = 6000", "draft.like_contact_bp"),
        ("survey = []", "survey = [{ max = 1, days = 30 }]", "budget.contact.survey: needs at least one window"),
        ("[budget.account.small]", "[budget.account.smb]", "budget.account: `smb` must be there"),
        ("cards_per_day = 0", "cards_per_day = 15", "attention.cards_per_day: 0 is not between 1 and 200"),
        ("open_max = 0", "open_max = 60", "attention.open_max: must be 1 to 300"),
        (
            "recency = [[9, 10], [9, 5]]",
            "recency = [[0, 10_000], [14, 6_000], [45, 2_500]]",
            "attention.recency: needs",
        ),
        ("strategic_factor = 0", "strategic_factor = 2", "attention.strategic_factor"),
        ("at = 0", "at = 1_000", "relation.milestones: `api_calls_1000` must be"),
        ("name = \"check_in\"", "name = \"digital_check_in\"", "relation.plays: `check_in` must be"),
        ("lead_days = 1", "lead_days = 14", "relation.cadence.lead_days: 1 is not between 3 and 60"),
        ("green = { strategic = 0,", "green = { strategic = 30,", "relation.cadence.touch.green: 0 is not between"),
        ("zona = \"UTC\"", "zone = \"UTC\"", "zona"),
    ] {
        let error = Policy::read(&tests_policy(line, instead_of)).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn templates_that_ship_can_be_adopted() {
    let mut policy = Policy::read(Engagement::DEFAULT_POLICY).unwrap();
    for (name, text) in TEMPLATES {
        Engagement::adopt(&mut policy, &format!("template/{name}"), 2, text).unwrap();
        assert_eq!(policy.templates[*name].version, 2);
    }
    Engagement::adopt(&mut policy, "usage_drop", 1, "a playbook of another kind").unwrap();
    assert_eq!(policy.templates.len(), TEMPLATES.len());
}

#[test]
fn templates_that_ship_tell_at_least_two_facts_of_what_is_given() {
    let period = field("usage.period", "last 14 days");
    let users = [field("usage.users_now", "9"), field("usage.users_before", "20"), period];
    let days =
        [field("usage.days_now", "12"), field("usage.days_before", "40"), field("usage.change_percent", "-70 %")];
    let tickets = [field("support.tickets", "9"), field("support.tickets_open", "4")];
    let silence = [field("relationship.days_since_touch", "37"), field("relationship.meetings_missed", "2")];
    for (fields, tells) in [
        (&users[..], "used by 9 of your people"),
        (&days, "counted 12 days"),
        (&tickets, "counts 9 requests"),
        (&silence, "37 days since we last spoke"),
    ] {
        let filled = read("at_risk_checkin").fill(fields).unwrap();
        assert!(filled.body.contains(tells), "{}", filled.body);
        assert!(filled.told.len() >= 2, "{}", filled.body);
        assert!(similar::words(&filled.body) <= 150, "{}", similar::words(&filled.body));
    }
    let drop =
        [field("usage.period", "last two weeks"), field("usage.days_now", "12"), field("usage.days_before", "40")];
    let silence = [field("usage.silent_days", "31"), field("usage.last_active_on", "Monday, 2 March")];
    let invoice =
        [field("invoice.number", "F-7"), field("invoice.amount", "USD 1,250.00"), field("invoice.status", "It is due")];
    for (name, fields) in
        [("usage_drop_checkin", &drop[..]), ("usage_drop_checkin", &silence), ("payment_reminder", &invoice)]
    {
        let filled = read(name).fill(fields).unwrap();
        assert!(similar::words(&filled.body) <= 150, "{name}");
        assert!(filled.told.len() >= 2, "{}", filled.body);
    }
    assert!(read("at_risk_checkin").fill(&[]).unwrap().told.is_empty());
}

#[test]
fn templates_that_ship_show_no_score_and_no_single_person() {
    for (name, text) in TEMPLATES {
        let text = text.to_lowercase();
        for word in ["score", "health", "risk", "churn", "probability", "band", "user id", "logged in"] {
            assert!(!text.contains(word), "{name} says {word}");
        }
    }
}

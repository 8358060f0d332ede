//! Points at the edges of each metric, from states made by hand.

use bus_schema::{Currency, Day, Money, Position, Time, data::facts::Band, time::DAY_MS};

use super::{Metric, Outcome, View};
use crate::{
    Health, Policy,
    state::{Account, Adoption, Engagement, Goal, GoalState, Measured, Message, Text, Ticket, Trend, Worth, short},
};
use agent::{Agent, profile::Contact};

/// Day 1,000 at noon.
const NOW: Time = Time(1_000 * DAY_MS + DAY_MS / 2);
const TODAY: Day = Day(1_000);
const AT: Position = Position { seq: 7, index: 0 };

fn ago(days: i64) -> Time {
    NOW.plus_ms(-days * DAY_MS)
}

fn measure(metric: Metric, account: &Account) -> Outcome {
    let policy = Policy::read(Health::DEFAULT_POLICY).unwrap();
    metric.measure(&View::new(account, &policy, NOW))
}

#[track_caller]
fn points(metric: Metric, account: &Account) -> i64 {
    match measure(metric, account) {
        Outcome::Measured(found) => found.points,
        Outcome::Missing(why) | Outcome::NotApplicable(why) => panic!("missing: {why}"),
    }
}

#[track_caller]
fn missing(metric: Metric, account: &Account) -> String {
    match measure(metric, account) {
        Outcome::Measured(found) => panic!("measured: {found:?}"),
        Outcome::Missing(why) | Outcome::NotApplicable(why) => why,
    }
}

fn account() -> Account {
    let mut account = Account::default();
    account.profile.started_on = Some(TODAY.plus(-400));
    account
}

#[test]
fn feature_adoption() {
    let mut account = account();
    assert!(missing(Metric::FeatureAdoption, &account).contains("0 core features are known, 3 are needed"));
    for (used, core, expected) in [(0, 10, 0), (3, 10, 40), (6, 10, 75), (8, 10, 100), (10, 10, 100), (1, 3, 43)] {
        account.measured.adoption = Some(Measured { found: Adoption { used, core }, at: NOW });
        assert_eq!(points(Metric::FeatureAdoption, &account), expected, "{used} of {core}");
    }
}

#[test]
fn user_engagement() {
    let mut account = account();
    assert_eq!(missing(Metric::UserEngagement, &account), "no use was ever seen");
    account.calls.record(TODAY, (9, 0), AT, NOW);
    assert!(missing(Metric::UserEngagement, &account).contains("programs only"));
    let table = [
        // active of 100, weekly mean in hundredths, points
        (0, Some(0), 0),
        (20, Some(500), 32),
        (40, Some(2_000), 71),
        (60, Some(4_200), 94),
        (80, Some(8_000), 100),
        (100, Some(0), 60),
        (80, None, 100),
        (20, None, 30),
    ];
    for (active, weekly_hundredths, expected) in table {
        let found = Engagement { active, size: 100, seats: true, weekly_hundredths };
        account.measured.engagement = Some(Measured { found, at: NOW });
        assert_eq!(points(Metric::UserEngagement, &account), expected, "{active} {weekly_hundredths:?}");
    }
}

#[test]
fn usage_trend_takes_no_noise_for_a_fall() {
    let mut account = account();
    assert!(missing(Metric::UsageTrend, &account).contains("42 days of age and 10 user-days"));
    let table = [
        // user-days of 14 days, those expected, points
        (0, 100, 0),
        (50, 100, 20),
        (80, 100, 80),
        (95, 100, 90),
        (115, 100, 100),
        (300, 100, 100),
        // 20 needs a fall of more than half to be real, 200 less than a fifth.
        (10, 20, 80),
        (9, 20, 18),
        (163, 200, 80),
        (160, 200, 60),
    ];
    for (actual, expected, points_expected) in table {
        let found = Trend { actual, expected, ratio_bp: actual * 10_000 / expected, programs: false };
        account.measured.trend = Some(Measured { found, at: NOW });
        assert_eq!(points(Metric::UsageTrend, &account), points_expected, "{actual} of {expected}");
    }
}

#[test]
fn ticket_volume() {
    let mut account = account();
    account.support.opened.add(TODAY, 112);
    assert!(missing(Metric::TicketVolume, &account).contains("nobody was active"));
    account.measured.active = 100;
    for (tickets, expected) in [(1, 97), (5, 85), (10, 65), (20, 35), (40, 0), (60, 0)] {
        while account.support.opened.within(TODAY, 28) < tickets {
            account.support.opened.add(TODAY.plus(-28), 112);
        }
        assert_eq!(points(Metric::TicketVolume, &account), expected, "{tickets}");
    }
    let mut few = self::account();
    few.measured.active = 2;
    assert_eq!(points(Metric::TicketVolume, &few), 100);
    few.support.opened.add(TODAY.plus(-29), 112);
    assert_eq!(points(Metric::TicketVolume, &few), 100, "older than the window");
    few.support.opened.add(TODAY, 112);
    assert_eq!(points(Metric::TicketVolume, &few), 65, "two users count as ten");
    few.support.keep(1, ticket(1));
    few.support.reopened.add(TODAY, 112);
    assert_eq!(points(Metric::TicketVolume, &few), 35);
}

fn ticket(priority: u8) -> Ticket {
    Ticket { priority, opened: ago(1), waiting_since: None, waited_ms: 0, resolved: None, cause: AT }
}

#[test]
fn sentiment_leans_on_recent_words() {
    let mut account = account();
    let say = |account: &mut Account, days, tone_bp| account.support.hear(Text { at: ago(days), tone_bp, cause: AT });
    say(&mut account, 100, -9_000);
    say(&mut account, 3, 500);
    say(&mut account, 2, 500);
    assert!(missing(Metric::Sentiment, &account).contains("2 texts in 90 days, 3 are needed"));
    for (tone, expected) in [(-6_000, 0), (-2_000, 35), (0, 65), (2_000, 85), (5_000, 100), (9_000, 100)] {
        let mut account = self::account();
        for _ in 0..3 {
            say(&mut account, 0, tone);
        }
        assert_eq!(points(Metric::Sentiment, &account), expected, "{tone}");
    }
    // Weights 1, 1/2, 1/2: (4,000 − 1,000 − 1,000) / 2.
    let mut account = self::account();
    for (days, tone) in [(21, -2_000), (21, -2_000), (0, 4_000)] {
        say(&mut account, days, tone);
    }
    let Outcome::Measured(found) = measure(Metric::Sentiment, &account) else { panic!("missing") };
    assert_eq!((found.value, found.points), (Some((1_000, "bp")), 75));
}

#[test]
fn resolution_satisfaction() {
    let answers = |all: i32, good: i32| {
        let mut account = account();
        (0..all).for_each(|_| account.support.answers.all.add(TODAY, 190));
        (0..good).for_each(|_| account.support.answers.good.add(TODAY, 190));
        account
    };
    assert_eq!(missing(Metric::ResolutionSatisfaction, &account()), "nothing was resolved or rated");
    // Leaning on 85 % with the weight of four answers.
    for (all, good, expected) in [(1, 1, 84), (1, 0, 36), (4, 4, 95), (96, 96, 100), (36, 0, 0)] {
        assert_eq!(points(Metric::ResolutionSatisfaction, &answers(all, good)), expected, "{good} of {all}");
    }
    let resolved = |mut account: crate::state::Account, all: i32, in_time: i32| {
        (0..all).for_each(|_| account.support.resolved.add(TODAY, 112));
        (0..in_time).for_each(|_| account.support.resolved_in_time.add(TODAY, 112));
        account
    };
    for (all, in_time, expected) in [(20, 19, 100), (10, 8, 60), (2, 1, 0)] {
        assert_eq!(points(Metric::ResolutionSatisfaction, &resolved(account(), all, in_time)), expected);
    }
    assert_eq!(points(Metric::ResolutionSatisfaction, &resolved(answers(4, 4), 10, 8)), (6 * 95 + 4 * 60) / 10);
}

#[test]
fn csm_engagement_follows_the_cadence() {
    let mut account = account();
    account.profile.segment = Some("mid_market".into());
    account.band.band = Band::Yellow;
    assert!(missing(Metric::CsmEngagement, &account).contains("ever told"));
    for (days, expected) in [(0, 100), (30, 100), (45, 75), (60, 45), (90, 10), (120, 0)] {
        account.relation.touched = Some(ago(days));
        assert_eq!(points(Metric::CsmEngagement, &account), expected, "{days}");
    }
    account.relation.touched = Some(ago(45));
    for (band, stage, expected) in
        [(Band::Green, None, 100), (Band::Red, None, 0), (Band::Green, Some("onboarding"), 7)]
    {
        account.band.band = band;
        account.profile.stage = stage.map(str::to_owned);
        assert_eq!(points(Metric::CsmEngagement, &account), expected, "{band:?} {stage:?}");
    }
    account.profile.stage = None;
    account.band.band = Band::Green;
    for (missed, expected) in [(1, 85), (2, 70), (3, 70)] {
        account.relation.miss(TODAY.plus(-60), AT);
        assert_eq!(points(Metric::CsmEngagement, &account), expected, "{missed}");
    }
    // A click is a touch of those who are served digitally first.
    account.relation.touched = None;
    account.relation.clicked = Some((NOW, AT));
    assert_eq!(points(Metric::CsmEngagement, &account), 0);
    account.profile.segment = Some("smb".into());
    assert_eq!(points(Metric::CsmEngagement, &account), 70);
}

#[test]
fn executive_relationship() {
    let contact = |role: &str| Contact { roles: vec![role.into()], ..Contact::default() };
    let mut account = account();
    account.profile.segment = Some("enterprise".into());
    assert_eq!(missing(Metric::ExecutiveRelationship, &account), "no contact is known");
    account.relation.contacts_known = true;
    account.profile.contacts.insert("c_bob".into(), contact("champion"));
    account.relation.meet(short("c_bob"), NOW, AT);
    assert_eq!(points(Metric::ExecutiveRelationship, &account), 30, "a champion is no sponsor of an enterprise");
    account.profile.segment = Some("smb".into());
    assert_eq!(points(Metric::ExecutiveRelationship, &account), 100);
    account.profile.segment = Some("enterprise".into());
    account.profile.contacts.insert("c_ann".into(), contact("sponsor"));
    for (days, expected) in [(365, 20), (180, 50), (90, 90), (0, 100)] {
        account.relation.meet(short("c_ann"), ago(days), AT);
        assert_eq!(points(Metric::ExecutiveRelationship, &account), expected, "{days}");
    }
    account.profile.contacts.get_mut("c_ann").unwrap().left_on = Some(TODAY);
    account.relation.sponsor_left = Some((TODAY, AT));
    assert_eq!(points(Metric::ExecutiveRelationship, &account), 0);
    account.relation.sponsor_left = None;
    account.relation.successor = Some(short("c_bob"));
    assert_eq!(points(Metric::ExecutiveRelationship, &account), 100, "whom the sponsor named stands in");
}

#[test]
fn response_to_outreach() {
    let deliver = |account: &mut Account, days: i64, answered| {
        let id = u32::try_from(account.relation.messages.len()).unwrap();
        account.relation.deliver(Message { id, at: ago(days), answered, cause: AT });
    };
    let mut account = account();
    deliver(&mut account, 30, true);
    deliver(&mut account, 7, true);
    assert!(missing(Metric::ResponseToOutreach, &account).contains("1 messages older than a week"));
    // (answered × 10,000 + 2 × 3,000) / (sent + 2)
    for (sent, answered, expected) in [(2, 0, 40), (2, 1, 85), (2, 2, 100), (10, 0, 15), (10, 3, 70), (12, 12, 100)] {
        let mut account = self::account();
        (0..sent).for_each(|n| deliver(&mut account, 40 - n, n >= sent - answered));
        assert_eq!(points(Metric::ResponseToOutreach, &account), expected, "{answered} of {sent}");
    }
}

#[test]
fn goals_achieved() {
    let goal = |due: i32, state| Goal { due: TODAY.plus(due), state, at: ago(40), cause: AT };
    let with = |goals: &[Goal]| {
        let mut account = account();
        goals.iter().zip(0..).for_each(|(goal, id)| account.outcomes.keep(id, *goal));
        account
    };
    assert_eq!(missing(Metric::GoalsAchieved, &with(&[])), "0 goals set, none due in 365 days");
    assert!(missing(Metric::GoalsAchieved, &with(&[goal(5, GoalState::Open)])).contains("one goal set, none due"));
    let (achieved, missed) = (goal(-9, GoalState::Achieved), goal(-9, GoalState::Missed));
    let (lately, long_ago) = (goal(-30, GoalState::Open), goal(-31, GoalState::Open));
    let table: [(&[Goal], i64); 6] = [
        (&[achieved], 100),
        (&[missed], 10),
        (&[achieved, missed], 60),
        (&[achieved, lately], 85),
        (&[achieved, long_ago], 60),
        (&[achieved, achieved, achieved, achieved, missed], 90),
    ];
    for (goals, expected) in table {
        assert_eq!(points(Metric::GoalsAchieved, &with(goals)), expected, "{goals:?}");
    }
}

#[test]
fn roi_fades_after_half_a_year() {
    let money = |minor| Money { minor, currency: Currency::USD };
    let worth = |minor, days| Worth { value: money(minor), cost: None, days: 365, at: ago(days) };
    let mut account = account();
    assert_eq!(missing(Metric::Roi, &account), "no value was ever documented");
    account.profile.arr = Some(money(100_000));
    for (minor, expected) in [(25_000, 15), (50_000, 30), (100_000, 70), (200_000, 90), (300_000, 100), (0, 70)] {
        account.outcomes.worth = Some(worth(minor, 0));
        assert_eq!(points(Metric::Roi, &account), expected, "{minor}");
    }
    for (days, expected) in [(180, 70), (185, 70), (186, 69), (365, 40)] {
        account.outcomes.worth = Some(worth(100_000, days));
        assert_eq!(points(Metric::Roi, &account), expected, "{days}");
    }
    // Half a year's value against half a year's price; what it cost, where that is said; no price, no number.
    account.outcomes.worth = Some(Worth { days: 182, ..worth(100_000, 0) });
    assert_eq!(points(Metric::Roi, &account), 90);
    account.outcomes.worth = Some(Worth { cost: Some(money(200_000)), ..worth(100_000, 0) });
    assert_eq!(points(Metric::Roi, &account), 30);
    account.profile.arr = None;
    account.outcomes.worth = Some(worth(100_000, 0));
    assert_eq!(points(Metric::Roi, &account), 70);
}

#[test]
fn expansion_history() {
    let money = |minor| Money { minor, currency: Currency::USD };
    let mut young = account();
    young.profile.started_on = Some(TODAY.plus(-179));
    assert_eq!(missing(Metric::ExpansionHistory, &young), "179 days old, 180 are needed");
    assert!(missing(Metric::ExpansionHistory, &account()).contains("no contract"));
    for (now, expected) in [(50_000, 0), (90_000, 40), (100_000, 70), (110_000, 85), (125_000, 100), (500_000, 100)] {
        let mut account = account();
        account.commercial.record(money(100_000), TODAY.plus(-380), AT, ago(380));
        account.commercial.record(money(now), TODAY.plus(-20), AT, ago(20));
        assert_eq!(points(Metric::ExpansionHistory, &account), expected, "{now}");
    }
    let mut account = account();
    account.commercial.record(money(1), TODAY.plus(-380), AT, ago(380));
    account.commercial.record(Money { minor: 1, currency: Currency::new("EUR").unwrap() }, TODAY, AT, NOW);
    assert_eq!(missing(Metric::ExpansionHistory, &account), "billed in USD before and EUR now");
}

#[test]
fn an_account_with_less_to_lose_is_never_better_off_without_a_source() {
    // What was never known counts the cautious points, whatever the metric.
    let policy = Policy::read(Health::DEFAULT_POLICY).unwrap();
    let empty = Account::default();
    let view = View::new(&empty, &policy, NOW);
    for metric in Metric::ALL {
        if let Outcome::Measured(found) = metric.measure(&view) {
            assert!(found.points <= 70, "{}: {} points out of nothing", metric.name(), found.points);
        }
    }
}

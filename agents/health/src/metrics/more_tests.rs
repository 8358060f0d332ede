//! Points at the edges of the metrics beyond the four pillars, and that each is monotone in its signal.

use bus_schema::{Currency, Day, Position, Time, time::DAY_MS};

use super::{Metric, Outcome, Source, View};
use crate::{
    Health, Policy,
    state::{Account, Api, Measured, Part, Prospect, Purse, RenewalStep},
};
use agent::{Agent, profile::Contract};

const NOW: Time = Time(1_000 * DAY_MS + DAY_MS / 2);
const TODAY: Day = Day(1_000);
const AT: Position = Position { seq: 7, index: 0 };

fn account() -> Account {
    let mut account = Account::default();
    account.profile.started_on = Some(TODAY.plus(-300));
    account.profile.segment = Some("enterprise".into());
    account.measured.active = 40;
    for source in [Source::Support, Source::Relationship] {
        account.sources.hear("test", source);
    }
    account
}

fn measure(metric: Metric, account: &Account) -> Outcome {
    let policy = Policy::read(Health::DEFAULT_POLICY).unwrap();
    metric.measure(&View::new(account, &policy, NOW))
}

#[track_caller]
fn points(metric: Metric, account: &Account) -> i64 {
    match measure(metric, account) {
        Outcome::Measured(found) => found.points,
        Outcome::Missing(why) | Outcome::NotApplicable(why) => panic!("{}: {why}", metric.name()),
    }
}

/// The points of accounts that differ in one signal from worst to best: as expected, and never falling.
#[track_caller]
fn rises(metric: Metric, signals: &[i64], expected: &[i64], set: impl Fn(&mut Account, i64)) {
    let found: Vec<i64> = signals
        .iter()
        .map(|signal| {
            let mut account = account();
            set(&mut account, *signal);
            points(metric, &account)
        })
        .collect();
    assert_eq!(found, expected, "{}", metric.name());
    assert!(found.is_sorted(), "{} is not monotone: {found:?}", metric.name());
}

fn part(is: i64, of: i64) -> Measured<Part> {
    Measured { found: Part { is, of }, at: NOW }
}

#[test]
fn use_of_the_product() {
    rises(Metric::ActiveRatio, &[0, 15, 30, 50, 90], &[0, 40, 75, 100, 100], |account, is| {
        account.measured.daily_of_weekly = Some(part(is, 100));
    });
    rises(Metric::LoginFrequency, &[0, 20, 40, 80, 120], &[0, 30, 60, 90, 100], |account, is| {
        account.measured.logins = Some(part(is, 10));
    });
    rises(Metric::SessionLength, &[0, 50, 80, 100, 300], &[0, 40, 80, 100, 100], |account, is| {
        account.measured.sessions = Some(part(is, 100));
    });
    let api = |calls, errors| Some(Measured { found: Api { calls, before: 100, errors }, at: NOW });
    rises(Metric::ApiUsage, &[0, 50, 90, 100], &[0, 40, 90, 100], |account, calls| {
        account.measured.api = api(calls, 0);
    });
    rises(Metric::ApiUsage, &[100, 6, 5, 0], &[80, 80, 100, 100], |account, errors| {
        account.measured.api = api(100, errors);
    });
    rises(Metric::PlatformUse, &[0, 4, 12, 20, 28], &[0, 40, 85, 100, 100], |account, days| {
        account.measured.active_days = Some(Measured { found: days, at: NOW });
    });
}

#[test]
fn support() {
    let opened = |account: &mut Account, recent: i64| {
        (0..6).for_each(|_| account.support.opened.add(TODAY.plus(-60), 112));
        (0..recent).for_each(|_| account.support.opened.add(TODAY, 112));
    };
    // Six in 84 days are two in 28: twice as many are 50 points, two or less are no trend.
    rises(Metric::TicketTrend, &[8, 6, 4, 3, 2, 0], &[0, 20, 50, 75, 100, 100], opened);
    rises(Metric::TimeToResolve, &[300, 150, 100, 50, 1], &[0, 40, 75, 100, 100], |account, percent| {
        for other in [percent - 1, percent, percent + 1] {
            account.support.resolve(TODAY.plus(-3), u16::try_from(other).unwrap());
        }
    });
    rises(Metric::EscalationRate, &[4, 3, 2, 1, 0], &[0, 15, 40, 75, 100], |account, n| {
        for id in 0..u32::try_from(n).unwrap() {
            account.support.escalations.raise(id, TODAY.plus(-9));
            account.support.escalations.end(id);
        }
    });
    let mut open = account();
    open.support.escalations.raise(1, TODAY.plus(-200));
    assert_eq!(points(Metric::EscalationRate, &open), 40, "an open one counts double, however old");
    rises(Metric::SelfService, &[0, 3, 7, 10], &[30, 60, 100, 100], |account, helped| {
        for n in 0..10 {
            if n < helped {
                let at = NOW.plus_ms(-9 * DAY_MS);
                account.help.read(u32::try_from(n).unwrap(), at, TODAY.plus(-9), AT);
            } else {
                account.support.opened.add(TODAY.plus(-9), 112);
            }
        }
        account.help.settle(NOW);
        account.help.trail.cite(AT, NOW);
    });
}

#[test]
fn relationship() {
    // Three were due in 300 days.
    rises(Metric::ReviewParticipation, &[0, 1, 2, 3], &[18, 48, 72, 92], |account, held| {
        for n in 0..held {
            account.relation.reviews.add(TODAY.plus(-10 * i32::try_from(n).unwrap()), AT);
        }
    });
    rises(Metric::AdvocacyActivity, &[0, 1, 2, 5], &[60, 85, 100, 100], |account, n| {
        (0..n).for_each(|_| account.relation.acts.add(TODAY.plus(-200), AT));
    });
    rises(Metric::Community, &[0, 1, 2, 3, 9], &[60, 80, 90, 100, 100], |account, n| {
        (0..n).for_each(|_| account.relation.community.add(TODAY.plus(-20), AT));
    });
    let mut small = account();
    small.profile.segment = Some("smb".into());
    assert!(matches!(measure(Metric::ReviewParticipation, &small), Outcome::NotApplicable(_)));
}

#[test]
fn outcomes() {
    rises(Metric::KpiAchievement, &[0, 5, 8, 10], &[0, 55, 90, 100], |account, met| {
        for kpi in 0..10 {
            account.outcomes.read(kpi, TODAY, i64::from(kpi) < met);
        }
    });
    rises(Metric::TimeToValue, &[200, 90, 60, 45, 30, 1], &[0, 0, 40, 70, 100, 100], |account, days| {
        account.outcomes.valued(TODAY.plus(i32::try_from(days).unwrap() - 300), AT);
    });
    assert_eq!(points(Metric::TimeToValue, &account()), 0, "300 days without any");
    rises(Metric::UseCaseExpansion, &[0, 1, 2, 3, 4], &[20, 60, 85, 100, 100], |account, live| {
        for case in 0..5 {
            account.outcomes.case(case, i64::from(case) < live);
        }
    });
    rises(Metric::Milestones, &[0, 5, 8, 10], &[0, 50, 85, 100], |account, done| {
        for item in 0..10 {
            let due = TODAY.plus(-20);
            // One done a day late is not in time.
            let day = if i64::from(item) < done { due } else { due.plus(1) };
            account.outcomes.item(item, Some(due), None);
            account.outcomes.item(item, None, Some(day));
        }
    });
}

#[test]
fn money() {
    let billed = |account: &mut Account| {
        account.billing.told = true;
        account.billing.trail.cite(AT, NOW);
    };
    rises(Metric::PaymentHistory, &[60, 30, 15, 7, 0, -9], &[0, 20, 50, 80, 100, 100], |account, late| {
        billed(account);
        account.billing.owe(1, TODAY.plus(-i32::try_from(late).unwrap()));
    });
    rises(Metric::PaymentHistory, &[9, 3, 2, 1, 0], &[70, 70, 80, 90, 100], |account, failed| {
        billed(account);
        (0..failed).for_each(|_| account.billing.failed.add(TODAY, AT));
    });
    rises(Metric::PaymentHistory, &[1, 0], &[70, 100], |account, disputed| {
        billed(account);
        (0..disputed).for_each(|_| account.billing.dispute(1, TODAY));
    });
    let steps = [
        Some(RenewalStep::Lost),
        None,
        Some(RenewalStep::Open),
        Some(RenewalStep::Discussed),
        Some(RenewalStep::Proposed),
        Some(RenewalStep::Signed),
    ];
    let contracted = |account: &mut Account, days: i32| {
        account.profile.contract = Some(Contract {
            id: "k".into(),
            term_start: TODAY.plus(-300),
            term_end: TODAY.plus(days),
            auto_renew: false,
            notice_days: 30,
        });
    };
    for (days, expected) in [
        (20, [0, 40, 40, 40, 80, 100]),
        (50, [0, 55, 55, 80, 80, 100]),
        (100, [0, 80, 80, 80, 80, 100]),
        (200, [0, 90, 90, 90, 90, 100]),
    ] {
        rises(Metric::RenewalStanding, &[0, 1, 2, 3, 4, 5], &expected, |account, step| {
            contracted(account, days);
            account.renewal.step = steps[usize::try_from(step).unwrap()];
        });
    }
    let mut off = account();
    contracted(&mut off, 300);
    off.renewal.switched_off = true;
    assert_eq!(points(Metric::RenewalStanding, &off), 20);
    off.profile.notice_on = Some(TODAY);
    assert_eq!(points(Metric::RenewalStanding, &off), 0);
}

#[test]
fn market() {
    rises(Metric::Competition, &[0, 18, 90, 179, 181], &[10, 19, 55, 99, 100], |account, age| {
        account.relation.touch(NOW, AT);
        account.pipeline.evaluations.add(TODAY.plus(-i32::try_from(age).unwrap()), AT);
    });
    assert!(matches!(measure(Metric::Competition, &account()), Outcome::Missing(_)), "nobody talked to them");
    let purses = [Purse::Frozen, Purse::Concern, Purse::Confirmed, Purse::Increased];
    rises(Metric::Budget, &[0, 1, 2, 3], &[0, 30, 90, 100], |account, purse| {
        account.pipeline.budget = Some((purses[usize::try_from(purse).unwrap()], NOW, AT));
    });
    rises(Metric::ExpansionPipeline, &[0, 1, 2, 3], &[40, 60, 85, 100], |account, n| match n {
        0 => account.pipeline.moved(1, Prospect::Lost, TODAY.plus(-80)),
        2 => account.pipeline.moved(1, Prospect::Open, TODAY.plus(-400)),
        3 => account.pipeline.moved(1, Prospect::Won, TODAY.plus(-170)),
        _ => {}
    });
}

#[test]
fn vendors() {
    let selling = |account: &mut Account| {
        account.profile.vendor = true;
        account.sales.get_or_insert_default();
    };
    rises(Metric::Orders, &[0, 500, 800, 950, 1_150], &[0, 20, 60, 90, 100], |account, is| {
        selling(account);
        account.measured.orders = Some(part(is, 1_000));
    });
    let mut small = account();
    selling(&mut small);
    small.measured.orders = Some(part(8, 12));
    assert_eq!(points(Metric::Orders, &small), 80, "eight instead of twelve may be chance");
    rises(Metric::RevenueGrowth, &[50, 80, 100, 120, 140], &[0, 40, 70, 90, 100], |account, is| {
        selling(account);
        account.measured.growth = Some(Measured { found: (Part { is, of: 100 }, true), at: NOW });
    });
    rises(Metric::Fulfilment, &[0, 780, 880, 970, 980], &[0, 0, 49, 99, 100], |account, good| {
        selling(account);
        let sales = account.sales.as_mut().unwrap();
        (0..980).for_each(|n| sales.finish(TODAY, n < good));
        sales.finished_trail.cite(AT, NOW);
    });
    rises(Metric::Rating, &[1, 3, 4, 5], &[0, 6, 52, 100], |account, stars| {
        selling(account);
        let sales = account.sales.as_mut().unwrap();
        (0..100).for_each(|_| sales.rate(TODAY, u8::try_from(stars).unwrap()));
        sales.ratings_trail.cite(AT, NOW);
    });
    rises(Metric::Listings, &[0, 5, 8, 10], &[0, 40, 80, 100], |account, active| {
        selling(account);
        let sales = account.sales.as_mut().unwrap();
        (0..10).for_each(|listing| sales.publish(listing, TODAY));
        (u32::try_from(active).unwrap()..10).for_each(|listing| sales.delist(listing, TODAY));
        sales.listings_trail.cite(AT, NOW);
    });
    rises(Metric::SupportPerOrder, &[8, 3, 1, 0], &[0, 55, 85, 100], |account, tickets| {
        selling(account);
        let sales = account.sales.as_mut().unwrap();
        (0..100).for_each(|_| sales.order(TODAY.plus(-5), 100, Currency::USD));
        (0..tickets).for_each(|_| account.support.opened.add(TODAY, 112));
    });
}

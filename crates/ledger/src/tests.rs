use bus_schema::{
    Day, Entity, Header,
    data::{
        commercial::ContractNoticeGiven,
        facts::{AlertClosed, AlertOpened, CauseGroup},
        words::Label,
    },
};

use super::*;

fn event(account: &str, day: i32, data: Data) -> Event {
    let time = Day(day).start();
    let header = Header {
        source: "test".into(),
        id: format!("{account}-{day}-{}", data.kind()),
        entity: Entity::account(account),
        time,
        logtime: time,
        actor: None,
        contact: None,
        correlation: None,
        causation: None,
        stage: None,
        segment: None,
        late: false,
    };
    Event { header, data }
}

fn settled(entered: i32, p_bp: u16, tier: Tier, lead_days: Option<u32>, treated: bool) -> Data {
    Data::ForecastSettled(ForecastSettled {
        entered_at: Day(entered).start(),
        horizon_days: 90,
        p_bp,
        tier,
        outcome: lead_days.is_some(),
        lead_days,
        treated,
        model_version: 1,
        policy_version: 1,
        segment: "smb".into(),
        signals: Vec::new(),
    })
}

fn opened(alert: &str, tier: Tier) -> Data {
    Data::AlertOpened(AlertOpened {
        alert: alert.into(),
        group: CauseGroup::Usage,
        tier,
        reason: "use fell".into(),
        signals: Vec::new(),
        p90_bp: 4_000,
        value: None,
        rank: 0,
        events: Vec::new(),
    })
}

fn closed(alert: &str, tier: Tier) -> Data {
    let (group, reason) = (CauseGroup::Usage, "over".into());
    Data::AlertClosed(AlertClosed { alert: alert.into(), group, tier, reason, opened_at: Time(0) })
}

fn notice(day: i32) -> Data {
    let contract = Label::new("c1").unwrap();
    Data::ContractNoticeGiven(ContractNoticeGiven { contract, effective_on: Day(day + 30) })
}

fn window(until: i32) -> Window {
    Window { from: Time(0), until: Day(until).start(), lead_days_min: 0 }
}

#[test]
fn measures_by_hand() {
    // Two left of four: ranked 1st and 3rd, so three of four pairs are right.
    let found = measure(&[(9_000, true), (6_000, false), (4_000, true), (1_000, false)]);
    assert_eq!((found.n, found.outcomes, found.base_bp), (4, 2, Some(5_000)));
    assert_eq!((found.accuracy_bp, found.accuracy_nobody_bp), (Some(5_000), Some(5_000)));
    assert_eq!(found.auc_bp, Some(7_500));
    // (0.01 + 0.36 + 0.36 + 0.01) / 4 and 0.25.
    assert_eq!((found.brier_millionths, found.brier_base_millionths), (Some(185_000), Some(250_000)));
    assert_eq!(found.lift_top_5_hundredths, Some(200));
    assert_eq!(measure(&[]), Measured::default());
    assert_eq!(auc_bp(&[(1, true), (1, false)]), Some(5_000), "a tie is a coin");
    assert_eq!(auc_bp(&[(1, true)]), None);
}

#[test]
fn an_outcome_that_came_early_waits_for_its_horizon() {
    let mut ledger = Ledger::default();
    ledger.take(&event("a", 30, settled(10, 5_000, Tier::High, Some(20), false)));
    ledger.take(&event("b", 100, settled(10, 200, Tier::Low, None, true)));
    let quarter = |day| ledger.report(window(day)).horizons[1].clone();
    assert_eq!(quarter(99).all.n, 0, "only those who left would be known");
    let whole = quarter(100);
    assert_eq!((whole.all.n, whole.all.outcomes, whole.untreated.n, whole.treated.n), (2, 1, 1, 1));
    assert_eq!((whole.precision_high_bp, whole.recall_high_bp, whole.few), (Some(10_000), Some(10_000), true));
    let early = ledger.report(Window { lead_days_min: 21, ..window(100) });
    assert_eq!(early.horizons[1].all.outcomes, 0);
}

#[test]
fn lead_counts_from_the_alert_that_was_never_closed() {
    let mut ledger = Ledger::default();
    for (day, data) in [
        (10, opened("1", Tier::High)),
        (20, closed("1", Tier::High)),
        (30, opened("2", Tier::Monitor)),
        (40, opened("3", Tier::Critical)),
        (70, notice(70)),
        (70, closed("3", Tier::Critical)),
    ] {
        ledger.take(&event("a", day, data));
    }
    ledger.take(&event("b", 80, notice(80)));
    let leavers = ledger.report(window(200)).leavers;
    assert_eq!((leavers.n, leavers.warned, leavers.missed, leavers.warned_bp), (2, 1, 1, Some(5_000)));
    assert_eq!(leavers.lead_days.map(|lead| lead.median), Some(30));
}

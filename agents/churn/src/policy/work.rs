//! The rules of what is done about a risk and after a loss: the queue, cases to be saved, campaigns, coming back.

use std::collections::BTreeMap;

use agent::{PolicyError, rates::Rate};
use bus_schema::{
    Currency,
    data::facts::{CauseGroup, Tier},
};
use serde::Deserialize;

use super::{Rules, SEGMENTS};
use crate::signals::Sign;

/// Most episodes held out, in bp.
const HOLDOUT_BP_MAX: u16 = 1_000;
/// Segments in which episodes may be held out.
const HOLDOUT_SEGMENTS: &[&str] = &["smb", "vendor"];
/// Reasons that a customer may state.
const REASONS: &[&str] =
    &["price", "missing_feature", "bad_fit", "support", "competitor", "champion_left", "non_payment", "other"];

/// The queue of accounts at risk.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct RankRules {
    pub recency: Vec<(i64, i64)>,
    pub waiting_bp: i64,
    pub waiting_days: i32,
    pub strategic: i64,
    pub moves_bp: u64,
    pub arr_unknown: BTreeMap<String, i64>,
}

/// Cases to be saved.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct SaveRules {
    pub judged_after_days: i32,
    pub closes_after_hours: u32,
    pub delivered_within_days: i32,
    pub calm_days: i32,
    pub holdout_bp: u16,
    pub holdout_segments: Vec<String>,
    pub window_days: u32,
    pub target_bp: u16,
    pub cases_min: u32,
}

/// What is asked of a loss.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct LossRules {
    pub preventable_days: i32,
    pub signs_days: i32,
    pub interventions_days: i32,
    pub interview_title: String,
    pub interview_due_days: i32,
}

/// Losses of one cause.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct PreventionRules {
    pub losses_min: u32,
    pub share_bp: u32,
    pub window_days: u32,
    pub again_days: i32,
    pub due_days: i32,
    pub assignee: String,
    pub titles: BTreeMap<CauseGroup, String>,
}

/// Coming back.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "described in policy.toml")]
pub struct WinbackRules {
    pub after_days: u32,
    pub reasons: Vec<String>,
    pub play: String,
    pub version: u32,
    pub template: String,
    pub roles: Vec<String>,
    pub task: String,
    pub task_due_days: i32,
    pub mail_after_days: u32,
}

/// Work for people when an alert reaches a tier.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    /// Its name.
    pub name: String,
    /// The alert's cause.
    pub group: CauseGroup,
    /// The lowest tier.
    pub tier: Tier,
    /// Only when one of these holds; empty for any.
    #[serde(default)]
    pub signals: Vec<Sign>,
    /// What is to be done, in order.
    pub tasks: Vec<Task>,
}

/// One task of a campaign.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// What to do.
    pub title: String,
    /// Days until it is due.
    pub due_days: i32,
    /// Whom; without it the account's manager.
    pub assignee: Option<String>,
}

/// Rates of currencies.
pub type Currencies = BTreeMap<Currency, Rate>;

/// Checks these rules.
pub(super) fn check(rules: &Rules) -> Result<(), PolicyError> {
    check_rank(&rules.rank, &rules.currencies)?;
    check_save(&rules.save)?;
    check_after(rules)?;
    for campaign in &rules.campaigns {
        let tasks = (1..=8).contains(&campaign.tasks.len())
            && campaign.tasks.iter().all(|task| !task.title.is_empty() && (0..=90).contains(&task.due_days));
        if campaign.name.is_empty() || !tasks {
            return Err(PolicyError::value(
                "campaigns",
                format!(
                    "`{}` needs a name and 1 to 8 tasks, each with a title and due_days from 0 to 90",
                    campaign.name
                ),
            ));
        }
        let named = |name: &String| name == &campaign.name;
        let twice = rules.campaigns.iter().map(|other| &other.name).filter(|name| named(name)).count() > 1;
        if twice || rules.plays.iter().map(|play| &play.name).any(named) {
            return Err(PolicyError::value("campaigns", format!("`{}` is the name of two", campaign.name)));
        }
        if let Some(sign) = campaign.signals.iter().find(|sign| sign.group() != campaign.group) {
            let text = format!("`{}` never holds for an alert of {}", sign.name(), campaign.group.name());
            return Err(PolicyError::value(format!("campaigns.{}.signals", campaign.name), text));
        }
    }
    Ok(())
}

fn between(field: &str, value: i64, min: i64, max: i64) -> Result<(), PolicyError> {
    if (min..=max).contains(&value) {
        Ok(())
    } else {
        Err(PolicyError::value(field, format!("{value} is not between {min} and {max}")))
    }
}

fn check_rank(rank: &RankRules, currencies: &Currencies) -> Result<(), PolicyError> {
    let falling = rank.recency.windows(2).all(|pair| matches!(pair, [(a, p), (b, q)] if a < b && p >= q));
    if rank.recency.is_empty() || !falling || rank.recency.iter().any(|(_, bp)| !(0..=10_000).contains(bp)) {
        return Err(PolicyError::value(
            "rank.recency",
            "points of days and bp, later ones never more, like [[0, 10000], [45, 2500]]",
        ));
    }
    between("rank.waiting_bp", rank.waiting_bp, 0, 10_000)?;
    between("rank.waiting_days", i64::from(rank.waiting_days), 0, 90)?;
    between("rank.strategic", rank.strategic, 1, 10)?;
    between("rank.moves_bp", i64::try_from(rank.moves_bp).unwrap_or(i64::MAX), 1, 100_000)?;
    for segment in SEGMENTS.iter().filter(|segment| **segment != "single_contact") {
        let dollars = rank.arr_unknown.get(*segment).copied();
        if !dollars.is_some_and(|dollars| (0..=1_000_000_000).contains(&dollars)) {
            let field = format!("rank.arr_unknown.{segment}");
            return Err(PolicyError::value(field, "must be there, from 0 to 1000000000 US dollars"));
        }
    }
    for (currency, rate) in currencies {
        if rate.millionths <= 0 || rate.millionths > 1_000_000_000 || rate.digits > 4 {
            let text = "millionths from 1 to 1000000000 and digits from 0 to 4";
            return Err(PolicyError::value(format!("currencies.{currency}"), text));
        }
    }
    Ok(())
}

fn check_save(save: &SaveRules) -> Result<(), PolicyError> {
    between("save.judged_after_days", i64::from(save.judged_after_days), 14, 365)?;
    between("save.closes_after_hours", i64::from(save.closes_after_hours), 0, 24 * 30)?;
    between("save.delivered_within_days", i64::from(save.delivered_within_days), 1, 90)?;
    between("save.calm_days", i64::from(save.calm_days), 0, i64::from(save.judged_after_days))?;
    between("save.window_days", i64::from(save.window_days), 30, 1_095)?;
    between("save.target_bp", i64::from(save.target_bp), 0, 10_000)?;
    between("save.cases_min", i64::from(save.cases_min), 1, 1_000)?;
    if save.holdout_bp > HOLDOUT_BP_MAX {
        let text = format!("{} is more than {HOLDOUT_BP_MAX}: customers are helped, not studied", save.holdout_bp);
        return Err(PolicyError::value("save.holdout_bp", text));
    }
    if let Some(other) = save.holdout_segments.iter().find(|name| !HOLDOUT_SEGMENTS.contains(&name.as_str())) {
        let text = format!("`{other}`: nothing is held out but of {}", HOLDOUT_SEGMENTS.join(" and "));
        return Err(PolicyError::value("save.holdout_segments", text));
    }
    Ok(())
}

fn check_after(rules: &Rules) -> Result<(), PolicyError> {
    let (loss, prevention, winback) = (&rules.loss, &rules.prevention, &rules.winback);
    between("loss.preventable_days", i64::from(loss.preventable_days), 1, 365)?;
    between("loss.signs_days", i64::from(loss.signs_days), 1, 730)?;
    between("loss.interventions_days", i64::from(loss.interventions_days), 1, 365)?;
    between("loss.interview_due_days", i64::from(loss.interview_due_days), 0, 90)?;
    between("prevention.losses_min", i64::from(prevention.losses_min), 2, 1_000)?;
    between("prevention.share_bp", i64::from(prevention.share_bp), 0, 10_000)?;
    between("prevention.window_days", i64::from(prevention.window_days), 30, 730)?;
    between("prevention.again_days", i64::from(prevention.again_days), 1, 730)?;
    between("prevention.due_days", i64::from(prevention.due_days), 0, 90)?;
    between("winback.after_days", i64::from(winback.after_days), 1, 365)?;
    between("winback.mail_after_days", i64::from(winback.mail_after_days), 1, 90)?;
    between("winback.task_due_days", i64::from(winback.task_due_days), 0, 90)?;
    for group in crate::alerts::GROUPS {
        if prevention.titles.get(&group).is_none_or(String::is_empty) {
            return Err(PolicyError::value(format!("prevention.titles.{}", group.name()), "must be there"));
        }
    }
    if let Some(other) = winback.reasons.iter().find(|reason| !REASONS.contains(&reason.as_str())) {
        let text = format!("`{other}` is no reason somebody could come back from: one of {}", REASONS.join(", "));
        return Err(PolicyError::value("winback.reasons", text));
    }
    for (field, text) in [
        ("loss.interview_title", &loss.interview_title),
        ("prevention.assignee", &prevention.assignee),
        ("winback.play", &winback.play),
        ("winback.template", &winback.template),
        ("winback.task", &winback.task),
    ] {
        if text.is_empty() {
            return Err(PolicyError::value(field, "must not be empty"));
        }
    }
    if winback.roles.is_empty() {
        return Err(PolicyError::value("winback.roles", "name at least one role, best first"));
    }
    Ok(())
}

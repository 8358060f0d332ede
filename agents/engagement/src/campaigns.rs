//! Campaigns: a play over a segment. Some accounts are left out by their hash, so that what it did can be told.

use agent::{Effects, Turn};
use bus_schema::{Data, Day, data::facts::CampaignSampled, entity::fnv1a};
use serde::{Deserialize, Serialize};

use crate::{
    cadence::days,
    plays::{self, List},
    policy::{Campaign, Policy},
    state::Account,
};

/// Campaigns remembered of one account.
const JOINED_MAX: usize = 10;
/// What the touch of a campaign rests on begins so.
const CAUSE: &str = "campaign:";

/// A campaign the account is part of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Joined {
    on: Day,
    held_out: bool,
    delivered: bool,
    told: bool,
}

/// The daily look: joins what begins, and tells what came of what is over.
pub(crate) fn look(turn: &Turn<'_>, policy: &Policy, account: &mut Account, effects: &mut Effects) {
    let today = turn.now.day();
    for campaign in &policy.programme.campaigns {
        join(turn, account, campaign, today, effects);
        settle(turn, account, campaign, today, effects);
    }
    let known = |name: &String| policy.programme.campaigns.iter().any(|campaign| campaign.name == *name);
    account.campaigns.retain(|name, _| known(name));
}

fn join(turn: &Turn<'_>, account: &mut Account, campaign: &Campaign, today: Day, effects: &mut Effects) {
    let Some(id) = turn.entity.account_id() else { return };
    let kind = if account.profile.vendor { "vendor" } else { "customer" };
    let meant = campaign.kind == kind && account.profile.segment.as_deref().unwrap_or("smb") == campaign.segment;
    let runs = (campaign.from..=campaign.until).contains(&today);
    if !meant || !runs || account.campaigns.contains_key(&campaign.name) || account.campaigns.len() >= JOINED_MAX {
        return;
    }
    let held_out = fnv1a(format!("{}/{id}", campaign.name).as_bytes()) % 10_000 < campaign.holdout_bp;
    account.campaigns.insert(campaign.name.clone(), Joined { on: today, held_out, delivered: false, told: false });
    if held_out {
        return;
    }
    let together = account.profile.age_days(today);
    let (touched, since) = (account.relation.touched, account.relation.since.unwrap_or(today));
    let events = vec![touched.map_or(turn.cause, |(_, event)| event)];
    let last = touched.map_or(since, |(day, _)| day);
    let facts = List::new(turn, "the account's first day and its latest touch", &events)
        .with("relation.together", plays::count(i64::from(together), "day", "days"))
        .with("relation.last_on", plays::day(last))
        .with("relation.days", (today.0 - last.0).to_string());
    plays::campaign(turn, account, campaign, format!("{CAUSE}{}", campaign.name), &facts, effects);
}

fn settle(turn: &Turn<'_>, account: &mut Account, campaign: &Campaign, today: Day, effects: &mut Effects) {
    let Some(id) = turn.entity.account_id() else { return };
    let (entity, touched) = (account.segment_entity(), account.relation.touched.map(|(day, _)| day));
    let Some(joined) = account.campaigns.get_mut(&campaign.name) else { return };
    if joined.told || today.0 - joined.on.0 < days(campaign.settle_days) {
        return;
    }
    joined.told = true;
    effects.emit_to(
        entity,
        Data::CampaignSampled(CampaignSampled {
            account: id.to_owned(),
            campaign: campaign.name.clone(),
            held_out: joined.held_out,
            delivered: joined.delivered,
            answered: touched.is_some_and(|day| day >= joined.on),
        }),
    );
}

/// A message was sent: a campaign's is counted.
pub(crate) fn sent(account: &mut Account, cause_keys: &[(String, String)]) {
    for name in cause_keys.iter().filter_map(|(_, cause)| cause.strip_prefix(CAUSE)) {
        if let Some(joined) = account.campaigns.get_mut(name) {
            joined.delivered = true;
        }
    }
}

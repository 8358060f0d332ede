//! Who an account is, folded the same way by every agent; playbooks know it as `account.*`.

use std::collections::BTreeMap;

use bus_schema::{
    Data, Day, Event, Kind, Money, Time,
    data::{
        account::{AccountCreated, AccountKind, AccountUpdated},
        contact::{ConsentState, ContactUpdated, Role},
        engagement::BounceType,
        words::{Label, List},
    },
};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// The shared profile of an account.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct AccountProfile {
    /// Vendor of a marketplace, else customer.
    pub vendor: bool,
    /// When the relation began, where a producer said so.
    pub started_on: Option<Day>,
    /// Day of the first event seen, the fallback for the start.
    pub first_seen: Option<Day>,
    /// Seats licensed.
    pub licensed_seats: Option<u64>,
    /// Seats assigned.
    pub assigned_seats: Option<u64>,
    /// Features the plan includes and counts as core.
    pub core_features: Vec<String>,
    /// The plan.
    pub plan: Option<String>,
    /// IANA zone; none means the tenant's.
    pub time_zone: Option<String>,
    /// Language tag of drafts.
    pub language: Option<String>,
    /// Yearly recurring revenue, from contract or subscription.
    pub arr: Option<Money>,
    /// The contract in force.
    pub contract: Option<Contract>,
    /// The CSM who looks after it.
    pub owner: Option<String>,
    /// Segment, as the supervisor said.
    pub segment: Option<String>,
    /// Lifecycle stage, as the supervisor said.
    pub stage: Option<String>,
    /// When service ended, where it did.
    pub ended_on: Option<Day>,
    /// When notice was given or the subscription cancelled at period end.
    pub notice_on: Option<Day>,
    /// The customer's people by pseudonym.
    pub contacts: BTreeMap<String, Contact>,
    /// Incidents that cover it now, with the day they opened.
    pub incidents: BTreeMap<String, Time>,
}

/// A contract.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Contract {
    /// Its id.
    pub id: String,
    /// First day of the term.
    pub term_start: Day,
    /// Last day of the term.
    pub term_end: Day,
    /// Whether it renews by itself.
    pub auto_renew: bool,
    /// Days of notice.
    pub notice_days: u32,
}

/// One of the customer's people.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Contact {
    /// Their roles.
    pub roles: Vec<String>,
    /// IANA zone; none means the account's.
    pub time_zone: Option<String>,
    /// Language tag; none means the account's.
    pub language: Option<String>,
    /// When they left.
    pub left_on: Option<Day>,
    /// A hard bounce or complaint: the address does not take mail.
    pub unreachable: bool,
    /// Consent by `channel/class`, where it was ever said; `all/all` false is an unsubscribe from everything.
    pub consent: BTreeMap<String, bool>,
}

impl Contact {
    /// Whether a message of this class may be proposed on this channel: allowed unless revoked.
    pub fn allows(&self, channel: &str, class: &str) -> bool {
        let said = |key: &str| self.consent.get(key).copied();
        let specific = said(&format!("{channel}/{class}"));
        let general = said(&format!("{channel}/all")).or_else(|| said("all/all"));
        specific.or(general).unwrap_or(true)
    }

    /// Whether they have this role.
    pub fn has(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }
}

/// Kinds the profile folds; an agent that embeds it reads these.
pub const PROFILE_KINDS: &[Kind] = &[
    Kind::AccountCreated,
    Kind::AccountUpdated,
    Kind::AccountChurned,
    Kind::AccountWonBack,
    Kind::ContactAdded,
    Kind::ContactUpdated,
    Kind::ContactLeft,
    Kind::ContactRoleChanged,
    Kind::ConsentChanged,
    Kind::OutreachUnsubscribed,
    Kind::OutreachComplained,
    Kind::OutreachBounced,
    Kind::CsmAssigned,
    Kind::SeatsMeasured,
    Kind::ContractSigned,
    Kind::ContractAmended,
    Kind::ContractNoticeGiven,
    Kind::ContractAutoRenewDisabled,
    Kind::SubscriptionStarted,
    Kind::SubscriptionChanged,
    Kind::SubscriptionRenewed,
    Kind::SubscriptionCancelled,
    Kind::IncidentCovers,
    Kind::StageChanged,
    Kind::SegmentChanged,
];

/// The kinds of the profile, followed by an agent's own: what an agent that embeds the profile reads.
///
/// `N` is the length of both together.
///
/// # Panics
/// Another `N`: while compiling, where this is used for a constant.
#[expect(clippy::indexing_slicing, reason = "runs while compiling, where a wrong length is a compile error")]
pub const fn with_profile<const N: usize>(own: &[Kind]) -> [Kind; N] {
    assert!(N == PROFILE_KINDS.len() + own.len(), "N is the length of both together");
    let mut all = [Kind::AccountCreated; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < PROFILE_KINDS.len() { PROFILE_KINDS[at] } else { own[at - PROFILE_KINDS.len()] };
        at += 1;
    }
    all
}

impl AccountProfile {
    /// Folds an event of an account; kinds that say nothing of its profile are passed over.
    #[expect(clippy::wildcard_enum_match_arm, reason = "PROFILE_KINDS names what is folded here")]
    pub fn fold(&mut self, event: &Event) {
        let header = &event.header;
        self.first_seen = Some(self.first_seen.map_or(header.time.day(), |seen| seen.min(header.time.day())));
        match &event.data {
            Data::AccountCreated(data) => self.created(data),
            Data::AccountUpdated(data) => self.updated(data),
            Data::AccountChurned(data) => self.ended_on = Some(data.service_ended_on),
            Data::AccountWonBack(data) => {
                (self.ended_on, self.notice_on) = (None, None);
                self.arr = Some(data.arr);
            }
            Data::ContactAdded(data) => {
                let contact = self.contacts.entry(data.contact.to_string()).or_default();
                contact.roles = role_names(&data.roles);
                contact.time_zone = data.time_zone.as_ref().map(ToString::to_string);
                contact.language = data.language.as_ref().map(ToString::to_string);
                contact.left_on = None;
            }
            Data::ContactUpdated(data) => self.contact_updated(data),
            Data::ContactLeft(data) if data.confirmed => self.contact(&data.contact).left_on = Some(data.on),
            Data::ContactRoleChanged(data) => self.contact(&data.contact).roles = role_names(&data.to),
            Data::ConsentChanged(data) => {
                let granted = data.state == ConsentState::Granted;
                let key = format!("{}/{}", data.channel, data.class);
                self.contact(&data.contact).consent.insert(key, granted);
            }
            Data::OutreachUnsubscribed(_) | Data::OutreachComplained(_) => {
                if let Some(id) = &header.contact {
                    let contact = self.contacts.entry(id.clone()).or_default();
                    contact.consent.clear();
                    contact.consent.insert("all/all".into(), false);
                }
            }
            Data::OutreachBounced(data) if data.bounce == BounceType::Hard => {
                if let Some(id) = &header.contact {
                    self.contacts.entry(id.clone()).or_default().unreachable = true;
                }
            }
            Data::CsmAssigned(data) => self.owner = Some(data.csm.to_string()),
            Data::SeatsMeasured(data) => {
                (self.assigned_seats, self.licensed_seats) = (Some(data.assigned), Some(data.licensed));
            }
            Data::IncidentCovers(data) if data.opened => {
                self.incidents.insert(data.incident.clone(), data.at);
            }
            Data::IncidentCovers(data) => {
                self.incidents.remove(&data.incident);
            }
            Data::StageChanged(data) => self.stage = Some(data.to.clone()),
            Data::SegmentChanged(data) => self.segment = Some(data.to.clone()),
            data => self.commercial(data),
        }
    }

    /// The civil day of an instant where the account is; `tenant` counts where it has no zone or one nobody knows.
    pub fn day_of(&self, at: Time, tenant: &TimeZone) -> Day {
        let own = self.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok());
        let zone = own.as_ref().unwrap_or(tenant);
        if *zone == TimeZone::UTC { at.day() } else { at.day_in(zone) }
    }

    /// The day the account's life is counted from.
    pub fn start(&self) -> Option<Day> {
        self.started_on.or(self.first_seen)
    }

    /// Age in days on `today`; 0 when nothing is known.
    pub fn age_days(&self, today: Day) -> i32 {
        self.start().map_or(0, |start| (today.0 - start.0).max(0))
    }

    /// Seats to measure use against: assigned, else licensed.
    pub fn seats(&self) -> Option<u64> {
        self.assigned_seats.or(self.licensed_seats).filter(|seats| *seats > 0)
    }

    /// Whether service has ended.
    pub const fn ended(&self) -> bool {
        self.ended_on.is_some()
    }

    /// The day by which the customer decides on renewal: term end minus what the notice period exceeds 30 days by.
    pub fn decision_day(&self) -> Option<Day> {
        let contract = self.contract.as_ref()?;
        let early = i32::try_from(contract.notice_days).unwrap_or(i32::MAX).saturating_sub(30).max(0);
        Some(contract.term_end.plus(early.saturating_neg()))
    }

    /// Contacts who are still there, by id.
    pub fn present(&self) -> impl Iterator<Item = (&String, &Contact)> {
        self.contacts.iter().filter(|(_, contact)| contact.left_on.is_none())
    }

    fn contact(&mut self, id: &Label) -> &mut Contact {
        self.contacts.entry(id.to_string()).or_default()
    }

    fn created(&mut self, data: &AccountCreated) {
        self.vendor = data.kind == AccountKind::Vendor;
        self.started_on = Some(data.started_on);
        self.details(data.licensed_seats, data.core_features.as_ref(), data.plan.as_ref());
        self.time_zone = data.time_zone.as_ref().map(ToString::to_string);
        self.language = data.language.as_ref().map(ToString::to_string);
    }

    fn updated(&mut self, data: &AccountUpdated) {
        if let Some(kind) = &data.kind {
            self.vendor = *kind == AccountKind::Vendor;
        }
        self.started_on = data.started_on.or(self.started_on);
        self.details(data.licensed_seats, data.core_features.as_ref(), data.plan.as_ref());
        if let Some(zone) = &data.time_zone {
            self.time_zone = Some(zone.to_string());
        }
        if let Some(language) = &data.language {
            self.language = Some(language.to_string());
        }
    }

    fn details(&mut self, seats: Option<u64>, features: Option<&List<Label>>, plan: Option<&Label>) {
        self.licensed_seats = seats.or(self.licensed_seats);
        if let Some(features) = features {
            self.core_features = features.iter().map(ToString::to_string).collect();
        }
        if let Some(plan) = plan {
            self.plan = Some(plan.to_string());
        }
    }

    fn contact_updated(&mut self, data: &ContactUpdated) {
        let contact = self.contact(&data.contact);
        if let Some(roles) = &data.roles {
            contact.roles = role_names(roles);
        }
        if let Some(zone) = &data.time_zone {
            contact.time_zone = Some(zone.to_string());
        }
        if let Some(language) = &data.language {
            contact.language = Some(language.to_string());
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "PROFILE_KINDS names what is folded here")]
    fn commercial(&mut self, data: &Data) {
        match data {
            Data::ContractSigned(data) => {
                self.arr = Some(data.arr);
                self.notice_on = None;
                self.contract = Some(Contract {
                    id: data.contract.to_string(),
                    term_start: data.term_start,
                    term_end: data.term_end,
                    auto_renew: data.auto_renew,
                    notice_days: data.notice_days,
                });
            }
            Data::ContractAmended(data) => {
                self.arr = Some(data.arr);
                self.contract = Some(Contract {
                    id: data.contract.to_string(),
                    term_start: data.term_start,
                    term_end: data.term_end,
                    auto_renew: data.auto_renew,
                    notice_days: data.notice_days,
                });
            }
            Data::ContractNoticeGiven(data) => self.notice_on = Some(data.effective_on),
            Data::ContractAutoRenewDisabled(_) => {
                if let Some(contract) = &mut self.contract {
                    contract.auto_renew = false;
                }
            }
            Data::SubscriptionStarted(data) => self.subscribed(data.mrr, &data.plan),
            Data::SubscriptionChanged(data) => self.subscribed(data.mrr, &data.plan),
            Data::SubscriptionRenewed(data) => self.subscribed(data.mrr, &data.plan),
            Data::SubscriptionCancelled(data) if data.at_period_end => self.notice_on = Some(data.effective_on),
            Data::SubscriptionCancelled(data) => self.ended_on = Some(data.effective_on),
            _ => {}
        }
    }

    fn subscribed(&mut self, mrr: Money, plan: &Label) {
        self.arr = Some(Money { minor: mrr.minor.saturating_mul(12), currency: mrr.currency });
        self.plan = Some(plan.to_string());
        self.notice_on = None;
    }
}

fn role_names(roles: &[Role]) -> Vec<String> {
    roles.iter().map(ToString::to_string).collect()
}

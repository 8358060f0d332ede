//! Contacts: the customer's people, what they may be sent, and which account a user belongs to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Day,
    data::words::{Channel, Label, List, TouchClass, closed},
};

closed! {
    /// What a contact is to the relation.
    Role {
        Sponsor "sponsor",
        Champion "champion",
        Admin "admin",
        Billing "billing",
        User "user",
    }
}

closed! {
    /// How senior a contact is, read from the title.
    Seniority {
        Executive "executive",
        Head "head",
        Manager "manager",
        Individual "individual",
    }
}

/// A contact became known.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContactAdded {
    /// The contact, as a pseudonym.
    pub contact: Label,
    /// What they are to the relation.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub roles: List<Role>,
    /// IANA time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<Label>,
    /// Language tag for drafts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Label>,
    /// Department, read from the title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<Label>,
    /// Seniority, read from the title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seniority: Option<Seniority>,
    /// Domain of the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<Label>,
}

/// Something about a contact changed; only what changed is there.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContactUpdated {
    /// The contact, as a pseudonym.
    pub contact: Label,
    /// What they are to the relation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<List<Role>>,
    /// IANA time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<Label>,
    /// Language tag for drafts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Label>,
    /// Department, read from the title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<Label>,
    /// Seniority, read from the title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seniority: Option<Seniority>,
    /// Domain of the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<Label>,
}

/// A contact left the company.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContactLeft {
    /// The contact, as a pseudonym.
    pub contact: Label,
    /// When.
    pub on: Day,
    /// Said by somebody who knows; a suspicion otherwise.
    pub confirmed: bool,
    /// Who follows, as a pseudonym.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<Label>,
}

/// A contact changed roles.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContactRoleChanged {
    /// The contact, as a pseudonym.
    pub contact: Label,
    /// Roles before.
    pub from: List<Role>,
    /// Roles after.
    pub to: List<Role>,
}

closed! {
    /// Whether a contact may be written to.
    ConsentState {
        Granted "granted",
        Revoked "revoked",
    }
}

/// A contact granted or revoked consent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ConsentChanged {
    /// The contact, as a pseudonym.
    pub contact: Label,
    /// By which way.
    pub channel: Channel,
    /// For which messages.
    pub class: TouchClass,
    /// Granted or revoked.
    pub state: ConsentState,
}

/// A user belongs to an account. Its entity is `user/<id>`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MembershipRecorded {
    /// The user, as a pseudonym.
    pub user: Label,
    /// The account's id.
    pub account: Label,
}

/// Two user ids are one person. Its entity is `user/<id>`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct IdentityMerged {
    /// The id that stays, as a pseudonym.
    pub user: Label,
    /// The id that goes, as a pseudonym.
    pub previous: Label,
}

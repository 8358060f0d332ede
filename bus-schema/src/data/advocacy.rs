//! Advocacy, referrals, loyalty, community.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Money,
    data::words::{Label, Reading, closed},
};

closed! {
    /// What an advocate does.
    AdvocacyAct {
        CaseStudy "case_study",
        Reference "reference",
        Review "review",
        Testimonial "testimonial",
        Speaking "speaking",
        Community "community",
        AdvisoryBoard "advisory_board",
        CoMarketing "co_marketing",
    }
}

/// A contact was asked to speak for us.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AdvocacyAsked {
    /// To do what.
    pub act: AdvocacyAct,
    /// Who, as a pseudonym.
    pub contact: Label,
}

/// A contact said yes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AdvocacyAccepted {
    /// To what.
    pub act: AdvocacyAct,
    /// Who, as a pseudonym.
    pub contact: Label,
}

/// A contact said no.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AdvocacyDeclined {
    /// To what.
    pub act: AdvocacyAct,
    /// Who, as a pseudonym.
    pub contact: Label,
}

/// A contact did it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AdvocacyCompleted {
    /// What.
    pub act: AdvocacyAct,
    /// Who, as a pseudonym.
    pub contact: Label,
}

/// A customer named somebody to us.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReferralMade {
    /// The referral.
    pub referral: Label,
    /// The account or lead that was named.
    pub referred: Label,
    /// What it may be worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Money>,
}

/// A referral fits.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReferralQualified {
    /// The referral.
    pub referral: Label,
    /// The account or lead that was named.
    pub referred: Label,
    /// What it may be worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Money>,
}

/// A referral was rewarded.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReferralRewarded {
    /// The referral.
    pub referral: Label,
    /// The account or lead that was named.
    pub referred: Label,
    /// What the reward was worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Money>,
}

/// Points were earned.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PointsEarned {
    /// How many.
    pub points: u64,
    /// What for.
    pub reason: Label,
}

/// Points were spent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PointsRedeemed {
    /// How many.
    pub points: u64,
    /// What for.
    pub reason: Label,
}

/// A reward was taken.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RewardRedeemed {
    /// What it cost.
    pub points: u64,
    /// Which.
    pub reward: Label,
}

/// A user unlocked an achievement.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AchievementUnlocked {
    /// Which.
    pub achievement: Label,
    /// Who, as a pseudonym.
    pub user: Label,
}

closed! {
    /// What somebody did in the community.
    CommunityAct {
        Post "post",
        Answer "answer",
        Event "event",
        UserGroup "user_group",
    }
}

/// Somebody took part in the community.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CommunityParticipated {
    /// What they did.
    #[serde(rename = "type")]
    pub act: CommunityAct,
    /// What was read from the text at the door.
    #[serde(flatten)]
    pub reading: Reading,
}

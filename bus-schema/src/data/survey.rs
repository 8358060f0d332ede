//! Surveys and public reviews.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::words::{Label, Reading, closed};

closed! {
    /// What a survey is about.
    SurveyType {
        Relationship "relationship",
        Transactional "transactional",
        Milestone "milestone",
    }
}

/// A survey went out.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SurveySent {
    /// The survey.
    pub survey: Label,
    /// About what.
    #[serde(rename = "type")]
    pub survey_type: SurveyType,
    /// To whom, as a pseudonym.
    pub contact: Label,
}

/// A contact said how likely they would recommend us.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NpsResponded {
    /// The survey.
    pub survey: Label,
    /// About what.
    #[serde(rename = "type")]
    pub survey_type: SurveyType,
    /// 0 to 10.
    pub score: u8,
    /// What was read from the text at the door.
    #[serde(flatten)]
    pub reading: Reading,
}

/// A contact answered a survey.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SurveyResponded {
    /// The survey.
    pub survey: Label,
    /// About what.
    #[serde(rename = "type")]
    pub survey_type: SurveyType,
    /// The answer.
    pub score: u8,
    /// Best answer possible.
    #[serde(default = "default_scale_10")]
    pub scale: u8,
    /// What was read from the text at the door.
    #[serde(flatten)]
    pub reading: Reading,
}

const fn default_scale_10() -> u8 {
    10
}

/// A review appeared on a site.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PublicReviewPosted {
    /// The site.
    pub site: Label,
    /// 1 to 5.
    pub rating: u8,
    /// What was read from the text at the door.
    #[serde(flatten)]
    pub reading: Reading,
}

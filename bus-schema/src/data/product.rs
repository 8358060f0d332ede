//! The product's own side: incidents, features, help.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::words::{Label, List, Reading, closed};

closed! {
    /// Whom an incident touches.
    IncidentScope {
        All "all",
        Accounts "accounts",
        ProductAreas "product_areas",
        Region "region",
    }
}

closed! {
    /// How bad an incident is.
    IncidentSeverity {
        Critical "critical",
        Major "major",
        Minor "minor",
    }
}

/// An incident began.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct IncidentOpened {
    /// The incident.
    pub incident: Label,
    /// Whom it touches.
    pub scope: IncidentScope,
    /// The accounts, where the scope is accounts.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub accounts: List<Label>,
    /// The areas, where the scope is product areas.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub product_areas: List<Label>,
    /// The region, where the scope is a region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Label>,
    /// How bad it is.
    pub severity: IncidentSeverity,
}

/// An incident ended.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct IncidentResolved {
    /// The incident.
    pub incident: Label,
    /// Whom it touched.
    pub scope: IncidentScope,
    /// The accounts, where the scope is accounts.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub accounts: List<Label>,
    /// The areas, where the scope is product areas.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub product_areas: List<Label>,
    /// The region, where the scope is a region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Label>,
    /// How bad it was.
    pub severity: IncidentSeverity,
}

/// Whom a feature is for. Without it a launch is a newsletter.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Relevance {
    /// Plans that have it.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub plans: List<Label>,
    /// Segments it is made for.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub segments: List<Label>,
    /// Feedback that asked for it.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub requested_by_feedback: List<Label>,
}

/// A feature came out.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FeatureLaunched {
    /// The feature.
    pub feature: Label,
    /// Area of the product.
    pub product_area: Label,
    /// Whom it is for.
    pub relevant_to: Relevance,
}

/// Somebody searched the help.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HelpSearched {
    /// How many articles were found.
    pub results: u64,
    /// What was read from the query at the door.
    #[serde(flatten)]
    pub reading: Reading,
}

/// Somebody read an article.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HelpViewed {
    /// The article.
    pub article: Label,
    /// Area of the product it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_area: Option<Label>,
    /// Category it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Label>,
}

/// Somebody said whether an article helped.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HelpAnswered {
    /// The article.
    pub article: Label,
    /// Whether it did.
    pub helpful: bool,
    /// Area of the product it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_area: Option<Label>,
    /// Category it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Label>,
}

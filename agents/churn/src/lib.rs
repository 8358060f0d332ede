//! The churn agent.

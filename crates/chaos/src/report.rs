//! What a run found, for people and as JSON.

use serde::Serialize;

use crate::Verdict;

/// One scenario's result.
#[derive(Clone, Debug, Serialize)]
pub struct Played {
    /// The scenario.
    pub scenario: &'static str,
    /// The faults of the matrix it plays.
    pub faults: &'static [&'static str],
    /// What its random choices were drawn from.
    pub seed: u64,
    /// Whether it was played to its end and everything held.
    pub green: bool,
    /// What was judged.
    pub invariants: Vec<Verdict>,
    /// Why it broke off, where it did.
    pub broken: Option<String>,
    /// How long it took.
    pub seconds: f64,
}

/// A whole run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Whether every scenario is green.
    pub green: bool,
    /// By scenario, in the order they were played.
    pub scenarios: Vec<Played>,
}

impl Report {
    /// The report over these.
    pub fn of(scenarios: Vec<Played>) -> Self {
        Self { green: !scenarios.is_empty() && scenarios.iter().all(|played| played.green), scenarios }
    }
}

impl Played {
    /// What went wrong, a line each.
    pub fn faults_found(&self) -> Vec<String> {
        let wrong = self.invariants.iter().filter(|verdict| !verdict.holds);
        let wrong = wrong.map(|verdict| format!("{}: {}", verdict.invariant, verdict.detail));
        wrong.chain(self.broken.clone()).collect()
    }
}

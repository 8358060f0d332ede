//! The rules in force: the policy and the playbooks, as texts and as the agent reads them.

use serde::{Deserialize, Serialize};

use super::Machine;

/// A text in force.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct RuleText {
    /// The policy; a playbook otherwise.
    pub(crate) policy: bool,
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) text: String,
}

/// The policy in force and every playbook adopted, in order: another policy adopts them again.
#[derive(Default)]
pub(super) struct Rules {
    policy: Option<RuleText>,
    playbooks: Vec<RuleText>,
}

impl Rules {
    /// Version of the policy in force; 0 without one.
    pub(super) fn policy_version(&self) -> u32 {
        self.policy.as_ref().map_or(0, |policy| policy.version)
    }

    /// Puts a text into force.
    ///
    /// # Errors
    /// The text cannot be used; what was in force stays.
    pub(super) fn publish(&mut self, machine: &mut dyn Machine, rule: RuleText) -> Result<(), String> {
        let problem = |rule: &RuleText, error| {
            let what = if rule.policy { "policy" } else { "playbook" };
            format!("{what} {} version {} cannot be used: {error}", rule.name, rule.version)
        };
        if rule.policy {
            machine.set_policy(&rule.text).map_err(|e| problem(&rule, e))?;
            for playbook in &self.playbooks {
                // A playbook that the stricter policy refuses stays out until a policy takes it.
                machine.adopt(&playbook.name, playbook.version, &playbook.text).ok();
            }
            self.policy = Some(rule);
            return Ok(());
        }
        if machine.has_policy() {
            machine.adopt(&rule.name, rule.version, &rule.text).map_err(|e| problem(&rule, e))?;
        }
        self.playbooks.retain(|known| (&known.name, known.version) != (&rule.name, rule.version));
        self.playbooks.push(rule);
        Ok(())
    }

    /// The texts, playbooks before the policy: read back in this order they come into force at once.
    pub(super) fn texts(&self) -> Vec<&RuleText> {
        self.playbooks.iter().chain(&self.policy).collect()
    }
}

//! Signs in the market: a competitor comes up, automatic renewal is switched off.

use agent::AccountProfile;
use bus_schema::{Data, Event, Position, data::commercial::CompetitorStage};
use serde::{Deserialize, Serialize};

use super::{Look, Mark, Sign, Signal};

/// What is known of competitors and of automatic renewal.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Market {
    mentioned: Option<(String, Mark)>,
    evaluated: Option<(String, Mark)>,
    renewal_off: Option<Mark>,
}

impl Market {
    /// Folds an event of the market.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only the market is folded here")]
    pub fn fold(&mut self, event: &Event, cause: Position) -> bool {
        let mark = Mark { at: event.header.time, event: cause };
        match &event.data {
            Data::CompetitorMentioned(data) => {
                let told = Some((data.competitor.to_string(), mark));
                match data.stage {
                    CompetitorStage::Evaluation => self.evaluated = told,
                    CompetitorStage::Mention | CompetitorStage::Other(_) => self.mentioned = told,
                }
            }
            Data::ContractAutoRenewDisabled(_) => self.renewal_off = Some(mark),
            Data::ContractSigned(_) | Data::SubscriptionRenewed(_) => self.renewal_off = None,
            Data::ContractAmended(data) if data.auto_renew => self.renewal_off = None,
            _ => return false,
        }
        true
    }

    /// Whether the customer switched automatic renewal off.
    pub const fn renewal_off(&self) -> bool {
        self.renewal_off.is_some()
    }

    /// The signs that hold.
    pub fn signals(&self, profile: &AccountProfile, look: &Look<'_>, found: &mut Vec<Signal>) {
        let lives = &look.policy.lives;
        let competitors = [
            (Sign::CompetitorEvaluated, &self.evaluated, lives.competitor_evaluated, "is being evaluated"),
            (Sign::CompetitorMentioned, &self.mentioned, lives.competitor_mentioned, "was mentioned"),
        ];
        for (sign, told, life, word) in competitors {
            if let Some((who, mark)) = told {
                found.extend(look.ageing(sign, mark, life, format!("{who} {word} on {}", mark.at.day())));
            }
        }
        if let Some(mark) = self.renewal_off {
            let term = profile.contract.as_ref().map(|contract| format!(", the term ends on {}", contract.term_end));
            let reason = format!("automatic renewal was switched off on {}{}", mark.at.day(), term.unwrap_or_default());
            found.push(look.sign(Sign::AutoRenewOff, Some(mark.at), reason, vec![mark.event]));
        }
    }
}

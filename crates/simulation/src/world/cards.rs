//! The cards as persons see them: a view of the log, as the console keeps one.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use bus::{MemoryBus, Stored};
use bus_schema::{
    Data, Event, Kind, Time,
    batch::{decode_index, envelope},
    data::facts::OutreachProposed,
    subject::Stream,
};

/// Where a proposal is, for people.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum At {
    Drafted,
    Filed,
    Held,
    Over,
}

/// A proposal.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    pub(crate) account: String,
    pub(crate) draft: Arc<OutreachProposed>,
    pub(crate) expires: Time,
    pub(crate) at: At,
}

/// All proposals, as of a position of the log.
#[derive(Clone, Default)]
pub(crate) struct Cards {
    pub(crate) seen: u64,
    pub(crate) by_proposal: BTreeMap<String, Card>,
    /// Ids of decisions the gate did not take.
    pub(crate) refused: BTreeSet<String>,
    /// Ids of decisions by where they stand in the log.
    decisions: BTreeMap<(u64, u16), String>,
}

impl Cards {
    /// Reads on to the end of the log.
    pub(crate) fn read(&mut self, bus: &MemoryBus) {
        for stored in bus.messages(Stream::Log, self.seen + 1) {
            self.take(&stored);
            self.seen = stored.seq;
        }
    }

    /// Proposals in a state, in the order of their ids.
    pub(crate) fn of(&self, at: At) -> impl Iterator<Item = (&String, &Card)> {
        self.by_proposal.iter().filter(move |(_, card)| card.at == at)
    }

    fn take(&mut self, stored: &Stored) {
        let index = stored.headers.index().and_then(|text| decode_index(text).ok()).unwrap_or_default();
        for (at, entry) in index.iter().enumerate() {
            let wanted = matches!(
                Kind::from_code(entry.kind),
                Some(
                    Kind::OutreachProposed
                        | Kind::ProposalFiled
                        | Kind::ProposalDecided
                        | Kind::ProposalReopened
                        | Kind::ProposalVoided
                        | Kind::ProposalExpired
                        | Kind::DecisionRecorded
                        | Kind::DecisionUndone
                        | Kind::DecisionRefused
                        | Kind::ApprovalSigned
                )
            );
            let event = wanted.then(|| envelope(&stored.body, &index, at).ok()?.event().ok()).flatten();
            if let Some(event) = event {
                self.fold(event, (stored.seq, u16::try_from(at).unwrap_or(u16::MAX)));
            }
        }
    }

    fn fold(&mut self, event: Event, position: (u64, u16)) {
        let Event { header, data } = event;
        match data {
            Data::OutreachProposed(draft) => {
                let account = header.entity.account_id().unwrap_or_default().to_owned();
                let card = Card { account, expires: draft.expires, at: At::Drafted, draft: Arc::new(draft) };
                let proposal = card.draft.proposal.clone();
                let known = self.by_proposal.get(&proposal).map_or(0, |known| known.draft.version);
                if card.draft.version > known {
                    self.by_proposal.insert(proposal, card);
                }
            }
            Data::ProposalFiled(filed) => {
                if let Some(card) = self.by_proposal.get_mut(&filed.proposal) {
                    (card.at, card.expires) = (At::Filed, filed.expires);
                }
            }
            Data::ProposalDecided(decided) => {
                let approved = decided.verdict == bus_schema::data::people::Verdict::Approve;
                self.set(&decided.proposal, if approved { At::Held } else { At::Over });
            }
            Data::ProposalReopened(reopened) => self.set(&reopened.proposal, At::Filed),
            Data::ProposalVoided(voided) => self.set(&voided.proposal, At::Over),
            Data::ProposalExpired(expired) => self.set(&expired.proposal, At::Over),
            Data::ApprovalSigned(signed) => self.set(&signed.proposal, At::Over),
            Data::DecisionRecorded(_) | Data::DecisionUndone(_) => {
                self.decisions.insert(position, header.id);
            }
            Data::DecisionRefused(refused) => {
                let decision = (refused.decision.seq, refused.decision.index);
                self.refused.extend(self.decisions.get(&decision).cloned());
            }
            // Only the kinds above are read.
            _ => {}
        }
    }

    fn set(&mut self, proposal: &str, at: At) {
        if let Some(card) = self.by_proposal.get_mut(proposal) {
            card.at = at;
        }
    }
}

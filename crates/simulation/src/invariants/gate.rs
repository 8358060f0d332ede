//! What people decide, and what the gate may make of it.

use bus_schema::{
    Data,
    data::{facts::ApprovalSigned, people::Verdict},
    subject::Stream,
};
use data_encoding::BASE64;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    history::{DeliveryStep, Happened, History, Seen, Stage},
    observe::Accepted,
};

/// What every invariant answers.
type Verified = Result<(), String>;

/// I3: an approval on ACTION rests on a person's decision that the gate signed; a mail on an intent.
pub(super) fn decided_by_a_person(history: &History, seen: &Seen<'_>) -> Verified {
    match seen {
        Seen::Message(..) => Ok(()),
        Seen::Mail(mail) => match history.intended(&mail.proposal) {
            Some(_) => Ok(()),
            None => Err(format!("a mail of {} left without an intent", mail.proposal)),
        },
        Seen::Event(happened) => {
            let Data::DeliveryApproved(approved) = &happened.event.data else { return Ok(()) };
            let proposal = approved.proposal.as_str();
            let decision = history.decisions.get(&approved.decision);
            let decision = decision.ok_or_else(|| format!("{proposal} is approved on no decision in the log"))?;
            if decision.proposal != proposal || decision.verdict != Verdict::Approve || !decision.by_person {
                return Err(format!(
                    "{proposal} is approved on {}, which is no approval of it by a person",
                    decision.id
                ));
            }
            if !history.signed.contains(&(proposal.to_owned(), approved.decision)) {
                return Err(format!("{proposal} is approved on {}, which the gate has not signed", decision.id));
            }
            Ok(())
        }
    }
}

/// I3b: the same bytes to the same address from the decision to the mail, and of the draft that was filed.
pub(super) fn the_approved_bytes(history: &History, seen: &Seen<'_>) -> Verified {
    match seen {
        Seen::Message(..) => Ok(()),
        Seen::Mail(mail) => mailed_as_approved(history, mail),
        Seen::Event(happened) => match &happened.event.data {
            Data::DeliveryApproved(approved) => {
                let proposal = approved.proposal.as_str();
                let decision = history.decisions.get(&approved.decision);
                let decision = decision.ok_or_else(|| format!("{proposal} is approved on no decision in the log"))?;
                let hash = approved.bytes_hash.as_str();
                if decision.bytes_hash.as_deref() != Some(hash) || sha256(&bytes(happened)) != hash {
                    return Err(format!("the approval of {proposal} holds other bytes than were decided on"));
                }
                if text(happened, "recipient") != decision.recipient {
                    return Err(format!("the approval of {proposal} goes to another address than was decided on"));
                }
                Ok(())
            }
            Data::ProposalDecided(decided) if decided.verdict == Verdict::Approve => {
                let proposal = decided.proposal.as_str();
                let (Some(card), Some(decision)) =
                    (history.cards.get(proposal), history.decisions.get(&decided.decision))
                else {
                    return Err(format!("{proposal} is taken as approved without a proposal or a decision in the log"));
                };
                if decision.version != card.version || decision.draft_hash != card.draft_hash {
                    return Err(format!(
                        "version {} of {proposal} is approved, version {} was filed",
                        decision.version, card.version
                    ));
                }
                Ok(())
            }
            _ => Ok(()),
        },
    }
}

fn mailed_as_approved(history: &History, mail: &Accepted) -> Verified {
    let proposal = mail.proposal.as_str();
    let (approved, recipient) =
        history.approved(proposal).ok_or_else(|| format!("a mail of {proposal} left without an approval"))?;
    if sha256(&mail.bytes) != approved.bytes_hash.as_str() {
        return Err(format!("the mail of {proposal} has other bytes than were approved"));
    }
    if mail.to != recipient {
        return Err(format!("the mail of {proposal} went to another address than was approved"));
    }
    Ok(())
}

/// I3c: nothing goes on that has ended, and nothing before its hold is over.
pub(super) fn not_after_an_end(history: &History, seen: &Seen<'_>) -> Verified {
    let Seen::Event(happened) = seen else { return Ok(()) };
    match (&happened.event.data, happened.stream) {
        (Data::ApprovalSigned(signed), Stream::Log) => signed_while_held(history, happened, signed),
        (Data::DeliveryIntended(intended), Stream::Action) => {
            let proposal = intended.proposal.as_str();
            match history.delivery(proposal).last().map(|delivery| &delivery.step) {
                Some(DeliveryStep::Approved(..)) => Ok(()),
                step => Err(format!("{proposal} is intended after {step:?}, not after an approval")),
            }
        }
        _ => Ok(()),
    }
}

fn signed_while_held(history: &History, happened: &Happened, signed: &ApprovalSigned) -> Verified {
    let proposal = signed.proposal.as_str();
    let stage = history.cards.get(proposal).map(|card| card.stage);
    let Some(Stage::Held(decision, hold_until)) = stage else {
        return Err(format!("{proposal} is signed while it is {stage:?}"));
    };
    if decision != signed.decision {
        return Err(format!("{proposal} is signed on decision {}, held is {decision}", signed.decision));
    }
    let at = happened.event.header.logtime;
    let decided = history.decisions.get(&decision).map(|decision| decision.time);
    let due = decided.zip(history.hold_ms).map(|(decided, hold_ms)| decided.plus_ms(hold_ms));
    if at < hold_until || due.is_some_and(|due| at < due) {
        return Err(format!(
            "{proposal} is signed at {at}, its hold ends at {}",
            due.map_or(hold_until, |due| due.max(hold_until))
        ));
    }
    Ok(())
}

/// I3d: neither decided after the proposal expired, nor intended after the approval ran out.
pub(super) fn in_time(history: &History, seen: &Seen<'_>) -> Verified {
    match seen {
        Seen::Message(..) => Ok(()),
        Seen::Event(happened) => {
            let Data::ProposalDecided(decided) = &happened.event.data else { return Ok(()) };
            let card = history.cards.get(&decided.proposal);
            let (at, expires) = (happened.event.header.logtime, card.map(|card| card.expires).unwrap_or_default());
            if decided.verdict == Verdict::Reject || at < expires {
                return Ok(());
            }
            Err(format!("{} is approved at {at}, it expired at {expires}", decided.proposal))
        }
        Seen::Mail(mail) => {
            let proposal = mail.proposal.as_str();
            let (Some(intended), Some((approved, _))) = (history.intended(proposal), history.approved(proposal)) else {
                return Ok(());
            };
            if intended.stored <= approved.not_after {
                return Ok(());
            }
            let (at, until) = (intended.stored, approved.not_after);
            Err(format!("the mail of {proposal} was intended at {at}, its approval ran out at {until}"))
        }
    }
}

/// I3e: of two persons who decide at once, one wins and the other is told.
pub(super) fn one_decision_wins(history: &History, seen: &Seen<'_>) -> Verified {
    let Seen::Event(happened) = seen else { return Ok(()) };
    match (&happened.event.data, happened.stream) {
        (Data::DecisionRecorded(data), Stream::People) if history.taken.contains(data.proposal.as_str()) => {
            Err(format!("{} is decided again while a decision stands", data.proposal))
        }
        _ => Ok(()),
    }
}

/// I8: one open proposal per account, play and cause.
pub(super) fn one_card(history: &History, seen: &Seen<'_>) -> Verified {
    let Seen::Event(happened) = seen else { return Ok(()) };
    let Data::ProposalFiled(filed) = &happened.event.data else { return Ok(()) };
    let Some(card) = history.cards.get(&filed.proposal) else {
        return Err(format!("{} is filed and was not proposed", filed.proposal));
    };
    let open = |stage: Stage| matches!(stage, Stage::Open | Stage::Held(..) | Stage::Signed(_));
    let other = history.cards.iter().find(|(id, other)| {
        **id != filed.proposal && other.account == card.account && other.rests_on == card.rests_on && open(other.stage)
    });
    match other {
        None => Ok(()),
        Some((other, _)) => Err(format!("{} and {other} are open for {:?}", filed.proposal, card.rests_on)),
    }
}

fn text<'a>(happened: &'a Happened, name: &str) -> &'a str {
    happened.personal.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn bytes(happened: &Happened) -> Vec<u8> {
    BASE64.decode(text(happened, "message").as_bytes()).unwrap_or_default()
}

fn sha256(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

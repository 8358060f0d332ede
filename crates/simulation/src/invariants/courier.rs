//! What reaches a customer.

use bus_schema::{Data, data::facts::MessageClass, subject::Stop};

use crate::history::{DeliveryStep, History, Seen};

/// I4: at most one mail of a proposal is taken.
pub(super) fn at_most_once(history: &History, seen: &Seen<'_>) -> Result<(), String> {
    let Seen::Mail(mail) = seen else { return Ok(()) };
    match history.mailed.get(&mail.proposal) {
        None => Ok(()),
        Some(before) => Err(format!("the mail server took {} mails of {}", before + 1, mail.proposal)),
    }
}

/// I6: no contact gets more than any policy so far allows.
pub(super) fn caps(history: &History, seen: &Seen<'_>) -> Result<(), String> {
    let Seen::Mail(mail) = seen else { return Ok(()) };
    let class = history.cards.get(&mail.proposal).map_or(MessageClass::Relationship, |card| card.class);
    let now = history.now.max(mail.time);
    match history.caps.broken(&history.mails, &mail.to, class, now) {
        None => Ok(()),
        Some(broken) => {
            let own = history.mails.iter().filter(|(to, ..)| *to == mail.to);
            let before: Vec<String> = own.map(|(_, class, at)| format!("{} at {at}", class.name())).collect();
            Err(format!("with the mail of {} at {now}: {broken}; before: {}", mail.proposal, before.join(", ")))
        }
    }
}

/// P7: a decision reaches ACTION once, however often the log is read again.
pub(super) fn published_once(history: &History, seen: &Seen<'_>) -> Result<(), String> {
    let Seen::Event(happened) = seen else { return Ok(()) };
    let Data::DeliveryApproved(approved) = &happened.event.data else { return Ok(()) };
    let before = history.delivery(&approved.proposal).iter().any(|delivery| match &delivery.step {
        DeliveryStep::Approved(before, _) => before.decision == approved.decision,
        DeliveryStep::Intended
        | DeliveryStep::Sent
        | DeliveryStep::Failed(_)
        | DeliveryStep::Unknown
        | DeliveryStep::Withdrawn => false,
    });
    if !before {
        return Ok(());
    }
    Err(format!("decision {} of {} is put on ACTION again", approved.decision, approved.proposal))
}

/// P8: a stop that was stored before an intent holds its mail.
pub(super) fn stops_hold(history: &History, seen: &Seen<'_>) -> Result<(), String> {
    let Seen::Mail(mail) = seen else { return Ok(()) };
    let proposal = mail.proposal.as_str();
    let (Some(intended), Some((approved, _))) = (history.intended(proposal), history.approved(proposal)) else {
        return Ok(());
    };
    let hits = |stop: &Stop| match stop {
        Stop::All => true,
        Stop::Play(play) => play == approved.play.as_str(),
        Stop::Contact(contact) => contact == approved.contact.as_str(),
        Stop::Address(address) => address == approved.address_hmac.as_str(),
    };
    match history.stops.iter().find(|(seq, stop)| *seq < intended.seq && hits(stop)) {
        None => Ok(()),
        Some((seq, stop)) => {
            Err(format!("the mail of {proposal} left, intended at {}, after stop {stop} at {seq}", intended.seq))
        }
    }
}

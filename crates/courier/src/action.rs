//! What stands on stream `ACTION`: one step of one proposal per message.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bus::Stored;
use bus_schema::{
    Data, Envelope, Event, Kind, Time,
    batch::{decode_index, envelope},
    data::{
        action::{DeliveryApproved, DeliveryIntended, FailureReason},
        words::Channel,
    },
    subject,
};

use crate::{
    compose::{Address, bytes_hash},
    transport::Letter,
};

/// One step of a proposal, as far as the courier must know it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// A message may leave.
    Approved,
    /// Somebody is about to send, until then at the latest.
    Intended(Time),
    /// Nothing more happens.
    Final,
}

/// A message of `ACTION` that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("message {seq} on {subject} is no single event of an action: {reason}")]
pub(crate) struct Unreadable {
    subject: String,
    seq: u64,
    reason: String,
}

/// The event of a message, with its envelope for the personal part.
pub(crate) fn read(stored: &Stored) -> Result<(Envelope, Event), Unreadable> {
    let unreadable = |reason: String| Unreadable { subject: stored.subject.clone(), seq: stored.seq, reason };
    let index = stored.headers.index().ok_or_else(|| unreadable("no packing index".into()))?;
    let index = decode_index(index).map_err(|e| unreadable(e.to_string()))?;
    let envelope = envelope(&stored.body, &index, 0).map_err(|e| unreadable(e.to_string()))?;
    let event = envelope.event().map_err(|e| unreadable(e.to_string()))?;
    Ok((envelope, event))
}

/// The step a message is.
pub(crate) fn step(stored: &Stored) -> Result<Step, Unreadable> {
    let (_, event) = read(stored)?;
    Ok(match event.data {
        Data::DeliveryApproved(_) => Step::Approved,
        Data::DeliveryIntended(DeliveryIntended { deadline, .. }) => Step::Intended(deadline),
        _ => Step::Final,
    })
}

/// An approval, with what is needed to answer it.
pub(crate) struct Approved {
    pub(crate) seq: u64,
    pub(crate) subject: String,
    pub(crate) event: Event,
    pub(crate) data: DeliveryApproved,
    envelope: Envelope,
}

/// Why an approval cannot be carried out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Objection {
    pub(crate) reason: FailureReason,
    pub(crate) text: String,
}

impl Approved {
    /// Reads an approval; nothing where the message is another step.
    pub(crate) fn read(stored: &Stored) -> Result<Option<Self>, Unreadable> {
        let (envelope, event) = read(stored)?;
        let Data::DeliveryApproved(data) = event.data.clone() else { return Ok(None) };
        Ok(Some(Self { seq: stored.seq, subject: stored.subject.clone(), event, data, envelope }))
    }

    /// The message to send, once everything about it fits together.
    pub(crate) fn letter(&self, from: &Address) -> Result<Letter, Objection> {
        let object = |reason, text: &str| Objection { reason, text: text.to_owned() };
        let proposal = self.data.proposal.as_str();
        let addressed = subject::partition_of(&self.subject).map(|p| subject::action(p, proposal));
        if addressed.as_deref() != Some(self.subject.as_str()) {
            return Err(object(FailureReason::NotPermitted, "the approval stands on the subject of another proposal"));
        }
        if self.data.channel != Channel::Email {
            return Err(object(FailureReason::NotPermitted, "this courier delivers mail only"));
        }
        let personal = self.envelope.open_personal();
        let text = |name: &str| personal.get(name).and_then(serde_json::Value::as_str);
        let missing = || object(FailureReason::HashMismatch, "the approval carries no message or no recipient");
        let bytes = text("message").and_then(|message| STANDARD.decode(message).ok()).ok_or_else(missing)?;
        if bytes_hash(&bytes) != self.data.bytes_hash.as_str() {
            return Err(object(FailureReason::HashMismatch, "the message is not the one that was approved"));
        }
        let to = Address::parse(text("recipient").ok_or_else(missing)?)
            .map_err(|e| object(FailureReason::NotPermitted, &e.to_string()))?;
        // The hash covers the message alone; its To header ties the recipient to it.
        if !addressed_to(&bytes, &to) {
            return Err(object(FailureReason::HashMismatch, "the message is addressed to somebody else"));
        }
        Ok(Letter { proposal: proposal.to_owned(), from: from.clone(), to, bytes })
    }
}

/// Whether the message's one To header names this address and no other.
fn addressed_to(bytes: &[u8], to: &Address) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let head = text.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ").replace("\r\n\t", " ");
    let name = |line: &&str| line.split_once(':').is_some_and(|(name, _)| name.eq_ignore_ascii_case("to"));
    let mut headers = head.split("\r\n").filter(name);
    let (Some(header), None) = (headers.next(), headers.next()) else { return false };
    let value = header.split_once(':').map_or("", |(_, value)| value).trim();
    let address = value.rsplit_once('<').map_or(value, |(_, address)| address.trim_end_matches('>'));
    address.eq_ignore_ascii_case(to.as_str())
}

/// Whether a message holds an event of this kind and id.
pub(crate) fn is_ours(stored: &Stored, kind: Kind, id: &str) -> bool {
    read(stored).is_ok_and(|(_, event)| event.kind() == kind && event.header.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::{Draft, Person, compose};

    #[test]
    fn the_to_header_names_the_recipient_alone() {
        let to = Address::parse("ana@customer.example").unwrap();
        let good = [
            "To: ana@customer.example\r\n\r\nx\r\n",
            "Subject: x\r\nTO: Ana <Ana@Customer.example>\r\n\r\nTo: x@y.example\r\n",
            "To: =?utf-8?b?QW5h?=\r\n <ana@customer.example>\r\n\r\n",
        ];
        assert!(good.iter().all(|text| addressed_to(text.as_bytes(), &to)));
        let bad = [
            "Subject: x\r\n\r\nTo: ana@customer.example\r\n",
            "To: bo@customer.example\r\n\r\n",
            "To: ana@customer.example\r\nTo: bo@customer.example\r\n\r\n",
            "To: ana@customer.example, bo@customer.example\r\n\r\n",
            "To: \"ana@customer.example\" <bo@customer.example>\r\n\r\n",
            "X-To: ana@customer.example\r\n\r\n",
        ];
        assert!(!bad.iter().any(|text| addressed_to(text.as_bytes(), &to)));
    }

    #[test]
    fn what_the_composer_addresses_is_recognised() {
        let long = format!("{}@{}.example", "a".repeat(60), "b".repeat(60));
        for address in
            ["ana+x@customer.example", "Ana@Customer.example", "ana@bücher.example", "анна@customer.example", &long]
        {
            for name in ["", "Ana", "Ana, \"the\" Lee <x@y.example>", "Ánna Ñandú with a name that has to be folded"]
            {
                let person =
                    |name: &str, address| Person { name: name.into(), address: Address::parse(address).unwrap() };
                let draft = Draft {
                    from: person("Jo", "jo@vendor.example"),
                    reply_to: Address::parse("jo@vendor.example").unwrap(),
                    to: person(name, address),
                    subject: "x".into(),
                    body_text: "To: x@y.example".into(),
                    unsubscribe_url: "https://x.example/u".into(),
                    message_id: "x@vendor.example".into(),
                    date: Time(0),
                };
                let bytes = compose(&draft).unwrap();
                assert!(addressed_to(&bytes, &draft.to.address), "{}", String::from_utf8_lossy(&bytes));
            }
        }
    }
}

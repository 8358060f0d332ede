//! Unsubscribing: the links in mails, and the stop that holds at once.
//!
//! A link names account, contact and the keyed hash of the address, never the address. The stop is acknowledged by the
//! stream before anything else happens, so that no intent written after it can send.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use bus::{Bus, Message, PublishError};
use bus_schema::{
    Actor, ActorKind, Batch, Data, Entity, Envelope, Event, Header, Partitions, Time,
    batch::HEADER_INDEX,
    data::{action::StopSet, engagement::OutreachUnsubscribed, words::Label, words::TouchClass},
    subject::{self, Stop},
};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, Mac};
use rand::{TryRngCore, rngs::OsRng};
use sha2::Sha256;

/// Header of our own messages on IN, and its word for "the pseudonyms are in place": else the door would take the
/// contact of an unsubscribe for a source id and make another person of it.
const HEADER_OWN: (&str, &str) = ("Ms-Own", "forward");

/// Bytes of a keyed hash that are kept.
const TAG_BYTES: usize = 16;

/// The key of unsubscribe links and of address hashes.
#[derive(Clone)]
pub struct StopKey([u8; 32]);

/// A key that cannot be read or made.
#[derive(Debug, thiserror::Error)]
pub enum StopKeyError {
    /// The file cannot be read or written.
    #[error("cannot use the key file {path}: make its folder writable for this user")]
    File {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is no key.
    #[error("{path} must hold 64 hexadecimal digits: restore it, or every link in mails already sent stops working")]
    Form {
        /// Where.
        path: PathBuf,
    },
    /// No randomness.
    #[error("the system gives no random bytes")]
    Random,
}

/// Whom a link is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// The account's id.
    pub account: String,
    /// The contact's pseudonym.
    pub contact: String,
    /// The proposal whose mail had the link.
    pub proposal: String,
    /// The keyed hash of the address.
    pub address_hmac: String,
}

impl StopKey {
    /// A key by its bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads `<data>/keys/unsubscribe.key`, making it at first use, readable by its owner alone.
    ///
    /// # Errors
    /// A file that cannot be used, or is no key.
    pub fn open(data: &Path) -> Result<Self, StopKeyError> {
        let folder = data.join("keys");
        let path = folder.join("unsubscribe.key");
        let file = |source| StopKeyError::File { path: path.clone(), source };
        match fs::read_to_string(&path) {
            Ok(text) => {
                let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok();
                let key = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
                return key.map(Self).ok_or(StopKeyError::Form { path });
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(file(e)),
        }
        let mut key = [0_u8; 32];
        OsRng.try_fill_bytes(&mut key).map_err(|_| StopKeyError::Random)?;
        fs::create_dir_all(&folder).map_err(file)?;
        write_private(&path, &data_encoding::HEXLOWER.encode(&key)).map_err(file)?;
        Ok(Self(key))
    }

    fn tag(&self, parts: &[&str]) -> [u8; TAG_BYTES] {
        // An HMAC takes a key of any length.
        let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(&self.0) else { return [0; TAG_BYTES] };
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part.as_bytes());
        }
        let mut tag = [0; TAG_BYTES];
        tag.iter_mut().zip(mac.finalize().into_bytes()).for_each(|(kept, byte)| *kept = byte);
        tag
    }

    /// The keyed hash of an address, which stops are kept under. Case and surrounding space do not matter.
    pub fn address(&self, address: &str) -> String {
        subject::address_hash(&self.0, address)
    }

    /// The token of a link.
    pub fn token(&self, link: &Link) -> String {
        let payload = [&link.account, &link.contact, &link.proposal, &link.address_hmac].map(String::as_str).join("\n");
        let tag = self.tag(&["link", &payload]);
        format!("{}.{}", BASE64URL_NOPAD.encode(payload.as_bytes()), BASE64URL_NOPAD.encode(&tag))
    }

    /// The link of a token, where this key made it.
    pub fn read(&self, token: &str) -> Option<Link> {
        let (payload, tag) = token.split_once('.')?;
        let payload = String::from_utf8(BASE64URL_NOPAD.decode(payload.as_bytes()).ok()?).ok()?;
        let tag = BASE64URL_NOPAD.decode(tag.as_bytes()).ok()?;
        // A second keyed hash over both makes the comparison tell nothing of the first.
        let expected = BASE64URL_NOPAD.encode(&self.tag(&["link", &payload]));
        let given = BASE64URL_NOPAD.encode(&tag);
        if self.tag(&["compare", &expected]) != self.tag(&["compare", &given]) {
            return None;
        }
        let mut parts = payload.split('\n').map(str::to_owned);
        let mut next = || parts.next();
        Some(Link { account: next()?, contact: next()?, proposal: next()?, address_hmac: next()? })
    }
}

#[cfg(unix)]
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(not(unix))]
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    fs::write(path, text)
}

/// An event of one as a message.
pub(crate) fn packed(subject: String, event: &Event, personal: &serde_json::Map<String, serde_json::Value>) -> Message {
    let envelope = Envelope::of(event, Some(personal));
    let json = serde_json::to_vec(&envelope).unwrap_or_default();
    let mut batch = Batch::new();
    batch.push_raw(event.kind(), event.header.entity.hash(), &json);
    let (body, index) = batch.finish();
    Message::new(subject, body)
        .with_header(bus::HEADER_CONTENT_TYPE, bus::CONTENT_TYPE_BATCH)
        .with_header(HEADER_INDEX, index)
}

fn header(link: &Link, time: Time, actor: Actor) -> Header {
    Header {
        source: "console".into(),
        id: uuid::Uuid::now_v7().to_string(),
        entity: Entity::account(&link.account),
        time,
        logtime: Time(0),
        actor: Some(actor),
        contact: Some(link.contact.clone()),
        correlation: Some(link.proposal.clone()),
        causation: None,
        stage: None,
        segment: None,
        late: false,
    }
}

/// Stops an address, then tells the log that the contact unsubscribed.
///
/// # Errors
/// The stop was not acknowledged: nothing is promised, and the reader is asked to try again.
pub(crate) async fn unsubscribe(
    (out, log): (&Bus, &Bus),
    partitions: Partitions,
    link: &Link,
    class: TouchClass,
    time: Time,
) -> Result<(), PublishError> {
    let actor = Actor { kind: ActorKind::System, id: "unsubscribe".into() };
    let stop = Stop::Address(link.address_hmac.clone());
    let set = StopSet { scope: stop.clone(), by: Label::nearest("recipient") };
    let event = Event { header: header(link, time, actor.clone()), data: Data::StopSet(set) };
    out.publish(packed(stop.subject(), &event, &serde_json::Map::new()), None).await?;
    let unsubscribed = OutreachUnsubscribed {
        proposal: Label::new(link.proposal.clone()).ok(),
        message: Label::nearest(&link.proposal),
        class,
    };
    let mut header = header(link, time, actor);
    // One link says the same thing however often it is pressed: the router drops the repeats.
    header.id = format!("unsubscribe/{}/{}", link.contact, link.proposal);
    let event = Event { header, data: Data::OutreachUnsubscribed(unsubscribed) };
    let partition = partitions.of(&event.header.entity);
    let message = packed(subject::in_batch(partition), &event, &serde_json::Map::new());
    log.publish(message.with_header(HEADER_OWN.0, HEADER_OWN.1), None).await?;
    metrics::counter!("mainstay_console_unsubscribes_total").increment(1);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> Link {
        Link {
            account: "acme".into(),
            contact: "c_ab".into(),
            proposal: "p1".into(),
            address_hmac: StopKey([7; 32]).address("Ana@Customer.example "),
        }
    }

    #[test]
    fn a_token_reads_back_and_a_forged_one_does_not() {
        let key = StopKey([7; 32]);
        let token = key.token(&link());
        assert_eq!(key.read(&token), Some(link()));
        assert!(!token.contains("customer"));
        let other = Link { account: "other".into(), ..link() };
        let (payload, _) = key.token(&other).split_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let (_, tag) = token.split_once('.').unwrap();
        assert_eq!(key.read(&format!("{payload}.{tag}")), None);
        assert_eq!(StopKey([8; 32]).read(&token), None);
        for text in ["", ".", "a.b", "ä.ö"] {
            assert_eq!(key.read(text), None, "{text}");
        }
    }

    #[test]
    fn the_key_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let first = StopKey::open(folder.path()).unwrap();
        assert_eq!(StopKey::open(folder.path()).unwrap().address("a@b.c"), first.address(" A@B.C"));
        std::fs::write(folder.path().join("keys/unsubscribe.key"), "short").unwrap();
        assert!(matches!(StopKey::open(folder.path()), Err(StopKeyError::Form { .. })));
    }
}

//! From a proposal to the exact bytes of its mail, with what is known of its recipient.

use bus_schema::{Time, data::facts::OutreachProposed};
use courier::{Address, ComposeError, Draft, Person};
use sha2::{Digest, Sha256};

use crate::{
    app::App,
    draft::{self, Fields, FillError},
    stop::Link,
    views::row::{Account, Contact, Proposal},
};

/// A message that cannot be approved as it stands.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum LetterError {
    /// An open field.
    #[error(transparent)]
    Fill(#[from] FillError),
    /// The contact has no address.
    #[error("no mail address of the recipient is known: send a contact.updated event with it")]
    NoAddress,
    /// The contact wants none.
    #[error("the recipient does not want messages")]
    NoConsent,
    /// The contact left.
    #[error("the recipient left the company")]
    Left,
    /// The parts do not make a mail.
    #[error("{0}")]
    Compose(String),
}

impl From<ComposeError> for LetterError {
    fn from(error: ComposeError) -> Self {
        Self::Compose(error.to_string())
    }
}

/// A finished mail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Letter {
    pub(crate) recipient: String,
    pub(crate) subject: String,
    pub(crate) body: String,
    pub(crate) bytes: Vec<u8>,
}

/// The template text of a message: the draft's own, or what a person made of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Text {
    pub(crate) subject: String,
    pub(crate) body: String,
}

impl Text {
    /// The draft as it was proposed.
    pub(crate) fn of(draft: &OutreachProposed) -> Self {
        Self { subject: draft.subject.clone(), body: draft.body.clone() }
    }

    /// Line ends as browsers send them are no change.
    fn same(text: &str) -> String {
        text.replace("\r\n", "\n").trim_end().to_owned()
    }

    /// Whether a person changed the draft.
    pub(crate) fn differs_from(&self, draft: &OutreachProposed) -> bool {
        Self::same(&self.subject) != Self::same(&draft.subject) || Self::same(&self.body) != Self::same(&draft.body)
    }
}

/// What the fields of a draft may be filled with: of the recipient, the account and the sender.
pub(crate) fn fields(app: &App, account: &Account, contact: Option<&Contact>) -> Fields {
    let mut fields = Fields::new();
    let mut set = |name: &str, value: Option<&str>| {
        if let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) {
            fields.insert(name.to_owned(), value.to_owned());
        }
    };
    let name = contact.and_then(|contact| contact.name.as_deref());
    let first = name.and_then(|name| name.split_whitespace().next());
    set("contact.name", name);
    set("contact.first_name", first);
    set("contact.salutation", first);
    set("contact.title", contact.and_then(|contact| contact.title.as_deref()));
    set("contact.email", contact.and_then(|contact| contact.email.as_deref()));
    set("account.name", Some(account.title()));
    let sender = &app.config.sender;
    set("sender.name", Some(&sender.name));
    set("sender.first_name", sender.name.split_whitespace().next());
    set("sender.email", Some(&sender.email));
    fields
}

/// Fills, addresses and composes.
///
/// # Errors
/// Whatever stands in the way of sending it; all of it can be shown to the person who decides.
pub(crate) fn write(
    app: &App,
    (proposal, account, contact): (&Proposal, &Account, Option<&Contact>),
    text: &Text,
    date: Time,
) -> Result<Letter, LetterError> {
    let contact = contact.ok_or(LetterError::NoAddress)?;
    if contact.left_on.is_some() {
        return Err(LetterError::Left);
    }
    if contact.consent.as_deref() == Some("revoked") {
        return Err(LetterError::NoConsent);
    }
    let email = contact.email.as_deref().ok_or(LetterError::NoAddress)?;
    let fields = fields(app, account, Some(contact));
    let subject = draft::fill(&text.subject, &fields)?;
    let body = draft::fill(&text.body, &fields)?;
    let from = Address::parse(&app.config.sender.email)?;
    let link = Link {
        account: account.id.clone(),
        contact: contact.id.clone(),
        proposal: proposal.id.clone(),
        address_hmac: app.stop_key.address(email),
    };
    let domain = app.config.sender.email.rsplit('@').next().unwrap_or("localhost");
    let draft = Draft {
        from: Person { name: app.config.sender.name.clone(), address: from.clone() },
        reply_to: from,
        to: Person { name: contact.name.clone().unwrap_or_default(), address: Address::parse(email)? },
        subject: subject.trim().to_owned(),
        body_text: body.clone(),
        unsubscribe_url: format!("{}/u/{}", app.public_url(), app.stop_key.token(&link)),
        message_id: format!("{}.{}@{domain}", proposal.id, text_id(&subject, &body)),
        date,
    };
    let bytes = courier::compose(&draft)?;
    Ok(Letter { recipient: email.to_owned(), subject: draft.subject, body, bytes })
}

/// Two texts of one proposal are two messages to a mail program.
fn text_id(subject: &str, body: &str) -> String {
    let hash = Sha256::digest(format!("{subject}\n{body}").as_bytes());
    data_encoding::HEXLOWER.encode(hash.get(..6).unwrap_or_default())
}

//! What the courier is told: by which way, within which bounds.

use std::{fmt, net::IpAddr, path::PathBuf, sync::Arc, time::Duration};

use uuid::Uuid;

use crate::{compose::Address, transport::Outlet};

/// Settings of the courier.
#[derive(Clone, Debug)]
pub struct Config {
    /// What the name of this courier's reading position begins with.
    pub name: String,
    /// The mail server; without one every message becomes a file.
    pub smtp: Option<Smtp>,
    /// A way of the caller's by which every message leaves in place of mail server and files.
    pub outlet: Option<Arc<dyn Outlet>>,
    /// Gives a word nobody else has: two couriers must be able to tell their records apart.
    pub unique: Unique,
    /// Folder of `<proposal>.eml` files: without a mail server, and on event time.
    pub outbox: PathBuf,
    /// Folder with a file per attempt that began: what an older copy of the bus cannot know. Without one it is believed.
    pub begun: Option<PathBuf>,
    /// Envelope sender, to which bounces go.
    pub envelope_from: Address,
    /// How long one attempt with its repetitions may take.
    pub deadline: Duration,
    /// How long after its deadline an intent without outcome is declared unknown.
    pub grace: Duration,
    /// Waits before each repetition after a definite refusal for now.
    pub retry_after: Vec<Duration>,
    /// Most messages on their way at once.
    pub parallel_max: usize,
    /// How long a graceful stop waits for messages on their way.
    pub drain: Duration,
}

impl Config {
    /// Settings that write files.
    pub fn new(outbox: impl Into<PathBuf>, envelope_from: Address) -> Self {
        Self {
            name: "courier".into(),
            smtp: None,
            outlet: None,
            unique: Unique::default(),
            outbox: outbox.into(),
            begun: None,
            envelope_from,
            deadline: Duration::from_mins(5),
            grace: Duration::from_mins(1),
            retry_after: [5, 20, 60].map(Duration::from_secs).to_vec(),
            parallel_max: 4,
            drain: Duration::from_secs(20),
        }
    }
}

/// Words of which no two are the same.
#[derive(Clone)]
pub struct Unique(pub Arc<dyn Fn() -> String + Send + Sync>);

impl Default for Unique {
    fn default() -> Self {
        Self(Arc::new(|| Uuid::now_v7().to_string()))
    }
}

impl fmt::Debug for Unique {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unique").finish_non_exhaustive()
    }
}

/// A mail server.
#[derive(Clone)]
pub struct Smtp {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: Encryption,
    /// User and password.
    pub credentials: Option<(String, String)>,
    /// A certificate authority to trust beside the public ones, in PEM; with one, even this machine's own server must
    /// encrypt.
    pub authority_pem: Option<Vec<u8>>,
    /// How long the server may take for a reply before the message is handed over.
    pub reply_timeout: Duration,
    /// How long it may take to confirm the message.
    pub accept_timeout: Duration,
}

/// How a connection to a mail server is encrypted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encryption {
    /// STARTTLS is required, except to this machine itself.
    StartTls,
    /// TLS from the first byte.
    Implicit,
}

/// A URL that names no mail server.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SmtpUrlError {
    /// Another scheme.
    #[error("the mail server must be given as smtp://host:port or smtps://host:port")]
    Scheme,
    /// No host, or a path behind it.
    #[error("the mail server's URL has no host, or something behind host and port")]
    Host,
    /// Not a port.
    #[error("the mail server's port must be a number from 1 to 65535")]
    Port,
    /// User and password are not both there, or not percent-encoded.
    #[error("user and password of the mail server must both be there, with special characters as %XX")]
    Credentials,
}

impl Smtp {
    /// Reads `smtp://user:password@host:587` (STARTTLS) or `smtps://host` (TLS, port 465).
    ///
    /// # Errors
    /// Text of another form.
    pub fn parse(url: &str) -> Result<Self, SmtpUrlError> {
        let (scheme, rest) = url.trim().split_once("://").ok_or(SmtpUrlError::Scheme)?;
        let (encryption, default_port) = match scheme.to_ascii_lowercase().as_str() {
            "smtp" => (Encryption::StartTls, 587),
            "smtps" => (Encryption::Implicit, 465),
            _ => return Err(SmtpUrlError::Scheme),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (login, place) = rest.rsplit_once('@').map_or((None, rest), |(login, place)| (Some(login), place));
        let credentials = login.map(|login| {
            let (user, password) = login.split_once(':').ok_or(SmtpUrlError::Credentials)?;
            let decoded = decode(user).zip(decode(password)).ok_or(SmtpUrlError::Credentials)?;
            if decoded.0.is_empty() { Err(SmtpUrlError::Credentials) } else { Ok(decoded) }
        });
        let (host, port) = match place.strip_prefix('[').and_then(|place| place.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
        };
        if host.is_empty() || host.contains(['/', '?', '#', ' ']) {
            return Err(SmtpUrlError::Host);
        }
        let port = match port {
            Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or(SmtpUrlError::Port)?,
            None => default_port,
        };
        Ok(Self {
            host: host.to_owned(),
            port,
            encryption,
            credentials: credentials.transpose()?,
            authority_pem: None,
            reply_timeout: Duration::from_secs(30),
            accept_timeout: Duration::from_mins(2),
        })
    }

    /// Whether a message may only travel encrypted: always, except to this machine itself without an authority to
    /// check its certificate by.
    pub(crate) fn must_encrypt(&self) -> bool {
        !self.is_loopback() || self.authority_pem.is_some()
    }

    /// Whether the connection cannot leave this machine. A name that merely resolves to it does not count: whoever
    /// answers for the name could send it elsewhere.
    fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost") || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("encryption", &self.encryption)
            .field("user", &self.credentials.as_ref().map(|(user, _)| user))
            .finish_non_exhaustive()
    }
}

/// Decodes `%XX`.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let decoded = if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
        } else {
            byte
        };
        bytes.push(decoded);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_mail_servers() {
        let smtp = Smtp::parse("smtp://jo%40x:p%3Aw@mail.example").unwrap();
        assert_eq!((smtp.host.as_str(), smtp.port, smtp.encryption), ("mail.example", 587, Encryption::StartTls));
        assert_eq!(smtp.credentials, Some(("jo@x".into(), "p:w".into())));
        assert!(!format!("{smtp:?}").contains("p:w"));
        let smtp = Smtp::parse("SMTPS://[::1]:2465/").unwrap();
        assert_eq!((smtp.host.as_str(), smtp.port, smtp.encryption), ("::1", 2465, Encryption::Implicit));
        let cases = [
            ("mail.example:25", SmtpUrlError::Scheme),
            ("http://mail.example", SmtpUrlError::Scheme),
            ("smtp://", SmtpUrlError::Host),
            ("smtp://mail.example/path", SmtpUrlError::Host),
            ("smtp://mail.example:0", SmtpUrlError::Port),
            ("smtp://mail.example:x", SmtpUrlError::Port),
            ("smtp://jo@mail.example", SmtpUrlError::Credentials),
            ("smtp://jo:%zz@mail.example", SmtpUrlError::Credentials),
        ];
        for (url, error) in cases {
            assert_eq!(Smtp::parse(url).unwrap_err(), error, "{url}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        let loopback = |host: &str| Smtp { host: host.into(), ..Smtp::parse("smtp://x").unwrap() }.is_loopback();
        assert!(["127.0.0.1", "127.8.8.8", "::1", "localhost", "LOCALHOST"].into_iter().all(loopback));
        let outside = ["127.1", "localhost.example", "0.0.0.0", "10.0.0.1", "mail.example", "127.0.0.1.example"];
        assert!(!outside.into_iter().any(loopback));
    }
}

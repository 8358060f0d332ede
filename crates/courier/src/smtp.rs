//! One message over SMTP, with the one question that matters answered exactly: can the server have it?
//!
//! Until the final dot is written it cannot, whatever breaks. From then on only a reply tells; without one the fate is
//! in doubt. That is why commands are sent one by one instead of through a pooled transport, which hides the phase.

use std::{
    future::Future,
    iter,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use lettre::transport::smtp::{
    Error,
    authentication::{Credentials, DEFAULT_MECHANISMS},
    client::{AsyncSmtpConnection, Certificate, TlsParameters},
    commands::{Data, Mail, Rcpt},
    extension::{ClientId, Extension, MailBodyParameter, MailParameter},
    response::{Response, Severity},
};
use tokio::time::{Instant, timeout_at};

use crate::{
    config::{Encryption, Smtp},
    transport::{Attempt, Letter},
};

/// How long the server may take to say goodbye, which nobody waits for.
const QUIT_TIMEOUT: Duration = Duration::from_secs(5);
const TEXT_CHARS_MAX: usize = 300;

/// Why the message was not handed over.
struct Refusal {
    text: String,
    later: bool,
}

/// Sends one message; over at `until` at the latest.
pub(crate) async fn send(server: &Smtp, letter: &Letter, until: Instant) -> Attempt {
    if !is_sendable(&letter.bytes) {
        let text = "the message is no mail of CRLF lines of at most 998 bytes".to_owned();
        return Attempt::Refused { text, later: false };
    }
    let mut connection = match prepare(server, letter, until).await {
        Ok(connection) => connection,
        Err(Refusal { text, later }) => return Attempt::Refused { text, later },
    };
    let attempt = hand_over(&mut connection, server, &letter.bytes, until).await;
    let sent = matches!(attempt, Attempt::Sent(_));
    // The outcome does not wait for the server's goodbye.
    tokio::spawn(tokio::time::timeout(QUIT_TIMEOUT, async move {
        if sent {
            drop(connection.quit().await);
        } else {
            connection.abort().await;
        }
    }));
    attempt
}

/// Everything up to the server's invitation to send the message.
async fn prepare(server: &Smtp, letter: &Letter, until: Instant) -> Result<AsyncSmtpConnection, Refusal> {
    let hello = ClientId::default();
    let implicit = match server.encryption {
        Encryption::Implicit => Some(tls(server)?),
        Encryption::StartTls => None,
    };
    let address = (server.host.as_str(), server.port);
    let connect = AsyncSmtpConnection::connect_tokio1(address, Some(server.reply_timeout), &hello, implicit, None);
    let mut connection = bounded("connecting", server.reply_timeout, until, connect).await?;
    if server.must_encrypt() && !connection.is_encrypted() {
        if !connection.can_starttls() {
            let text = "the mail server offers no STARTTLS, and the message may not travel in clear".to_owned();
            return Err(Refusal { text, later: true });
        }
        bounded("STARTTLS", server.reply_timeout, until, connection.starttls(tls(server)?, &hello)).await?;
    }
    if let Some((user, password)) = &server.credentials {
        let credentials = Credentials::new(user.clone(), password.clone());
        let login = connection.auth(DEFAULT_MECHANISMS, &credentials);
        bounded("the login", server.reply_timeout, until, login).await?;
    }
    let parameters = parameters(&connection, letter)?;
    let sender = Mail::new(Some(letter.from.inner().clone()), parameters);
    bounded("MAIL", server.reply_timeout, until, connection.command(sender)).await?;
    let recipient = Rcpt::new(letter.to.inner().clone(), vec![]);
    bounded("RCPT", server.reply_timeout, until, connection.command(recipient)).await?;
    let invited = bounded("DATA", server.reply_timeout, until, connection.command(Data)).await?;
    if invited.has_code(354) {
        Ok(connection)
    } else {
        Err(Refusal { text: format!("the mail server answered DATA with {}", words(&invited)), later: true })
    }
}

/// The message itself, and the reply to its final dot.
async fn hand_over(connection: &mut AsyncSmtpConnection, server: &Smtp, bytes: &[u8], until: Instant) -> Attempt {
    // The dot is written with a line end of its own before it.
    let content = bytes.strip_suffix(b"\r\n").unwrap_or(bytes);
    let ending = AtomicBool::new(false);
    let mut content = Some(content);
    let parts = iter::from_fn(|| {
        let part = content.take();
        // Asked for more: all of it is written, and the dot comes next.
        ending.fetch_or(part.is_none(), Ordering::SeqCst);
        part
    });
    let limit = until.min(Instant::now() + server.accept_timeout);
    let result = timeout_at(limit, connection.message_iter(parts)).await;
    match result {
        Ok(Ok(response)) if response.code().severity == Severity::PositiveCompletion => Attempt::Sent(words(&response)),
        Ok(Ok(_)) => Attempt::Doubt("the mail server's reply to the message is neither yes nor no"),
        Ok(Err(error)) if error.status().is_some() => {
            let Refusal { text, later } = refusal("the message", &error);
            Attempt::Refused { text, later }
        }
        Ok(Err(_)) if ending.load(Ordering::SeqCst) => {
            Attempt::Doubt("the connection broke after the message was sent")
        }
        Err(_) if ending.load(Ordering::SeqCst) => {
            Attempt::Doubt("the mail server did not confirm the message in time")
        }
        Ok(Err(error)) => {
            let Refusal { text, later } = refusal("the message", &error);
            Attempt::Refused { text, later }
        }
        Err(_) => Attempt::Refused { text: "the message could not be written in time".into(), later: true },
    }
}

async fn bounded<T>(
    what: &str,
    limit: Duration,
    until: Instant,
    step: impl Future<Output = Result<T, Error>>,
) -> Result<T, Refusal> {
    match timeout_at(until.min(Instant::now() + limit), step).await {
        Ok(result) => result.map_err(|error| refusal(what, &error)),
        Err(_) => Err(Refusal { text: format!("{what} took too long"), later: true }),
    }
}

fn refusal(what: &str, error: &Error) -> Refusal {
    let mut text = format!("{what}: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        // lettre's own text holds its first source already.
        if !text.contains(&source.to_string()) {
            text.push_str(": ");
            text.push_str(&source.to_string());
        }
        cause = source.source();
    }
    Refusal { text: text.chars().take(TEXT_CHARS_MAX).collect(), later: !error.is_permanent() }
}

fn tls(server: &Smtp) -> Result<TlsParameters, Refusal> {
    let unusable = |error: Error| Refusal { text: format!("the TLS settings cannot be used: {error}"), later: true };
    let mut builder = TlsParameters::builder(server.host.clone());
    if let Some(pem) = &server.authority_pem {
        builder = builder.add_root_certificate(Certificate::from_pem(pem).map_err(unusable)?);
    }
    builder.build_rustls().map_err(unusable)
}

fn parameters(connection: &AsyncSmtpConnection, letter: &Letter) -> Result<Vec<MailParameter>, Refusal> {
    let info = connection.server_info();
    let mut parameters = Vec::new();
    let international = |address: &crate::compose::Address| !address.as_str().is_ascii();
    if international(&letter.from) || international(&letter.to) {
        if !info.supports_feature(Extension::SmtpUtfEight) {
            let text = "the mail server does not take international addresses".to_owned();
            return Err(Refusal { text, later: false });
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !letter.bytes.is_ascii() {
        if !info.supports_feature(Extension::EightBitMime) {
            let text = "the mail server takes ASCII only and the message has other bytes".to_owned();
            return Err(Refusal { text, later: false });
        }
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(parameters)
}

/// A reply in one line, without addresses.
fn words(response: &Response) -> String {
    let text: Vec<&str> =
        response.message().flat_map(str::split_whitespace).filter(|word| !word.contains('@')).collect();
    format!("{} {}", response.code(), text.join(" ")).chars().take(TEXT_CHARS_MAX).collect()
}

/// Whether the bytes arrive as they are: a bare CR or LF would be read as a line end by some servers, a message
/// without a last line end would get one.
fn is_sendable(bytes: &[u8]) -> bool {
    let Some(content) = bytes.strip_suffix(b"\r\n") else { return false };
    lines(content).all(|line| line.len() <= 998 && !line.contains(&b'\r') && !line.contains(&b'\n'))
}

fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(content);
    iter::from_fn(move || {
        let whole = rest?;
        let end = whole.windows(2).position(|pair| pair == b"\r\n");
        rest = end.and_then(|end| whole.get(end + 2..));
        Some(end.and_then(|end| whole.get(..end)).unwrap_or(whole))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_crlf_lines_are_sent() {
        assert!(is_sendable(b"Subject: x\r\n\r\nhello\r\n"));
        assert!(is_sendable(b"\r\n"));
        let long = format!("{}\r\n", "x".repeat(999));
        let cases: [&[u8]; 7] = [b"", b"x", b"x\n", b"a\nb\r\n", b"a\rb\r\n", b"a\r\r\n", long.as_bytes()];
        for bytes in cases {
            assert!(!is_sendable(bytes), "{:?}", String::from_utf8_lossy(bytes));
        }
    }
}

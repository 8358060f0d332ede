//! From hostile texts to the bytes of a mail.

use std::collections::BTreeMap;

use bus_schema::Time;
use courier::{Address, Draft, Person, compose};

use crate::readable;

/// The headers of every mail, each of them once.
const HEADERS: [&str; 11] = [
    "Content-Transfer-Encoding",
    "Content-Type",
    "Date",
    "From",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "MIME-Version",
    "Message-ID",
    "Reply-To",
    "Subject",
    "To",
];

/// Between the parts, so that a part may have line breaks.
const PART: &str = "\n=====\n";

/// Subject, body, sender's name and address, recipient's name and address, message id and link, each between rulers; a
/// part that is missing is a plain one.
///
/// Whatever they hold, the mail has exactly its own headers, one recipient, ASCII lines of bearable length that end with
/// CRLF, and a body that decodes to the text that was approved; or it is refused with a reason.
pub(crate) fn mail(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.split(PART);
    let mut next = |plain: &'static str| match parts.next() {
        Some(part) if !part.is_empty() => part.to_owned(),
        _ => plain.to_owned(),
    };
    let (subject, body_text) = (next("Your exports"), next("Hello Ana,\nthree exports failed."));
    let (from, from_address) = (next("Jo Doe"), next("jo@vendor.example"));
    let (to, to_address) = (next("Ana"), next("ana@customer.example"));
    let (message_id, unsubscribe_url) = (next("p1@mainstay.example"), next("https://vendor.example/u/abc"));
    let (from_address, to_address) = match (Address::parse(&from_address), Address::parse(&to_address)) {
        (Ok(from), Ok(to)) => (from, to),
        (Err(error), _) | (_, Err(error)) => return readable(&error.to_string()),
    };
    let draft = Draft {
        from: Person { name: from, address: from_address.clone() },
        reply_to: from_address,
        to: Person { name: to, address: to_address },
        subject,
        body_text,
        unsubscribe_url,
        message_id,
        date: Time(1_772_355_600_000),
    };
    assert_eq!(compose(&draft), compose(&draft), "two mails of one draft");
    match compose(&draft) {
        Ok(bytes) => composed(&draft, bytes),
        Err(error) => readable(&error.to_string()),
    }
}

fn composed(draft: &Draft, bytes: Vec<u8>) {
    let text = String::from_utf8(bytes).expect("a mail is text");
    // An internationalised address is the one thing that is written as it is.
    let addresses = [&draft.from.address, &draft.to.address, &draft.reply_to];
    let others = addresses.iter().fold(text.clone(), |text, address| text.replace(address.as_str(), "address"));
    assert!(others.is_ascii(), "a mail has a byte that is not ASCII");
    assert!(!text.replace("\r\n", "").contains(['\r', '\n', '\0']), "a line ends with something else than CRLF");
    assert!(text.split("\r\n").all(|line| line.len() <= 998), "a line is longer than SMTP takes");
    let (head, body) = text.split_once("\r\n\r\n").expect("headers, a blank line, a body");
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let mut headers = BTreeMap::new();
    for line in unfolded.split("\r\n") {
        let (name, value) = line.split_once(':').expect("a header has a name");
        assert!(headers.insert(name, value.trim()).is_none(), "the header {name} stands twice");
    }
    assert_eq!(headers.keys().copied().collect::<Vec<_>>(), HEADERS, "a text added or removed a header");
    for (name, address) in [("From", &draft.from.address), ("To", &draft.to.address), ("Reply-To", &draft.reply_to)] {
        let value = headers.get(name).copied().unwrap_or_default();
        let at = value.rsplit_once('<').map_or(value, |(_, rest)| rest.trim_end_matches('>'));
        assert_eq!(at, address.as_str(), "{name} names another address");
    }
    let link = format!("<{}>", draft.unsubscribe_url);
    assert_eq!(headers.get("List-Unsubscribe").copied(), Some(link.as_str()), "the link was changed");
    let encoding = headers.get("Content-Transfer-Encoding").copied().unwrap_or_default();
    let approved = draft.body_text.replace("\r\n", "\n").replace('\r', "\n");
    let sent = decoded(encoding, body).replace("\r\n", "\n");
    assert_eq!(sent.trim_end(), approved.trim_end(), "the body says something else than what was approved");
}

/// The text of a body, as a mail program reads it.
fn decoded(encoding: &str, body: &str) -> String {
    let bytes = match encoding {
        "7bit" => body.as_bytes().to_vec(),
        "quoted-printable" => quoted_printable(&body.replace("=\r\n", "")),
        "base64" => base64(body),
        other => return format!("an encoding that nobody reads: {other}"),
    };
    String::from_utf8(bytes).expect("a body is text")
}

fn quoted_printable(body: &str) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), body.bytes());
    while let Some(byte) = rest.next() {
        if byte == b'=' {
            let digits = [rest.next().unwrap_or_default(), rest.next().unwrap_or_default()];
            let digits = std::str::from_utf8(&digits).expect("two digits");
            out.push(u8::from_str_radix(digits, 16).expect("two digits"));
        } else {
            out.push(byte);
        }
    }
    out
}

fn base64(body: &str) -> Vec<u8> {
    let (mut out, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for byte in body.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            _ => 63,
        };
        bits = (bits << 6) | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from((bits >> count) & 0xff).unwrap_or_default());
        }
    }
    out
}

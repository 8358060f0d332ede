//! The gateway's routes and what lets a person into the console.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use bus_schema::{Envelope, Kind};
use gateway::{Event, Route};
use mainstay_console::{Link, Sessions, StopKey};

use crate::{RULER, event, head, headers, readable, received, tenant};

/// A Segment body; the first line is the last part of its path, as in `batch` or `track`.
pub(crate) fn segment(data: &[u8]) {
    let (name, body) = head(data);
    let route = std::str::from_utf8(name).ok().and_then(Route::named).unwrap_or(Route::Batch);
    match route.read(&HeaderMap::new(), body, "web", received()) {
        Ok(events) => {
            for one in &events {
                placed(one);
                let sent: Envelope = serde_json::from_slice(&one.json).expect("a mapped event is an envelope");
                if matches!(route, Route::Batch | Route::Call(_)) {
                    assert_eq!(sent.source, "segment/web");
                    assert!(sent.personal.is_none(), "the gateway seals nothing");
                }
            }
        }
        Err(refused) => readable(&refused.to_string()),
    }
}

/// CloudEvents over HTTP, lines of headers above the body.
pub(crate) fn cloud_events(data: &[u8]) {
    let (list, body) = headers(data);
    let mut map = HeaderMap::new();
    for (name, value) in list {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            map.append(name, value);
        }
    }
    match Route::Events.read(&map, body, "web", received()) {
        Ok(events) => {
            assert!(!events.is_empty(), "a body without events was taken");
            events.iter().for_each(placed);
        }
        Err(refused) => readable(&refused.to_string()),
    }
}

/// An event has the place and the kind that the router will find in it.
fn placed(one: &Event) {
    match tenant().admit(&one.json, received()) {
        Ok(admitted) => {
            assert_eq!(admitted.addressed, one.entity, "the router would look for it in another partition");
            // An old name of a kind has no code of its own.
            let sent: Envelope = serde_json::from_slice(&one.json).expect("an admitted event is an envelope");
            assert_eq!(Kind::from_name(&sent.kind).map_or(0, Kind::code), one.kind);
            event::admitted(&admitted);
        }
        Err(refusal) => readable(&refusal.to_string()),
    }
}

/// A `Cookie` header, an `Authorization` header, and the token of an unsubscribe link, below each other: nothing that was
/// not issued lets anybody in or stops anything.
pub(crate) fn sign_in(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.split(RULER);
    let mut next = || parts.next().unwrap_or_default();
    let (cookie, bearer, token) = (next(), next(), next());
    let sessions = Sessions::new("local".into(), "the-token-of-the-api");
    let session = sessions.issue_link().and_then(|link| sessions.sign_in(&link)).expect("a session");
    let mut headers = HeaderMap::new();
    for (name, value) in [(header::COOKIE, cookie), (header::AUTHORIZATION, bearer)] {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            headers.insert(name, value);
        }
    }
    assert!(sessions.user_of(&headers).is_none(), "a cookie that nobody issued lets in");
    let right = bearer == "Bearer the-token-of-the-api";
    assert_eq!(sessions.has_token(&headers), right, "the token is wanted whole, and nothing else is");
    assert!(sessions.sign_in(cookie).is_none(), "a link that nobody issued lets in");
    // A session is found whatever stands around it.
    if let Ok(value) = HeaderValue::from_str(&format!("{}; mainstay_session={session}", cookie.replace('=', "-"))) {
        headers.insert(header::COOKIE, value);
        assert!(sessions.user_of(&headers).is_some(), "a session is not found behind other cookies");
    }
    links(token);
}

fn links(token: &str) {
    let key = StopKey::new([7; 32]);
    if let Some(link) = key.read(token) {
        assert_eq!(key.token(&link), token, "two tokens for one link");
    }
    let mut parts = token.split('.');
    let mut next = || parts.next().unwrap_or_default().to_owned();
    let link = Link { account: next(), contact: next(), proposal: next(), address_hmac: next() };
    let made = key.token(&link);
    let read = key.read(&made).expect("a token of this key is read");
    let plain = [&link.account, &link.contact, &link.proposal, &link.address_hmac];
    if plain.iter().all(|part| !part.contains('\n')) {
        assert_eq!(read, link, "a link reads back as another");
    }
    assert!(StopKey::new([8; 32]).read(&made).is_none(), "another key's token is taken");
}

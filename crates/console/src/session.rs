//! Who is signed in: one-time links, sessions, the API's bearer token.
//!
//! Sessions live in memory and end with the process. A link works once; a session ends after thirty minutes without a
//! request and after twelve hours in any case.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::http::{HeaderMap, HeaderValue, header};
use data_encoding::BASE64URL_NOPAD;
use rand::{TryRngCore, rngs::OsRng};
use sha2::{Digest, Sha256};

/// Name of the session cookie.
const COOKIE: &str = "mainstay_session";
const IDLE: Duration = Duration::from_mins(30);
const ABSOLUTE: Duration = Duration::from_hours(12);
/// Links that wait at most; the oldest go first.
const LINKS_MAX: usize = 32;

/// Sessions and links that wait.
pub struct Sessions {
    user: String,
    token: [u8; 32],
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By the hash of its secret: a copy of the memory gives no session away.
    sessions: HashMap<[u8; 32], Session>,
    links: Vec<[u8; 32]>,
}

struct Session {
    began: Instant,
    seen: Instant,
}

impl Sessions {
    /// Nobody is signed in yet. The local user's name, and the token of the API.
    pub fn new(user: String, token: &str) -> Self {
        Self { user, token: hash(token), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The local user's name.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// A secret for a link that works once.
    pub fn issue_link(&self) -> Option<String> {
        let secret = secret()?;
        let mut state = self.state();
        if state.links.len() >= LINKS_MAX {
            state.links.remove(0);
        }
        state.links.push(hash(&secret));
        Some(secret)
    }

    /// Turns a link's secret into a session's. The link is used up.
    pub fn sign_in(&self, link: &str) -> Option<String> {
        let wanted = hash(link);
        let session = secret()?;
        let mut state = self.state();
        let at = state.links.iter().position(|known| *known == wanted)?;
        state.links.remove(at);
        let now = Instant::now();
        state.sessions.retain(|_, session| session.lives(now));
        state.sessions.insert(hash(&session), Session { began: now, seen: now });
        Some(session)
    }

    /// Ends the session of a request.
    pub fn sign_out(&self, headers: &HeaderMap) {
        if let Some(secret) = cookie(headers) {
            self.state().sessions.remove(&hash(secret));
        }
    }

    /// The user of a request's session, where it has one that lives.
    pub fn user_of(&self, headers: &HeaderMap) -> Option<String> {
        let key = hash(cookie(headers)?);
        let now = Instant::now();
        let mut state = self.state();
        let session = state.sessions.get_mut(&key)?;
        if session.lives(now) {
            session.seen = now;
            Some(self.user.clone())
        } else {
            state.sessions.remove(&key);
            None
        }
    }

    /// Whether a request carries the API's token. Hashes are compared, so time tells nothing of the token.
    pub fn has_token(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        given.and_then(|value| value.strip_prefix("Bearer ")).is_some_and(|token| hash(token) == self.token)
    }
}

impl Session {
    fn lives(&self, now: Instant) -> bool {
        now.duration_since(self.seen) < IDLE && now.duration_since(self.began) < ABSOLUTE
    }
}

/// 128 random bits, printable.
fn secret() -> Option<String> {
    let mut bytes = [0_u8; 16];
    OsRng.try_fill_bytes(&mut bytes).ok()?;
    Some(BASE64URL_NOPAD.encode(&bytes))
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// The session's cookie. Other cookies of the same host may hold any bytes, and must not hide it.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let pairs = headers.get_all(header::COOKIE).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
    pairs.filter_map(|pair| std::str::from_utf8(pair).ok()).find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == COOKIE).then_some(value)
    })
}

/// The header that keeps a session in a browser; without a secret it ends it.
pub(crate) fn set_cookie(secret: Option<&str>, secure: bool) -> HeaderValue {
    let age = if secret.is_some() { ABSOLUTE.as_secs() } else { 0 };
    let secure = if secure { "; Secure" } else { "" };
    let value = secret.unwrap_or_default();
    let text = format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_cookie(secret: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, format!("a=b; {COOKIE}={secret}").parse().unwrap());
        headers
    }

    #[test]
    fn a_link_works_once_and_a_session_until_it_ends() {
        let sessions = Sessions::new("local".into(), "t");
        let link = sessions.issue_link().unwrap();
        assert!(sessions.sign_in("guess").is_none());
        let session = sessions.sign_in(&link).unwrap();
        assert!(sessions.sign_in(&link).is_none());
        assert_eq!(sessions.user_of(&with_cookie(&session)).as_deref(), Some("local"));
        assert!(sessions.user_of(&with_cookie("other")).is_none());
        let mut others = HeaderMap::new();
        let cookies = [b"theme=\xfc; k=\xc3\xbc; mainstay_session=".as_slice(), session.as_bytes()].concat();
        others.insert(header::COOKIE, HeaderValue::from_bytes(&cookies).unwrap());
        assert!(sessions.user_of(&others).is_some(), "cookies of another service hide the session");
        sessions.sign_out(&with_cookie(&session));
        assert!(sessions.user_of(&with_cookie(&session)).is_none());
    }

    #[test]
    fn idle_and_old_sessions_are_over() {
        let began = Instant::now();
        let lives = |seen: Duration, now: Duration| Session { began, seen: began + seen }.lives(began + now);
        assert!(lives(IDLE / 2, IDLE));
        assert!(!lives(IDLE, IDLE * 2));
        assert!(!lives(ABSOLUTE, ABSOLUTE));
    }

    #[test]
    fn the_token_is_wanted_whole() {
        let sessions = Sessions::new("local".into(), "secret");
        let bearer = |text: &str| HeaderMap::from_iter([(header::AUTHORIZATION, text.parse().unwrap())]);
        assert!(sessions.has_token(&bearer("Bearer secret")));
        for wrong in ["Bearer secre", "secret", "Basic secret", "Bearer "] {
            assert!(!sessions.has_token(&bearer(wrong)), "{wrong}");
        }
    }
}

//! The hash that chains a writer's messages.

use std::fmt;

use bus_schema::batch::{HEADER_EPOCH, HEADER_INDEX, HEADER_PREV, HEADER_TURN};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::Headers;

/// SHA-256 over what a writer said in one message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageHash(pub [u8; 32]);

impl MessageHash {
    /// What the first message of a subject names as its previous one: 64 zeros in hex.
    pub const NONE: Self = Self([0; 32]);
}

impl fmt::Display for MessageHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for MessageHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// SHA-256 over, in this order: subject, `Ms-Turn`, `Ms-Epoch`, `Ms-Prev`, `Ms-Index`, body.
///
/// Each part is preceded by its length in bytes as a 64-bit little-endian number; an absent header counts as
/// empty. The length keeps bytes from moving between parts under the same hash.
pub fn message_hash(subject: &str, headers: &Headers, body: &[u8]) -> MessageHash {
    let header = |name| headers.get(name).unwrap_or_default().as_bytes();
    let parts = [
        subject.as_bytes(),
        header(HEADER_TURN),
        header(HEADER_EPOCH),
        header(HEADER_PREV),
        header(HEADER_INDEX),
        body,
    ];
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    MessageHash(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers() -> Headers {
        Headers::new()
            .with(HEADER_TURN, "7.0.1")
            .with(HEADER_EPOCH, "3")
            .with(HEADER_PREV, MessageHash::NONE.to_string())
            .with(HEADER_INDEX, "AAAA")
    }

    #[test]
    fn every_part_counts_and_nothing_else() {
        let base = message_hash("cs.log.00.in", &headers(), b"[{}]");
        assert_ne!(base, message_hash("cs.log.01.in", &headers(), b"[{}]"));
        assert_ne!(base, message_hash("cs.log.00.in", &headers(), b"[{},{}]"));
        for name in [HEADER_TURN, HEADER_EPOCH, HEADER_PREV, HEADER_INDEX] {
            assert_ne!(base, message_hash("cs.log.00.in", &headers().with(name, "x"), b"[{}]"), "{name}");
        }
        let with_foreign = headers().with("Content-Type", "application/json");
        assert_eq!(base, message_hash("cs.log.00.in", &with_foreign, b"[{}]"));
    }

    #[test]
    fn bytes_cannot_move_between_parts() {
        let empty = Headers::new();
        assert_ne!(message_hash("ab", &empty, b"c"), message_hash("a", &empty, b"bc"));
    }

    #[test]
    fn the_form_is_fixed() {
        // Computed with Python's hashlib over the documented form, so that a separate tool can verify a chain.
        let hash = message_hash("cs.log.00.in", &headers(), b"[{}]");
        assert_eq!(hash.to_string(), "cbbb407a4cec906ea2044e499c5f8d94c7be095f066aec440a474df72c8ee8fa");
        assert_eq!(MessageHash::NONE.to_string(), "0".repeat(64));
    }
}

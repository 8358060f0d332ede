//! Hashes that name things: ids derived from their cause, and hashes of texts.

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use sha2::{Digest as _, Sha256};

/// Lower-case base32 of the first 16 bytes of SHA-256 over the parts, each ended by a zero byte.
pub fn id(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    let hash = hasher.finalize();
    BASE32_NOPAD.encode(hash.get(..16).unwrap_or_default()).to_ascii_lowercase()
}

/// The first 16 bytes of SHA-256 over the parts, each ended by a zero byte, as a number: small enough to keep many.
pub fn number(parts: &[&str]) -> u128 {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    let hash = hasher.finalize();
    hash.iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// SHA-256 in hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// The hash a decision is bound to before the bytes exist: subject, line feed, body.
pub fn draft_hash(subject: &str, body: &str) -> String {
    sha256_hex(format!("{subject}\n{body}").as_bytes())
}

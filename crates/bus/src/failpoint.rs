//! Points at which a process kills itself when the chaos suite asks for it.
//!
//! With the feature `failpoints`, `FAIL_AT=k5:2` ends the process the second time it comes to point `k5`, as kill −9
//! would: nothing is flushed, no destructor runs. Without the feature a point is nothing at all.
//!
//! The points are the steps of the append–checkpoint order: k1 messages are fetched, k2 applied in memory, k3 what they
//! caused is about to be published, k4 is published and not acknowledged, k5 is acknowledged, k6 the checkpoint is
//! written and not flushed, k7 it is flushed. Whoever has no store has no k6 and k7.

/// Ends the process here, where it was told to.
#[cfg(feature = "failpoints")]
pub fn failpoint(name: &str) {
    use std::sync::atomic::{AtomicU64, Ordering};

    static COUNT: AtomicU64 = AtomicU64::new(0);
    if let Some((wanted, at)) = &*WANTED
        && wanted == name
        && COUNT.fetch_add(1, Ordering::SeqCst) + 1 == *at
    {
        std::process::abort();
    }
}

/// Nothing: this build has no points of failure.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub const fn failpoint(_: &str) {}

/// Whether this process was told to end at a point.
#[cfg(feature = "failpoints")]
pub(crate) fn is_armed(name: &str) -> bool {
    WANTED.as_ref().is_some_and(|(wanted, _)| wanted == name)
}

#[cfg(feature = "failpoints")]
static WANTED: std::sync::LazyLock<Option<(String, u64)>> =
    std::sync::LazyLock::new(|| wanted(&std::env::var("FAIL_AT").ok()?));

/// Reads `k5:2`; a name alone means the first time.
#[cfg(feature = "failpoints")]
fn wanted(text: &str) -> Option<(String, u64)> {
    let (name, count) = text.split_once(':').unwrap_or((text, "1"));
    Some((name.to_owned(), count.parse().ok()?))
}

#[cfg(all(test, feature = "failpoints"))]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_named_with_its_count() {
        assert_eq!(wanted("k5:2"), Some(("k5".into(), 2)));
        assert_eq!(wanted("k5"), Some(("k5".into(), 1)));
        assert_eq!(wanted("k5:x"), None);
    }
}

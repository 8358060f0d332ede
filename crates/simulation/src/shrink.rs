//! From a long plan that fails to a short one that fails in the same way.
//!
//! Delta debugging (Zeller and Hildebrandt 2002): leave out ever smaller pieces as long as the rest still fails. It
//! ends with a list of which no single entry can be left out, or when it has tried often enough.

/// Leaves out what does not matter. `fails` says whether a list still fails; `tries_max` bounds how often it is asked.
///
/// The answer fails; it is `entries` itself where nothing can be left out.
pub fn minimise<T: Clone>(entries: &[T], tries_max: usize, mut fails: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut kept = entries.to_vec();
    let mut pieces = 2;
    let mut tries = 0;
    while kept.len() > 1 {
        let size = kept.len().div_ceil(pieces);
        let mut smaller = None;
        for start in (0..kept.len()).step_by(size) {
            if tries == tries_max {
                return kept;
            }
            tries += 1;
            let rest = without(&kept, start, size);
            if fails(&rest) {
                smaller = Some(rest);
                break;
            }
        }
        match smaller {
            Some(rest) => {
                kept = rest;
                pieces = (pieces - 1).max(2);
            }
            None if size == 1 => return kept,
            None => pieces = (pieces * 2).min(kept.len()),
        }
    }
    kept
}

fn without<T: Clone>(entries: &[T], start: usize, len: usize) -> Vec<T> {
    let outside = |at: usize| at < start || at >= start + len;
    entries.iter().enumerate().filter(|(at, _)| outside(*at)).map(|(_, entry)| entry.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_matter_is_left_out() {
        let entries: Vec<u32> = (0..100).collect();
        let needs = |wanted: &'static [u32]| move |rest: &[u32]| wanted.iter().all(|one| rest.contains(one));
        assert_eq!(minimise(&entries, 10_000, needs(&[17])), [17]);
        assert_eq!(minimise(&entries, 10_000, needs(&[3, 50, 99])), [3, 50, 99]);
        assert_eq!(minimise(&entries, 10_000, |rest| rest.len() >= 7).len(), 7);
    }

    #[test]
    fn what_is_left_fails_also_when_the_tries_run_out() {
        let entries: Vec<u32> = (0..64).collect();
        let fails = |rest: &[u32]| rest.contains(&5) && rest.contains(&60);
        for tries in 0..20 {
            assert!(fails(&minimise(&entries, tries, fails)), "{tries} tries");
        }
        assert_eq!(minimise(&[1], 9, |_| true), [1]);
    }
}

//! The usual form of an instant, `2026-01-31T09:30:00.25Z`, read and written without a library: every event has two of
//! them, and both are read and written several times on its way.
//!
//! Only what is certain is answered. Other years, offsets, leap seconds and finer fractions are left to the library, and
//! whatever is answered is what it would have said.

use super::DAY_MS;

/// Years that are written with four digits; the library's instants end some days before the year 9999 does.
const YEARS: std::ops::Range<i64> = 0..9_999;
/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: i64 = 719_468;
/// Longest text.
const TEXT_BYTES: usize = "2026-01-31T09:30:00.123Z".len();

/// An instant as text.
pub(super) struct Instant {
    bytes: [u8; TEXT_BYTES],
    len: usize,
}

/// Milliseconds since 1970 of an instant in UTC with at most three digits of a second's fraction.
pub(super) fn read_instant(text: &str) -> Option<i64> {
    let (date, rest) = text.as_bytes().split_first_chunk::<10>()?;
    let (time, rest) = rest.split_first_chunk::<9>()?;
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *date else { return None };
    let [b'T', h0, h1, b':', n0, n1, b':', s0, s1] = *time else { return None };
    let (year, month, day) = (number(&[y0, y1, y2, y3])?, number(&[m0, m1])?, number(&[d0, d1])?);
    let (hour, minute, second) = (number(&[h0, h1])?, number(&[n0, n1])?, number(&[s0, s1])?);
    let fraction = match rest {
        b"Z" => 0,
        [b'.', a, b'Z'] => number(&[*a])? * 100,
        [b'.', a, b, b'Z'] => number(&[*a, *b])? * 10,
        [b'.', a, b, c, b'Z'] => number(&[*a, *b, *c])?,
        _ => return None,
    };
    let valid = YEARS.contains(&year) && (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
    if !valid || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = hour * 3_600 + minute * 60 + second;
    Some(day_number(year, month, day) * DAY_MS + seconds * 1_000 + fraction)
}

impl Instant {
    /// The form of an instant, where it has the usual one.
    pub(super) fn of(ms: i64) -> Option<Self> {
        let (day, rest) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS));
        let (year, month, day) = civil(day);
        if !YEARS.contains(&year) {
            return None;
        }
        let (seconds, fraction) = (rest / 1_000, rest % 1_000);
        let mut form = Self { bytes: [0; TEXT_BYTES], len: 0 };
        form.digits(year, 1_000);
        form.then(b'-', month, 10);
        form.then(b'-', day, 10);
        form.then(b'T', seconds / 3_600, 10);
        form.then(b':', seconds / 60 % 60, 10);
        form.then(b':', seconds % 60, 10);
        match fraction {
            0 => {}
            whole if whole % 100 == 0 => form.then(b'.', whole / 100, 1),
            whole if whole % 10 == 0 => form.then(b'.', whole / 10, 10),
            whole => form.then(b'.', whole, 100),
        }
        form.push(b'Z');
        Some(form)
    }

    pub(super) fn text(&self) -> &str {
        self.bytes.get(..self.len).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    fn then(&mut self, separator: u8, number: i64, unit: i64) {
        self.push(separator);
        self.digits(number, unit);
    }

    /// The digits of a number, beginning with those of `unit`.
    fn digits(&mut self, number: i64, mut unit: i64) {
        while unit > 0 {
            self.push(b'0' + u8::try_from(number / unit % 10).unwrap_or_default());
            unit /= 10;
        }
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0')))
}

/// Days since 1970 of a date, counted in years from March so that the day that may be missing is the last.
const fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH
}

/// The inverse: year, month, day.
const fn civil(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(EPOCH);
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

const fn days_of(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn library(ms: i64) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_millisecond(ms).ok()
    }

    fn check(ms: i64) {
        if let Some(form) = Instant::of(ms) {
            let text = form.text();
            assert_eq!(Some(text.to_owned()), library(ms).map(|t| t.to_string()), "{ms}");
            assert_eq!(read_instant(text), Some(ms), "{text}");
        }
    }

    #[test]
    fn instants_of_all_years_read_back_what_they_write() {
        let days = -719_528 * DAY_MS..2_932_897 * DAY_MS;
        days.step_by(usize::try_from(97 * DAY_MS + 3_661_007).unwrap()).for_each(check);
        assert!(Instant::of(0).is_some() && Instant::of(253_370_764_799_999).is_some());
        assert!(Instant::of(i64::MIN).is_none() && Instant::of(i64::MAX).is_none());
    }

    #[test]
    fn what_is_not_certain_is_left_to_the_library() {
        for text in [
            "",
            "2026-01-31",
            "2026-01-31T09:30:00",
            "2026-01-31T09:30:00+00:00",
            "2026-01-31t09:30:00Z",
            "2026-01-31T09:30:60Z",
            "2026-01-31T24:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-00-10T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-01-31T09:30:00.Z",
            "2026-01-31T09:30:00.1234Z",
            "+002026-01-31T09:30:00Z",
            "2026-01-31T09:30:00.5ZZ",
        ] {
            assert_eq!(read_instant(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_instant_is_written_as_the_library_writes_it(ms in any::<i64>(), near in -99_999_999_999_999..299_999_999_999_999_i64) {
            check(ms);
            check(near);
        }

        #[test]
        fn any_text_is_read_as_the_library_reads_it(
            text in "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,4})?Z"
        ) {
            if let Some(ms) = read_instant(&text) {
                prop_assert_eq!(text.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_millisecond).ok(), Some(ms));
            }
        }
    }
}

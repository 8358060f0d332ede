//! How numbers and times are said. One place, so that the same measure reads the same on every page.

use bus_schema::{
    Day, Money, Time,
    time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS},
};
use jiff::{Zoned, tz::TimeZone};

/// What "now" is for a page, and the reader's zone.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    /// Wall time in live mode, else the log's own time.
    pub(crate) now: Time,
    /// The reader's zone.
    pub(crate) zone: TimeZone,
}

impl Clock {
    fn at(&self, time: Time) -> Zoned {
        time.timestamp().to_zoned(self.zone.clone())
    }

    /// `15:42` in the reader's zone.
    pub(crate) fn hour(&self, time: Time) -> String {
        self.at(time).strftime("%H:%M").to_string()
    }

    /// `15:42:31` in the reader's zone.
    pub(crate) fn second(&self, time: Time) -> String {
        self.at(time).strftime("%H:%M:%S").to_string()
    }

    /// `3 Jan`, with the year where it is not this one.
    pub(crate) fn day(&self, time: Time) -> String {
        let (then, now) = (self.at(time), self.at(self.now));
        then.strftime(if then.year() == now.year() { "%-d\u{a0}%b" } else { "%-d\u{a0}%b %Y" }).to_string()
    }

    /// A civil date, `3 Jan`, with the year where it is not this one.
    pub(crate) fn date(&self, day: Day) -> String {
        let date = day.civil();
        let year = self.at(self.now).year();
        date.strftime(if date.year() == year { "%-d\u{a0}%b" } else { "%-d\u{a0}%b %Y" }).to_string()
    }

    /// `today`, `yesterday`, else `Mon 19 Oct`: the heading of a day on the timeline.
    pub(crate) fn heading(&self, time: Time) -> String {
        let days = self.days_from_now(time);
        match days {
            0 => "Today".into(),
            -1 => "Yesterday".into(),
            _ => {
                let (then, now) = (self.at(time), self.at(self.now));
                then.strftime(if then.year() == now.year() { "%a %-d %b" } else { "%a %-d %b %Y" }).to_string()
            }
        }
    }

    /// Civil days from now to a time in the reader's zone; negative in the past.
    pub(crate) fn days_from_now(&self, time: Time) -> i32 {
        let (then, now) = (self.at(time).date(), self.at(self.now).date());
        Day::from_civil(then).0 - Day::from_civil(now).0
    }

    /// A moment ahead or behind: `12:40`, `tomorrow 12:40`, `4 Nov 12:40`.
    pub(crate) fn moment(&self, time: Time) -> String {
        match self.days_from_now(time) {
            0 => self.hour(time),
            1 => format!("tomorrow {}", self.hour(time)),
            -1 => format!("yesterday {}", self.hour(time)),
            _ => format!("{} {}", self.day(time), self.hour(time)),
        }
    }

    /// `3 d ago`, `8 s ago`, `in 48 min`.
    pub(crate) fn relative(&self, time: Time) -> String {
        let ms = self.now.since_ms(time);
        if (0..SECOND_MS).contains(&ms) {
            return "now".into();
        }
        if ms >= 0 { format!("{} ago", span(ms)) } else { format!("in {}", span(-ms)) }
    }

    /// Relative and absolute together: `3 d ago, 31 Oct 11:20`.
    pub(crate) fn both(&self, time: Time) -> String {
        format!("{}, {}", self.relative(time), self.moment(time))
    }

    /// The machine-readable instant for `<time datetime>`.
    pub(crate) fn machine(&self, time: Time) -> String {
        self.at(time).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// The same moment here and there: `15:42 yours, 09:42 theirs`; once where both zones agree.
    pub(crate) fn yours_and_theirs(&self, time: Time, theirs: Option<&TimeZone>) -> String {
        let there = theirs.map(|zone| time.timestamp().to_zoned(zone.clone()));
        match there {
            Some(there) if there.offset() != self.at(time).offset() => {
                format!("{} yours, {} theirs", self.hour(time), there.strftime("%H:%M"))
            }
            Some(_) => format!("{} yours and theirs", self.hour(time)),
            None => format!("{} {}", self.hour(time), self.zone_name(time)),
        }
    }

    /// The short name of the reader's zone at a time.
    pub(crate) fn zone_name(&self, time: Time) -> String {
        self.at(time).strftime("%Z").to_string()
    }
}

/// A span in its largest whole unit: `8 s`, `48 min`, `3 h`, `12 d`.
pub(crate) fn span(ms: i64) -> String {
    let ms = ms.max(0);
    let (count, unit) = if ms < MINUTE_MS {
        (ms / SECOND_MS, "s")
    } else if ms < HOUR_MS {
        (ms / MINUTE_MS, "min")
    } else if ms < 2 * DAY_MS {
        (ms / HOUR_MS, "h")
    } else {
        (ms / DAY_MS, "d")
    };
    format!("{count}\u{a0}{unit}")
}

/// `0:27` for a countdown.
pub(crate) fn countdown(ms: i64) -> String {
    let seconds = (ms.max(0) + 999) / SECOND_MS;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// `1,204,331`.
pub(crate) fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("\u{2212}{text}") } else { text }
}

/// `+3`, `−18`, `0`: a change, with a true minus sign.
pub(crate) fn signed(number: i64) -> String {
    if number > 0 { format!("+{}", thousands(number)) } else { thousands(number) }
}

/// How many minor units one major unit of a currency has, as an exponent of ten.
fn exponent(code: &str) -> u32 {
    match code {
        "JPY" | "KRW" | "VND" | "CLP" | "ISK" | "XAF" | "XOF" | "XPF" | "UGX" | "RWF" | "PYG" | "KMF" | "GNF"
        | "DJF" | "BIF" | "VUV" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

fn sign_of(code: &str) -> String {
    match code {
        "USD" => "$".into(),
        "EUR" => "€".into(),
        "GBP" => "£".into(),
        "JPY" => "¥".into(),
        other => format!("{other}\u{a0}"),
    }
}

/// Whole major units, rounded half away from zero: `$84,000`.
pub(crate) fn money(amount: Money) -> String {
    let code = amount.currency.code();
    let unit = 10_i64.pow(exponent(code));
    let half = if amount.minor < 0 { -unit / 2 } else { unit / 2 };
    let major = amount.minor.saturating_add(half) / unit;
    let minus = if major < 0 { "\u{2212}" } else { "" };
    format!("{minus}{}{}", sign_of(code), thousands(major.saturating_abs()))
}

/// Short form for lists: `$84k`, `$4.1M`.
pub(crate) fn money_short(amount: Money) -> String {
    let code = amount.currency.code();
    let major = amount.minor / 10_i64.pow(exponent(code));
    let (sign, size) = (sign_of(code), major.saturating_abs());
    let minus = if major < 0 { "\u{2212}" } else { "" };
    match size {
        0..1_000 => format!("{minus}{sign}{size}"),
        1_000..1_000_000 => format!("{minus}{sign}{}k", (size + 500) / 1_000),
        _ => format!("{minus}{sign}{}.{}M", size / 1_000_000, size % 1_000_000 / 100_000),
    }
}

/// `1 card`, `7 cards`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    let text = thousands(i64::try_from(number).unwrap_or(i64::MAX));
    if number == 1 { format!("{text} {one}") } else { format!("{text} {many}") }
}

/// A name of a field or code as words: `usage_drop` becomes `usage drop`.
pub(crate) fn plain(name: &str) -> String {
    name.replace(['_', '.'], " ")
}

/// A segment as the pages write it.
pub(crate) fn segment(name: &str) -> String {
    match name {
        "smb" => "SMB".into(),
        "mid_market" => "Mid-market".into(),
        other => sentence(other),
    }
}

/// A channel as the pages write it.
pub(crate) fn channel(name: &str) -> String {
    if name == "email" { "e\u{2011}mail".into() } else { plain(name) }
}

/// The same with a capital at the start.
pub(crate) fn sentence(name: &str) -> String {
    sentence_case(&plain(name))
}

/// A text with a capital at the start.
pub(crate) fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use bus_schema::Currency;

    use super::*;

    fn clock() -> Clock {
        Clock { now: Time::parse("2026-11-03T14:42:00Z").unwrap(), zone: TimeZone::get("Europe/Berlin").unwrap() }
    }

    #[test]
    fn times_are_said_in_the_zone_of_the_reader() {
        let clock = clock();
        let t = |text: &str| Time::parse(text).unwrap();
        assert_eq!(clock.hour(clock.now), "15:42");
        assert_eq!(clock.moment(t("2026-11-04T11:40:00Z")), "tomorrow 12:40");
        assert_eq!(clock.relative(t("2026-10-31T10:20:00Z")), "3\u{a0}d ago");
        assert_eq!(clock.relative(t("2026-11-03T15:30:00Z")), "in 48\u{a0}min");
        assert_eq!(clock.heading(t("2026-10-19T21:59:00Z")), "Mon 19 Oct");
        let york = TimeZone::get("America/New_York").unwrap();
        assert_eq!(clock.yours_and_theirs(clock.now, Some(&york)), "15:42 yours, 09:42 theirs");
        assert_eq!(clock.date(Day::from_civil(jiff::civil::date(2027, 1, 3))), "3\u{a0}Jan 2027");
    }

    #[test]
    fn money_and_counts_are_exact() {
        let dollars = |minor| Money { minor, currency: Currency::USD };
        assert_eq!(money(dollars(8_400_000)), "$84,000");
        assert_eq!(money(dollars(-150)), "\u{2212}$2");
        assert_eq!(money_short(dollars(410_000_000)), "$4.1M");
        assert_eq!(money_short(dollars(8_400_000)), "$84k");
        assert_eq!(money(Money { minor: 900, currency: Currency::new("JPY").unwrap() }), "¥900");
        assert_eq!(thousands(1_204_331), "1,204,331");
        assert_eq!(signed(-18), "\u{2212}18");
        assert_eq!(countdown(26_001), "0:27");
        assert_eq!(count(1, "card", "cards"), "1 card");
    }
}

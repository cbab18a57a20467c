//! The expiry of suppression entries: its column and the forms of dates in it.
//!
//! If a date has two readings, the later one counts, so that nobody is called too early.

use jiff::{Timestamp, ToSpan as _, civil::Date, fmt::rfc2822, tz};

/// Values that mean that there is no expiry.
const NEVER: [&str; 25] = [
    "-",
    "--",
    "–",
    "—",
    "/",
    "never",
    "none",
    "no",
    "n/a",
    "na",
    "null",
    "nil",
    "permanent",
    "permanently",
    "indefinite",
    "indefinitely",
    "unlimited",
    "forever",
    "no expiry",
    "no end",
    "nie",
    "unbefristet",
    "jamais",
    "nunca",
    "∞",
];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Minimum length of abbreviated names of months and days.
const SHORT: usize = 3;

/// Spreadsheet serial numbers of 1954 to 2119. Other numbers are not dates.
const SERIALS: std::ops::RangeInclusive<i32> = 20_000..=80_000;

/// Days from the end of 1899 to the start of the 1904 date system.
const TO_1904: i32 = 1462;

/// Earlier dates are placeholders of programs, or dates of another calendar.
const FIRST_YEAR: i16 = 2000;

/// The last time zone in which a day ends.
const LAST_ZONE: i8 = -12;

/// The end of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expiry {
    Never,
    /// The end of that day, in the last time zone.
    Day(Date),
    /// An instant.
    Moment(Timestamp),
}

impl Expiry {
    /// Reads a cell. `None` if it is not a date on which an entry may end. `counts_from_1904` is the date system of
    /// the spreadsheet.
    pub(super) fn read(text: &str, counts_from_1904: bool) -> Option<Self> {
        let text = text.trim_matches(|letter: char| letter.is_whitespace() || "\u{feff}'\"".contains(letter));
        if text.is_empty() || NEVER.contains(&text.to_lowercase().as_str()) {
            return Some(Self::Never);
        }
        let read = moment(text).map(Self::Moment).or_else(|| {
            let serial = serial(text, counts_from_1904);
            serial.or_else(|| text.parse().ok()).or_else(|| written(text)).map(Self::Day)
        });
        read.filter(|expiry| expiry.is_meant())
    }

    /// Returns whether the date is not a placeholder.
    fn is_meant(self) -> bool {
        match self {
            Self::Never => true,
            Self::Day(date) => date.year() >= FIRST_YEAR,
            Self::Moment(moment) => tz::Offset::UTC.to_datetime(moment).year() >= FIRST_YEAR,
        }
    }

    /// Returns whether the entry has expired.
    pub(super) fn is_over(self, now: Timestamp) -> bool {
        match self {
            Self::Never => false,
            Self::Day(date) => {
                // The last representable day has no next day.
                let end =
                    date.tomorrow().and_then(|next| next.to_zoned(tz::offset(LAST_ZONE).to_time_zone()));
                end.is_ok_and(|end| now >= end.timestamp())
            }
            Self::Moment(moment) => now >= moment,
        }
    }
}

/// Reads an instant: a date and a time with an offset.
fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(moment) = text.parse() {
        return Some(moment);
    }
    // "Thu, 31 Dec 2026 10:00:00 GMT", as in mail and HTTP.
    if let Ok(zoned) = rfc2822::parse(text) {
        return Some(zoned.timestamp());
    }
    // "2026-12-31 10:00:00 UTC" and "2026-12-31 10:00:00 +0100".
    let (time, zone) = match text.strip_suffix(['Z', 'z']) {
        Some(time) => (time.trim_end(), "Z"),
        None => match text.rsplit_once(' ')? {
            (time, "UTC" | "GMT" | "utc" | "gmt") => (time.trim_end(), "Z"),
            (time, zone) if zone.starts_with(['+', '-']) => (time.trim_end(), zone),
            _ => return None,
        },
    };
    if let Ok(moment) = format!("{time}{zone}").parse() {
        return Some(moment);
    }
    // A date in another form, followed by a time: "31.12.2026 10:00 UTC".
    let (day, hour) = time.split_once(' ').or_else(|| time.split_once('T'))?;
    format!("{}T{}{zone}", written(day)?, hour.trim()).parse().ok()
}

/// Reads the serial number of a spreadsheet date; the time of day is after the decimal point.
fn serial(text: &str, counts_from_1904: bool) -> Option<Date> {
    let (days, time) = text.split_once('.').unwrap_or((text, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let days: i32 = Some(days).filter(|days| all_digits(days) && all_digits(time))?.parse().ok()?;
    let first = Date::new(1899, 12, 30).ok()?;
    let behind = if counts_from_1904 { TO_1904 } else { 0 };
    SERIALS.contains(&days).then(|| first.checked_add((days + behind).days()).ok())?
}

/// Reads a date in a human format; a time after it is ignored.
fn written(text: &str) -> Option<Date> {
    let words: Vec<&str> =
        text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let words = match words.split_first() {
        Some((day, rest)) if is_name_in(&WEEKDAYS, day).is_some() => rest,
        _ => &words,
    };
    let [first, second, third, behind @ ..] = words else { return None };
    // `2026-12-31T10:00:00` was read before; the rest cut off here must be a time.
    if !behind.is_empty() && !text.contains(':') {
        return None;
    }
    if let Some(month) = is_name_in(&MONTHS, first) {
        return date(third, month, second);
    }
    if let Some(month) = is_name_in(&MONTHS, second) {
        return date(third, month, first).max(date(first, month, third));
    }
    let of_month = |year, month: &str, day| date(year, month.parse().ok()?, day);
    let day_first = of_month(third, second, first);
    let month_first = of_month(third, first, second);
    let year_first = of_month(first, second, third);
    day_first.max(month_first).max(year_first)
}

/// Returns the number, from 1, of a name that may be abbreviated.
fn is_name_in(names: &[&str], word: &str) -> Option<i8> {
    let word = word.to_lowercase();
    let is_meant = |name: &&str| {
        word.len() >= SHORT && name.starts_with(&word) || word == "sept" && *name == "september"
    };
    (1..).zip(names).find(|(_, name)| is_meant(name)).map(|(number, _)| number)
}

/// Reads a date; a two-digit year is in this century.
fn date(year: &str, month: i8, day: &str) -> Option<Date> {
    let year: i16 = match year.len() {
        4 => year.parse().ok()?,
        2 => 2000 + year.parse::<i16>().ok()?,
        _ => return None,
    };
    let day = day.to_lowercase();
    let ordinal = ["st", "nd", "rd", "th"].iter().find_map(|ending| day.strip_suffix(ending));
    Date::new(year, month, ordinal.unwrap_or(&day).parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> String {
        match Expiry::read(text, false) {
            Some(Expiry::Never) => "never".to_owned(),
            Some(Expiry::Day(date)) => date.to_string(),
            Some(Expiry::Moment(moment)) => moment.to_string(),
            None => "?".to_owned(),
        }
    }

    #[test]
    fn dates_of_people_and_programs_are_read() {
        for text in [
            "2026-12-31",
            " 2026-12-31 ",
            "20261231",
            "2026-12-31T00:00:00",
            "2026-12-31 10:00:00",
            "2026-12-31 10:00",
            "2026-12-31T10:00:00.500",
            "2026/12/31",
            "31.12.2026",
            "31.12.2026 10:00",
            "31/12/2026",
            "12/31/2026",
            "12/31/2026 10:00 AM",
            "31-12-2026",
            "12.31.2026",
            "2026-Dec-31",
            "46387",
            "46387.5",
            "46387.0",
            "Dec 31, 2026",
            "31 Dec 2026",
            "31-Dec-2026",
            "December 31st, 2026",
            "31 DECEMBER 2026",
            "Thu, 31 Dec 2026 10:00:00",
        ] {
            assert_eq!(read(text), "2026-12-31", "{text}");
        }
        assert_eq!(read("2 Sept 2026"), "2026-09-02");
        assert_eq!(read("3 May 2026"), "2026-05-03");
    }

    #[test]
    fn ambiguous_date_expires_at_its_later_reading() {
        assert_eq!(read("03/04/2026"), "2026-04-03");
        assert_eq!(read("04/03/2026"), "2026-04-03");
        assert_eq!(read("04.03.2026"), "2026-04-03");
        assert_eq!(read("27-01-26"), "2027-01-26");
        assert_eq!(read("26/01/27"), "2027-01-26");
        assert_eq!(read("31.12.26"), "2031-12-26");
        assert_eq!(read("27-Jan-26"), "2027-01-26");
        assert_eq!(read("12/31/26"), "2026-12-31");
    }

    #[test]
    fn placeholder_dates_are_ignored() {
        for text in [
            "0001-01-01T00:00:00",
            "0001-01-01T00:00:00Z",
            "1900-01-01",
            "01/01/1900",
            "1970-01-01T00:00:00Z",
            "1970-01-01 00:00:00 UTC",
            "1999-12-31",
            "1448-06-30",
            "30/06/1448",
            "Jan 1, 1900",
            "36525",
        ] {
            assert_eq!(read(text), "?", "{text}");
        }
        assert_eq!(read("2000-01-01"), "2000-01-01");
    }

    #[test]
    fn spreadsheet_may_count_from_1904() {
        let day = |text| Expiry::read(text, true);
        assert_eq!(day("44925"), Some(Expiry::Day(Date::constant(2026, 12, 31))));
        assert_eq!(day("2026-12-31"), Some(Expiry::Day(Date::constant(2026, 12, 31))));
    }

    #[test]
    fn date_with_offset_is_an_instant() {
        for text in [
            "2026-12-31T09:00:00Z",
            "2026-12-31T10:00:00+01:00",
            "2026-12-31 10:00:00+0100",
            "2026-12-31 10:00:00 +01:00",
            "2026-12-31 09:00:00 UTC",
            "2026-12-31 09:00 UTC",
            "2026-12-31T09:00Z",
            "2026-12-31t09:00:00z",
            "2026-12-31 10:00 +0100",
            "31.12.2026 09:00 UTC",
            "12/31/2026 09:00:00Z",
            "Thu, 31 Dec 2026 09:00:00 GMT",
            "Thu, 31 Dec 2026 10:00:00 +0100",
        ] {
            assert_eq!(read(text), "2026-12-31T09:00:00Z", "{text}");
        }
    }

    #[test]
    fn unlimited_entries_differ_from_invalid_dates() {
        for text in ["", "  ", "-", "never", "NONE", "Permanent", "indefinite"] {
            assert_eq!(read(text), "never", "{text}");
        }
        for text in [
            "soon",
            "TRUE",
            "2026",
            "19999",
            "80001",
            "46387.5.1",
            "31.02.2026",
            "13/13/2026",
            "Dec 2026",
            "2026-13-01",
            "31.12.2026 or later",
            "12 Foo 2026",
            "919876543210",
        ] {
            assert_eq!(read(text), "?", "{text}");
        }
    }

    #[test]
    fn expiry_day_ends_at_utc_minus_12() {
        let is_over = |text, now: &str| Expiry::read(text, false).unwrap().is_over(now.parse().unwrap());
        assert!(!is_over("2026-12-31", "2027-01-01T11:59:59Z"));
        assert!(is_over("2026-12-31", "2027-01-01T12:00:00Z"));
        assert!(!is_over("2026-12-31T00:00:00", "2027-01-01T11:59:59Z"), "without an offset it is the day");
        assert!(!is_over("2026-12-31T10:00:00+01:00", "2026-12-31T08:59:59Z"));
        assert!(is_over("2026-12-31T10:00:00+01:00", "2026-12-31T09:00:00Z"), "an instant is no day");
        assert!(!is_over("2026-12-31T00:00:00Z", "2026-12-30T23:59:59Z"));
        assert!(is_over("2026-12-31T00:00:00Z", "2026-12-31T00:00:00Z"));
        assert!(!is_over("9999-12-31", "9999-12-30T00:00:00Z"));
        assert!(!is_over("never", "9999-12-30T00:00:00Z"));
    }

    proptest! {
        #[test]
        fn no_cell_panics(text in "\\PC{0,30}|[0-9./ :TZ+-]{0,30}|[0-9]{1,4}[./ -]([0-9]{1,2}|[A-Za-z]{2,9})[./ -][0-9]{1,4}") {
            if let Some(expiry) = Expiry::read(&text, true) {
                expiry.is_over(Timestamp::UNIX_EPOCH);
            }
        }
    }
}

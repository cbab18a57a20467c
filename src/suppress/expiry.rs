//! Until when somebody must not be called: the column that says it, and what people write into it.
//!
//! Wherever a date can be understood in two ways the later one counts: nobody is called too early.

use jiff::{Timestamp, ToSpan as _, civil::Date, fmt::rfc2822, tz};

/// What people write where there is no end.
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

/// Letters of the shortest names of months and days.
const SHORT: usize = 3;

/// Days since the end of 1899 that a spreadsheet stores for 1954 to 2119: other numbers are no dates.
const SERIALS: std::ops::RangeInclusive<i32> = 20_000..=80_000;

/// Days from the end of 1899 to the day from which some spreadsheets count.
const TO_1904: i32 = 1462;

/// Earlier dates are those that programs write where there is none, or dates of another calendar.
const FIRST_YEAR: i16 = 2000;

/// The last time zone in which a day ends.
const LAST_ZONE: i8 = -12;

/// When an entry ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expiry {
    Never,
    /// With that day, wherever on Earth it ends last.
    Day(Date),
    /// At that moment.
    Moment(Timestamp),
}

impl Expiry {
    /// Reads a cell; nothing where it is no date on which an entry may end. `counts_from_1904` is what the spreadsheet does.
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

    /// Whether it is a date that somebody chose.
    fn is_meant(self) -> bool {
        match self {
            Self::Never => true,
            Self::Day(date) => date.year() >= FIRST_YEAR,
            Self::Moment(moment) => tz::Offset::UTC.to_datetime(moment).year() >= FIRST_YEAR,
        }
    }

    /// Whether the entry says nothing any more.
    pub(super) fn is_over(self, now: Timestamp) -> bool {
        match self {
            Self::Never => false,
            Self::Day(date) => {
                // The last day there is has no day after it.
                let end =
                    date.tomorrow().and_then(|next| next.to_zoned(tz::offset(LAST_ZONE).to_time_zone()));
                end.is_ok_and(|end| now >= end.timestamp())
            }
            Self::Moment(moment) => now >= moment,
        }
    }
}

/// A moment that is the same everywhere: a date and a time with an offset.
fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(moment) = text.parse() {
        return Some(moment);
    }
    // "Thu, 31 Dec 2026 10:00:00 GMT", as mail and web servers write it.
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
    // A date in another form, with the hour behind it: "31.12.2026 10:00 UTC".
    let (day, hour) = time.split_once(' ').or_else(|| time.split_once('T'))?;
    format!("{}T{}{zone}", written(day)?, hour.trim()).parse().ok()
}

/// The number by which a spreadsheet stores a date, with the time of day behind the point.
fn serial(text: &str, counts_from_1904: bool) -> Option<Date> {
    let (days, time) = text.split_once('.').unwrap_or((text, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let days: i32 = Some(days).filter(|days| all_digits(days) && all_digits(time))?.parse().ok()?;
    let first = Date::new(1899, 12, 30).ok()?;
    let behind = if counts_from_1904 { TO_1904 } else { 0 };
    SERIALS.contains(&days).then(|| first.checked_add((days + behind).days()).ok())?
}

/// A date as people write it; a time behind it is left out.
fn written(text: &str) -> Option<Date> {
    let words: Vec<&str> =
        text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let words = match words.split_first() {
        Some((day, rest)) if is_name_in(&WEEKDAYS, day).is_some() => rest,
        _ => &words,
    };
    let [first, second, third, behind @ ..] = words else { return None };
    // `2026-12-31T10:00:00` is read before; what is cut off here must be a time.
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

/// The number from 1 of the name, which may be cut short.
fn is_name_in(names: &[&str], word: &str) -> Option<i8> {
    let word = word.to_lowercase();
    let is_meant = |name: &&str| {
        word.len() >= SHORT && name.starts_with(&word) || word == "sept" && *name == "september"
    };
    (1..).zip(names).find(|(_, name)| is_meant(name)).map(|(number, _)| number)
}

/// A year of two digits is one of this century.
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
    fn dates_are_read_as_people_and_programs_write_them() {
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
    fn an_ambiguous_date_expires_at_its_later_reading() {
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
    fn dates_that_nobody_chose_are_none() {
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
    fn a_spreadsheet_may_count_from_1904() {
        let day = |text| Expiry::read(text, true);
        assert_eq!(day("44925"), Some(Expiry::Day(Date::constant(2026, 12, 31))));
        assert_eq!(day("2026-12-31"), Some(Expiry::Day(Date::constant(2026, 12, 31))));
    }

    #[test]
    fn a_date_with_offset_is_an_instant() {
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
    fn unlimited_entries_and_invalid_dates_are_told_apart() {
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
    fn an_expiry_day_ends_at_utc_minus_12() {
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

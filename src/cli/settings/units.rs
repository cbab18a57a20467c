//! Lengths of time and rates, with their units.

use std::time::Duration;

use super::within;
use crate::{cli::error::CliError, report::terminal::printable};

/// The window of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Per {
    Minute,
    Hour,
}

/// Parses the length of time of an option, such as `90m`, `24h` or `7d`.
pub(in crate::cli) fn length_of_time(option: &str, text: &str) -> Result<Duration, CliError> {
    let text = text.trim();
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let span: Option<jiff::Span> = text.parse().ok();
    let length = span.and_then(|span| span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok());
    length.and_then(|length| Duration::try_from(length).ok()).ok_or_else(|| {
        CliError::usage(
            format!("--{option}: `{}` is not a length of time", printable(text)),
            "Use a value such as 90m, 24h, 7d or 0.",
        )
    })
}

/// Parses a length of time. A number alone counts in `unit`.
pub(in crate::cli) fn length_in(option: &str, text: &str, unit: Duration) -> Result<Duration, CliError> {
    match text.trim().parse::<u32>() {
        Ok(count) => Ok(unit.saturating_mul(count)),
        Err(_) => length_of_time(option, text).map_err(|error| match error {
            CliError::Usage { message, .. } => {
                let example = if unit > Duration::from_secs(1) { "30 or 30d" } else { "45s or 2m" };
                CliError::usage(message, format!("Use a value such as {example}."))
            }
            error => error,
        }),
    }
}

/// Returns whether a rate has the unit of an hour.
pub(in crate::cli) fn is_hourly(text: &str) -> bool {
    matches!(rate("rate", text, Per::Minute), Ok((_, Per::Hour)))
}

/// Parses a rate, such as `60`, `60/min` or `3500/h`; a number without a unit is per `usual`.
pub(super) fn rate(option: &str, text: &str, usual: Per) -> Result<(u32, Per), CliError> {
    let text = text.trim();
    let fail = || {
        let example = if usual == Per::Hour { "3500 or 3500/h" } else { "60, 60/min or 3500/h" };
        CliError::usage(
            format!("--{option}: `{}` is not a number of requests", printable(text)),
            format!("Use a value such as {example}."),
        )
    };
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (count, unit) = text.split_at(digits);
    let count: u64 = count.parse().map_err(|_| fail())?;
    let unit = unit.trim();
    let unit = unit.strip_prefix('/').or_else(|| unit.strip_prefix("per ")).unwrap_or(unit).trim();
    let (count, per) = match unit.to_ascii_lowercase().as_str() {
        "" if text.len() == digits => (count, usual),
        "s" | "sec" | "second" => (count.saturating_mul(60), Per::Minute),
        "m" | "min" | "minute" => (count, Per::Minute),
        "h" | "hr" | "hour" => (count, Per::Hour),
        _ => return Err(fail()),
    };
    within(option, count, 1..=1_000_000)?;
    Ok((u32::try_from(count).unwrap_or(u32::MAX), per))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_need_a_unit_except_zero() {
        let hours = |text| length_of_time("wait", text).map(|age| age.as_secs_f64() / 3600.0).ok();
        assert_eq!([hours("24h"), hours("90m"), hours("7d"), hours("0")], [24.0, 1.5, 168.0, 0.0].map(Some));
        assert_eq!([hours("24"), hours("-1h"), hours("soon"), hours("")], [None; 4]);
    }

    #[test]
    fn number_without_a_unit_keeps_its_meaning() {
        let seconds =
            |text| length_in("timeout", text, Duration::from_secs(1)).ok().map(|time| time.as_secs());
        assert_eq!(["30", "30s", "2m", "1h 30m", "0"].map(seconds), [30, 30, 120, 5400, 0].map(Some));
        assert_eq!(["-1", "soon", "1.5", ""].map(seconds), [None; 4]);
        let days = |text| length_in("keep-days", text, Duration::from_hours(24)).unwrap();
        assert_eq!(["30", "30d", "720h"].map(days), [Duration::from_hours(720); 3]);
    }

    #[test]
    fn rates_take_units() {
        let read = |text| rate("rate", text, Per::Minute).map_err(|error| error.to_string());
        for text in ["60", "60/min", "60/m", " 60 / minute ", "60 per minute", "1/s"] {
            assert_eq!(read(text), Ok((60, Per::Minute)), "{text}");
        }
        assert_eq!(read("3500/h"), Ok((3500, Per::Hour)));
        assert_eq!(rate("rate-per-hour", "3500", Per::Hour).unwrap(), (3500, Per::Hour));
        for text in ["", "/min", "60/", "60/day", "-1", "1.5", "99999999999999999999"] {
            assert_eq!(read(text), Err(format!("--rate: `{text}` is not a number of requests")));
        }
        assert_eq!(read("0/h"), Err("--rate: 0 is not between 1 and 1,000,000".to_owned()));
    }
}

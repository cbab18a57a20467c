//! The times at which files are taken.

use std::str::FromStr;

use croner::Cron;
use jiff::{Timestamp, tz::TimeZone};

/// Recurring times in cron syntax.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    zone: TimeZone,
}

impl Schedule {
    /// Parses five fields, such as `0 2 * * MON-FRI`, in a time zone.
    ///
    /// # Errors
    ///
    /// Returns a description of the first mistake.
    pub fn new(text: &str, zone: TimeZone) -> Result<Self, String> {
        let cron = Cron::from_str(text).map_err(|error| error.to_string())?;
        let schedule = Self { cron, zone };
        match schedule.next(Timestamp::now()) {
            Some(_) => Ok(schedule),
            None => Err("these fields match no date".to_owned()),
        }
    }

    /// Returns the next time after an instant.
    pub(super) fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let next = self.cron.find_next_occurrence(&after.to_zoned(self.zone.clone()), false);
        next.ok().map(|next| next.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_follow_the_zone_in_summer_and_winter() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let schedule = Schedule::new("30 2 * * MON-FRI", zone).unwrap();
        let next = |after: &str| schedule.next(after.parse().unwrap()).unwrap().to_string();
        assert_eq!(next("2026-11-26T12:00:00Z"), "2026-11-27T01:30:00Z");
        assert_eq!(next("2026-11-27T01:30:00Z"), "2026-11-30T01:30:00Z", "not on the weekend, and not twice");
        assert_eq!(next("2026-07-01T12:00:00Z"), "2026-07-02T00:30:00Z");
    }

    #[test]
    fn invalid_and_impossible_times_are_refused() {
        let read = |text| Schedule::new(text, TimeZone::UTC).is_ok();
        assert_eq!(
            ["0 2 * * *", "0 2 * *", "61 2 * * *", "0 0 30 2 *"].map(read),
            [true, false, false, false]
        );
    }
}

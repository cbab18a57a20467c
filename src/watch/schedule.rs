//! When files are taken, where that is not always.

use std::str::FromStr;

use croner::Cron;
use jiff::{Timestamp, tz::TimeZone};

/// Times of a clock, in the manner of cron.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    zone: TimeZone,
}

impl Schedule {
    /// Reads five fields, such as `0 2 * * MON-FRI`; the clock is that of a time zone.
    ///
    /// # Errors
    ///
    /// What is wrong with them.
    pub fn new(text: &str, zone: TimeZone) -> Result<Self, String> {
        let cron = Cron::from_str(text).map_err(|error| error.to_string())?;
        let schedule = Self { cron, zone };
        match schedule.next(Timestamp::now()) {
            Some(_) => Ok(schedule),
            None => Err("no such time ever comes".to_owned()),
        }
    }

    /// The next of the times.
    pub(super) fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let next = self.cron.find_next_occurrence(&after.to_zoned(self.zone.clone()), false);
        next.ok().map(|next| next.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_zone_on_both_sides_of_summer_time() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let schedule = Schedule::new("30 2 * * MON-FRI", zone).unwrap();
        let next = |after: &str| schedule.next(after.parse().unwrap()).unwrap().to_string();
        assert_eq!(next("2026-11-26T12:00:00Z"), "2026-11-27T01:30:00Z");
        assert_eq!(next("2026-11-27T01:30:00Z"), "2026-11-30T01:30:00Z", "not on the weekend, and not twice");
        assert_eq!(next("2026-07-01T12:00:00Z"), "2026-07-02T00:30:00Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let read = |text| Schedule::new(text, TimeZone::UTC).is_ok();
        assert_eq!(
            ["0 2 * * *", "0 2 * *", "61 2 * * *", "0 0 30 2 *"].map(read),
            [true, false, false, false]
        );
    }
}

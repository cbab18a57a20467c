//! Time zones by their names in the tz database: the zone of a region, and all known identifiers.
//!
//! The script `refresh` in this folder generates the tables from the tz database.

use std::{collections::HashMap, sync::LazyLock};

use crate::contact::Region;

/// The version of the tz database.
pub const VERSION: &str = include_str!("version").trim_ascii();

static REGIONS: LazyLock<HashMap<&'static str, &'static str>> =
    LazyLock::new(|| include_str!("regions.tsv").lines().filter_map(|line| line.split_once('\t')).collect());

/// Identifiers by their lowercase spelling.
static IDENTIFIERS: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    include_str!("identifiers.txt").lines().map(|name| (name.to_ascii_lowercase(), name)).collect()
});

/// Returns the time zone of a region, if all clocks in the region show the same time.
///
/// ```
/// use rollcall::{contact::Region, time_zone};
///
/// assert_eq!(time_zone::of_region(Region::new("IN").unwrap()), Some("Asia/Kolkata"));
/// assert_eq!(time_zone::of_region(Region::new("US").unwrap()), None);
/// ```
pub fn of_region(region: Region) -> Option<&'static str> {
    REGIONS.get(region.as_str()).copied()
}

/// Returns the identifier with its usual capitalization. Returns `None` if the tz database has no such zone.
///
/// ```
/// use rollcall::time_zone;
///
/// assert_eq!(time_zone::identifier(" america/new_york "), Some("America/New_York"));
/// assert_eq!(time_zone::identifier("Eastern"), None);
/// ```
pub fn identifier(text: &str) -> Option<&'static str> {
    IDENTIFIERS.get(&text.trim().to_ascii_lowercase()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_of_a_region_is_an_identifier() {
        for (region, zone) in REGIONS.iter() {
            assert!(Region::new(region).is_some(), "{region}");
            assert_eq!(identifier(zone), Some(*zone));
        }
        assert_eq!(VERSION.len(), "2025b".len());
    }

    #[test]
    fn only_region_with_one_time_has_a_zone() {
        let zone = |region| of_region(Region::new(region).unwrap());
        assert_eq!(zone("DE"), Some("Europe/Berlin"), "the clocks of its two zones agree");
        assert_eq!(zone("GB"), Some("Europe/London"));
        for several in ["US", "AU", "BR", "ES", "CN", "RU"] {
            assert_eq!(zone(several), None, "{several}");
        }
        assert_eq!(of_region(Region::WORLD), None);
    }

    #[test]
    fn old_name_is_an_identifier_and_other_text_is_not() {
        assert_eq!(identifier("Asia/Calcutta"), Some("Asia/Calcutta"));
        assert_eq!(identifier("utc"), Some("UTC"));
        for other in ["", "+01:00", "W. Europe Standard Time", "Factory", "Berlin"] {
            assert_eq!(identifier(other), None, "{other}");
        }
    }
}

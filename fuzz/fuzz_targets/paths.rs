//! Arbitrary texts as numbers: the number tables and the library must agree.
#![no_main]

use rollcall::{
    contact::Region,
    normalize::{
        phone::{parse_by_library, parse_plain},
        phone::Origin,
    },
};

const REGIONS: [&str; 16] =
    ["IN", "US", "GB", "DE", "BR", "AR", "IT", "CA", "KZ", "MX", "CN", "JP", "FI", "AU", "FR", "AG"];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((region, text)) = bytes.split_first() else { return };
    let Ok(text) = str::from_utf8(text) else { return };
    let region = REGIONS.get(usize::from(*region)).and_then(|region| Region::new(region));
    let origin = region.map(Origin::Region);
    if let Some(plain) = parse_plain(text, origin) {
        assert_eq!(Ok(plain), parse_by_library(text, origin), "{text:?} in {region:?}");
    }
});

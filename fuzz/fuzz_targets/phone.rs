//! Phone cells: reading a number again must give the same number.
#![no_main]

use rollcall::{
    contact::Region,
    normalize::phone::{Origin, PhonePolicy},
    row::CellKind,
};

libfuzzer_sys::fuzz_target!(|content: (u8, &str)| {
    let (region, text) = content;
    let region = ["IN", "DE", "US", "GB", "IT", "AR", "MX", "BR"][usize::from(region) % 8];
    let policy = PhonePolicy::default();
    let Ok(number) = policy.read(text, CellKind::Text, Region::new(region).map(Origin::Region)) else {
        return;
    };
    assert_eq!(
        policy.read(&format!("+{}", number.e164()), CellKind::Text, None),
        Ok(number),
        "{text:?} in {region}"
    );
});

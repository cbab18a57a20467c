//! Pseudorandom numbers, the same in every run.

use std::env;

/// A `SplitMix64` generator.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// Returns a number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound.max(1) as u64).unwrap()
    }
}

/// Returns a number from an environment variable.
pub(crate) fn setting(name: &str, default: u64) -> u64 {
    env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// Returns the number of trials for the value of `ROLLCALL_TRIALS`: unset, `ci` or `long`.
pub(crate) fn size(ordinary: u64, ci: u64, long: u64) -> u64 {
    match env::var("ROLLCALL_TRIALS").as_deref() {
        Err(_) | Ok("") => ordinary,
        Ok("ci") => ci,
        Ok("long") => long,
        Ok(other) => panic!("ROLLCALL_TRIALS is `ci` or `long`, not `{other}`"),
    }
}

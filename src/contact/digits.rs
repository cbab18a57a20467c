//! Decimal digits of numbers, without allocations.

use std::{fmt, ops::Deref};

/// The digits of a number as text, without an allocation.
#[derive(Clone, Copy, Debug)]
pub struct Digits {
    text: [u8; Self::MAX],
    start: usize,
}

impl Digits {
    /// The maximum number of digits of a `u64`.
    const MAX: usize = 20;

    /// Returns the digits of a number.
    pub fn of(number: u64) -> Self {
        let mut digits = Self { text: [b'0'; Self::MAX], start: Self::MAX };
        let mut rest = number;
        while rest > 0 || digits.start == Self::MAX {
            digits.start -= 1;
            digits.text[digits.start] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        digits
    }

    /// The digits without the first ones.
    pub(super) fn behind(self, first: usize) -> Self {
        Self { start: (self.start + first).min(Self::MAX), ..self }
    }

    /// The digits in ASCII.
    pub fn as_bytes(&self) -> &[u8] {
        &self.text[self.start..]
    }
}

impl Deref for Digits {
    type Target = str;

    fn deref(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

/// At most sixteen decimal digits in a register, the first one in the lowest byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PackedDigits {
    digits: u128,
    length: usize,
}

impl PackedDigits {
    /// Returns the digits of a number, or `None` if they are more than sixteen.
    #[inline]
    pub(crate) fn of(number: u64) -> Option<Self> {
        const EIGHT: u64 = 100_000_000;
        const ZEROS: u128 = 0x3030_3030_3030_3030_3030_3030_3030_3030;

        if number >= EIGHT * EIGHT {
            return None;
        }
        let digits = u128::from(Self::eight(number / EIGHT)) | u128::from(Self::eight(number % EIGHT)) << 64;
        let leading = (digits.trailing_zeros() / 8).min(15);
        Some(Self { digits: (digits | ZEROS) >> (8 * leading), length: 16 - leading as usize })
    }

    /// Returns the values of eight digits. Each step splits groups of digits in halves; a product and a shift divide
    /// several groups at once.
    const fn eight(number: u64) -> u64 {
        let fours = (number / 10_000) | ((number % 10_000) << 32);
        let hundreds = (fours.wrapping_mul(10_486) >> 20) & 0x0000_007f_0000_007f;
        let twos = hundreds | fours.wrapping_sub(hundreds.wrapping_mul(100)) << 16;
        let tens = (twos.wrapping_mul(103) >> 10) & 0x000f_000f_000f_000f;
        tens | twos.wrapping_sub(tens.wrapping_mul(10)) << 8
    }

    /// The first digits.
    pub(crate) fn first(self, length: usize) -> Self {
        Self { length: length.min(self.length), ..self }
    }

    /// The digits without the first ones.
    pub(crate) fn behind(self, first: usize) -> Self {
        let first = first.min(self.length);
        Self { digits: if first < 16 { self.digits >> (8 * first) } else { 0 }, length: self.length - first }
    }

    /// The digits in ASCII. The bytes after [`len`](Self::len) have no meaning.
    pub(crate) fn bytes(self) -> [u8; 16] {
        self.digits.to_le_bytes()
    }

    /// The number of digits.
    pub(crate) fn len(self) -> usize {
        self.length
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn packed_digits_are_the_digits(number in prop_oneof![0..10_000_000_000_000_000_u64, 0..100_000_u64], first in 0_usize..4) {
            let packed = PackedDigits::of(number).unwrap();
            let text = |digits: PackedDigits| String::from_utf8(digits.bytes()[..digits.len()].to_vec()).unwrap();
            let digits = number.to_string();
            let first = first.min(digits.len());
            prop_assert_eq!(text(packed), digits.clone());
            prop_assert_eq!(text(packed.first(first)), &digits[..first]);
            prop_assert_eq!(text(packed.behind(first)), &digits[first..]);
            prop_assert_eq!(&*Digits::of(number), digits);
        }
    }

    #[test]
    fn digits_beyond_a_register_are_left_to_others() {
        assert_eq!(PackedDigits::of(10_000_000_000_000_000), None);
        assert_eq!(PackedDigits::of(9_999_999_999_999_999).map(PackedDigits::len), Some(16));
    }
}

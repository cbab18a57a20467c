//! Search for the bytes that structure delimited text, sixteen at a time.

use wide::u8x16;

/// The bytes at which a cell or a record may end.
#[derive(Clone, Copy)]
pub(super) struct Marks {
    delimiter: u8x16,
    quote: u8x16,
}

/// The marks in sixteen bytes, one bit each.
pub(super) struct Found {
    /// Delimiters.
    pub(super) delimiters: u32,
    /// Line ends and quotation marks.
    pub(super) stops: u32,
}

impl Marks {
    /// The number of bytes in a piece.
    pub(super) const LANES: usize = 16;

    pub(super) fn new(delimiter: u8, quote: u8) -> Self {
        Self { delimiter: u8x16::splat(delimiter), quote: u8x16::splat(quote) }
    }

    /// Finds the marks in a piece.
    #[inline]
    pub(super) fn find(self, piece: [u8; Self::LANES]) -> Found {
        let piece = u8x16::new(piece);
        let line_ends = piece.simd_eq(u8x16::splat(b'\n')) | piece.simd_eq(u8x16::splat(b'\r'));
        Found {
            delimiters: piece.simd_eq(self.delimiter).to_bitmask(),
            stops: (line_ends | piece.simd_eq(self.quote)).to_bitmask(),
        }
    }

    /// Returns the position of the first mark of any kind.
    #[inline]
    pub(super) fn first(self, text: &[u8]) -> Option<usize> {
        let (pieces, rest) = text.as_chunks::<{ Self::LANES }>();
        for (index, piece) in pieces.iter().enumerate() {
            let Found { delimiters, stops } = self.find(*piece);
            if delimiters | stops != 0 {
                return Some(index * Self::LANES + (delimiters | stops).trailing_zeros() as usize);
            }
        }
        let mut piece = [0; Self::LANES];
        piece[..rest.len()].copy_from_slice(rest);
        let Found { delimiters, stops } = self.find(piece);
        let at = (delimiters | stops).trailing_zeros() as usize;
        (at < rest.len()).then_some(pieces.len() * Self::LANES + at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn first_mark_is_found(text in "[a-c,;\"\r\n\0]{0,50}|[a-c]{0,40}[,\n]?[a-c]{0,20}") {
            let marks = Marks::new(b',', b'"');
            let expected = text.bytes().position(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n'));
            prop_assert_eq!(marks.first(text.as_bytes()), expected);
        }
    }
}

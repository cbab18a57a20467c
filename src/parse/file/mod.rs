//! The bytes of an input: where they come from, how they are packed, and what they are.

pub(super) mod archive;
pub(super) mod sniff;
pub(super) mod source;
pub(super) mod zstd;

//! The bytes of an input: their source, their compression, and their format.

pub(super) mod archive;
pub(super) mod content;
pub(super) mod sniff;
pub(super) mod source;
pub(super) mod stream;
pub(super) mod zstd;

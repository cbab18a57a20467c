//! The library through its public face, and the built program as a person or a scheduler runs it.

mod phone_reference;

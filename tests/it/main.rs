//! Tests of the library's public API and of the built program, run as a person or a scheduler runs it.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

mod accounted;
mod aliases;
mod bad_input;
mod bombs;
mod check;
mod columns;
mod credentials;
mod delimited;
mod disguised;
mod distrust;
mod docs;
mod doctor;
mod encodings;
mod existing;
mod explain;
mod export;
mod extras;
mod faults;
mod formats;
mod formulas;
mod import;
mod isolation;
mod journal;
mod lists;
mod mapping;
mod mutants;
mod names;
mod nobody_vanishes;
mod normalize;
mod odd_platform;
mod output;
mod phone_paths;
mod phone_reference;
mod random;
mod rejected;
mod samples;
mod sandboxed;
mod schema;
mod screen;
#[allow(dead_code, reason = "the unit tests use all of it")]
#[path = "../../src/platform/scripted.rs"]
mod scripted;
mod sealed;
mod seeds;
mod settings;
mod setup;
mod sheets;
mod suppression;
mod tokens;
mod tutorial;
mod twins;
mod words;

//! The options that were typed, by their names.

use std::collections::BTreeSet;

use clap::{ArgMatches, parser::ValueSource};

use crate::cli::args::switched_off;

/// What was typed, apart from the environment.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Given {
    typed: BTreeSet<String>,
    /// Options whose opposites were typed.
    off: BTreeSet<String>,
}

impl Given {
    /// `matches` are those of a command. An option that was given nothing counts as not typed.
    pub(in crate::cli) fn new(matches: &ArgMatches) -> Self {
        let mut given = Self::default();
        let is_typed = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
        for id in matches.ids().map(clap::Id::as_str).filter(|id| is_typed(id)) {
            if let Some(name) = switched_off(id) {
                given.off.insert(name.to_owned());
                continue;
            }
            let mut values = matches.try_get_raw(id).ok().flatten().into_iter().flatten();
            if values.any(|value| !value.to_string_lossy().trim().is_empty()) {
                given.typed.insert(id.replace('_', "-"));
            }
        }
        given
    }

    /// Whether an option was typed.
    pub(super) fn is_typed(&self, name: &str) -> bool {
        self.typed.contains(name)
    }

    /// Whether an option was switched off.
    pub(super) fn is_off(&self, name: &str) -> bool {
        self.off.contains(name)
    }
}

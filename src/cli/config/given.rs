//! The options typed on the command line, by name.

use std::collections::BTreeSet;

use clap::{ArgMatches, parser::ValueSource};

use crate::cli::args::switched_off;

/// The typed options, without those from the environment.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Given {
    typed: BTreeSet<String>,
    /// Options whose opposites were typed.
    off: BTreeSet<String>,
}

impl Given {
    /// Collects the typed options from the `matches` of a command. An option with an empty value counts as not typed.
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

    /// Returns whether an option was typed.
    pub(super) fn is_typed(&self, name: &str) -> bool {
        self.typed.contains(name)
    }

    /// Returns whether an option was switched off.
    pub(super) fn is_off(&self, name: &str) -> bool {
        self.off.contains(name)
    }
}

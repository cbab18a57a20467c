//! The options of several sources as one table: which source wins, and what that means for other options.
//!
//! An option of a stronger source replaces the same option of a weaker one, and also what excludes it or says otherwise: a
//! typed `--refresh` replaces `existing` of a file.

use toml::{Table, Value};

use super::Given;
use crate::{contact::Field, parse::Mapping};

/// The secrets of the environment, under names that no option has.
pub(super) const TOKEN: &str = "token";
pub(super) const CLIENT_SECRET: &str = "client-secret";

/// The kinds of credentials: a ready token, or an app that makes them.
pub(super) const TOKEN_KIND: &[&str] = &["token-file", TOKEN];
pub(super) const APP_KIND: &[&str] = &["client-id", "client-secret-file", CLIENT_SECRET];

/// Options that say the opposite, or the same in two ways. Those of the strongest source with either count.
const ALTERNATIVES: [(&[&str], &[&str]); 5] = [
    (&["quiet"], &["verbose"]),
    (&["existing"], &["refresh"]),
    (TOKEN_KIND, APP_KIND),
    (&["token-file"], &[TOKEN]),
    (&["client-secret-file"], &[CLIENT_SECRET]),
];

/// Options that mean nothing without another one. In a file they may stand alone, for the day that the other is used.
const DEPENDENT: [(&str, &str); 3] =
    [("campaign-filter", "exclude-campaign"), ("time-zone", "schedule"), ("export-layout", "export")];

/// The options by source.
#[derive(Clone, Debug, Default)]
pub(super) struct Layers {
    pub(super) files: Table,
    pub(super) environment: Table,
    pub(super) typed: Table,
}

impl Layers {
    /// `options` are those that were typed or stand in the environment.
    pub(super) fn new(files: &Table, options: Table, given: &Given) -> Self {
        let mut files = files.clone();
        files.retain(|name, _| !given.is_off(name));
        let (typed, mut environment): (Table, Table) =
            options.into_iter().partition(|(name, _)| given.is_typed(name));
        // A variable that is set to nothing is not set.
        environment.retain(|_, value| value.as_str().is_none_or(|text| !text.trim().is_empty()));
        Self { files, environment, typed }
    }

    /// The options in force. Those of one source that exclude each other are both there.
    pub(super) fn resolved(mut self) -> Table {
        resolve(&mut [&mut self.files, &mut self.environment, &mut self.typed]);
        let Self { mut files, environment, typed } = self;
        for (dependent, other) in DEPENDENT {
            if [&files, &environment, &typed].iter().all(|layer| !is_set(layer, other)) {
                files.remove(dependent);
            }
        }
        over(&over(&files, environment), typed)
    }
}

/// Removes what stronger sources rule out; `layers` begin with the weakest.
pub(super) fn resolve(layers: &mut [&mut Table]) {
    for (one, other) in ALTERNATIVES {
        let has = |layer: &Table, names: &[&str]| names.iter().any(|name| is_set(layer, name));
        let strongest = layers.iter().rposition(|layer| has(layer, one) || has(layer, other));
        let Some(strongest) = strongest else { continue };
        let losers = match (has(layers[strongest], one), has(layers[strongest], other)) {
            (true, true) => continue,
            (true, false) => other,
            _ => one,
        };
        for layer in &mut layers[..strongest] {
            for name in losers {
                layer.remove(*name);
            }
        }
    }
}

/// Whether a table says something with an option: neither `false`, nor 0, nor nothing.
pub(super) fn is_set(table: &Table, name: &str) -> bool {
    match table.get(name) {
        None | Some(Value::Boolean(false) | Value::Integer(0)) => false,
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Array(values)) => !values.is_empty(),
        Some(_) => true,
    }
}

/// Merges two tables; `stronger` wins.
pub(super) fn over(options: &Table, stronger: Table) -> Table {
    let mut merged = options.clone();
    for (name, value) in stronger {
        match (merged.get_mut(&name), value) {
            // Mappings of other fields stay.
            (Some(Value::Array(weaker)), Value::Array(stronger)) if name == "map" => {
                let fields: Vec<Field> = stronger.iter().filter_map(mapped_field).collect();
                weaker.retain(|mapping| mapped_field(mapping).is_none_or(|field| !fields.contains(&field)));
                weaker.extend(stronger.iter().cloned());
            }
            // Suppression only adds.
            (Some(Value::Array(weaker)), Value::Array(stronger)) if name.starts_with("exclude-") => {
                weaker.extend(stronger);
            }
            // Tables of values are merged value by value.
            (Some(Value::Table(weaker)), Value::Table(stronger)) => *weaker = over(weaker, stronger),
            (_, value) => _ = merged.insert(name, value),
        }
    }
    merged
}

fn mapped_field(mapping: &Value) -> Option<Field> {
    mapping.as_str()?.parse::<Mapping>().ok().map(|mapping| mapping.field)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(files: &str, environment: &str, typed: &str) -> String {
        let table = |text: &str| text.parse::<Table>().unwrap();
        let layers = Layers { files: table(files), environment: table(environment), typed: table(typed) };
        let names: Vec<String> = layers.resolved().keys().cloned().collect();
        names.join(" ")
    }

    #[test]
    fn options_that_exclude_each_other_are_those_of_the_strongest_source() {
        assert_eq!(resolved("quiet = true", "", "verbose = 2"), "verbose");
        assert_eq!(resolved("verbose = 1", "", "quiet = true"), "quiet");
        assert_eq!(resolved("existing = \"a\"", "", "refresh = true"), "refresh");
        assert_eq!(resolved("refresh = true", "", "existing = \"a\""), "existing");
        assert_eq!(resolved("refresh = true\nexisting = \"a\"", "", ""), "existing refresh", "one source");
        assert_eq!(
            resolved("refresh = true", "", "existing = \"\"").split(' ').count(),
            2,
            "nothing is said"
        );
    }

    #[test]
    fn credentials_are_those_of_the_strongest_source_by_kind() {
        let app = "client-id = \"c\"\nclient-secret-file = \"s\"";
        let environment = "client-id = \"c\"\nclient-secret = \"s\"";
        let (token_file, token) = ("token-file = \"t\"", "token = \"t\"");
        for (files, variables, typed, left) in [
            (app, "", token_file, "token-file"),
            (token_file, environment, "", "client-id client-secret"),
            (app, token, "", "token"),
            (token_file, token, "", "token"),
            ("", environment, token_file, "token-file"),
            ("", token, token_file, "token-file"),
            ("", token, app, "client-id client-secret-file"),
            (app, environment, "", "client-id client-secret"),
            (app, "", "client-id = \"d\"", "client-id client-secret-file"),
            (app, token, "client-id = \"d\"", "client-id client-secret-file"),
            ("", environment, "client-secret-file = \"s\"", "client-id client-secret-file"),
        ] {
            assert_eq!(resolved(files, variables, typed), left, "{files} | {variables} | {typed}");
        }
    }

    #[test]
    fn options_that_mean_nothing_alone_are_left_out_of_files() {
        for (dependent, other) in DEPENDENT {
            let [alone, both] = [String::new(), format!("{other} = \"x\"")]
                .map(|other| resolved(&format!("{dependent} = \"x\""), "", &other));
            assert_eq!(alone, "", "{dependent}");
            assert_eq!(both.split(' ').count(), 2, "{dependent}");
            assert_eq!(resolved("", "", &format!("{dependent} = \"x\"")), dependent);
        }
    }
}

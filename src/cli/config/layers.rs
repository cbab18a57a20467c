//! The merge of options from several sources: which source wins, and its effect on other options.
//!
//! An option from a stronger source replaces the same option from a weaker one, and any option that excludes or
//! contradicts it. For example, `--refresh` on the command line replaces `existing` in a file.

use toml::{Table, Value};

use super::{Given, MAPPING_TABLES};
use crate::{cli::settings, contact::Field, parse::Mapping};

/// The names for secrets from the environment; no option has these names.
pub(super) const TOKEN: &str = "token";
pub(super) const CLIENT_SECRET: &str = "client-secret";

/// The kinds of credentials: an access token, or an app that issues tokens.
pub(super) const TOKEN_KIND: &[&str] = &["token-file", TOKEN];
pub(super) const APP_KIND: &[&str] = &["client-id", "client-secret-file", CLIENT_SECRET];

/// Options that exclude or duplicate each other. The strongest source that sets either one counts.
const ALTERNATIVES: [(&[&str], &[&str]); 5] = [
    (&["quiet"], &["verbose"]),
    (&["existing"], &["refresh"]),
    (TOKEN_KIND, APP_KIND),
    (&["token-file"], &[TOKEN]),
    (&["client-secret-file"], &[CLIENT_SECRET]),
];

/// Options that require another one. A file can set them alone, for runs that use the other option.
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
    /// Splits `options` into those typed and those from the environment.
    pub(super) fn new(files: &Table, options: Table, given: &Given) -> Self {
        let mut files = files.clone();
        files.retain(|name, _| !given.is_off(name));
        let (typed, mut environment): (Table, Table) =
            options.into_iter().partition(|(name, _)| given.is_typed(name));
        // An empty variable counts as not set.
        environment.retain(|_, value| value.as_str().is_none_or(|text| !text.trim().is_empty()));
        Self { files, environment, typed }
    }

    /// Returns the options in force. If one source sets options that exclude each other, both remain.
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

/// Removes options that stronger sources replace; `layers` start with the weakest.
pub(super) fn resolve(layers: &mut [&mut Table]) {
    for layer in layers.iter_mut() {
        name_hourly_rate(layer);
    }
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

/// Gives an hourly `rate` its own name, `rate-per-hour`, so that it is compared with the right option of other sources.
fn name_hourly_rate(layer: &mut Table) {
    let is_hourly = layer.get("rate").and_then(Value::as_str).is_some_and(settings::is_hourly);
    if is_hourly
        && !layer.contains_key("rate-per-hour")
        && let Some(rate) = layer.remove("rate")
    {
        layer.insert("rate-per-hour".to_owned(), rate);
    }
}

/// Returns whether a table sets an option to anything but `false`, 0 or an empty value.
pub(super) fn is_set(table: &Table, name: &str) -> bool {
    match table.get(name) {
        None | Some(Value::Boolean(false) | Value::Integer(0)) => false,
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Array(values)) => !values.is_empty(),
        Some(_) => true,
    }
}

/// Returns whether the values of all sources count, instead of those of the strongest one.
pub(super) fn adds_up(name: &str) -> bool {
    name == "map" || is_suppression(name)
}

fn is_suppression(name: &str) -> bool {
    name.starts_with("exclude-")
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
            // A stronger source only adds suppressions.
            (Some(Value::Array(weaker)), Value::Array(stronger)) if is_suppression(&name) => {
                weaker.extend(stronger);
            }
            // The first mapping for a file's headers counts. The user's own come first.
            (Some(Value::Array(weaker)), Value::Array(stronger)) if name == MAPPING_TABLES => {
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
    fn strongest_source_decides_between_exclusive_options() {
        assert_eq!(resolved("quiet = true", "", "verbose = 2"), "verbose");
        assert_eq!(resolved("verbose = 1", "", "quiet = true"), "quiet");
        assert_eq!(resolved("existing = \"a\"", "", "refresh = true"), "refresh");
        assert_eq!(resolved("refresh = true", "", "existing = \"a\""), "existing");
        assert_eq!(resolved("refresh = true\nexisting = \"a\"", "", ""), "existing refresh", "one source");
        assert_eq!(
            resolved("refresh = true", "", "existing = \"\"").split(' ').count(),
            2,
            "no option is set"
        );
    }

    #[test]
    fn strongest_source_decides_the_kind_of_credentials() {
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
    fn dependent_options_alone_in_a_file_are_ignored() {
        for (dependent, other) in DEPENDENT {
            let [alone, both] = [String::new(), format!("{other} = \"x\"")]
                .map(|other| resolved(&format!("{dependent} = \"x\""), "", &other));
            assert_eq!(alone, "", "{dependent}");
            assert_eq!(both.split(' ').count(), 2, "{dependent}");
            assert_eq!(resolved("", "", &format!("{dependent} = \"x\"")), dependent);
        }
    }
}

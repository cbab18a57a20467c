//! The line and column of each option in a settings file.

use std::{collections::BTreeMap, fmt};

use toml::de::{DeTable, DeValue};

/// A place in a text, counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cli) struct Position {
    pub(in crate::cli) line: usize,
    pub(in crate::cli) column: usize,
}

impl Position {
    /// Returns the position of a byte of a text. Columns are counted in characters.
    pub(super) fn of(text: &str, byte: usize) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { line, column }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "line {}, column {}", self.line, self.column)
    }
}

/// The positions of all names of a file. A path consists of the names of the tables and the option; a number stands
/// for a table of an array.
#[derive(Clone, Debug, Default)]
pub(super) struct Positions(BTreeMap<Vec<String>, Position>);

impl Positions {
    /// Collects the positions in a valid text; none if it is invalid.
    pub(super) fn new(text: &str) -> Self {
        let mut positions = Self::default();
        if let Ok(table) = DeTable::parse(text) {
            positions.add(text, &mut Vec::new(), table.get_ref());
        }
        positions
    }

    fn add(&mut self, text: &str, path: &mut Vec<String>, table: &DeTable<'_>) {
        for (name, value) in table {
            path.push(name.get_ref().to_string());
            self.0.insert(path.clone(), Position::of(text, name.span().start));
            match value.get_ref() {
                DeValue::Table(table) => self.add(text, path, table),
                DeValue::Array(values) => {
                    for (index, table) in values.iter().enumerate() {
                        path.push(index.to_string());
                        self.0.insert(path.clone(), Position::of(text, table.span().start));
                        if let DeValue::Table(table) = table.get_ref() {
                            self.add(text, path, table);
                        }
                        path.pop();
                    }
                }
                _ => {}
            }
            path.pop();
        }
    }

    /// Returns the position of a name.
    pub(super) fn get(&self, path: &[String]) -> Option<Position> {
        self.0.get(path).copied()
    }

    /// Returns the positions below a table, with paths relative to it.
    pub(super) fn below(&self, table: &[String]) -> Self {
        let below = self.0.iter().filter_map(|(path, position)| {
            let rest = path.strip_prefix(table)?;
            (!rest.is_empty()).then(|| (rest.to_vec(), *position))
        });
        Self(below.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(text: &str, path: &[&str]) -> Option<(usize, usize)> {
        let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
        Positions::new(text).get(&path).map(|position| (position.line, position.column))
    }

    #[test]
    fn every_name_has_a_position() {
        let text = "# é\nregion = \"IN\"\n  keep = \"last\"\nvalues.country.\"Ä\" = \"DE\"\n\n[profile.a]\nhost = \"h\"\n\
                    [[watch]]\ndir = \"a\"\n[[watch]]\ndir = \"b\"\n";
        for (path, expected) in [
            (["region"].as_slice(), Some((2, 1))),
            (&["keep"], Some((3, 3))),
            (&["values", "country", "Ä"], Some((4, 16))),
            (&["profile", "a", "host"], Some((7, 1))),
            (&["watch", "1", "dir"], Some((11, 1))),
            (&["missing"], None),
        ] {
            assert_eq!(position(text, path), expected, "{path:?}");
        }
        assert_eq!(position("region = ", &["region"]), None, "an invalid file");
        let below = Positions::new(text).below(&["profile".to_owned(), "a".to_owned()]);
        assert_eq!(below.get(&["host".to_owned()]).map(|position| position.line), Some(7));
        assert_eq!(Position::of("aé=", 3), Position { line: 1, column: 3 });
    }
}

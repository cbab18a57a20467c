//! The tables `[[mapping]]`: the columns of fields, for files with certain headers.

use std::path::Path;

use toml::{Table, Value};

use super::{MAPPING_TABLES, misplaced::Misplaced, shown};
use crate::{cli::nearest::nearest, contact::Field, parse::fold_with_numbers};

/// The key for the headers of the files.
const HEADERS: &str = "headers";

/// How to write a table.
const FORM: &str = "Write headers = [\"Name\", \"Ring me\"] with all headers of the file, and for each field the header of its \
     column, such as phone = \"Ring me\".";

/// Checks the tables; the error names the first problem.
pub(super) fn check(tables: &Value) -> Result<(), Misplaced> {
    let fail = |reason: String| Misplaced { path: Vec::new(), reason, hint: Some(FORM) };
    let tables =
        tables.as_array().and_then(|tables| tables.iter().map(Value::as_table).collect::<Option<Vec<_>>>());
    let tables = tables.ok_or_else(|| fail("a mapping is a table: [[mapping]]".to_owned()))?;
    tables.into_iter().try_for_each(|table| check_table(table).map_err(fail))
}

fn check_table(table: &Table) -> Result<(), String> {
    let headers = table.get(HEADERS).and_then(texts).unwrap_or_default();
    if headers.iter().all(|header| fold_with_numbers(header).is_empty()) {
        return Err(
            "a table [[mapping]] has no `headers`, the headers of the files that it is for".to_owned()
        );
    }
    let headers: Vec<String> = headers.into_iter().map(fold_with_numbers).collect();
    let mut taken: Vec<(String, bool)> = Vec::new();
    for (name, columns) in table.iter().filter(|(name, _)| *name != HEADERS) {
        let field = field(name).ok_or_else(|| {
            let known = Field::ALL.map(Field::name);
            let nearest = nearest(name, known.into_iter().chain([HEADERS]), 0.7);
            let hint = nearest.map_or_else(
                || format!("the fields are {}", known.join(", ")),
                |nearest| format!("did you mean `{nearest}`?"),
            );
            format!("there is no field `{name}` for a table [[mapping]]; {hint}")
        })?;
        let columns =
            texts(columns).ok_or_else(|| format!("`{name}` of a table [[mapping]] is not a header"))?;
        for column in columns {
            let folded = fold_with_numbers(column);
            if !headers.contains(&folded) {
                return Err(format!(
                    "`{name}` of a table [[mapping]] names `{column}`, which is not in its `headers`"
                ));
            }
            let place = (folded, field.is_passed_on());
            if taken.contains(&place) {
                return Err(format!("a table [[mapping]] names `{column}` twice"));
            }
            taken.push(place);
        }
    }
    if taken.is_empty() {
        return Err("a table [[mapping]] names no column".to_owned());
    }
    Ok(())
}

/// Converts checked tables to the form of `--map`, with the file that holds them. The last table for the same headers
/// counts, so it becomes the first.
pub(super) fn normalize(options: &mut Table, file: &Path) {
    let Some(Value::Array(tables)) = options.get_mut(MAPPING_TABLES) else { return };
    tables.reverse();
    for table in tables.iter_mut().filter_map(Value::as_table_mut) {
        let mut map = Vec::new();
        for field in Field::ALL {
            let columns = table.iter().filter(|(name, _)| self::field(name) == Some(field));
            let columns = columns.filter_map(|(_, columns)| texts(columns)).flatten();
            map.extend(columns.map(|column| Value::String(format!("{}={column}", field.name()))));
        }
        let mut headers = Vec::new();
        headers.extend(
            table.get(HEADERS).and_then(texts).into_iter().flatten().map(|text| Value::from(text.to_owned())),
        );
        *table = Table::from_iter([
            (HEADERS.to_owned(), Value::Array(headers)),
            ("map".to_owned(), Value::Array(map)),
            ("file".to_owned(), Value::String(shown(file))),
        ]);
    }
}

fn field(name: &str) -> Option<Field> {
    name.replace('-', "_").parse().ok()
}

/// Returns the texts of a value: one, or a list of them.
fn texts(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) => Some(vec![text.as_str()]),
        Value::Array(texts) => texts.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let options: Table = text.parse().unwrap();
        check(&options[MAPPING_TABLES]).err().map(|problem| problem.reason).unwrap_or_default()
    }

    #[test]
    fn wrong_tables_are_refused_with_the_reason() {
        let headers = "[[mapping]]\nheaders = [\"Who\", \"Ring me\"]\n";
        for (table, reason) in [
            ("phone = \"Ring me\"", ""),
            ("phone = [\"ring_ME\"]\nfull-name = \"Who\"\nunique_id = \"Who\"", ""),
            ("fone = \"Ring me\"", "there is no field `fone` for a table [[mapping]]; did you mean `phone`?"),
            ("phone = 2", "`phone` of a table [[mapping]] is not a header"),
            ("phone = \"Tel\"", "`phone` of a table [[mapping]] names `Tel`, which is not in its `headers`"),
            ("phone = \"Who\"\nfull_name = \"who\"", "a table [[mapping]] names `who` twice"),
            ("", "a table [[mapping]] names no column"),
        ] {
            let said = refused(&format!("{headers}{table}"));
            // The fields are checked in the order of their names.
            assert!(
                said == reason || reason.ends_with("twice") && said.ends_with("twice"),
                "{table}: {said}"
            );
        }
        let numbered = "[[mapping]]\nheaders = [\"Col 1\", \"Col 2\"]\n";
        assert_eq!(refused(&format!("{numbered}phone = \"Col 1\"\nfull_name = \"Col 2\"")), "");
        assert!(refused(&format!("{numbered}phone = \"Col 3\"")).contains("is not in its `headers`"));
        assert!(refused("[[mapping]]\nphone = \"Tel\"").contains("has no `headers`"));
        assert_eq!(refused("[mapping]\nphone = \"Tel\""), "a mapping is a table: [[mapping]]");
        assert!(refused(&format!("{headers}xyz = \"Who\"")).contains("the fields are phone, first_name"));
    }

    #[test]
    fn tables_take_the_form_of_the_option_and_the_last_comes_first() {
        let text = "[[mapping]]\nheaders = [\"A\"]\nphone = \"A\"\n[[mapping]]\nheaders = [\"A\", \"B\"]\nfull-name = \"B\"\nphone = [\"A\"]";
        let mut options: Table = text.parse().unwrap();
        normalize(&mut options, Path::new("/f"));
        let tables = options[MAPPING_TABLES].as_array().unwrap();
        assert_eq!(tables[0]["map"].to_string(), "[\"phone=A\", \"full_name=B\"]");
        assert_eq!(tables[1]["headers"].to_string(), "[\"A\"]");
        assert_eq!(tables[1]["file"].as_str(), Some("/f"));
    }
}

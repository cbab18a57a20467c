//! Writing of a `[[mapping]]` to the user's settings file.

use std::{
    fmt::Write as _,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

use toml::{Table, Value};

use super::shown;
use crate::{
    cli::{config::MAPPING_TABLES, error::CliError},
    contact::Field,
    parse::RememberedMapping,
    private_file::make_folder,
};

/// Appends a mapping to a settings file; everything in it stays as it is. Creates the file if there is none.
pub(super) fn append(path: &Path, remembered: &RememberedMapping) -> Result<(), CliError> {
    let fail = |reason: String| {
        CliError::usage(
            format!("cannot remember the columns in {}: {reason}; nothing was read or sent", shown(path)),
            "Run the command again and do not let rollcall remember them, or make the file writable.",
        )
    };
    try_append(path, remembered).map_err(|error| fail(error.to_string()))
}

fn try_append(path: &Path, remembered: &RememberedMapping) -> io::Result<()> {
    let before = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            path.parent().map_or(Ok(()), make_folder)?;
            String::new()
        }
        Err(error) => return Err(error),
    };
    let gap = if before.is_empty() {
        ""
    } else if before.ends_with('\n') {
        "\n"
    } else {
        "\n\n"
    };
    let added = format!("{gap}{}", text(remembered));
    let count = |text: &str| text.parse::<Table>().ok().map(|table| count(&table));
    let after = count(&format!("{before}{added}"));
    if after.is_none() || after != count(&before).map(|tables| tables + 1) {
        return Err(io::Error::other("a table [[mapping]] cannot follow its text"));
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(added.as_bytes())
}

fn count(table: &Table) -> usize {
    table.get(MAPPING_TABLES).and_then(Value::as_array).map_or(0, Vec::len)
}

/// Returns the table for a mapping.
fn text(remembered: &RememberedMapping) -> String {
    let headers = remembered.headers.iter().filter(|header| !header.trim().is_empty());
    let headers: Vec<String> = headers.map(|header| quoted(header)).collect();
    let mut text = format!("[[{MAPPING_TABLES}]]\nheaders = [{}]\n", headers.join(", "));
    for field in Field::ALL {
        let columns = remembered.mappings.iter().filter(|mapping| mapping.field == field);
        let columns: Vec<String> = columns.map(|mapping| quoted(&mapping.column)).collect();
        match columns.as_slice() {
            [] => {}
            // Writing to a string cannot fail.
            [column] => _ = writeln!(text, "{} = {column}", field.name()),
            several => _ = writeln!(text, "{} = [{}]", field.name(), several.join(", ")),
        }
    }
    text
}

/// Quotes a text for TOML, on one line.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if letter.is_control() => _ = write!(quoted, "\\u{:04X}", u32::from(letter)),
            letter => quoted.push(letter),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remembered() -> RememberedMapping {
        let headers = ["Who \"x\"", "Ring\tme", "", "C:\\"].map(str::to_owned);
        let mappings = ["phone=Ring\tme", "phone=C:\\", "full_name=Who \"x\""];
        let mappings = mappings.map(|text| text.parse().unwrap());
        RememberedMapping::new(headers.to_vec(), mappings.to_vec(), Some("rollcall.toml".to_owned()))
    }

    #[test]
    fn mapping_is_appended_and_the_rest_of_the_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/rollcall.toml");
        append(&path, &remembered()).unwrap();
        let table: Table = fs::read_to_string(&path).unwrap().parse().unwrap();
        let mapping = table[MAPPING_TABLES][0].as_table().unwrap();
        assert_eq!(mapping["headers"].as_array().unwrap().len(), 3);
        assert_eq!(mapping["phone"][0].as_str(), Some("Ring\tme"));
        assert_eq!(mapping["full_name"].as_str(), Some("Who \"x\""));

        for before in ["# mine\nregion = \"IN\" # here", "[values.country]\n\"X\" = \"IN\"\n"] {
            fs::write(&path, before).unwrap();
            append(&path, &remembered()).unwrap();
            append(&path, &remembered()).unwrap();
            let after = fs::read_to_string(&path).unwrap();
            assert!(after.starts_with(before), "{after}");
            assert_eq!(count(&after.parse().unwrap()), 2, "{after}");
        }
    }

    #[test]
    fn file_that_cannot_hold_the_table_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rollcall.toml");
        for before in ["mapping = []\n", "not toml"] {
            fs::write(&path, before).unwrap();
            let error = append(&path, &remembered()).unwrap_err().to_string();
            assert!(error.contains("cannot remember the columns in"), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), before);
        }
    }
}

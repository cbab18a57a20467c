//! Explanations of rows, step by step. The code that judges rows also explains them.

use std::borrow::Cow;

use serde::Serialize;

use super::{
    NormalizeSettings, Normalizer, Repairs, Unusable,
    address::Addressed,
    name,
    phone::Origin,
    phone::explain::{PhoneCell, shown},
    region, salutation, values,
};
use crate::{
    contact::Field,
    outcome::{Code, Problem, Verdict},
    row::{CellKind, Row},
};

/// A cell, or an option that replaces one, and the value that rollcall read from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The field that the cell was read for.
    pub field: Field,
    /// The column, from 0; `None` if an option replaces a cell.
    pub column: Option<usize>,
    /// The cell's text.
    pub cell: String,
    /// The value, if any.
    pub value: Option<String>,
    /// The rule that produced the value.
    pub rule: String,
}

/// Another number that a cell could mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OtherReading {
    /// The cell.
    pub cell: String,
    /// The number, with a plus.
    pub number: String,
    /// The change that would make the cell mean this number.
    pub why: String,
}

/// The explanation of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The cells, in the order in which they were read.
    pub steps: Vec<Step>,
    /// Other numbers that the phone cells could mean.
    pub other_readings: Vec<OtherReading>,
    /// The result of the row on its own.
    pub verdict: Verdict,
}

impl Normalizer<'_> {
    /// Reads a row and explains each step.
    pub fn explain(&self, row: Row<'_>) -> Explained {
        let repairs = Repairs::default();
        let normalizer = Normalizer { repairs: Some(&repairs), fallbacks: None, ..*self };
        let verdict = normalizer.read(row);
        let mut explained = Explained { steps: Vec::new(), other_readings: Vec::new(), verdict };
        if row.ragged.is_some() {
            // It is uncertain which header a cell belongs to.
            return explained;
        }
        self.explain_phones(row, &mut explained);
        if !matches!(explained.verdict, Verdict::Suppressed { .. }) {
            let steps = self.explain_names(row, &repairs);
            explained.steps.extend(steps);
        }
        explained
    }

    fn explain_phones(&self, row: Row<'_>, explained: &mut Explained) {
        let preferred = self.by_preference(row);
        let phones = preferred.as_deref().unwrap_or(&self.columns.phone);
        let forbidden = self.numbers_forbidden_by_labels(row);
        let mut taken: Option<usize> = None;
        let mut is_over = false;
        for &phone in phones {
            let step = |value, rule: &str| step(row, Field::Phone, phone, value, rule);
            if row.cell(phone).is_blank() {
                explained.steps.push(step(None, "empty"));
                continue;
            }
            if taken.is_some() {
                explained.steps.push(step(None, "not needed: another column gave the number"));
                continue;
            }
            if is_over {
                let rule = "not read: the formula in a preferred column fails, so its number is unknown";
                explained.steps.push(step(None, rule));
                continue;
            }
            for country in self.explain_country(row, phone) {
                if !explained.steps.contains(&country) {
                    explained.steps.push(country);
                }
            }
            let mut problems = Vec::new();
            let read = self.number_in(row, phone, &mut problems);
            let cells = self.phone_cells(row, phone);
            let rule = match &read {
                Ok(Some(number)) => {
                    let is_read = |cell: &&PhoneCell<'_>| {
                        let read = self.settings.phone.read_as(cell.text, cell.kind, cell.origin, cell.habit);
                        read.as_ref() == Ok(number)
                    };
                    cells.iter().find(is_read).map_or_else(
                        || "read with the default region, because the country may be missing".to_owned(),
                        |cell| cell.rule(number),
                    )
                }
                Ok(None) => "only invisible characters".to_owned(),
                Err(_) => coded(&problems),
            };
            let number = read.ok().flatten();
            if number.as_ref().is_some_and(|number| forbidden.contains(&number.e164())) {
                let rule = "not called: the row forbids calls to the same number in another column";
                explained.steps.push(step(None, rule));
                continue;
            }
            explained.steps.push(step(number.map(|number| format!("+{}", number.e164())), &rule));
            let region = self.settings.region.map(Origin::Region);
            for cell in cells {
                let readings = cell.other_readings(&self.settings.phone, region, number.as_ref());
                explained.other_readings.extend(readings.into_iter().map(|(number, why)| OtherReading {
                    cell: cell.text.trim().to_owned(),
                    number,
                    why,
                }));
            }
            taken = number.map(|_| phone);
            is_over = taken.is_none() && row.cell(phone).kind == CellKind::Error;
        }
        for &phone in self.columns.phone.iter().filter(|phone| !phones.contains(phone)) {
            let rule = "not called: the row says that the number is a fax or similar, or must not be called";
            explained.steps.push(step(row, Field::Phone, phone, None, rule));
        }
    }

    /// Returns the values of a phone cell, each with everything that decides how to read it.
    fn phone_cells<'r>(&self, row: Row<'r>, phone: usize) -> Vec<PhoneCell<'r>> {
        let Ok(text) = row.text(phone) else { return Vec::new() };
        let habit = self.habits.iter().find(|(column, _)| *column == phone).map(|(_, habit)| *habit);
        let origin = self.origin(row, phone, &mut Vec::new()).unwrap_or_default();
        let cell = |text: &'r str| {
            let has_plus = text.trim_start().starts_with(['+', '＋']);
            PhoneCell { text, kind: row.cell(phone).kind, origin: origin.filter(|_| !has_plus), habit }
        };
        values(text).map(cell).collect()
    }

    /// Explains how the country of a phone was found.
    fn explain_country(&self, row: Row<'_>, phone: usize) -> Vec<Step> {
        let is_needed = self.phone_cells(row, phone).iter().any(|cell| !cell.text.contains(['+', '＋']));
        if !is_needed {
            return Vec::new();
        }
        let mut steps = Vec::new();
        for &column in self.columns.countries_of(phone) {
            let step = |value, rule: &str| step(row, Field::Country, column, value, rule);
            if row.cell(column).is_blank() {
                steps.push(step(None, "empty"));
                continue;
            }
            let mut problems = Vec::new();
            let text = row.text(column).unwrap_or_default();
            let has_alias = self.settings.aliases.country(text).is_some();
            match self.country_in(row, &[column], &mut problems) {
                Err(Unusable) => steps.push(step(None, &coded(&problems))),
                Ok(_) if !has_alias && region::country(text).is_none() && region::is_filler(text) => {
                    steps.push(step(None, "counts as an empty cell"));
                    continue;
                }
                Ok(origin) => {
                    let rule = if has_alias {
                        "an alias of rollcall.toml"
                    } else {
                        "a country by its code, name or dialing code"
                    };
                    steps.push(step(origin.map(shown), rule));
                }
            }
            return steps;
        }
        let (value, rule) = match self.settings.region {
            Some(region) => {
                (Some(shown(Origin::Region(region))), "--region, because the row names no country")
            }
            None => (None, "no country: the row names none, and --region is not set"),
        };
        let rule = rule.to_owned();
        steps.push(Step { field: Field::Country, column: None, cell: String::new(), value, rule });
        steps
    }

    fn explain_names(&self, row: Row<'_>, repairs: &Repairs) -> Vec<Step> {
        let columns = self.columns;
        let mut problems = Vec::new();
        let addressed = self.addressed(row, &mut problems);
        let Addressed { first_name, last_name, salutation } = &addressed;
        let mut steps = Vec::new();
        let is_filled = |column: Option<usize>| column.is_some_and(|column| !row.cell(column).is_blank());
        for (field, column, name) in [
            (Field::FirstName, columns.first_name, first_name),
            (Field::LastName, columns.last_name, last_name),
        ] {
            let value = Some(name.to_string()).filter(|name| !name.is_empty());
            let rule = match &value {
                None => {
                    let code = if field == Field::FirstName {
                        Code::MissingFirstName
                    } else {
                        Code::MissingLastName
                    };
                    let own = |problem: &&Problem| {
                        problem.code == code
                            || problem.column.is_some() && problem.column == column.and_then(index)
                    };
                    match problems.iter().find(own) {
                        Some(problem) => coded(std::slice::from_ref(problem)),
                        None => "not read: another name cell of the row is unusable".to_owned(),
                    }
                }
                Some(name) if is_filled(column) => {
                    let text = column.map(|column| String::from_utf8_lossy(row.cell(column).text));
                    changed(&text.unwrap_or_default(), name, repairs)
                }
                Some(_) if is_filled(columns.full_name) => "part of the full name".to_owned(),
                Some(name) if self.settings.default_last_name.as_deref() == Some(name) => {
                    "--default-last-name, because the row has none".to_owned()
                }
                Some(_) => "part of the full name in the other column".to_owned(),
            };
            // A list with full names only has no columns for first and last names.
            if column.is_some() || value.is_some() || columns.full_name.is_none() {
                steps.push(step_at(row, field, column, value, rule));
            }
        }
        if let Some(column) = columns.full_name.filter(|column| !row.cell(*column).is_blank()) {
            let own = |problem: &&Problem| problem.column == index(column);
            let rule = match problems.iter().find(own) {
                Some(problem) => coded(std::slice::from_ref(problem)),
                None if is_filled(columns.first_name) && is_filled(columns.last_name) => {
                    "not needed: the row has a first and a last name".to_owned()
                }
                None => {
                    let text = String::from_utf8_lossy(row.cell(column).text);
                    let rules = applied(&text, repairs);
                    if rules.is_empty() { "split into first and last name".to_owned() } else { rules }
                }
            };
            let is_used = !first_name.is_empty() && !last_name.is_empty();
            let value = is_used.then(|| format!("{first_name} | {last_name}"));
            steps.insert(0, step_at(row, Field::FullName, Some(column), value, rule));
        }
        let text = columns.salutation.map(|column| String::from_utf8_lossy(row.cell(column).text));
        let text = text.unwrap_or_default();
        let rule = match salutation {
            None => {
                let own = |problem: &&Problem| {
                    matches!(problem.code, Code::MissingSalutation | Code::UnknownSalutation)
                };
                problems.iter().find(own).map_or_else(
                    || "cannot be read".to_owned(),
                    |problem| coded(std::slice::from_ref(problem)),
                )
            }
            Some(found) if self.settings.aliases.salutation(&text) == Some(*found) => {
                "an alias of rollcall.toml".to_owned()
            }
            Some(found) if salutation::recognize(&text) == Some(*found) => {
                if text.trim() == found.as_str() { "unchanged" } else { "a known spelling" }.to_owned()
            }
            Some(_) if self.has_title(row) => "the title before a name".to_owned(),
            Some(_) => "--default-salutation, because the row has no known one".to_owned(),
        };
        let value = salutation.map(|salutation| salutation.as_str().to_owned());
        steps.push(step_at(row, Field::Salutation, columns.salutation, value, rule));
        steps
    }

    /// Returns whether the row has a salutation, not counting the default.
    fn has_title(&self, row: Row<'_>) -> bool {
        let settings = NormalizeSettings { default_salutation: None, ..self.settings.clone() };
        let normalizer = Normalizer { settings: &settings, repairs: None, ..*self };
        normalizer.addressed(row, &mut Vec::new()).salutation.is_some()
    }
}

fn index(column: usize) -> Option<u32> {
    u32::try_from(column).ok()
}

fn step(row: Row<'_>, field: Field, column: usize, value: Option<String>, rule: &str) -> Step {
    step_at(row, field, Some(column), value, rule.to_owned())
}

fn step_at(row: Row<'_>, field: Field, column: Option<usize>, value: Option<String>, rule: String) -> Step {
    let text = column.map_or(Cow::Borrowed(""), |column| String::from_utf8_lossy(row.cell(column).text));
    Step { field, column, cell: text.into_owned(), value, rule }
}

/// Formats problems with their codes.
fn coded(problems: &[Problem]) -> String {
    let coded = problems.iter().map(|problem| format!("{}: {}", problem.code.name(), problem.message()));
    coded.collect::<Vec<_>>().join("; ")
}

/// Names the rules that turned a cell into a name.
fn changed(cell: &str, name: &str, repairs: &Repairs) -> String {
    if cell == name {
        return "unchanged".to_owned();
    }
    match applied(cell, repairs) {
        rules if rules.is_empty() => "white space and invisible characters are removed".to_owned(),
        rules => rules,
    }
}

/// Names the repairs of a cell.
fn applied(cell: &str, repairs: &Repairs) -> String {
    let (trimmed, cleaned) = (cell.trim(), name::clean(cell));
    let of_cell = repairs.applied().into_iter().filter(|(_, was)| was == trimmed || *was == cleaned);
    of_cell.map(|(rule, _)| rule).collect::<Vec<_>>().join("; ")
}

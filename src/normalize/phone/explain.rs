//! Explanations of phone cells: the rule that produced a number, and other numbers that the cell could mean.

use super::{
    bare::{self, Habit},
    cell, forms,
    origin::{Origin, calling_code},
    parse::{digits, parse, spelled},
    policy::PhonePolicy,
    renumbered,
};
use crate::{contact::PhoneNumber, row::CellKind};

/// A phone cell with everything that decides how it is read.
#[derive(Clone, Copy)]
pub(in crate::normalize) struct PhoneCell<'a> {
    pub(in crate::normalize) text: &'a str,
    pub(in crate::normalize) kind: CellKind,
    pub(in crate::normalize) origin: Option<Origin>,
    pub(in crate::normalize) habit: Option<Habit>,
}

impl PhoneCell<'_> {
    /// Names the rule that turned the cell into this number.
    pub(in crate::normalize) fn rule(self, number: &PhoneNumber) -> String {
        let digits = digits(self.text);
        let (whole, national) = (number.e164().digits(), number.national());
        let mut rule = if self.text.contains(['+', '＋']) {
            "written with + and its country code".to_owned()
        } else if digits == *whole {
            let as_others = if self.habit == Some(Habit::International) {
                ", as in nearly all cells of the column"
            } else {
                ""
            };
            format!("its digits are the whole international number{as_others}")
        } else if ["00", "011"].iter().any(|prefix| digits.strip_prefix(prefix) == Some(&*whole)) {
            "written with an international prefix and its country code".to_owned()
        } else if let Some(origin) = self.origin {
            let before = digits.strip_suffix(&*national).filter(|before| !before.is_empty());
            let before = before
                .map(|before| format!("; the leading `{before}` is not part of it"))
                .unwrap_or_default();
            format!("read as it is dialed in {}{before}", shown(origin))
        } else {
            "its digits identify the country".to_owned()
        };
        let undone = cell::undo_spreadsheet(self.text, self.kind);
        let text = undone.as_deref().unwrap_or(self.text);
        if text != self.text.trim() {
            rule.push_str("; spreadsheet marks and invisible characters are removed");
        }
        if let Ok(parsed) = parse(text, self.origin) {
            if let Some(extension) = &parsed.extension {
                rule = format!("{rule}; its extension {extension} is removed");
            }
            if !parsed.is_valid && matches!(renumbered::find(&parsed), Some(Ok(_))) {
                rule.push_str("; an outdated number is converted to its current form");
            }
        }
        rule
    }

    /// Returns the numbers other than `taken` that the cell could mean, each with the change that would produce it.
    pub(in crate::normalize) fn other_readings(
        self,
        policy: &PhonePolicy,
        region: Option<Origin>,
        taken: Option<&PhoneNumber>,
    ) -> Vec<(String, String)> {
        let mut readings: Vec<(String, String)> = Vec::new();
        let taken = taken.map(|number| format!("+{}", number.e164()));
        let mut add = |number: String, why: String| {
            let is_known = readings.iter().any(|(known, _)| *known == number);
            if Some(&number) != taken.as_ref() && !is_known {
                readings.push((number, why));
            }
        };
        let read = policy.read_as(self.text, self.kind, self.origin, self.habit);
        if let Err(refusal) = &read {
            for number in &refusal.readings {
                add(
                    format!("+{}", number.e164()),
                    "one of the two numbers that the digits can be".to_owned(),
                );
            }
        }
        if let Some(abroad) = bare::from_abroad(self.text.trim()) {
            add(spelled(&abroad).replace(' ', ""), "with a leading +".to_owned());
        }
        if let Some(region) = region.filter(|region| self.origin != Some(*region))
            && let Ok(number) = policy.read(self.text, self.kind, Some(region))
        {
            add(format!("+{}", number.e164()), format!("with the default region {}", shown(region)));
        }
        if let Ok(number) = &read {
            for form in forms::other_forms(number.e164()) {
                add(format!("+{form}"), "another form of the same number".to_owned());
            }
        }
        readings
    }
}

/// Formats a country for people.
pub(in crate::normalize) fn shown(origin: Origin) -> String {
    match origin {
        Origin::Region(region) => match calling_code(region) {
            Some(code) => format!("{region} (+{code})"),
            None => region.to_string(),
        },
        Origin::CallingCode(code) => format!("+{code}"),
        Origin::Area { region, digits } => format!("{region} (+{digits})"),
    }
}

//! Chooses the list of a document that is read.
//!
//! The choice is automatic only if it is unambiguous. If several lists may be meant, the document is refused, and
//! the error names each list.

use super::{
    Json, Shape, has_lines,
    list_name::{plain_name, shown},
    survey::{Kind, List, Survey},
    walk::SurveyStep,
};
use crate::parse::{error::Fault, settings::ParseSettings};

impl Json {
    /// Chooses the list to read. A list inside a single person's record does not count.
    ///
    /// # Errors
    ///
    /// Returns an error if the document has no records, people are keyed by phone number, several lists contain people,
    /// or the list named by `--sheet` does not exist.
    pub(super) fn choose(
        &mut self,
        survey: Survey,
        sample: &[u8],
        settings: &ParseSettings,
    ) -> Result<Shape, Fault> {
        let documents = if has_lines(sample) { Shape::Lines } else { Shape::Documents };
        let Survey { lists, root, objects, is_by_number, .. } = survey;
        if lists.is_empty() && objects == 0 {
            return Err(Fault::NoRecords("a record"));
        }
        if is_by_number {
            return Err(Fault::Json {
                place: "the document".to_owned(),
                reason: "people are keyed by phone number, as in {\"+44…\": {\"name\": …}}; write the number into each record"
                    .to_owned(),
            });
        }
        if let Some(wanted) = &settings.sheet {
            let is_wanted = |list: &&List| {
                let name = list.name();
                let last = list.path.iter().rev().find_map(|step| match step {
                    SurveyStep::Name(name) | SurveyStep::Table(name) => Some(name.clone()),
                    SurveyStep::Items | SurveyStep::Values => None,
                });
                name == *wanted || name.trim_end_matches("[]") == wanted || last.as_ref() == Some(wanted)
            };
            return match lists.iter().find(is_wanted) {
                Some(list) => Ok(Shape::Lists(vec![list.clone()])),
                None => Err(Fault::NoSuchList {
                    wanted: wanted.clone(),
                    lists: lists.iter().map(shown).collect(),
                }),
            };
        }
        let people: Vec<List> = lists.iter().filter(|list| list.look.is_contact()).cloned().collect();
        let outer = without_inner(&people, &mut self.notes);
        let outer = if settings.is_of_numbers() { outer } else { without_companies(outer, &mut self.notes) };
        match outer.as_slice() {
            [] => {}
            [only] => {
                if root.is_contact() && root.is_person {
                    self.notes
                        .push(format!("not read, because it is inside a person's record: {}", shown(only)));
                    return Ok(documents);
                }
                let others: Vec<String> = lists
                    .iter()
                    .filter(|list| {
                        list.path != only.path
                            && !within(&list.path, &only.path)
                            && list.kind == Kind::Objects
                            && list.look.has_phone
                            && !list.look.has_name
                    })
                    .map(shown)
                    .collect();
                if !others.is_empty() {
                    self.notes.push(format!("lists without names are not read: {}", others.join(", ")));
                }
                return Ok(Shape::Lists(outer));
            }
            _ if settings.is_of_numbers() => return Ok(Shape::Lists(outer)),
            several => {
                return Err(Fault::SeveralJsonLists {
                    lists: several.iter().map(shown).collect(),
                    names: several.iter().map(plain_name).collect(),
                });
            }
        }
        if root.has_phone && objects > 0 {
            let inner: Vec<String> =
                lists.iter().filter(|list| list.kind == Kind::Objects && list.count > 1).map(shown).collect();
            if !inner.is_empty() {
                self.notes.push(format!(
                    "rollcall reads the document as one record; lists without people in it: {}",
                    inner.join(", ")
                ));
            }
            return Ok(documents);
        }
        // Numbers without names, as in a do-not-call list.
        let numbers: Vec<List> = lists.iter().filter(|list| list.look.has_phone).cloned().collect();
        if let [only] = numbers.as_slice() {
            return Ok(Shape::Lists(vec![only.clone()]));
        }
        if numbers.len() > 1 && settings.is_of_numbers() {
            return Ok(Shape::Lists(numbers));
        }
        let longest = |kind: fn(&Kind) -> bool| {
            let is_inner = |list: &List| {
                lists.iter().any(|outer| outer.kind == Kind::Objects && within(&list.path, &outer.path))
            };
            let outer = lists.iter().filter(|list| kind(&list.kind) && !is_inner(list));
            outer.rev().max_by_key(|list| list.count).cloned()
        };
        let bare =
            || longest(|kind| *kind == Kind::Bare).filter(|_| settings.is_of_numbers() || objects == 0);
        let unknown = longest(|kind| *kind != Kind::Bare).or_else(bare);
        Ok(unknown.map_or(documents, |list| Shape::Lists(vec![list])))
    }
}

fn within(path: &[SurveyStep], outer: &[SurveyStep]) -> bool {
    path.len() > outer.len() && path.starts_with(outer)
}

/// Removes lists that are inside the records of another list of people, such as relatives or emergency contacts.
fn without_inner(people: &[List], notes: &mut Vec<String>) -> Vec<List> {
    let is_inner =
        |list: &List| people.iter().any(|outer| outer.look.is_person && within(&list.path, &outer.path));
    let inner: Vec<String> = people.iter().filter(|list| is_inner(list)).map(shown).collect();
    if !inner.is_empty() {
        notes.push(format!("not read, because they are inside people's records: {}", inner.join(", ")));
    }
    people.iter().filter(|list| !is_inner(list)).cloned().collect()
}

/// Removes lists of companies if exactly one other list contains persons, with first and last names.
fn without_companies(lists: Vec<List>, notes: &mut Vec<String>) -> Vec<List> {
    let (persons, companies): (Vec<List>, Vec<List>) =
        lists.iter().cloned().partition(|list| list.look.is_person);
    if persons.len() != 1 || companies.is_empty() {
        return lists;
    }
    let companies: Vec<String> = companies.iter().map(shown).collect();
    notes.push(format!(
        "lists without first and last names are not read: {}; --sheet NAME chooses another list",
        companies.join(", ")
    ));
    persons
}

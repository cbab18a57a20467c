//! Surveys a document: finds its lists and decides which of them contain people.
//!
//! A list of people has records with a phone and a name. The phones of one person are also a list, but without names.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use serde::{
    Deserializer,
    de::{DeserializeSeed, MapAccess, SeqAccess, Visitor},
};

use super::{
    record::{LONG_NAME, MAX_PATH_BYTES, is_label, is_type, is_value},
    walk::{Budget, SurveyStep},
};
use crate::{
    contact::Field,
    parse::{columns, text::layout::is_phone_like},
};

/// The maximum number of fields that are examined in a record, and of lists in a document.
const MAX_FIELDS: usize = 512;
const MAX_LISTS: usize = 64;

/// Names of fields next to a table that contain its column names.
const COLUMN_NAMES: [&str; 9] =
    ["columns", "headers", "header", "fields", "cols", "names", "keys", "columnnames", "column_names"];

/// The form in which records are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Objects.
    Objects,
    /// Lists of cells, below a list of names or with names from elsewhere.
    Cells { names: Option<Vec<String>> },
    /// Lists of cells, each a column with its name first.
    CellColumns,
    /// An object of columns by name, each an object or a list of cells.
    Columns,
    /// Bare values.
    Bare,
}

/// A list of records.
#[derive(Clone, Debug)]
pub(super) struct List {
    pub(super) path: Vec<SurveyStep>,
    pub(super) kind: Kind,
    pub(super) count: u64,
    pub(super) look: Look,
}

/// The subject of a record's fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) has_phone: bool,
    pub(super) has_name: bool,
    /// Whether the record has a person's first or last name, and not only a company's name.
    pub(super) is_person: bool,
}

impl Look {
    pub(super) fn is_contact(self) -> bool {
        self.has_phone && self.has_name
    }

    fn add(&mut self, other: Self) {
        self.has_phone |= other.has_phone;
        self.has_name |= other.has_name;
        self.is_person |= other.is_person;
    }
}

impl List {
    /// Returns the path as shown to the user, such as `data[].people[]`.
    pub(super) fn name(&self) -> String {
        let mut name = String::new();
        for step in &self.path {
            match step {
                SurveyStep::Name(own) => {
                    if !name.is_empty() {
                        name.push('.');
                    }
                    name.push_str(own);
                }
                SurveyStep::Items => name.push_str("[]"),
                SurveyStep::Values => name.push_str("{}"),
                SurveyStep::Table(own) => name.extend([" (table ", own, ")"]),
            }
        }
        name
    }
}

/// The findings in one or several documents.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) lists: Vec<List>,
    /// The subject of the documents themselves, if they are objects.
    pub(super) root: Look,
    /// The number of documents that are objects.
    pub(super) objects: u64,
    /// Whether a document contains people keyed by phone number.
    pub(super) is_by_number: bool,
    /// Documents that are lists of cells: their number, the first of them, and whether other documents exist.
    rows: u64,
    first_row: Vec<String>,
    has_others: bool,
}

impl Survey {
    pub(super) fn add(&mut self, node: Node) {
        match node {
            Node::Object(object) => {
                self.objects += 1;
                self.root.add(object.look);
                self.is_by_number |= object.is_by_number;
                merge(&mut self.lists, object.lists, &[]);
            }
            Node::List(list) => {
                if list.others > 0 || list.cells == 0 {
                    self.has_others = true;
                } else {
                    if self.rows == 0 {
                        self.first_row = list.texts;
                    }
                    self.rows += 1;
                }
                merge(&mut self.lists, list.lists, &[]);
            }
            Node::Cell { .. } => self.has_others = true,
        }
    }

    /// Treats several documents that are lists of cells as the rows of one table.
    pub(super) fn finish(mut self, headers: &mut Headers<'_>) -> Self {
        if self.rows > 1 && self.objects == 0 && !self.has_others {
            let mut look = Look::default();
            self.first_row.iter().for_each(|name| look.add(headers.look(name)));
            let kind = Kind::Cells { names: None };
            self.lists = vec![List { path: Vec::new(), kind, count: self.rows, look }];
        }
        self
    }
}

/// The findings about one value.
#[derive(Debug)]
pub(super) enum Node {
    Cell { text: Option<String> },
    List(Items),
    Object(Object),
}

#[derive(Debug, Default)]
pub(super) struct Items {
    /// The lists of records in this list, including itself.
    lists: Vec<List>,
    /// The subject of its items, as fields of the record that contains the list.
    look: Look,
    cells: u64,
    others: u64,
    /// Its items, if all are short texts, or the `name` of each item that has one.
    texts: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct Object {
    lists: Vec<List>,
    look: Look,
    /// The number of its own cells.
    cells: u64,
    /// The names of its fields, if all are cells.
    keys: Option<Vec<String>>,
    /// The value of its `name` or a similar field.
    name: Option<String>,
    /// Whether its fields are people keyed by phone number.
    is_by_number: bool,
    /// The field's label, if the object is a field with a label and a value.
    label: Option<String>,
}

/// Returns whether a name may be an identifier, such as `c_1` but not `billing`.
fn has_digit(name: &str) -> bool {
    name.bytes().any(|byte| byte.is_ascii_digit())
}

fn merge(lists: &mut Vec<List>, found: Vec<List>, before: &[SurveyStep]) {
    for mut list in found {
        list.path.splice(0..0, before.iter().cloned());
        match lists.iter().position(|known| known.path == list.path && known.kind == list.kind) {
            Some(known) => {
                lists[known].count += list.count;
                lists[known].look.add(list.look);
            }
            None if lists.len() < MAX_LISTS => lists.push(list),
            None => {}
        }
    }
}

/// A cache of the meanings of headers.
pub(super) struct Headers<'a> {
    known: HashMap<String, Look>,
    /// Columns mapped to the phone by the user.
    pub(super) phones: &'a [String],
}

impl<'a> Headers<'a> {
    pub(super) fn new(phones: &'a [String]) -> Self {
        Self { known: HashMap::new(), phones }
    }

    /// Returns the subject of the field at `path`.
    fn look(&mut self, path: &str) -> Look {
        if let Some(look) = self.known.get(path) {
            return *look;
        }
        let look = self.judge(path);
        if self.known.len() < 16 * MAX_FIELDS {
            self.known.insert(path.to_owned(), look);
        }
        look
    }

    fn judge(&self, path: &str) -> Look {
        let mut look = Look { has_phone: self.phones.iter().any(|phone| phone == path), ..Look::default() };
        // Some programs wrap every value in an object.
        let is_wrapper = |(_, last): &(&str, &str)| *last == "value" || is_type(last);
        let path = path.rsplit_once('.').filter(is_wrapper).map_or(path, |(path, _)| path);
        let starts = path.char_indices().filter(|(_, letter)| *letter == '.').map(|(at, _)| at + 1);
        for start in std::iter::once(0).chain(starts) {
            let folded = columns::folding::fold(&path[start..]);
            match columns::field_of(&folded) {
                Some(Field::Phone) => look.has_phone = true,
                Some(Field::FullName) => look.has_name = true,
                Some(Field::FirstName | Field::LastName) => (look.has_name, look.is_person) = (true, true),
                _ => {}
            }
        }
        look
    }
}

/// A visitor that surveys a value of any type.
pub(super) struct Seed<'s, 'h> {
    pub(super) headers: &'s mut Headers<'h>,
    pub(super) budget: &'s Budget,
    /// The path to the value from the record that contains it.
    pub(super) path: &'s str,
    /// Whether the value is inside a list.
    pub(super) is_in_list: bool,
}

impl<'de> DeserializeSeed<'de> for Seed<'_, '_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Seed<'_, '_> {
    fn below<'s, 'h>(
        headers: &'s mut Headers<'h>,
        budget: &'s Budget,
        path: &'s str,
        is_in_list: bool,
    ) -> Seed<'s, 'h> {
        budget.renew();
        Seed { headers, budget, path, is_in_list }
    }

    fn cell(self, text: Option<String>) -> Node {
        self.budget.renew();
        Node::Cell { text }
    }
}

impl<'de> Visitor<'de> for Seed<'_, '_> {
    type Value = Node;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a list of records")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(self.cell(None))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(self.cell(Some(number.to_string())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(self.cell(Some(number.to_string())))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(self.cell(None))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(self.cell(None))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        const MAX_TEXT: usize = 128;
        Ok(self.cell((text.len() <= MAX_TEXT).then(|| text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let Self { headers, budget, path, .. } = self;
        let of_item = if path.is_empty() { String::new() } else { format!("{path}.1") };
        let mut of_cells = None;
        let mut found = Items::default();
        let (mut objects, mut rows) = (0_u64, 0_u64);
        let mut of_objects = Look::default();
        let mut first_row: Option<Vec<String>> = None;
        let mut is_table = true;
        // The fields of one person, if each is an object with a label and a value.
        let mut labels = Some(Look::default()).filter(|_| !of_item.is_empty());
        while let Some(node) = items.next_element_seed(Seed::below(headers, budget, &of_item, true))? {
            match node {
                Node::Cell { text } => {
                    found.cells += 1;
                    let look = *of_cells.get_or_insert_with(|| headers.look(&of_item));
                    found.look.add(look);
                    if found.texts.len() < MAX_FIELDS {
                        found.texts.extend(text);
                    }
                }
                Node::Object(object) => {
                    objects += 1;
                    of_objects.add(object.look);
                    match (&mut labels, &object.label) {
                        (Some(look), Some(label)) => look.add(headers.look(label)),
                        _ => labels = None,
                    }
                    found.texts.extend(object.name.filter(|_| found.texts.len() < MAX_FIELDS));
                    merge(&mut found.lists, object.lists, &[SurveyStep::Items]);
                }
                Node::List(row) => {
                    rows += 1;
                    is_table &= row.others == 0 && row.cells > 0;
                    if first_row.is_none() {
                        first_row = Some(row.texts);
                    }
                    merge(&mut found.lists, row.lists, &[SurveyStep::Items]);
                }
            }
        }
        found.others = objects + rows;
        let of_labels = labels.filter(|look| look.is_contact() && rows == 0 && found.cells == 0);
        if let Some(look) = of_labels {
            (found.look, found.lists) = (look, Vec::new());
        } else if objects > 0 {
            let list =
                List { path: vec![SurveyStep::Items], kind: Kind::Objects, count: objects, look: of_objects };
            found.look.add(Look { has_name: of_objects.has_name, ..of_objects });
            merge(&mut found.lists, vec![list], &[]);
        } else if rows > 0 && is_table && found.cells == 0 {
            let names = first_row.unwrap_or_default();
            let mut look = Look::default();
            for name in &names {
                look.add(headers.look(name));
            }
            found.lists.retain(|list| !matches!(list.kind, Kind::Bare));
            let kind = Kind::Cells { names: None };
            merge(
                &mut found.lists,
                vec![List { path: vec![SurveyStep::Items], kind, count: rows, look }],
                &[],
            );
        } else if found.cells > 0 && found.others == 0 {
            let look = Look::default();
            merge(
                &mut found.lists,
                vec![List { path: vec![SurveyStep::Items], kind: Kind::Bare, count: found.cells, look }],
                &[],
            );
        }
        Ok(Node::List(found))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Node, A::Error> {
        let Self { headers, budget, path, is_in_list } = self;
        let mut own = Fields { is_in_list, ..Fields::default() };
        let mut found = Object { keys: Some(Vec::new()), ..Object::default() };
        while let Some(name) = fields.next_key::<String>()? {
            let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            if inner.len() > MAX_PATH_BYTES {
                return Err(serde::de::Error::custom(LONG_NAME));
            }
            let node = fields.next_value_seed(Seed::below(headers, budget, &inner, is_in_list))?;
            own.take(name, node, headers.look(&inner), &mut found);
        }
        found.label = found.name.clone().filter(|_| own.parts.has_label && own.parts.has_value);
        own.judge(&mut found, headers);
        Ok(Node::Object(found))
    }
}

/// The fields of an object during the survey.
#[derive(Default)]
struct Fields {
    is_in_list: bool,
    own: Look,
    objects: Vec<(String, Look, Option<Vec<String>>)>,
    lists_of_cells: Vec<(String, u64)>,
    others: u64,
    names: Vec<String>,
    is_by_column: bool,
    table: Option<String>,
    is_table: bool,
    /// Whether the object has a label and a value, and so is a field itself.
    parts: Parts,
}

#[derive(Default)]
struct Parts {
    has_label: bool,
    has_value: bool,
}

impl Fields {
    fn take(&mut self, name: String, node: Node, look: Look, found: &mut Object) {
        self.parts.has_value |= is_value(&name);
        match node {
            Node::Cell { text } => {
                found.cells += 1;
                self.parts.has_label |= is_label(&name);
                self.own.add(look);
                if let Some(text) = text {
                    match name.to_lowercase().as_str() {
                        "majordimension" => self.is_by_column = text == "COLUMNS",
                        "type" => self.is_table = text == "table",
                        "name" | "key" | "label" | "title" | "header" | "field" => {
                            self.table.get_or_insert_with(|| text.clone());
                            found.name.get_or_insert(text);
                        }
                        _ => {}
                    }
                }
                if let Some(keys) = found.keys.as_mut().filter(|keys| keys.len() < MAX_FIELDS) {
                    keys.push(name);
                }
            }
            Node::List(items) => {
                found.keys = None;
                // A person's phones or translated names are fields of this object. A list of other people is not.
                let is_people = items.lists.iter().any(|list| list.look.is_contact());
                if !is_people {
                    self.own.add(items.look);
                }
                if COLUMN_NAMES.contains(&name.to_lowercase().as_str()) {
                    self.names.clone_from(&items.texts);
                }
                if items.others == 0 {
                    self.lists_of_cells.push((name.clone(), items.cells));
                } else {
                    self.others += 1;
                }
                merge(&mut found.lists, items.lists, &[SurveyStep::Name(name)]);
            }
            Node::Object(object) => {
                found.keys = None;
                merge(&mut found.lists, object.lists, &[SurveyStep::Name(name.clone())]);
                self.objects.push((name, object.look, object.keys));
            }
        }
    }

    /// Classifies the whole object.
    fn judge(self, found: &mut Object, headers: &mut Headers<'_>) {
        self.name_columns(found, headers);
        self.label_tables(found);
        if self.is_columns(found, headers) {
            let count = self.objects.first().map_or_else(
                || self.lists_of_cells.first().map_or(0, |(_, cells)| *cells),
                |(_, _, keys)| keys.as_ref().map_or(0, Vec::len) as u64,
            );
            let mut look = Look::default();
            let names = self
                .objects
                .iter()
                .map(|(name, ..)| name)
                .chain(self.lists_of_cells.iter().map(|(name, _)| name));
            names.for_each(|name| look.add(headers.look(name)));
            found.lists = vec![List { path: Vec::new(), kind: Kind::Columns, count, look }];
            found.look = Look::default();
            return;
        }
        let contacts = self.objects.iter().filter(|(_, look, _)| look.is_contact()).count();
        // A single contact next to other fields is part of one record, not a list by key.
        let is_alone = found.cells == 0 && self.others == 0 && self.lists_of_cells.is_empty();
        let is_keyed = contacts >= 1
            && contacts == self.objects.len()
            && !self.own.has_phone
            && (is_alone
                || contacts >= 3
                || contacts > 1 && self.objects.iter().all(|(name, ..)| has_digit(name)));
        if is_keyed {
            let mut look = Look::default();
            self.objects.iter().for_each(|(_, object, _)| look.add(*object));
            found.lists.retain(|list| !matches!(list.path.first(), Some(SurveyStep::Name(name)) if self.objects.iter().any(|(own, ..)| own == name)));
            found.lists.push(List {
                path: vec![SurveyStep::Values],
                kind: Kind::Objects,
                count: contacts as u64,
                look,
            });
            found.look = self.own;
            return;
        }
        let is_by_number = |(name, look, _): &(String, Look, _)| {
            is_phone_like(name.as_bytes()) && look.has_name && !look.has_phone
        };
        found.is_by_number = self.objects.len() > 1 && self.objects.iter().all(is_by_number);
        found.look = self.own;
        self.objects.iter().for_each(|(_, object, _)| found.look.add(*object));
    }

    /// Gives tables of cells the names from a field next to them.
    fn name_columns(&self, found: &mut Object, headers: &mut Headers<'_>) {
        for list in found.lists.iter_mut().filter(|list| list.path.len() == 2) {
            if let Kind::Cells { names } = &mut list.kind {
                if self.is_by_column {
                    list.kind = Kind::CellColumns;
                    list.look = Look { has_phone: true, has_name: true, is_person: true };
                } else if self.names.len() >= 2 {
                    list.look = Look::default();
                    self.names.iter().for_each(|name| list.look.add(headers.look(name)));
                    *names = Some(self.names.clone());
                }
            }
        }
    }

    /// Adds the table's name to the paths of its lists, as database exports need.
    fn label_tables(&self, found: &mut Object) {
        if let Some(table) = self.table.as_ref().filter(|_| self.is_table) {
            for list in &mut found.lists {
                list.path.insert(0, SurveyStep::Table(table.clone()));
            }
        }
    }

    /// Returns whether each field is a column of a table.
    fn is_columns(&self, found: &Object, headers: &mut Headers<'_>) -> bool {
        if self.is_in_list || found.cells > 0 || self.others > 0 {
            return false;
        }
        let names: Vec<&String> = match (self.objects.as_slice(), self.lists_of_cells.as_slice()) {
            ([(_, _, Some(first)), rest @ ..], []) if !rest.is_empty() && !first.is_empty() => {
                let known: HashSet<&String> = first.iter().collect();
                let is_same = |keys: &Vec<String>| {
                    keys == first
                        || keys.len() == first.len()
                            && keys.len() < MAX_FIELDS
                            && keys.iter().all(|key| known.contains(key))
                };
                if !rest.iter().all(|(_, _, keys)| keys.as_ref().is_some_and(is_same)) {
                    return false;
                }
                self.objects.iter().map(|(name, ..)| name).collect()
            }
            ([], [(_, first), rest @ ..]) if !rest.is_empty() && *first > 0 => {
                if rest.iter().any(|(_, cells)| cells != first) {
                    return false;
                }
                self.lists_of_cells.iter().map(|(name, _)| name).collect()
            }
            _ => return false,
        };
        // Records with keys have phones too, but there the inner names indicate it.
        let inner = self.objects.first().and_then(|(_, _, keys)| keys.as_ref());
        let is_inner = inner.is_some_and(|keys| keys.iter().any(|key| headers.look(key).has_phone));
        !is_inner && names.iter().any(|name| headers.look(name).has_phone)
    }
}

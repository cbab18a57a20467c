//! Finds the parts of an Excel workbook. Programs name the parts freely, so only references identify them.

use std::collections::HashMap;

use quick_xml::events::Event;

use super::{
    package::Package,
    xml::{Xml, attribute},
};
use crate::parse::error::Fault;

/// A reference to another part.
#[derive(Clone, Debug)]
pub(in crate::parse) struct Relation {
    pub(in crate::parse) id: String,
    /// The last segment of its type, such as `worksheet`.
    pub(in crate::parse) kind: String,
    /// The full name of the part.
    pub(in crate::parse) part: String,
}

impl Relation {
    /// Returns whether the part is a sheet with cells, that is, not a chart, dialog or macro.
    pub(in crate::parse) fn holds_cells(&self) -> bool {
        self.kind == "worksheet" || self.kind.is_empty() && self.part.contains("worksheets/")
    }
}

/// The parts of a workbook by purpose.
pub(in crate::parse) struct Parts {
    /// The list of sheets.
    pub(in crate::parse) workbook: String,
    /// The references of the list of sheets.
    pub(in crate::parse) relations: Vec<Relation>,
    pub(in crate::parse) styles: Option<String>,
    pub(in crate::parse) strings: Option<String>,
}

impl Parts {
    /// Finds the parts of a workbook. `extension` is the usual extension of their names.
    pub(in crate::parse) fn find(package: &mut Package, extension: &str) -> Result<Self, Fault> {
        let workbook = workbook(package)?;
        let relations = of_part(package, &workbook)?;
        let part = |kind: &str| find(package, &relations, &workbook, (kind, &format!("{kind}.{extension}")));
        let (styles, strings) = (part("styles"), part("sharedStrings"));
        Ok(Self { workbook, relations, styles, strings })
    }
}

/// Returns the relations by identifier. If an identifier occurs twice, the first relation counts.
pub(in crate::parse) fn by_id(relations: &[Relation]) -> HashMap<&str, &Relation> {
    relations.iter().rev().map(|relation| (relation.id.as_str(), relation)).collect()
}

/// Returns the references of a part, or none if it declares none.
fn of_part(package: &mut Package, part: &str) -> Result<Vec<Relation>, Fault> {
    let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
    let list = resolved(folder, &format!("_rels/{name}.rels"));
    let Some(mut xml) = Xml::open(package, &list)? else { return Ok(Vec::new()) };
    let mut relations = Vec::new();
    while let Some(event) = xml.next()? {
        let Event::Start(tag) = event else { continue };
        if tag.local_name().as_ref() != "Relationship" {
            continue;
        }
        let (Some(id), Some(target)) = (attribute(&tag, "Id"), attribute(&tag, "Target")) else { continue };
        let kind = attribute(&tag, "Type").unwrap_or_default();
        let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
        relations.push(Relation { id, kind, part: resolved(folder, &target) });
    }
    Ok(relations)
}

/// Returns the part with the list of sheets: the one that the package names, else one with the usual name.
fn workbook(package: &mut Package) -> Result<String, Fault> {
    let named = of_part(package, "")?.into_iter().find(|relation| relation.kind == "officeDocument");
    if let Some(relation) = named.filter(|relation| package.has(&relation.part)) {
        return Ok(relation.part);
    }
    let is_workbook = |name: &&str| {
        let file = name.rsplit('/').next().unwrap_or_default();
        file.starts_with("workbook") && matches!(file.rsplit('.').next(), Some("xml" | "bin"))
    };
    let found = package.names().filter(is_workbook).min().map(str::to_owned);
    found.ok_or_else(|| Fault::DamagedWorkbook("it has no list of sheets".to_owned()))
}

/// Returns the part of this kind that the workbook refers to, else the part with the usual name in its folder.
fn find(
    package: &Package,
    relations: &[Relation],
    workbook: &str,
    (kind, name): (&str, &str),
) -> Option<String> {
    let related = relations.iter().find(|relation| relation.kind == kind && package.has(&relation.part));
    let folder = workbook.rsplit_once('/').map_or("", |(folder, _)| folder);
    let usual = || Some(resolved(folder, name)).filter(|part| package.has(part));
    related.map(|relation| relation.part.clone()).or_else(usual)
}

/// Resolves a path relative to a folder.
fn resolved(folder: &str, path: &str) -> String {
    let path = path.replace('\\', "/");
    let start = if path.starts_with('/') { "" } else { folder };
    let mut names: Vec<&str> = start.split('/').filter(|name| !name.is_empty()).collect();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => _ = names.pop(),
            name => names.push(name),
        }
    }
    names.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_resolved_relative_to_their_folder() {
        for (folder, path, part) in [
            ("xl", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "/xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "../sheets/sheet1.xml", "sheets/sheet1.xml"),
            ("xl", "..\\sheet1.xml", "sheet1.xml"),
            ("", "./book.xml", "book.xml"),
            ("", "../../book.xml", "book.xml"),
        ] {
            assert_eq!(resolved(folder, path), part, "{path}");
        }
    }
}

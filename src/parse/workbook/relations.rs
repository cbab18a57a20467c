//! Where the parts of an Excel workbook stand: programs name them as they like, and only what refers to them tells.

use std::collections::HashMap;

use quick_xml::events::Event;

use super::{
    package::Package,
    xml::{Xml, attribute},
};
use crate::parse::error::Fault;

/// A part that another one refers to.
#[derive(Clone, Debug)]
pub(in crate::parse) struct Relation {
    pub(in crate::parse) id: String,
    /// The last word of its kind, such as `worksheet`.
    pub(in crate::parse) kind: String,
    /// The whole name of the part.
    pub(in crate::parse) part: String,
}

impl Relation {
    /// Whether it is a sheet with cells: no chart, no dialog, no macro.
    pub(in crate::parse) fn holds_cells(&self) -> bool {
        self.kind == "worksheet" || self.kind.is_empty() && self.part.contains("worksheets/")
    }
}

/// The parts of a workbook, by what they hold.
pub(in crate::parse) struct Parts {
    /// The list of sheets.
    pub(in crate::parse) workbook: String,
    /// What the list of sheets refers to.
    pub(in crate::parse) relations: Vec<Relation>,
    pub(in crate::parse) styles: Option<String>,
    pub(in crate::parse) strings: Option<String>,
}

impl Parts {
    /// Finds the parts of a workbook whose parts end so where they are named as usual.
    pub(in crate::parse) fn find(package: &mut Package, extension: &str) -> Result<Self, Fault> {
        let workbook = workbook(package)?;
        let relations = of_part(package, &workbook)?;
        let part = |kind: &str| find(package, &relations, &workbook, (kind, &format!("{kind}.{extension}")));
        let (styles, strings) = (part("styles"), part("sharedStrings"));
        Ok(Self { workbook, relations, styles, strings })
    }
}

/// Relations by their identifiers; of two with one the first counts.
pub(in crate::parse) fn by_id(relations: &[Relation]) -> HashMap<&str, &Relation> {
    relations.iter().rev().map(|relation| (relation.id.as_str(), relation)).collect()
}

/// What a part refers to; nothing where it does not say.
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

/// The part that holds the list of sheets: the one that the package names, else one that is called so.
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

/// The part of a kind that the workbook refers to, else one of this name in its folder.
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

/// The name of the part that a path means, seen from a folder.
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
    fn paths_are_seen_from_the_folder_they_stand_in() {
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

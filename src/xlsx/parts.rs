//! The parts of a workbook besides its sheets.

use std::fmt::Write as _;

use super::{FinishedSheet, SharedStrings, text};

pub(super) const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";

/// The namespace of workbooks.
pub(super) const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

pub(super) const SHEET_NAMESPACES: &str = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
     xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"";

/// The formats of cells, in the order of [`Style`](super::Style), after the one of cells without a style.
pub(super) const STYLES: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
    <styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
    <fonts count=\"3\"><font><sz val=\"11\"/><name val=\"Calibri\"/><family val=\"2\"/></font>\
    <font><b/><sz val=\"11\"/><name val=\"Calibri\"/><family val=\"2\"/></font>\
    <font><sz val=\"11\"/><color rgb=\"FF9C0006\"/><name val=\"Calibri\"/><family val=\"2\"/></font></fonts>\
    <fills count=\"4\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill>\
    <fill><patternFill patternType=\"solid\"><fgColor rgb=\"FFE7E6E6\"/><bgColor indexed=\"64\"/></patternFill></fill>\
    <fill><patternFill patternType=\"solid\"><fgColor rgb=\"FFFFC7CE\"/><bgColor indexed=\"64\"/></patternFill></fill></fills>\
    <borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
    <cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>\
    <cellXfs count=\"6\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>\
    <xf numFmtId=\"49\" fontId=\"1\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyFont=\"1\"/>\
    <xf numFmtId=\"49\" fontId=\"1\" fillId=\"2\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyFont=\"1\" applyFill=\"1\"/>\
    <xf numFmtId=\"49\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>\
    <xf numFmtId=\"49\" fontId=\"2\" fillId=\"3\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyFont=\"1\" applyFill=\"1\"/>\
    <xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyAlignment=\"1\"><alignment wrapText=\"1\"/></xf></cellXfs>\
    <cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles></styleSheet>";

/// The relations of the archive.
pub(super) const RELATIONS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
    <Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" \
    Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/>\
    </Relationships>";

/// The part with the shared strings.
pub(super) fn shared_strings(strings: &SharedStrings) -> Vec<u8> {
    let mut part = format!(
        "{DECLARATION}<sst xmlns=\"{MAIN}\" count=\"{}\" uniqueCount=\"{}\">",
        strings.uses,
        strings.indices.len()
    )
    .into_bytes();
    part.extend_from_slice(&strings.markup);
    part.extend_from_slice(b"</sst>");
    part
}

/// The part with the list of sheets.
pub(super) fn workbook(sheets: &[FinishedSheet]) -> Vec<u8> {
    let mut part = format!("{DECLARATION}<workbook {SHEET_NAMESPACES}><sheets>");
    for (sheet, number) in sheets.iter().zip(1..) {
        let name = text::escaped(&sheet.name);
        // Writing to a string cannot fail.
        _ = write!(part, "<sheet name=\"{name}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>");
    }
    part.push_str("</sheets>");
    if sheets.iter().any(|sheet| sheet.filter.is_some()) {
        part.push_str("<definedNames>");
        for (sheet, index) in sheets.iter().zip(0..) {
            let Some(filter) = &sheet.filter else { continue };
            let name = text::escaped(&sheet.name.replace('\'', "''"));
            _ = write!(
                part,
                "<definedName name=\"_xlnm._FilterDatabase\" localSheetId=\"{index}\" hidden=\"1\">'{name}'!{}</definedName>",
                absolute(filter)
            );
        }
        part.push_str("</definedNames>");
    }
    part.push_str("</workbook>");
    part.into_bytes()
}

/// Returns a range such as `A1:F9` as `$A$1:$F$9`.
fn absolute(range: &str) -> String {
    let mut absolute = String::with_capacity(range.len() + 4);
    let mut before = None;
    for sign in range.chars() {
        let begins = |is_kind: fn(&char) -> bool| is_kind(&sign) && !before.as_ref().is_some_and(is_kind);
        if begins(char::is_ascii_alphabetic) || begins(char::is_ascii_digit) {
            absolute.push('$');
        }
        absolute.push(sign);
        before = Some(sign);
    }
    absolute
}

/// The relations of the workbook to its sheets, styles and strings.
pub(super) fn workbook_relations(sheets: usize) -> String {
    let sheet = |number: usize| ("worksheet", format!("worksheets/sheet{number}.xml"));
    let others = [("styles", "styles.xml".to_owned()), ("sharedStrings", "sharedStrings.xml".to_owned())];
    relations((1..=sheets).map(sheet).chain(others))
}

/// The relations of a sheet to its comments.
pub(super) fn sheet_relations(number: usize) -> String {
    relations([
        ("vmlDrawing", format!("../drawings/vmlDrawing{number}.vml")),
        ("comments", format!("../comments{number}.xml")),
    ])
}

fn relations(targets: impl IntoIterator<Item = (&'static str, String)>) -> String {
    let mut part = format!(
        "{DECLARATION}<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"
    );
    for ((kind, target), number) in targets.into_iter().zip(1..) {
        _ = write!(
            part,
            "<Relationship Id=\"rId{number}\" \
             Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}\" Target=\"{target}\"/>"
        );
    }
    part.push_str("</Relationships>");
    part
}

/// The part with the types of all parts.
pub(super) fn content_types(sheets: &[FinishedSheet]) -> String {
    const SPREADSHEET: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

    let mut part = format!(
        "{DECLARATION}<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
         <Default Extension=\"vml\" ContentType=\"application/vnd.openxmlformats-officedocument.vmlDrawing\"/>"
    );
    let mut add = |name: String, kind: &str| {
        _ = write!(part, "<Override PartName=\"/xl/{name}\" ContentType=\"{SPREADSHEET}.{kind}+xml\"/>");
    };
    add("workbook.xml".to_owned(), "sheet.main");
    add("styles.xml".to_owned(), "styles");
    add("sharedStrings.xml".to_owned(), "sharedStrings");
    for (sheet, number) in sheets.iter().zip(1..) {
        add(format!("worksheets/sheet{number}.xml"), "worksheet");
        if let Some(number) = sheet.comments {
            add(format!("comments{number}.xml"), "comments");
        }
    }
    part.push_str("</Types>");
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_become_absolute() {
        assert_eq!(absolute("A1:AF19"), "$A$1:$AF$19");
    }
}

//! Rows and shared texts in the plain form in which most programs write them: no entities, no runs of formatted text, no
//! formulas. They are read without a general XML reader, which reads everything else.
//!
//! Each function accepts only well-formed markup that the general reader would read with the same result.

use super::xlsx::Kind;

/// The attributes of a plain row.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PlainRow<'x> {
    pub(super) number: Option<&'x str>,
    pub(super) hidden: Option<&'x str>,
    pub(super) height: Option<&'x str>,
    pub(super) custom_height: Option<&'x str>,
}

/// A plain cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PlainCell<'x> {
    pub(super) reference: Option<&'x str>,
    pub(super) style: Option<&'x str>,
    pub(super) kind: Kind,
    /// Its value, or its inline text.
    pub(super) text: &'x str,
    pub(super) is_inline: bool,
}

/// Reads a row from `<row` to `</row>`. Returns `None` if it is not plain.
pub(super) fn row<'x>(element: &'x str, cells: &mut Vec<PlainCell<'x>>) -> Option<PlainRow<'x>> {
    cells.clear();
    let mut row = PlainRow::default();
    let (attributes, is_empty, mut rest) = tag(element.strip_prefix("<row")?)?;
    if is_empty {
        return None;
    }
    for_each_attribute(attributes, |name, value| match name {
        "r" => row.number = Some(value),
        "hidden" => row.hidden = Some(value),
        "ht" => row.height = Some(value),
        "customHeight" => row.custom_height = Some(value),
        _ => {}
    })?;
    while rest != "</row>" {
        let (cell, behind) = cell(rest)?;
        cells.push(cell);
        rest = behind;
    }
    Some(row)
}

fn cell(element: &str) -> Option<(PlainCell<'_>, &str)> {
    let (attributes, is_empty, rest) = tag(element.strip_prefix("<c")?)?;
    let mut cell = PlainCell { reference: None, style: None, kind: Kind::Number, text: "", is_inline: false };
    for_each_attribute(attributes, |name, value| match name {
        "r" => cell.reference = Some(value),
        "s" => cell.style = Some(value),
        "t" => cell.kind = Kind::of(value),
        _ => {}
    })?;
    if is_empty {
        return Some((cell, rest));
    }
    let rest = if let Some(value) = rest.strip_prefix("<v>") {
        let (text, behind) = text(value)?;
        cell.text = text;
        behind.strip_prefix("</v>")?
    } else if let Some(inline) = rest.strip_prefix("<is><t") {
        let (text, behind) = element_text(inline)?;
        (cell.text, cell.is_inline) = (text, true);
        behind.strip_prefix("</is>")?
    } else {
        rest
    };
    Some((cell, rest.strip_prefix("</c>")?))
}

/// Reads a shared text from `<si>` to `</si>`. Returns `None` if it is not plain.
pub(super) fn shared_text(element: &str) -> Option<&str> {
    let (text, behind) = element_text(element.strip_prefix("<si><t")?)?;
    (behind == "</si>").then_some(text)
}

/// Reads the rest of `<t>text</t>` behind the name of the first tag.
fn element_text(rest: &str) -> Option<(&str, &str)> {
    let rest = rest.strip_prefix('>').or_else(|| rest.strip_prefix(" xml:space=\"preserve\">"))?;
    let (text, behind) = text(rest)?;
    Some((text, behind.strip_prefix("</t>")?))
}

/// Splits text up to the next tag. Returns `None` if the text is not what it seems: entities stand for other letters, and
/// line ends may be normalized.
fn text(rest: &str) -> Option<(&str, &str)> {
    let end = memchr::memchr3(b'<', b'&', b'\r', rest.as_bytes())?;
    (rest.as_bytes()[end] == b'<').then(|| rest.split_at(end))
}

/// Splits a tag behind its name: its attributes, whether it is empty, and what follows it.
fn tag(rest: &str) -> Option<(&str, bool, &str)> {
    let end = memchr::memchr(b'>', rest.as_bytes())?;
    let (attributes, behind) = (&rest[..end], &rest[end + 1..]);
    let (attributes, is_empty) =
        attributes.strip_suffix('/').map_or((attributes, false), |attributes| (attributes, true));
    Some((attributes.strip_suffix(' ').unwrap_or(attributes), is_empty, behind))
}

/// Passes each attribute on. Returns `None` if they are not plain: one space before each name, and values in ASCII without
/// entities. Names with a prefix are passed over, unless the general reader would know their local name.
fn for_each_attribute<'x>(attributes: &'x str, mut take: impl FnMut(&'x str, &'x str)) -> Option<()> {
    const KNOWN: [&str; 7] = ["r", "s", "t", "hidden", "ht", "customHeight", ""];

    let mut rest = attributes;
    while !rest.is_empty() {
        let named = rest.strip_prefix(' ')?;
        let equals = memchr::memchr(b'=', named.as_bytes())?;
        let (name, value) = (&named[..equals], named[equals + 1..].strip_prefix('"')?);
        let end = memchr::memchr(b'"', value.as_bytes())?;
        let (value, behind) = (&value[..end], &value[end + 1..]);
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b':')
            || !value.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'&' | b'<'))
        {
            return None;
        }
        match name.rsplit_once(':') {
            Some((_, local)) if KNOWN.contains(&local) => return None,
            Some(_) => {}
            None if name.is_empty() => return None,
            None => take(name, value),
        }
        rest = behind;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of a row, and the reference and text of each cell, and whether that is inline.
    type Read<'x> = (Option<&'x str>, Vec<(&'x str, &'x str, bool)>);

    fn read(element: &str) -> Option<Read<'_>> {
        let mut cells = Vec::new();
        let row = row(element, &mut cells)?;
        let cells = cells.iter().map(|cell| (cell.reference.unwrap_or_default(), cell.text, cell.is_inline));
        Some((row.number, cells.collect()))
    }

    #[test]
    fn plain_rows_are_read() {
        let found = read(
            "<row r=\"7\" spans=\"1:3\" x14ac:dyDescent=\"0.3\"><c r=\"A7\" s=\"1\" t=\"s\"><v>12</v></c><c r=\"B7\"/>\
             <c r=\"C7\" t=\"inlineStr\"><is><t xml:space=\"preserve\"> Zoë</t></is></c><c r=\"D7\"></c></row>",
        );
        let cells = vec![("A7", "12", false), ("B7", "", false), ("C7", " Zoë", true), ("D7", "", false)];
        assert_eq!(found, Some((Some("7"), cells)));
        assert_eq!(read("<row></row>"), Some((None, Vec::new())));
    }

    #[test]
    fn everything_else_is_left_to_the_general_reader() {
        for row in [
            "<row/>",
            "<row r='1'></row>",
            "<row  r=\"1\"></row>",
            "<row r=\"&#49;\"></row>",
            "<row x:r=\"1\"></row>",
            "<row r=\"1\">\n</row>",
            "<row><c><f>1+1</f><v>2</v></c></row>",
            "<row><c><v>a&amp;b</v></c></row>",
            "<row><c><v>a\rb</v></c></row>",
            "<row><c><v><![CDATA[a]]></v></c></row>",
            "<row><c><is><r><t>a</t></r></is></c></row>",
            "<row><c><v>1</v><v>2</v></c></row>",
            "<row><c><v>1</c></row>",
            "<row><x:c><v>1</v></x:c></row>",
            "<row><cell/></row>",
            "<rows></row>",
            "<row><!-- --></row>",
        ] {
            assert_eq!(read(row), None, "{row}");
        }
        assert_eq!(shared_text("<si><t>Zoë</t></si>"), Some("Zoë"));
        for text in [
            "<si/>",
            "<si><t/></si>",
            "<si><r><t>a</t></r></si>",
            "<si><t>a</t><t>b</t></si>",
            "<si><t>&lt;</t></si>",
        ] {
            assert_eq!(shared_text(text), None, "{text}");
        }
    }
}

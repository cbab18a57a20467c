//! The XML of a part, piece by piece. Empty elements are an opening and a closing tag; entities of the document's own are
//! never replaced.

use std::{borrow::Cow, cell::Cell, rc::Rc};

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event, attributes::Attribute},
};

use super::package::{Package, Part};
use crate::parse::error::Fault;

/// A reader of a part's XML.
pub(in crate::parse) struct Xml<'a> {
    reader: Reader<Part<'a>>,
    buffer: Vec<u8>,
    name: String,
    piece: Rc<Cell<u64>>,
}

impl<'a> Xml<'a> {
    /// Opens a part, if there is one of this name.
    pub(in crate::parse) fn open(package: &'a mut Package, name: &str) -> Result<Option<Self>, Fault> {
        let Some(part) = package.part(name)? else { return Ok(None) };
        let part = part.decoded()?;
        let piece = part.piece();
        let mut reader = Reader::from_reader(part);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.allow_dangling_amp = true;
        Ok(Some(Self { reader, buffer: Vec::new(), name: name.to_owned(), piece }))
    }

    /// The next piece; nothing at the end.
    pub(in crate::parse) fn next(&mut self) -> Result<Option<Event<'_>>, Fault> {
        self.buffer.clear();
        self.piece.set(0);
        match self.reader.read_event_into(&mut self.buffer) {
            Ok(Event::Eof) => Ok(None),
            Ok(event) => Ok(Some(event)),
            Err(quick_xml::Error::Io(error)) => Err(Part::unreadable(&self.name, &error)),
            Err(error) => Err(Fault::DamagedWorkbook(format!("{}: {error}", self.name))),
        }
    }
}

/// The value of an attribute, whatever the prefix of its name.
pub(in crate::parse) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = tag.attributes();
    let found = attributes
        .with_checks(false)
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref() == name)?;
    Some(value(&found).into_owned())
}

/// The value of an attribute, without what stands for other letters.
pub(in crate::parse) fn value<'t>(attribute: &'t Attribute<'_>) -> Cow<'t, str> {
    attribute.normalized_value(XmlVersion::Implicit1_0).unwrap_or_default()
}

/// Whether an attribute says yes.
pub(in crate::parse) fn is_true(text: &str) -> bool {
    matches!(text, "1" | "true" | "on")
}

/// The text that a piece stands for, if it is text.
pub(in crate::parse) fn text<'e>(event: &'e Event<'_>) -> Result<Option<Cow<'e, str>>, Fault> {
    Ok(Some(match event {
        Event::Text(text) => text.xml10_content(),
        Event::CData(text) => text.xml10_content(),
        Event::GeneralRef(entity) => {
            if let Ok(Some(letter)) = entity.resolve_char_ref() {
                return Ok(Some(Cow::Owned(letter.to_string())));
            }
            let Some(text) = quick_xml::escape::resolve_predefined_entity(entity) else {
                let entity: &str = entity;
                return Err(Fault::Hostile(format!("a text in it uses an entity of its own, &{entity};")));
            };
            Cow::Borrowed(text)
        }
        _ => return Ok(None),
    }))
}

//! Reads the XML of a part, event by event. An empty element counts as an opening and a closing tag. Entities defined
//! by the document are never expanded.

use std::{borrow::Cow, cell::Cell, io::BufRead as _, rc::Rc};

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event, attributes::Attribute},
};

use super::{
    package::{Package, Part},
    window::Window,
};
use crate::parse::error::Fault;

/// A reader of a part's XML.
pub(in crate::parse) struct Xml<'a> {
    reader: Reader<Window<'a>>,
    buffer: Vec<u8>,
    name: String,
    piece: Rc<Cell<u64>>,
}

impl<'a> Xml<'a> {
    /// Opens the part with this name, if it exists.
    pub(in crate::parse) fn open(package: &'a mut Package, name: &str) -> Result<Option<Self>, Fault> {
        let Some(part) = package.part(name)? else { return Ok(None) };
        let part = part.decoded()?;
        let piece = part.piece();
        let mut reader = Reader::from_reader(Window::new(part));
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.allow_dangling_amp = true;
        Ok(Some(Self { reader, buffer: Vec::new(), name: name.to_owned(), piece }))
    }

    /// Returns the next event, or `None` at the end.
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

impl Xml<'_> {
    /// Passes the next element to `read` if it begins with `open` and ends with `close`. Returns its result, or `None` if
    /// another element comes next, or if `read` did not take it; then [`next`](Self::next) reads it.
    ///
    /// Only complete elements may be taken, because the reader keeps a list of the open ones.
    pub(in crate::parse) fn take_element<T>(
        &mut self,
        open: &[u8],
        close: &[u8],
        read: impl FnOnce(&str) -> Result<Option<T>, Fault>,
    ) -> Result<Option<T>, Fault> {
        self.piece.set(0);
        let window = self.reader.get_mut();
        let element = window.element(open, close).map_err(|error| Part::unreadable(&self.name, &error))?;
        let Some((element, taken)) = element else { return Ok(None) };
        let Ok(element) = simdutf8::basic::from_utf8(element) else { return Ok(None) };
        let result = read(element)?;
        if result.is_some() {
            window.consume(taken);
        }
        Ok(result)
    }
}

/// Returns the value of an attribute by its local name, regardless of the prefix.
pub(in crate::parse) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = tag.attributes();
    let found = attributes
        .with_checks(false)
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref() == name)?;
    Some(value(&found).into_owned())
}

/// Returns the value of an attribute with references resolved.
pub(in crate::parse) fn value<'t>(attribute: &'t Attribute<'_>) -> Cow<'t, str> {
    attribute.normalized_value(XmlVersion::Implicit1_0).unwrap_or_default()
}

/// Returns whether an attribute's value means true.
pub(in crate::parse) fn is_true(text: &str) -> bool {
    matches!(text, "1" | "true" | "on")
}

/// Returns the text of an event, if it is text.
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
                return Err(Fault::Hostile(format!("a text in it uses a custom XML entity, &{entity};")));
            };
            Cow::Borrowed(text)
        }
        _ => return Ok(None),
    }))
}

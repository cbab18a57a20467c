//! Reads mails with attached vCards, and web archives, which have the format of mails.

use mail_parser::{MessageParser, MimeHeaders as _, PartType};

use super::{
    grid::{Grid, Room},
    html,
};
use crate::parse::error::Fault;

/// Returns the cards attached to a mail as one text, or `None` if there are none.
pub(in crate::parse) fn cards(mail: &[u8]) -> Option<Vec<u8>> {
    let message = MessageParser::default().parse(mail)?;
    let mut cards = Vec::new();
    for part in &message.parts {
        let kind =
            part.content_type().and_then(|kind| kind.subtype()).unwrap_or_default().to_ascii_lowercase();
        if !matches!(kind.as_str(), "vcard" | "x-vcard" | "directory") {
            continue;
        }
        match &part.body {
            PartType::Text(text) => cards.extend_from_slice(text.as_bytes()),
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => cards.extend_from_slice(bytes),
            _ => {}
        }
        cards.push(b'\n');
    }
    (!cards.is_empty()).then_some(cards)
}

/// Returns the tables of all pages of a web archive.
pub(in crate::parse) fn tables(archive: &[u8]) -> Result<Vec<Grid>, Fault> {
    let (mut grids, mut room) = (Vec::new(), Room::of(archive.len()));
    let Some(message) = MessageParser::default().parse(archive) else { return Ok(grids) };
    for part in &message.parts {
        if let PartType::Html(page) = &part.body {
            let location = part.content_location().unwrap_or_default();
            let name = location.rsplit(['/', '\\']).next().unwrap_or_default();
            let prefix = if name.is_empty() { "Table ".to_owned() } else { format!("{name} ") };
            html::tables(page, &prefix, &mut grids, &mut room)?;
        }
    }
    Ok(grids)
}

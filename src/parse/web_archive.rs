//! Web archives (MHTML) become tables: Excel's "Single File Web Page", also saved as `.xls`.

use mail_parser::{MessageParser, MimeHeaders as _, PartType};

use super::{error::Fault, grid::Grid, html};

/// The tables of all pages of an archive.
pub(super) fn tables(archive: &[u8]) -> Result<Vec<Grid>, Fault> {
    let mut grids = Vec::new();
    let Some(message) = MessageParser::default().parse(archive) else { return Ok(grids) };
    for part in &message.parts {
        if let PartType::Html(page) = &part.body {
            let location = part.content_location().unwrap_or_default();
            let name = location.rsplit(['/', '\\']).next().unwrap_or_default();
            let prefix = if name.is_empty() { "Table ".to_owned() } else { format!("{name} ") };
            html::tables(page, &prefix, &mut grids)?;
        }
    }
    Ok(grids)
}

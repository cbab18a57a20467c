//! Pages, mails and XML documents that hold tables, as programs write them under the names of workbooks.

pub(super) mod grid;
pub(super) mod html;
pub(super) mod mail;
pub(super) mod xml_spreadsheet;

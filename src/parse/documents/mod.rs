//! Reads web pages, mails and XML documents that contain tables. Programs often save them with the extension of a
//! workbook.

pub(super) mod grid;
pub(super) mod html;
pub(super) mod mail;
pub(super) mod xml_spreadsheet;

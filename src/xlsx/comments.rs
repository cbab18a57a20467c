//! Comments on cells: their text, and the boxes in which spreadsheet programs show them.
//!
//! The format of the boxes is VML, which spreadsheet programs still require for comments.

use std::fmt::Write as _;

use super::{column_name, parts, text};
use crate::contact::Digits;

/// A comment on a cell.
pub(super) struct Comment {
    /// The number of the row, from 1.
    pub(super) row: u64,
    /// The index of the column, from 0.
    pub(super) column: usize,
    pub(super) text: String,
}

/// The size of a box in pixels.
const WIDTH: usize = 320;
const ROWS: u64 = 6;

/// The distance between the box and the corner of the cell, in pixels.
const LEFT: usize = 15;
const TOP: usize = 10;

/// The width of a column whose width is not set, in pixels.
const USUAL_WIDTH: usize = 64;

/// Returns the part with the texts.
pub(super) fn texts(comments: &[Comment]) -> Vec<u8> {
    let mut markup = format!(
        "{}<comments xmlns=\"{}\"><authors><author>rollcall</author></authors><commentList>",
        parts::DECLARATION,
        parts::MAIN
    )
    .into_bytes();
    for comment in comments {
        markup.extend_from_slice(b"<comment ref=\"");
        markup.extend_from_slice(column_name(comment.column).as_bytes());
        markup.extend_from_slice(Digits::of(comment.row).as_bytes());
        markup.extend_from_slice(
            b"\" authorId=\"0\"><text><r><rPr><sz val=\"8\"/><rFont val=\"Tahoma\"/><family val=\"2\"/></rPr>",
        );
        text::push_element(&mut markup, &comment.text);
        markup.extend_from_slice(b"</r></text></comment>");
    }
    markup.extend_from_slice(b"</commentList></comments>");
    markup
}

/// Returns the part with the boxes.
pub(super) fn boxes(comments: &[Comment], widths: &[usize]) -> String {
    /// Programs number the shapes of a drawing from here.
    const FIRST_SHAPE: usize = 1025;

    let mut markup = "<xml xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:o=\"urn:schemas-microsoft-com:office:office\" \
                      xmlns:x=\"urn:schemas-microsoft-com:office:excel\">\
                      <o:shapelayout v:ext=\"edit\"><o:idmap v:ext=\"edit\" data=\"1\"/></o:shapelayout>\
                      <v:shapetype id=\"note\" coordsize=\"21600,21600\" o:spt=\"202\" path=\"m,l,21600r21600,l21600,xe\">\
                      <v:stroke joinstyle=\"miter\"/><v:path gradientshapeok=\"t\" o:connecttype=\"rect\"/></v:shapetype>"
        .to_owned();
    for (comment, shape) in comments.iter().zip(FIRST_SHAPE..) {
        let (row, column) = (comment.row.saturating_sub(1), comment.column);
        let top = row.saturating_sub(1);
        let (right, into_right) = right_edge(column + 1, widths);
        // Writing to a string cannot fail.
        _ = write!(
            markup,
            "<v:shape id=\"s{shape}\" type=\"#note\" style=\"position:absolute;visibility:hidden\" fillcolor=\"#ffffe1\" \
             o:insetmode=\"auto\"><v:fill color2=\"#ffffe1\"/><v:shadow on=\"t\" color=\"black\" obscured=\"t\"/>\
             <v:path o:connecttype=\"none\"/><v:textbox style=\"mso-direction-alt:auto\"/><x:ClientData ObjectType=\"Note\">\
             <x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{}, {LEFT}, {top}, {TOP}, {right}, {into_right}, {}, {TOP}</x:Anchor>\
             <x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>",
            column + 1,
            top + ROWS,
        );
    }
    markup.push_str("</xml>");
    markup
}

/// Returns the column at the right edge of a box that begins in a column, and the pixels of it that the box covers.
fn right_edge(first: usize, widths: &[usize]) -> (usize, usize) {
    let pixels = |column: usize| widths.get(column).map_or(USUAL_WIDTH, |characters| characters * 7 + 5);
    let (mut column, mut left) = (first, LEFT + WIDTH);
    while left >= pixels(column) {
        left -= pixels(column);
        column += 1;
    }
    (column, left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn box_covers_as_many_columns_as_it_is_wide() {
        assert_eq!(right_edge(1, &[10, 48, 48]), (1, 335));
        assert_eq!(right_edge(1, &[10, 10, 20, 20]), (3, 115));
        assert_eq!(right_edge(7, &[10]), (12, 15));
    }
}

//! Outside text as displayed on the page, within size limits.

use maud::{Markup, PreEscaped, html};

/// Returns the text of a cell, header or message, cut to `max_chars` characters plus `…`. Escapes characters that are
/// invisible or change the text direction.
pub(super) fn shown(bytes: &[u8], max_chars: usize) -> String {
    // A character has at most four bytes, so the rest of a huge cell needs no decoding.
    let cut = &bytes[..bytes.len().min((max_chars + 1).saturating_mul(4))];
    let text = String::from_utf8_lossy(cut);
    let mut shown = String::with_capacity(text.len().min(max_chars * 4));
    for (index, letter) in text.chars().enumerate() {
        if index == max_chars {
            shown.push('…');
            break;
        }
        match letter {
            '\r' | '\n' => shown.push('↵'),
            '\t' => shown.push('⇥'),
            '\u{7f}' => shown.push('␡'),
            // The Unicode symbols for control characters are in the same order.
            '\0'..'\u{20}' => shown.extend(char::from_u32(0x2400 + u32::from(letter))),
            '\u{80}'..='\u{9f}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => {
                shown.extend(letter.escape_unicode());
            }
            letter => shown.push(letter),
        }
    }
    shown
}

/// Joins as many items as fit into `max_bytes`, and returns their number.
pub(super) fn within<T>(
    items: impl IntoIterator<Item = T>,
    max_bytes: usize,
    mut render: impl FnMut(T) -> Markup,
) -> (Markup, usize) {
    let mut all = String::new();
    let mut count = 0;
    for item in items {
        let PreEscaped(next) = render(item);
        if all.len() + next.len() > max_bytes {
            break;
        }
        all.push_str(&next);
        count += 1;
    }
    (PreEscaped(all), count)
}

/// Formats rollcall's own text: names and values between backticks, and options to copy.
pub(super) fn prose(text: &str) -> Markup {
    // Options that are copied together with their values.
    const WITH_VALUES: [&str; 3] = ["--accept possible", "--split-names last-word", "--hidden-rows include"];

    let mut text = text.to_owned();
    for option in WITH_VALUES {
        text = text.replace(option, &format!("`{option}`"));
    }
    let parts = text.split('`').zip(0..);
    html! {
        @for (part, place) in parts {
            @if place % 2 == 1 {
                code dir="auto" { (part) }
            } @else {
                @for word in part.split_inclusive(' ') {
                    @let option = word.trim_end_matches([' ', '.', ',', ';', ':', ')']);
                    @if option.starts_with("--") { code { (option) } (word[option.len()..]) } @else { (word) }
                }
            }
        }
    }
}

/// Returns the length of a collection as a count.
pub(super) fn count_of(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_and_special_characters_escaped() {
        assert_eq!(shown("Zoë Ünal".as_bytes(), 3), "Zoë…");
        assert_eq!(shown("Zoë".as_bytes(), 3), "Zoë");
        assert_eq!(shown(b"a\0b\x1b[2J\r\n\x7f", 20), "a␀b␛[2J↵↵␡");
        assert_eq!(shown("a\u{202e}b".as_bytes(), 20), "a\\u{202e}b");
        assert_eq!(shown(b"J\xf6rg", 20), "J\u{fffd}rg");
        assert_eq!(shown("é".repeat(1000).as_bytes(), 200).chars().count(), 201);
    }

    #[test]
    fn columns_and_options_are_marked_as_code() {
        let text = prose("--accept possible lets it pass.").into_string();
        assert_eq!(text, "<code dir=\"auto\">--accept possible</code> lets it pass.");
        let text = prose("Fill in `<b>`, or use --default-salutation.").into_string();
        assert_eq!(
            text,
            "Fill in <code dir=\"auto\">&lt;b&gt;</code>, or use <code>--default-salutation</code>."
        );
    }

    #[test]
    fn items_beyond_the_size_limit_are_omitted() {
        let (markup, count) = within(["a", "b", "c", "d"], 25, |item| html! { p { (item) } });
        assert_eq!((markup.into_string().as_str(), count), ("<p>a</p><p>b</p><p>c</p>", 3));
    }
}

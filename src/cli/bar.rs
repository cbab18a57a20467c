//! A progress line that fits any window; the least important parts are dropped first.

use textwrap::core::display_width;

/// The minimum and maximum length of a bar.
const BAR: std::ops::RangeInclusive<usize> = 8..=40;

/// Minimum length of a shortened name.
const MIN_LABEL: usize = 12;

/// The contents of a progress line.
pub(super) struct Line {
    /// The current activity.
    pub(super) label: String,
    /// The completed share, from 0 to 1, if known.
    pub(super) fraction: Option<f32>,
    /// Figures, the most important first.
    pub(super) parts: Vec<String>,
}

impl Line {
    /// Formats the line in at most `width` columns.
    pub(super) fn fitted(&self, width: usize) -> String {
        let label_width = display_width(&self.label);
        let room = |parts: &[String]| {
            let parts: usize = parts.iter().map(|part| display_width(part) + 2).sum();
            width.checked_sub(parts)
        };
        let shown = (0..=self.parts.len())
            .rev()
            .map(|count| &self.parts[..count])
            .find(|parts| room(parts).is_some_and(|left| left >= label_width.min(MIN_LABEL)));
        let shown = shown.unwrap_or_default();
        let left = room(shown).unwrap_or_default();
        let mut text = shortened(&self.label, left);
        let free = left.saturating_sub(display_width(&text) + 2).min(*BAR.end());
        if let Some(fraction) = self.fraction.filter(|_| free >= *BAR.start()) {
            text.push_str("  ");
            text.push_str(&bar(fraction, free));
        }
        for (index, part) in shown.iter().enumerate() {
            text.push_str(if index == 0 { "  " } else { ", " });
            text.push_str(part);
        }
        text
    }
}

fn bar(fraction: f32, width: usize) -> String {
    let columns = u16::try_from(width).unwrap_or(u16::MAX);
    let filled = (1..=columns).filter(|column| f32::from(*column) <= fraction * f32::from(columns)).count();
    "━".repeat(filled) + &"─".repeat(width - filled)
}

/// Cuts a text to a number of columns.
fn shortened(text: &str, width: usize) -> String {
    if display_width(text) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut taken = 0;
    for letter in text.chars() {
        taken += display_width(letter.encode_utf8(&mut [0; 4]));
        if taken + 1 > width {
            break;
        }
        kept.push(letter);
    }
    if width > 0 {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_fits_every_window() {
        let line = Line {
            label: "reading /home/ops/lists/2026/november/contacts.csv".to_owned(),
            fraction: Some(0.45),
            parts: ["45 %", "450,000 rows", "1,200,000 rows/s", "1 s left"].map(str::to_owned).to_vec(),
        };
        for (width, text) in [
            (
                120,
                "reading /home/ops/lists/2026/november/contacts.csv  ━━━━━━━━━───────────  45 %, 450,000 rows, 1,200,000 rows/s, 1 s left",
            ),
            (80, "reading /home/ops/lists/2026/no…  45 %, 450,000 rows, 1,200,000 rows/s, 1 s left"),
            (40, "reading /home/ops/l…  45 %, 450,000 rows"),
            (20, "reading /home…  45 %"),
            (5, "read…"),
            (0, ""),
        ] {
            let fitted = line.fitted(width);
            assert!(display_width(&fitted) <= width, "{width}: {fitted}");
            assert_eq!(fitted, text, "{width}");
        }
        for width in 0..150 {
            assert!(display_width(&line.fitted(width)) <= width, "{width}");
        }
        let wide = Line { label: "reading 名簿名簿名簿名簿名簿.csv".to_owned(), ..line };
        for width in 0..80 {
            assert!(display_width(&wide.fitted(width)) <= width, "{width}");
        }
    }
}

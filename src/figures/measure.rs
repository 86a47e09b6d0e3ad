//! How much room text takes, estimated from the advance widths of Helvetica.
//!
//! A figure is laid out before anyone knows which font will draw it, so widths carry 8 % to spare for wider fallbacks.

/// Advance widths of the printable ASCII characters in thousandths of the font size.
const ADVANCE: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
];

/// Width of one line of text in px.
pub(super) fn width(text: &str, font: f64) -> f64 {
    let thousandths: u32 = text
        .chars()
        .map(|c| match (c as usize).checked_sub(32).and_then(|i| ADVANCE.get(i)) {
            Some(&advance) => u32::from(advance),
            None if (c as u32) < 0x2e80 => 600,
            None => 1000,
        })
        .sum();
    f64::from(thousandths) * font / 1000.0 * 1.08
}

/// The text, cut with an ellipsis where it would be wider than `limit` px.
pub(super) fn shortened(text: &str, font: f64, limit: f64) -> String {
    if width(text, font) <= limit {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if width(&kept, font) + font > limit {
            kept.pop();
            break;
        }
    }
    kept.trim_end().to_owned() + "…"
}

/// The text in lines of at most `limit` px, broken at spaces; a longer word is shortened.
pub(super) fn wrapped(text: &str, font: f64, limit: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line, font) + width(" ", font) + width(word, font) <= limit => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(shortened(word, font, limit)),
        }
    }
    lines
}

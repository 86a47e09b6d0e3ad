//! Terminal text as HTML: colours and styles (SGR sequences) become spans, other control sequences vanish.
//!
//! The sixteen named colours become classes, so that the page decides what reads well on its background; colours of
//! the 256-colour palette and 24-bit colours become inline styles.

use std::iter::Peekable;
use std::str::Chars;

use super::html::push_escaped;

#[derive(Clone, Copy, PartialEq)]
enum Colour {
    Named(u8),
    Rgb(u8, u8, u8),
}

#[derive(Clone, Copy, Default, PartialEq)]
struct Style {
    fg: Option<Colour>,
    bg: Option<Colour>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
    inverse: bool,
}

/// Escaped HTML of terminal text, for use inside `<pre>`.
pub fn html(text: &str) -> String {
    let text = overwritten(text);
    let (mut out, mut run, mut style) = (String::with_capacity(text.len()), String::new(), Style::default());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => {
                if let Some(codes) = sequence(&mut chars) {
                    let next = style.with(&codes);
                    if next != style {
                        style.push_span(&mut out, &run);
                        run.clear();
                        style = next;
                    }
                }
            }
            c if c.is_control() && !matches!(c, '\n' | '\t') => {}
            c => run.push(c),
        }
    }
    style.push_span(&mut out, &run);
    out
}

/// What a terminal would show of each line: text after a carriage return replaces what stands before it.
fn overwritten(text: &str) -> String {
    let lines = text.split('\n').map(|line| line.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Reads a control sequence behind its escape character; the codes of it if it sets colours or styles.
fn sequence(chars: &mut Peekable<Chars>) -> Option<Vec<u8>> {
    match chars.next()? {
        '[' => {
            let mut parameters = String::new();
            loop {
                match chars.next()? {
                    c @ ('0'..='9' | ';' | ':') => parameters.push(c),
                    'm' => break,
                    '\u{40}'..='\u{7e}' => return None,
                    _ => {}
                }
            }
            Some(parameters.split([';', ':']).map(|code| code.parse().unwrap_or(0)).collect())
        }
        // A window title or a link target: up to a bell or to escape and backslash.
        ']' => {
            while let Some(c) = chars.next() {
                if c == '\u{7}' || (c == '\u{1b}' && chars.next_if_eq(&'\\').is_some()) {
                    break;
                }
            }
            None
        }
        _ => None,
    }
}

impl Style {
    fn with(mut self, codes: &[u8]) -> Self {
        let mut codes = codes.iter().copied();
        while let Some(code) = codes.next() {
            match code {
                0 => self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                3 => self.italic = true,
                4 => self.underline = true,
                7 => self.inverse = true,
                22 => (self.bold, self.dim) = (false, false),
                23 => self.italic = false,
                24 => self.underline = false,
                27 => self.inverse = false,
                30..=37 => self.fg = Some(Colour::Named(code - 30)),
                90..=97 => self.fg = Some(Colour::Named(code - 90 + 8)),
                38 => self.fg = palette(&mut codes),
                39 => self.fg = None,
                40..=47 => self.bg = Some(Colour::Named(code - 40)),
                100..=107 => self.bg = Some(Colour::Named(code - 100 + 8)),
                48 => self.bg = palette(&mut codes),
                49 => self.bg = None,
                _ => {}
            }
        }
        self
    }

    fn push_span(self, out: &mut String, text: &str) {
        if text.is_empty() || self == Self::default() {
            return push_escaped(out, text);
        }
        let (fg, bg) = if self.inverse { (self.bg, self.fg) } else { (self.fg, self.bg) };
        let (mut classes, mut css) = (Vec::new(), String::new());
        for (flag, class) in [
            (self.bold, "bold"),
            (self.dim, "dim"),
            (self.italic, "italic"),
            (self.underline, "underline"),
            (self.inverse && fg.is_none(), "inverse-fg"),
            (self.inverse && bg.is_none(), "inverse-bg"),
        ] {
            if flag {
                classes.push(class.to_owned());
            }
        }
        for (colour, class, property) in [(fg, "fg", "color"), (bg, "bg", "background")] {
            match colour {
                Some(Colour::Named(number)) => classes.push(format!("{class}{number}")),
                Some(Colour::Rgb(r, g, b)) => css += &format!("{property}:rgb({r},{g},{b});"),
                None => {}
            }
        }
        out.push_str("<span");
        if !classes.is_empty() {
            *out += &format!(" class=\"{}\"", classes.join(" "));
        }
        if !css.is_empty() {
            *out += &format!(" style=\"{css}\"");
        }
        out.push('>');
        push_escaped(out, text);
        out.push_str("</span>");
    }
}

/// The colour behind a code 38 or 48: `5;n` of the 256-colour palette, or `2;r;g;b`.
fn palette(codes: &mut impl Iterator<Item = u8>) -> Option<Colour> {
    match codes.next()? {
        2 => Some(Colour::Rgb(codes.next()?, codes.next()?, codes.next()?)),
        5 => match codes.next()? {
            named @ 0..=15 => Some(Colour::Named(named)),
            cube @ 16..=231 => {
                let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
                let cube = cube - 16;
                Some(Colour::Rgb(level(cube / 36), level(cube / 6 % 6), level(cube % 6)))
            }
            grey => {
                let level = 8 + 10 * (grey - 232);
                Some(Colour::Rgb(level, level, level))
            }
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::html;

    #[test]
    fn colours_and_styles_become_spans() {
        assert_eq!(html("a \u{1b}[1;31merror\u{1b}[0m b"), "a <span class=\"bold fg1\">error</span> b");
        assert_eq!(html("\u{1b}[92;44mx\u{1b}[39;49my"), "<span class=\"fg10 bg4\">x</span>y");
        assert_eq!(html("\u{1b}[7mx\u{1b}[27m"), "<span class=\"inverse-fg inverse-bg\">x</span>");
        assert_eq!(html("\u{1b}[38;5;208mx"), "<span style=\"color:rgb(255,135,0);\">x</span>");
        assert_eq!(html("\u{1b}[48;2;1;2;3mx"), "<span style=\"background:rgb(1,2,3);\">x</span>");
        assert_eq!(html("\u{1b}[38;5;255mx"), "<span style=\"color:rgb(238,238,238);\">x</span>");
    }

    #[test]
    fn text_is_escaped_and_other_sequences_vanish() {
        assert_eq!(html("<script>&\"\u{1b}[2K\u{1b}[1A\u{1b}]0;title\u{7}\u{8}"), "&lt;script&gt;&amp;&quot;");
        assert_eq!(html("\u{1b}]8;;https://example.org\u{1b}\\link\u{1b}]8;;\u{1b}\\"), "link");
        assert_eq!(html("cut\u{1b}[3"), "cut");
    }

    #[test]
    fn a_progress_line_shows_its_last_state() {
        assert_eq!(html("10 %\r20 %\r30 %\ndone\r\n"), "30 %\ndone\n");
    }
}

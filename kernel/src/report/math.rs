//! Equations: LaTeX to MathML, which browsers draw without a script.
//!
//! What cannot be translated is shown as its source, so that nothing of a notebook gets lost.

use pulldown_latex::config::{DisplayMode, RenderConfig};
use pulldown_latex::event::{Content, Event};
use pulldown_latex::{Parser, Storage, push_mathml};

use super::html::escape;

/// An equation within a line of text, `$...$`.
pub fn inline(latex: &str) -> String {
    mathml(latex, DisplayMode::Inline).unwrap_or_else(|| format!("<code class=\"tex\">{}</code>", escape(latex)))
}

/// An equation on a line of its own, `$$...$$`; a `\tag{1}` in it becomes a number at the right margin.
pub fn display(latex: &str) -> String {
    let (latex, tag) = without_tag(latex);
    let equation =
        mathml(&latex, DisplayMode::Block).unwrap_or_else(|| format!("<code class=\"tex\">{}</code>", escape(&latex)));
    let number = tag.map(|tag| format!("<span class=\"tag\">({})</span>", escape(&tag))).unwrap_or_default();
    format!("<span class=\"equation\"><span class=\"scroll\">{equation}</span>{number}</span>")
}

fn without_tag(latex: &str) -> (String, Option<String>) {
    let parts = latex.split_once("\\tag{").and_then(|(before, rest)| {
        rest.split_once('}').map(|(tag, after)| (format!("{before}{after}"), tag.to_owned()))
    });
    parts.map_or_else(|| (latex.to_owned(), None), |(latex, tag)| (latex, Some(tag)))
}

fn mathml(latex: &str, display_mode: DisplayMode) -> Option<String> {
    let storage = Storage::new();
    let events: Vec<Event> = Parser::new(latex, &storage).collect::<Result<_, _>>().ok()?;
    // Text goes into the MathML as it is: what HTML would take for markup is left to the source form.
    let markup = |event: &Event| matches!(event, Event::Content(Content::Text(text)) if text.contains(['<', '&']));
    if events.iter().any(markup) {
        return None;
    }
    let mut out = String::new();
    let config = RenderConfig { display_mode, ..RenderConfig::default() };
    push_mathml(&mut out, events.into_iter().map(Ok::<_, std::fmt::Error>), config).ok()?;
    // An element whose whole content is one of these characters: a relation or an ampersand.
    let out = out.replace("><</", ">&lt;</").replace(">></", ">&gt;</").replace(">&</", ">&amp;</");
    Some(out.replacen("<math", &format!("<math alttext=\"{}\"", escape(latex.trim())), 1))
}

#[cfg(test)]
mod tests {
    use super::{display, inline};

    #[test]
    fn equations_become_mathml_with_their_source_as_alternative_text() {
        let html = inline("x_1 < y");
        assert!(html.starts_with("<math alttext=\"x_1 &lt; y\""), "{html}");
        assert!(html.contains("<msub><mi>x</mi><mn>1</mn></msub><mo>&lt;</mo><mi>y</mi>"), "{html}");
        let html = display("\\mathcal{L} = \\frac{1}{N} \\sum_{i=1}^{N} \\lVert x_i - \\hat{x}_i \\rVert^2 \\tag{2}");
        assert!(html.contains("display=\"block\"") && html.contains("<mfrac>"), "{html}");
        assert!(html.ends_with("<span class=\"tag\">(2)</span></span>"), "{html}");
    }

    #[test]
    fn what_cannot_be_translated_is_shown_as_source() {
        for latex in ["\\nosuch{a}", "\\text{a<b>}", "x^", "}{"] {
            let source = super::escape(latex);
            assert_eq!(inline(latex), format!("<code class=\"tex\">{source}</code>"));
            assert!(display(latex).contains(&format!("<code class=\"tex\">{source}</code>")));
        }
    }
}

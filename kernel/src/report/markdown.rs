//! Prose: markdown as notebooks write it, with tables, footnotes, equations, raw HTML and attached images.

use std::collections::HashSet;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd, html as writer};
use serde_json::Value;

use super::{code, html, math};
use crate::notebook::text;

/// A heading, for the table of contents.
#[derive(Debug, Clone, PartialEq)]
pub struct Heading {
    /// 1 to 6.
    pub level: usize,
    /// Where links point to.
    pub id: String,
    /// The heading's HTML without links.
    pub html: String,
    /// The heading's words alone.
    pub plain: String,
}

/// Rendered markdown.
#[derive(Debug, Default)]
pub struct Prose {
    /// HTML of the whole.
    pub html: String,
    /// Headings in order.
    pub headings: Vec<Heading>,
    /// Words of the first paragraph; empty when there is none.
    pub first_paragraph: String,
}

/// Ids given out so far on a page.
#[derive(Debug)]
pub struct Ids(HashSet<String>);

impl Default for Ids {
    /// The page's own ids are taken from the start.
    fn default() -> Self {
        Self(["content", "fold", "error"].map(str::to_owned).into())
    }
}

impl Ids {
    /// An id made of a heading's words, as Jupyter makes it: spaces become hyphens; numbered when taken.
    fn of(&mut self, words: &str) -> String {
        let wanted = words.split_whitespace().collect::<Vec<_>>().join("-");
        let wanted = if wanted.is_empty() { "section".to_owned() } else { wanted };
        let mut id = wanted.clone();
        let mut number = 1;
        while !self.0.insert(id.clone()) {
            number += 1;
            id = format!("{wanted}-{number}");
        }
        id
    }
}

/// Renders markdown. `scope` keeps footnotes of different cells apart; `attachments` are a cell's attached images.
pub fn render(source: &str, scope: &str, attachments: &Value, ids: &mut Ids) -> Prose {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_MATH;
    let scoped = |label: &str| CowStr::from(format!("{scope}-{label}"));
    let mut events = Vec::new();
    let mut parser = Parser::new_ext(source, options);
    while let Some(event) = parser.next() {
        let event = match event {
            Event::InlineMath(latex) => Event::InlineHtml(math::inline(&latex).into()),
            Event::DisplayMath(latex) => Event::InlineHtml(math::display(&latex).into()),
            Event::FootnoteReference(label) => Event::FootnoteReference(scoped(&label)),
            Event::Start(Tag::FootnoteDefinition(label)) => Event::Start(Tag::FootnoteDefinition(scoped(&label))),
            Event::Start(Tag::CodeBlock(kind)) => Event::Html(code_block(&kind, &mut parser).into()),
            Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
                Event::Start(Tag::Image { link_type, dest_url: attached(dest_url, attachments), title, id })
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                Event::Start(Tag::Link { link_type, dest_url: page_of(dest_url), title, id })
            }
            Event::Start(tag @ Tag::Table(_)) => {
                events.push(Event::Html("<div class=\"scroll\">".into()));
                Event::Start(tag)
            }
            Event::End(TagEnd::Table) => {
                events.push(Event::End(TagEnd::Table));
                Event::Html("</div>".into())
            }
            other => other,
        };
        events.push(event);
    }
    let headings = name_headings(&mut events, ids);
    let first_paragraph = first_paragraph(source, options);
    let mut out = String::new();
    writer::push_html(&mut out, events.into_iter());
    Prose { html: out, headings, first_paragraph }
}

fn code_block<'a>(kind: &CodeBlockKind, events: &mut impl Iterator<Item = Event<'a>>) -> String {
    let mut source = String::new();
    for event in events {
        match event {
            Event::Text(text) => source += &text,
            Event::End(TagEnd::CodeBlock) => break,
            _ => {}
        }
    }
    let rust = matches!(kind, CodeBlockKind::Fenced(info) if info.split([',', ' ']).next() == Some("rust"));
    let source = if rust { code::rust(&source) } else { html::escape(&source) };
    format!("<pre class=\"scroll\"><code>{source}</code></pre>\n")
}

/// `attachment:name` refers to an image kept in the cell.
fn attached<'a>(url: CowStr<'a>, attachments: &Value) -> CowStr<'a> {
    let Some(name) = url.strip_prefix("attachment:") else { return url };
    let Some((mime, data)) = attachments[name].as_object().and_then(|bundle| bundle.iter().next()) else { return url };
    html::base64_uri(mime, &text(data)).into()
}

/// A link to another notebook leads to that notebook's page.
fn page_of(url: CowStr) -> CowStr {
    let (path, anchor) = url.split_once('#').map_or((&*url, String::new()), |(path, to)| (path, format!("#{to}")));
    match path.strip_suffix(".ipynb") {
        Some(name) if !name.contains([':', '/']) => format!("{name}.html{anchor}").into(),
        _ => url,
    }
}

fn name_headings(events: &mut [Event], ids: &mut Ids) -> Vec<Heading> {
    let mut headings = Vec::new();
    let mut at = 0;
    while at < events.len() {
        if let Event::Start(Tag::Heading { level, .. }) = events[at] {
            let length = events[at..].iter().position(|event| matches!(event, Event::End(TagEnd::Heading(_))));
            let inside = &events[at + 1..at + length.unwrap_or(1)];
            let plain = words(inside);
            let id = ids.of(&plain);
            let mut html = String::new();
            let unlinked = |event: &&Event| {
                !matches!(
                    event,
                    Event::Start(Tag::Link { .. }) | Event::End(TagEnd::Link) | Event::FootnoteReference(_)
                )
            };
            writer::push_html(&mut html, inside.iter().filter(unlinked).cloned());
            headings.push(Heading { level: level as usize, id: id.clone(), html, plain });
            events[at] =
                Event::Start(Tag::Heading { level, id: Some(id.into()), classes: Vec::new(), attrs: Vec::new() });
        }
        at += 1;
    }
    headings
}

/// Words of the events, without markup.
fn words(events: &[Event]) -> String {
    let mut out = String::new();
    for event in events {
        match event {
            Event::Text(text) | Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => out += text,
            Event::SoftBreak | Event::HardBreak => out.push(' '),
            _ => {}
        }
    }
    out
}

fn first_paragraph(source: &str, options: Options) -> String {
    let events: Vec<Event> = Parser::new_ext(source, options)
        .skip_while(|event| !matches!(event, Event::Start(Tag::Paragraph)))
        .take_while(|event| !matches!(event, Event::End(TagEnd::Paragraph)))
        .collect();
    words(&events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn prose(source: &str) -> Prose {
        render(source, "c1", &Value::Null, &mut Ids::default())
    }

    #[test]
    fn headings_get_ids_and_equal_headings_get_different_ones() {
        let mut ids = Ids::default();
        let first = render("# A *map* of [genes](x)\n## Fit $z$", "c1", &Value::Null, &mut ids);
        let second = render("## Fit\n## Fit", "c2", &Value::Null, &mut ids);
        let all: Vec<_> = first.headings.iter().chain(&second.headings).map(|h| (h.level, h.id.as_str())).collect();
        assert_eq!(all, [(1, "A-map-of-genes"), (2, "Fit"), (2, "Fit-2"), (2, "Fit-3")]);
        assert_eq!(first.headings[0].html, "A <em>map</em> of genes");
        assert!(first.headings[1].html.contains("<math"));
        assert!(first.html.contains("<h1 id=\"A-map-of-genes\">"), "{}", first.html);
    }

    #[test]
    fn tables_scroll_footnotes_stay_apart_and_raw_html_passes() {
        let html = prose("|a|b|\n|-|-|\n|1|2|\n\nx[^n] ~~y~~ <kbd>k</kbd>\n\n[^n]: why").html;
        assert!(html.contains("<div class=\"scroll\"><table>") && html.contains("</table>\n</div>"), "{html}");
        assert!(html.contains("href=\"#c1-n\"") && html.contains("id=\"c1-n\""), "{html}");
        assert!(html.contains("<del>y</del> <kbd>k</kbd>"), "{html}");
    }

    #[test]
    fn equations_code_and_links_to_notebooks() {
        let html =
            prose("Let $a_1$ and\n\n$$\nb_2 \\\\[1em] c\n$$\n\n```rust\nlet x = 1;\n```\n[next](02_mcvae.ipynb#Fit)")
                .html;
        assert!(html.contains("<msub><mi>a</mi><mn>1</mn></msub>"), "{html}");
        assert!(html.contains("class=\"equation\""), "{html}");
        assert!(html.contains("<span class=\"k\">let</span>"), "{html}");
        assert!(html.contains("href=\"02_mcvae.html#Fit\""), "{html}");
        assert!(prose("[far](https://example.org/a.ipynb)").html.contains("a.ipynb"));
    }

    #[test]
    fn attachments_become_data_uris() {
        let attachments = json!({ "plate.png": { "image/png": "AAAA\n" } });
        let html = render("![a plate](attachment:plate.png)", "c", &attachments, &mut Ids::default()).html;
        assert!(html.contains("<img src=\"data:image/png;base64,AAAA\" alt=\"a plate\""), "{html}");
    }

    #[test]
    fn the_first_paragraph_is_words_alone() {
        assert_eq!(
            prose("# T\n\n- list\n\nA **bold**\nclaim of $x$. More.").first_paragraph,
            "A bold claim of x. More."
        );
    }
}

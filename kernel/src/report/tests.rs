//! Whole pages.

use serde_json::{Value, json};

use super::html::forbidden;
use super::{IndexEntry, PageMeta, index, index_entry, page};

fn meta() -> PageMeta {
    PageMeta {
        name: "01_map".to_owned(),
        started: "2026-03-01 12:00 UTC".to_owned(),
        seconds: 83.4,
        environment: vec![("device".to_owned(), "CPU <8 cores>".to_owned())],
    }
}

fn notebook(cells: Value) -> Value {
    json!({ "nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells })
}

fn code(outputs: Value) -> Value {
    json!({ "cell_type": "code", "execution_count": 3, "metadata": {}, "source": ["let x = 1;\n", "x"], "outputs": outputs })
}

fn display(data: Value) -> Value {
    json!({ "output_type": "display_data", "metadata": {}, "data": data })
}

fn markdown(source: &str) -> Value {
    json!({ "cell_type": "markdown", "metadata": {}, "source": source })
}

fn rendered(cells: Value) -> String {
    page(&notebook(cells), &meta()).unwrap()
}

/// The page without style and scripts of its own.
fn content(cells: Value) -> String {
    let page = rendered(cells);
    page[page.find("<body>").unwrap()..page.rfind("<footer>").unwrap()].to_owned()
}

const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"><rect id=\"r\"/></svg>";

#[test]
fn a_page_forbids_requests_and_names_no_other_host() {
    let page = rendered(json!([markdown("# A map\n\ntext"), code(json!([]))]));
    assert!(page.contains("content=\"default-src 'none'; script-src 'unsafe-inline'; "), "{page}");
    assert!(!page.contains("http://") && !page.contains("https://"));
    assert!(!page.contains("Plotly.newPlot") && page.len() < 60_000, "{}", page.len());
}

#[test]
fn plotly_is_embedded_once_and_its_image_stands_in_for_a_figure() {
    let plot = json!({ "data": [{ "type": "scatter", "y": [1, 2], "name": "</script><b>" }], "layout": {} });
    let bundle = json!({ "application/vnd.plotly.v1+json": plot, "image/svg+xml": SVG, "text/plain": "A \"curve\"",
                         "text/html": "<i>poorer form</i>" });
    let page = rendered(json!([code(json!([display(bundle.clone()), display(bundle)]))]));
    assert_eq!(page.matches("window.Plotly = Plotly;").count(), 1);
    assert!(!page.contains("MathJax-script") && page.len() < 5_000_000, "{}", page.len());
    assert_eq!(page.matches("<figure class=\"interactive with-image\">").count(), 2);
    assert!(page.contains("role=\"img\" aria-label=\"A &quot;curve&quot;\""));
    assert!(page.contains("<img src=\"data:image/svg+xml;charset=utf-8,%3Csvg%20xmlns=%22http"));
    assert!(page.contains("\"name\":\"\\u003c/script>\\u003cb>\"") && !page.contains("poorer form"));
    assert!(!page.contains("unsafe-eval"));
}

#[test]
fn a_figure_reaches_the_page_with_its_dark_form() {
    let dark = json!([[["layout", "font", "color"], "#e6e6e6"], [["data", 0, "line", "color"], "#56b4e9"]]);
    let plot = json!({ "data": [{ "type": "scatter", "y": [1, 2] }], "layout": { "meta": { "dark": dark } } });
    let page = rendered(json!([code(json!([display(json!({ "application/vnd.plotly.v1+json": plot }))]))]));
    assert!(page.contains(&format!("\"meta\":{{\"dark\":{dark}}}")), "{page}");
}

#[test]
fn only_traces_that_compile_code_may_evaluate_it() {
    let plot = |kind: &str| json!({ "application/vnd.plotly.v1+json": { "data": [{ "type": kind }] } });
    assert!(rendered(json!([code(json!([display(plot("scattergl"))]))])).contains("'unsafe-inline' 'unsafe-eval';"));
    assert!(!rendered(json!([code(json!([display(plot("scatter3d"))]))])).contains("'unsafe-eval'"));
}

#[test]
fn no_page_holds_a_control_character() {
    let plot = display(json!({ "application/vnd.plotly.v1+json": { "data": [{ "name": "d\u{1a}" }] } }));
    let mut cell = code(json!([{ "output_type": "stream", "name": "stdout", "text": "a\u{1}b\tc\u{85}\n" }, plot]));
    cell["source"] = json!("'\u{7f}'");
    let page = rendered(json!([cell]));
    assert!(page.contains("ab\tc</pre>") && page.contains("d\\u001a") && page.contains("'\u{fffd}'"));
    assert!(!page.contains(forbidden), "plotly.js is without them too");
}

#[test]
fn names_that_look_like_markup_show_as_text() {
    let gene = "<script>alert(1)</script>";
    let stream = json!({ "output_type": "stream", "name": "stdout", "text": gene });
    let error = json!({ "output_type": "error", "ename": gene, "evalue": gene, "traceback": ["called by", gene] });
    let image = display(json!({ "image/png": "AAAA", "text/plain": gene }));
    let text = display(json!({ "text/plain": [gene, "\n"] }));
    let mut cell = code(json!([stream, error, image, text]));
    cell["source"] = json!(gene);
    let raw = json!({ "cell_type": "raw", "metadata": {}, "source": gene });
    let html = content(json!([cell, raw]));
    assert!(!html.contains("<script>alert"), "{html}");
    assert_eq!(html.matches("&lt;script&gt;").count(), 9, "{html}");
}

#[test]
fn the_heading_of_an_error_is_not_said_twice() {
    let traceback = ["\u{1b}[31mPanic\u{1b}[0m: boom", "--> 1 | f()"];
    let error = json!({ "output_type": "error", "ename": "Panic", "evalue": "boom", "traceback": traceback });
    let html = content(json!([code(json!([error]))]));
    assert_eq!(html.matches("boom").count(), 1, "{html}");
    assert!(html.contains("1 | f()"));
}

#[test]
fn outputs_come_in_their_richest_form() {
    let html = content(json!([code(json!([
        display(json!({ "text/plain": "plain", "text/html": "<table><tr><td>7</td></tr></table>" })),
        display(json!({ "text/plain": "a map", "image/png": "iVBO\nRw0=" })),
        display(json!({ "text/markdown": "**strong** $x^2$" })),
        display(json!({ "application/x-unknown": "1" })),
    ]))]));
    assert!(html.contains("<div class=\"html scroll\"><table><tr><td>7</td></tr></table></div>"), "{html}");
    assert!(html.contains("<img src=\"data:image/png;base64,iVBORw0=\" alt=\"a map\">"), "{html}");
    assert!(html.contains("<strong>strong</strong> <math"), "{html}");
    assert!(html.contains("a page cannot show: application/x-unknown"), "{html}");
    assert!(!html.contains("plain</pre>"), "{html}");
}

#[test]
fn streams_are_joined_and_coloured() {
    let stream = |name: &str, text: &str| json!({ "output_type": "stream", "name": name, "text": text });
    let html = content(json!([code(json!([
        stream("stdout", "a\u{1b}[31m"),
        stream("stdout", "b\n"),
        stream("stderr", "late")
    ]))]));
    assert!(html.contains("<pre class=\"stream scroll\">a<span class=\"fg1\">b</span></pre>"), "{html}");
    assert!(html.contains("<pre class=\"stream stderr scroll\">late</pre>"), "{html}");
}

#[test]
fn a_failed_cell_is_announced_unless_it_is_meant_to_fail() {
    let error =
        json!([{ "output_type": "error", "ename": "panic", "evalue": "no such gene\nsecond line", "traceback": [] }]);
    let html = content(json!([code(error.clone()), code(error.clone())]));
    assert_eq!(html.matches("id=\"error\"").count(), 1);
    assert!(html.contains("<a href=\"#error\">Cell [3] ended in an error</a>"), "{html}");
    assert!(html.contains("<strong>panic: </strong>no such gene</p>"), "{html}");
    assert!(html.contains("<pre class=\"scroll\">no such gene\nsecond line</pre>"), "{html}");
    let mut later = code(json!([]));
    later["execution_count"] = Value::Null;
    assert!(content(json!([later])).contains("<span class=\"took\">not run</span>"));
    let mut meant = code(error);
    meant["metadata"]["tags"] = json!(["raises-exception", "hide-input"]);
    let html = content(json!([meant]));
    assert!(!html.contains("ended in an error") && html.contains("<details class=\"code\"><summary>"), "{html}");
}

#[test]
fn title_contents_number_and_duration() {
    let mut cell = code(json!([]));
    cell["metadata"]["perturbook"] = json!({ "seconds": 1.25 });
    let page = rendered(json!([markdown("# A *map*\n## Load\n### Cells\n#### Small print"), cell]));
    assert!(page.contains("<title>A map</title>"));
    assert!(
        page.contains("<li class=\"depth0\"><a href=\"#Load\">Load</a></li>\n<li class=\"depth1\"><a href=\"#Cells\">")
    );
    assert!(!page.contains("href=\"#Small") && !page.contains("href=\"#A-map\""));
    assert!(page.contains("<span class=\"count\">[3]</span>") && page.contains("<span class=\"took\">1.25 s</span>"));
    assert!(page.contains("<dt>took</dt><dd>1 min 23 s</dd>"));
    assert!(page.contains("<dt>device</dt><dd>CPU &lt;8 cores&gt;</dd>"));
    let untitled = rendered(json!([markdown("text")]));
    assert!(untitled.contains("<h1>01_map</h1>") && !untitled.contains("<nav"));
}

#[test]
fn what_is_no_notebook_is_refused_with_the_place() {
    let message = |notebook: &Value| format!("{:#}", page(notebook, &meta()).unwrap_err());
    assert!(message(&json!({})).contains("01_map is not a notebook of nbformat 4"));
    let unknown = notebook(json!([markdown("a"), { "cell_type": "heading" }]));
    assert!(message(&unknown).contains("01_map: cell 2 cannot be shown: it is of unknown type \"heading\""));
    let odd = notebook(json!([code(json!([{ "output_type": "pyout" }]))]));
    assert!(message(&odd).contains("cell 1 cannot be shown: output 1 is of unknown type \"pyout\""));
}

#[test]
fn equal_notebooks_give_equal_bytes() {
    let cells = || {
        json!([markdown("# T\n## A\n## A\n$x$[^1]\n\n[^1]: n"), code(json!([display(json!({ "text/plain": "1" }))]))])
    };
    assert_eq!(rendered(cells()), rendered(cells()));
}

#[test]
fn the_index_leads_to_every_page() {
    let cells = json!([
        markdown("# A &lt;map>"),
        markdown("## Why\n\nKnock a gene *out*, e.g. TP53. Then look."),
        code(json!([display(json!({ "text/plain": "1" })), display(json!({ "image/svg+xml": SVG }))]))
    ]);
    let entries: [IndexEntry; 2] = [true, false].map(|passed| index_entry(&notebook(cells.clone()), &meta(), passed));
    assert!(entries[0].passed && !entries[1].passed);
    let html = index(&entries);
    assert!(html.contains("1 of 2 notebooks failed, in 2 min 47 s."), "{html}");
    assert_eq!(html.matches("<a href=\"01_map.html\">A &lt;map&gt;</a>").count(), 2, "{html}");
    assert!(html.contains("<p>Knock a gene out, e.g. TP53.</p>"), "{html}");
    assert!(html.contains("<img src=\"data:image/svg+xml;"), "{html}");
    assert!(html.contains("✓ passed") && html.contains("✗ failed"), "{html}");
    assert!(index(&entries[..1]).contains("The notebook passed, in 1 min 23 s."));
}

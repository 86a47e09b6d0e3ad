//! Types of polars, ndarray, burn, plotly and of Rust itself through the same display as our own.

mod arrays;
mod frames;
mod images;
mod models;
mod tensors;
mod values;

use perturbook::display::Show;

/// A name that must never become markup.
const SCRIPT: &str = "<script>alert(1)</script>";

/// Bytes that a table may take in a notebook.
const LARGEST: usize = 60_000;

fn plain(value: &(impl Show + ?Sized)) -> String {
    value.bundle().get("text/plain").and_then(|v| v.as_str()).expect("every bundle has text/plain").to_owned()
}

/// The HTML form, after a check of what every table must be: small, without markup from data, well nested.
fn html(value: &(impl Show + ?Sized)) -> String {
    let html = value.bundle().get("text/html").and_then(|v| v.as_str()).expect("a table has text/html").to_owned();
    assert!(html.len() < LARGEST, "{} bytes", html.len());
    assert!(!html.contains("<script"), "{html}");
    let mut open = Vec::new();
    for tag in html.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or_default()) {
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{html}"),
            None if tag == "br" || tag.starts_with("img ") => {}
            None => open.push(tag.split(' ').next().unwrap_or_default()),
        }
    }
    assert!(open.is_empty(), "{open:?} in {html}");
    assert!(!html.contains("<th></th>") && !html.contains("\"></th>"), "an empty heading in {html}");
    html
}

/// Asserts that each of these stands in the text.
fn has(text: &str, expected: &[&str]) {
    for expected in expected {
        assert!(text.contains(expected), "{expected:?} in {text}");
    }
}

#[test]
fn a_plot_of_the_plotly_crate_is_passed_on() {
    let mut plot = plotly::Plot::new();
    plot.add_trace(plotly::Scatter::new(vec![1.0, 2.0], vec![3.0, 4.0]));
    let bundle = plot.bundle();
    assert_eq!(bundle.get("text/plain").unwrap(), "plotly figure with 1 trace");
    assert_eq!(bundle.get("application/vnd.plotly.v1+json").unwrap()["data"][0]["y"][1], 4.0);
}

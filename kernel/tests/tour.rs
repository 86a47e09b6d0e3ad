//! The tour, run as a newcomer runs it: on the real screen where it is, on the simulated one where it is not.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Project, available, converted, installed, skipped, stderr, text};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Runs the tour on the data in `shared`, with nothing in the cache and no downloads.
fn tour(shared: &Path) -> (Project, Vec<Value>, String) {
    let project = Project::new();
    let notebook = root().join("notebooks/00_tour.ipynb");
    let cache = project.path("cache");
    let environment =
        [("PERTURBOOK_SHARED", shared), ("PERTURBOOK_OFFLINE", Path::new("1")), ("XDG_CACHE_HOME", cache.as_path())];
    let output = project.run(&notebook, &environment);
    assert!(output.status.success(), "{}", stderr(&output));
    let cells = project.executed("00_tour.ipynb")["cells"].as_array().unwrap().clone();
    let page = std::fs::read_to_string(project.path("report/00_tour.html")).unwrap();
    assert!(project.path("report/index.html").is_file());
    (project, cells, page)
}

fn cell<'a>(cells: &'a [Value], id: &str) -> &'a Value {
    cells.iter().find(|cell| cell["id"] == id).unwrap_or_else(|| panic!("no cell {id:?}"))
}

/// What must hold of any executed tour.
fn check_figures(cells: &[Value], page: &str) {
    for id in ["umap", "recall-two-sided", "recall-one-sided", "chance", "bias-bars", "heatmap", "cells-grid"] {
        let outputs = cell(cells, id)["outputs"].as_array().unwrap();
        let figure = |output: &&Value| !output["data"]["application/vnd.plotly.v1+json"].is_null();
        let data = &outputs.iter().find(figure).unwrap_or_else(|| panic!("{id} shows no figure"))["data"];
        for mime in ["application/vnd.plotly.v1+json", "image/svg+xml", "text/plain"] {
            assert!(!data[mime].is_null(), "{id} has no {mime}");
        }
        assert!(data.to_string().len() < 300_000, "{id} takes {} bytes", data.to_string().len());
    }
    for cell in cells.iter().filter(|cell| cell["cell_type"] == "code") {
        assert!(cell["execution_count"].is_u64());
        assert!(cell["id"].is_string() && cell["metadata"].is_object() && cell["outputs"].is_array());
    }
    let asks_others = ["src=\"http", "src='http", "<link", "@import", "url(http"];
    for tag in asks_others {
        // plotly.js holds such strings as text; what the page itself asks for stands outside its scripts.
        let outside: String =
            page.split("<script").map(|part| part.split_once("</script>").map_or(part, |(_, rest)| rest)).collect();
        assert!(!outside.contains(tag), "the page refers to another host: {tag}");
    }
}

#[test]
fn on_the_real_screen_the_numbers_are_the_published_ones() {
    let shared = std::env::var_os("PERTURBOOK_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    if !shared.join("data/funk2022_mcvae/df_standardized_mitosis.parquet").is_file() {
        skipped(&format!("no real data in {}", shared.display()));
        return;
    }
    let (project, cells, page) = tour(&shared.canonicalize().unwrap());
    check_figures(&cells, &page);
    let table = text(cell(&cells, "recall-table"));
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    let expect = [
        ("all", "two-sided", "0.3747", "0.1008"),
        ("salient", "two-sided", "0.3711", "0.0999"),
        ("background", "two-sided", "0.2804", "0.0754"),
        ("all", "one-sided", "0.3445", "0.1870"),
        ("salient", "one-sided", "0.3370", "0.1829"),
        ("background", "one-sided", "0.2505", "0.1360"),
    ];
    for (map, convention, recall, precision) in expect {
        assert!(
            rows.iter().any(|row| row.starts_with(&[map, convention, recall, precision])),
            "{map} {convention}: expected {recall} {precision} in\n{table}"
        );
    }
    let cost = text(cell(&cells, "cost"));
    let prob = |row: &str| -> f64 {
        let line = cost.lines().find(|line| line.trim_start().starts_with(row)).unwrap();
        line.split_whitespace().find_map(|word| word.parse().ok()).unwrap()
    };
    assert!((prob("before") - 0.553).abs() <= 0.002, "{cost}");
    assert!((prob("after") - 0.496).abs() <= 0.002, "{cost}");
    assert!(!page.contains("SIMULATED DATA"));
    nbconvert_shows_every_figure(&project);
    the_page_opens_without_complaint(&project);
    the_pages_are_valid_html(&project);
}

fn nbconvert_shows_every_figure(project: &Project) {
    let report = project.path("report");
    if let Some(html) = converted(&report.join("00_tour.ipynb"), &report) {
        assert_eq!(html.matches("data-mime-type=\"image/svg+xml\"").count(), 7, "one image for each figure");
    }
}

/// The page's content security policy refuses every request to another host and says so on the console.
fn the_page_opens_without_complaint(project: &Project) {
    if !installed("chromium") {
        return;
    }
    let page = format!("file://{}", project.path("report/00_tour.html").display());
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--enable-logging=stderr", "--virtual-time-budget=10000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", project.path("browser").display()))
        .arg(page)
        .output()
        .unwrap();
    let said = stderr(&output);
    let console: Vec<&str> = said.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(console.is_empty(), "{console:#?}");
    let dom = String::from_utf8_lossy(&output.stdout);
    assert_eq!(dom.matches("class=\"main-svg\" xmlns").count() / 3, 7, "plotly has drawn the seven figures");
}

fn the_pages_are_valid_html(project: &Project) {
    if !available("html5lib") {
        return;
    }
    let script = root().join("kernel/tests/python/valid_html.py");
    let pages = ["report/index.html", "report/00_tour.html"].map(|page| project.path(page));
    let output = Command::new("python3").arg(script).args(pages).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn without_data_the_simulated_screen_takes_over_and_says_so() {
    let nowhere = tempfile::tempdir().unwrap();
    let (project, cells, page) = tour(nowhere.path());
    check_figures(&cells, &page);
    assert!(text(cell(&cells, "load")).contains("SIMULATED DATA, NOT A REAL SCREEN"));
    assert!(page.contains("role=\"alert\""), "the banner is missing from the page");
    the_pages_are_valid_html(&project);
}

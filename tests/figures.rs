//! Figures: pinned drawings of every kind, and what must hold for any data.
//!
//! `PERTURBOOK_BLESS=1` rewrites the pinned files in `tests/golden`.

#[path = "common/golden.rs"]
mod golden;

use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ndarray::{Array2, array};
use perturbook::display::Show;
use perturbook::figures::{Axis, Bars, Curves, Figure, Group, Heatmap, Palette, Scatter, Table};
use serde_json::Value;

const NASTY: &str = "<script>&\"$x$'";

fn curves() -> Figure {
    let x: Vec<f64> = (1..=10).map(|i| f64::from(i) / 20.0).collect();
    let high: Vec<f64> = x.iter().map(|x| 0.9 - x).collect();
    let low: Vec<f64> = x.iter().map(|x| 0.4 - 0.5 * x).collect();
    let (above, below): (Vec<f64>, Vec<f64>) = high.iter().map(|y| (y + 0.05, y - 0.05)).unzip();
    Curves::new("Recall of complexes", "recall", Axis::new("precision").limits(0.0, 1.0))
        .points("salient", &x, &high)
        .band("salient", &x, &below, &above)
        .line("background", &x, &low)
        .level("random", 0.02)
        .figure()
        .unwrap()
        .caption("Two-sided convention")
}

fn bars() -> Bars {
    Bars::new("Proximity bias", "chromosome arm", "P(within > between)")
        .categories(&["1p", "1q", "2p"])
        .series("before", &[0.61, 0.55, f64::NAN])
        .errors(&[0.58, 0.5, f64::NAN], &[0.64, 0.6, f64::NAN])
        .marks(&["*", "", ""], "* p < 0.01, Bonferroni")
        .series("after", &[0.51, 0.66, 0.49])
        .reference("no bias", 0.5)
        .sorted()
}

fn scatter() -> Figure {
    Scatter::new("Gene embedding", "UMAP 1", "UMAP 2")
        .points("ribosome", &[0.0, 1.0, 0.5], &[2.0, 2.5, f64::NAN])
        .names(&["RPL3", "RPS6", NASTY])
        .points("proteasome", &[3.0, 3.5], &[-1.0, -0.5])
        .figure()
        .unwrap()
}

fn heatmap() -> Figure {
    let upper = array![[1.0, 0.8, -0.1], [0.8, 1.0, 0.2], [-0.1, 0.2, 1.0]];
    let lower = array![[1.0, 0.1, f64::NAN], [0.1, 1.0, -0.6], [f64::NAN, -0.6, 1.0]];
    Heatmap::diverging("Similarity", upper.view(), Axis::new("cosine").limits(-1.0, 1.0))
        .over("before", lower.view(), "after")
        .groups(&[Group::new("chr1", 0..2).split_at(1), Group::new("chr2", 2..3)])
        .axes("gene", "gene")
        .figure()
        .unwrap()
}

#[test]
fn every_kind_is_drawn_as_pinned() {
    golden::pin("curves", &curves());
    golden::pin("bars", &bars().figure().unwrap());
    golden::pin("bars_horizontal", &bars().horizontal().figure().unwrap());
    golden::pin("scatter", &scatter());
    golden::pin("heatmap", &heatmap());
    golden::pin("beside", &(curves() | heatmap()).caption("Both from one run"));
    let table = Table::new("Recall at 5 %")
        .text("method", &["mcVAE", NASTY])
        .count("genes", &[1263, 7])
        .number("recall", &[0.3514, f64::NAN], 3)
        .shaded()
        .p_value("p", &[3.2e-9, 0.04])
        .caption("CORUM")
        .figure()
        .unwrap()
        .bundle();
    golden::golden("table.html", table.get("text/html").unwrap().as_str().unwrap());
    golden::golden("table.txt", table.get("text/plain").unwrap().as_str().unwrap());
}

#[test]
fn drawing_twice_gives_the_same_bytes() {
    let draw = || serde_json::to_string(&(curves() | heatmap()).bundle()).unwrap();
    assert_eq!(draw(), draw());
}

/// All `name="value"` of the elements that start with `<tag `.
fn attributes(svg: &str, tag: &str, name: &str) -> Vec<String> {
    svg.split(&format!("<{tag} "))
        .skip(1)
        .filter_map(|rest| {
            let element = rest.split('>').next()?;
            let value = element.split(&format!("{name}=\"")).nth(1)?;
            Some(value.split('"').next()?.to_owned())
        })
        .collect()
}

/// Data value of a place in px, from the domain and the range that plotly is told.
fn value_at(plotly: &Value, axis: &str, px: f64) -> f64 {
    let layout = &plotly["layout"];
    let pair = |v: &Value| (v[0].as_f64().unwrap(), v[1].as_f64().unwrap());
    let (from, to) = pair(&layout[axis]["domain"]);
    let (low, high) = pair(&layout[axis]["range"]);
    let upright = axis.starts_with('y');
    let size = layout[if upright { "height" } else { "width" }].as_f64().unwrap();
    let place = if upright { 1.0 - px / size } else { px / size };
    low + (place - from) / (to - from) * (high - low)
}

fn close(a: f64, b: f64, scale: f64) {
    assert!((a - b).abs() < 2e-3 * scale, "{a} and {b} differ");
}

#[test]
fn static_and_interactive_curves_have_the_same_points_and_colours() {
    let (svg, plotly) = (curves().svg(), curves().plotly());
    let drawn: Vec<Vec<(f64, f64)>> = attributes(&svg, "path", "d")
        .iter()
        .map(|d| {
            let d = d.trim_end_matches('Z');
            let pairs = d.split(['M', 'L']).filter(|p| !p.is_empty()).map(|p| p.split_once(' ').unwrap());
            pairs.map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap())).collect()
        })
        .collect();
    let colours = attributes(&svg, "path", "stroke");
    for name in ["salient", "background"] {
        let is_line = |t: &&Value| t["name"] == name && t["fill"].is_null();
        let trace = plotly["data"].as_array().unwrap().iter().find(is_line).unwrap();
        let place =
            colours.iter().zip(&drawn).position(|(c, d)| trace["line"]["color"] == *c.as_str() && d.len() == 10);
        let points = &drawn[place.expect("a path of this colour with all points")];
        for (i, (x, y)) in points.iter().enumerate() {
            close(value_at(&plotly, "xaxis", *x), trace["x"][i].as_f64().unwrap(), 0.5);
            close(value_at(&plotly, "yaxis", *y), trace["y"][i].as_f64().unwrap(), 1.0);
        }
    }
}

#[test]
fn static_and_interactive_bars_have_the_same_ends() {
    for horizontal in [false, true] {
        let figure = if horizontal { bars().horizontal() } else { bars() }.figure().unwrap();
        let (svg, plotly) = (figure.svg(), figure.plotly());
        let numbers = |name| attributes(&svg, "rect", name).iter().map(|v| v.parse().unwrap()).collect::<Vec<f64>>();
        let (x, y, w, fill) = (numbers("x"), numbers("y"), numbers("width"), attributes(&svg, "rect", "fill"));
        // the first rectangle is the page, which has no x
        let fill = &fill[1..];
        let w = &w[1..];
        for trace in plotly["data"].as_array().unwrap().iter().filter(|t| t["type"] == "bar") {
            let lengths = trace[if horizontal { "x" } else { "y" }].as_array().unwrap();
            let drawn: Vec<usize> =
                (0..fill.len()).filter(|&i| trace["marker"]["color"] == *fill[i].as_str() && w[i] != 12.0).collect();
            let finite: Vec<f64> = lengths.iter().filter_map(Value::as_f64).collect();
            assert_eq!(drawn.len(), finite.len());
            for (i, length) in drawn.into_iter().zip(finite) {
                let end =
                    if horizontal { value_at(&plotly, "xaxis", x[i] + w[i]) } else { value_at(&plotly, "yaxis", y[i]) };
                close(end, length, 1.0);
            }
        }
    }
}

#[test]
fn static_and_interactive_cells_have_the_same_colours() {
    let (svg, plotly) = (heatmap().svg(), heatmap().plotly());
    let fill: Vec<String> = attributes(&svg, "rect", "fill")[1..10].to_vec();
    let z: Vec<Option<f64>> = (0..9).map(|i| plotly["data"][0]["z"][i / 3][i % 3].as_f64()).collect();
    assert_eq!(z[2], Some(-0.1), "above the diagonal stands the first matrix");
    assert_eq!((z[6], z[7]), (None, Some(-0.6)), "below it the second");
    for (fill, z) in fill.iter().zip(z) {
        let expected = Palette::Diverging.at(z.map_or(f64::NAN, |z| (z + 1.0) / 2.0));
        let parse = |i: usize| i32::from_str_radix(&fill[i..i + 2], 16).unwrap();
        let far = (parse(1) - i32::from(expected.0)).abs() + (parse(3) - i32::from(expected.1)).abs();
        assert!(far <= 2, "{fill} for {z:?}");
    }
    assert_eq!(plotly["data"][0]["zmin"], -1.0);
    assert_eq!(plotly["layout"]["yaxis"]["range"], serde_json::json!([3.0, 0.0]), "the first row is on top");
}

#[test]
fn a_picture_of_many_cells_has_their_colours() {
    let mut matrix = Array2::from_shape_fn((40, 50), |(i, j)| (i as f64 - j as f64) / 50.0);
    matrix[[3, 4]] = f64::NAN;
    let figure = Heatmap::diverging("h", matrix.view(), Axis::new("v").limits(-1.0, 1.0)).figure().unwrap();
    let svg = figure.svg();
    let uri = svg.split(";base64,").nth(1).unwrap().split('"').next().unwrap();
    let bytes = STANDARD.decode(uri).unwrap();
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.height, info.width), (40, 50));
    for ((row, column), value) in matrix.indexed_iter() {
        let expected = Palette::Diverging.at((value + 1.0) / 2.0);
        let drawn = &pixels[(row * 50 + column) * 3..][..3];
        for (drawn, expected) in drawn.iter().zip([expected.0, expected.1, expected.2]) {
            assert!(drawn.abs_diff(expected) <= 3, "{drawn} and {expected} at row {row}, column {column}");
        }
    }
}

#[test]
fn every_label_stands_in_both_drawings_and_in_words() {
    let figure = (curves() | heatmap()) / (bars().figure().unwrap() | scatter());
    let (svg, plotly, words) = (figure.svg(), figure.plotly().to_string(), figure.summary());
    for label in ["Recall of complexes", "recall", "precision", "salient", "background", "random", "cosine", "gene"] {
        assert!(svg.contains(label) && plotly.contains(label) && words.contains(label), "{label}");
    }
    for label in ["chr1", "chr2", "1p", "no bias", "* p &lt; 0.01, Bonferroni", "UMAP 1", "proteasome"] {
        assert!(svg.contains(label) && plotly.contains(label), "{label}");
    }
}

/// Every element that opens also closes, and text holds no bare markup.
fn assert_well_formed(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    for piece in svg.split('<').skip(1) {
        let (tag, rest) = piece.split_once('>').expect("no tag is left open");
        assert!(!rest.contains('>'), "bare > in {rest}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap());
        }
    }
    assert!(open.is_empty());
}

#[test]
fn names_cannot_become_markup() {
    let one = Curves::new(NASTY, NASTY, NASTY).line(NASTY, &[1.0, 2.0], &[1.0, 2.0]).level(NASTY, 1.5).figure();
    let two = Bars::new(NASTY, NASTY, NASTY).categories(&[NASTY]).series(NASTY, &[1.0]).marks(&[NASTY], NASTY).figure();
    let three = Scatter::new(NASTY, NASTY, NASTY).points(NASTY, &[1.0], &[1.0]).names(&[NASTY]).figure();
    let m = array![[1.0]];
    let four = Heatmap::sequential(NASTY, m.view(), NASTY).axes(NASTY, NASTY).names(&[NASTY], &[NASTY]).figure();
    for figure in [one, two, three, four] {
        let figure = figure.unwrap().caption(NASTY);
        assert_well_formed(&figure.svg());
        assert!(!figure.svg().contains("<script"));
        let plotly = figure.plotly().to_string();
        assert!(!plotly.contains("<script") && !plotly.contains('$'), "plotly reads tags and TeX in text");
        assert!(figure.svg().contains("&lt;script&gt;"));
    }
}

#[test]
fn few_equal_missing_or_no_values_are_drawn_calmly() {
    let cases: [&[f64]; 7] = [
        &[],
        &[1.0],
        &[2.0, 2.0],
        &[f64::NAN],
        &[f64::NAN, 1.0, f64::NAN],
        &[0.0, f64::INFINITY, -1.0],
        &[1e-300, 1e300],
    ];
    for values in cases {
        let names: Vec<String> = (0..values.len()).map(|i| i.to_string()).collect();
        let matrix = Array2::from_shape_fn((values.len(), values.len()), |(i, j)| values[i] + values[j]);
        let figures = [
            Curves::new("c", "x", "y").line("a", values, values).figure().unwrap(),
            Curves::new("c", Axis::new("x").log(), Axis::new("y").log()).points("a", values, values).figure().unwrap(),
            Bars::new("b", "x", "y").categories(&names).series("a", values).sorted().figure().unwrap(),
            Bars::new("b", "x", "y").categories(&names).series("a", values).horizontal().figure().unwrap(),
            Scatter::new("s", "x", "y").points("a", values, values).figure().unwrap(),
            Scatter::new("s", "x", "y").coloured(values, values, values, "v", Palette::Diverging).figure().unwrap(),
            Heatmap::diverging("h", matrix.view(), "v").names(&names, &names).figure().unwrap(),
            Heatmap::sequential("h", matrix.view(), "v").figure().unwrap(),
        ];
        for figure in figures {
            let svg = figure.svg();
            assert_well_formed(&svg);
            for bad in ["NaN", "inf"] {
                let drawing = svg.split("</desc>").nth(1).unwrap();
                assert!(!drawing.contains(bad), "{bad} in {drawing}");
            }
            if values.is_empty() {
                assert!(svg.contains(">no data<") && figure.plotly().to_string().contains("no data"));
                assert!(figure.summary().ends_with("no data"));
            }
        }
    }
}

#[test]
fn bundles_stay_small() {
    // a small generator of noise, the hardest thing to compress
    let mut state = 1u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1u32 << 24)
    };
    let matrix = Array2::from_shape_simple_fn((3_000, 3_000), &mut noise);
    let whole = Array2::from_shape_simple_fn((200, 200), &mut noise);
    let x: Vec<f64> = (0..300_000).map(|_| noise()).collect();
    let y: Vec<f64> = (0..300_000).map(|_| noise()).collect();
    let names: Vec<String> = (0..8_000).map(|i| format!("GENE{i}")).collect();
    let mut groups = Scatter::new("s", "x", "y");
    for g in 0..14 {
        groups = groups.points(&format!("group {g}"), &x[g * 1_900..][..1_900], &y[g * 1_900..][..1_900]);
    }
    let mut lines = Curves::new("c", "x", "y");
    for l in 0..8 {
        lines = lines.line(&format!("line {l}"), &x[..100_000], &y[l * 10_000..][..100_000]);
    }
    let rows: Vec<String> = (0..3_000).map(|i| format!("row {i}")).collect();
    let figures = [
        Heatmap::diverging("h", matrix.view(), "v").names(&rows, &rows).figure(),
        Heatmap::diverging("h", whole.view(), "v").figure(),
        Scatter::new("s", "x", "y").coloured(&x, &y, &y, "v", Palette::Sequential).figure(),
        Scatter::new("s", "x", "y").points("a", &x[..8_000], &y[..8_000]).names(&names).figure(),
        groups.figure(),
        lines.figure(),
    ];
    for (i, figure) in figures.into_iter().enumerate() {
        let size = figure.unwrap().bundle().size();
        assert!(size < 300_000, "figure {i} takes {size} bytes");
    }
}

#[test]
fn averaging_keeps_the_mean_and_skips_missing_values() {
    let mut matrix = Array2::from_elem((401, 401), 0.25);
    matrix[[0, 0]] = f64::NAN;
    matrix[[0, 1]] = 1.0;
    let figure = Heatmap::sequential("h", matrix.view(), Axis::new("v").limits(0.0, 1.0)).figure().unwrap();
    // blocks of 3 x 3: the first holds one missing value, one 1 and seven 0.25
    assert!(figure.summary().contains("134 x 134 cells: min 0.25, mean 0.25, max 0.3438"), "{}", figure.summary());
    assert!(figure.summary().contains("each cell is the mean of 3 x 3 values"));
    assert_eq!(figure.plotly()["layout"]["xaxis"]["range"], serde_json::json!([0.0, 401.0]));
}

#[test]
fn wrong_input_is_refused_with_place_and_remedy() {
    let m = Array2::<f64>::zeros((2, 3));
    let refused = [
        Curves::new("c", "x", "y").line("a", &[1.0], &[]).figure().unwrap_err(),
        Curves::new("c", Axis::new("x").limits(1.0, 1.0), "y").figure().unwrap_err(),
        Curves::new("c", Axis::new("x").log().limits(0.0, 1.0), "y").figure().unwrap_err(),
        Bars::new("b", "x", "y").categories(&["a"]).series("s", &[1.0, 2.0]).figure().unwrap_err(),
        Bars::new("b", "x", "y").categories(&["a"]).series("s", &[1.0]).marks(&["*", "*"], "").figure().unwrap_err(),
        Scatter::new("s", "x", "y").points("a", &[1.0], &[1.0]).names(&["a", "b"]).figure().unwrap_err(),
        Heatmap::diverging("h", m.view(), "v").names(&["a"], &["b"]).figure().unwrap_err(),
        Heatmap::diverging("h", m.view(), "v").over("a", m.view(), "b").figure().unwrap_err(),
        Heatmap::diverging("h", m.view(), "v").groups(&[Group::new("g", 0..9)]).figure().unwrap_err(),
        Table::new("t").text("a", &["x"]).count("b", &[1, 2]).figure().unwrap_err(),
        curves().save("figure.bmp").unwrap_err(),
    ];
    for error in refused {
        let text = error.to_string();
        assert!(text.contains("where:") && text.contains("fix:"), "{text}");
    }
}

#[test]
fn a_figure_is_saved_whole_in_each_format() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.svg", "a.json", "a.html"] {
        curves().save(folder.path().join(name)).unwrap();
    }
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("a.svg"), curves().svg());
    assert_eq!(serde_json::from_str::<Value>(&read("a.json")).unwrap(), curves().plotly());
    assert!(read("a.html").contains(&curves().svg()));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "no temporary file stays behind");
}

//! Every kind of figure: pinned drawings, and the same data in every rendering.
//!
//! `PERTURBOOK_GALLERY=folder` also writes the figures there, to be looked at.

#[path = "common/gallery.rs"]
mod gallery;
#[path = "common/golden.rs"]
mod golden;

use std::collections::BTreeSet;

use perturbook::display::Show;
use perturbook::figures::{
    Axis, Channel, Confusion, Distribution, Figure, Heatmap, Ideogram, ImageGrid, Rgb, Scatter, Theme, Volcano,
};
use perturbook::genome::Genome;
use serde_json::Value;

#[test]
fn every_kind_is_drawn_as_pinned() {
    let folder = std::env::var_os("PERTURBOOK_GALLERY").map(std::path::PathBuf::from);
    for (name, figure) in gallery::figures() {
        golden::pin(&format!("gallery/{name}"), &figure);
        for (folder, end) in
            folder.iter().flat_map(|folder| ["svg", "png", "pdf", "html", "json"].map(|end| (folder, end)))
        {
            figure.save(folder.join(format!("{name}.{end}"))).unwrap();
        }
    }
}

/// The texts of an SVG drawing.
fn texts(svg: &str) -> BTreeSet<String> {
    let inside =
        svg.split("<text ").skip(1).filter_map(|t| Some(t.split_once('>')?.1.split_once("</text>")?.0.to_owned()));
    inside.collect()
}

/// All strings of a plotly figure.
fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(items) => items.values().for_each(|item| strings(item, found)),
        _ => {}
    }
}

#[test]
fn what_is_written_in_the_picture_is_written_in_the_interactive_figure() {
    for (name, figure) in gallery::figures() {
        let (plotly, mut found) = (figure.plotly(), Vec::new());
        strings(&plotly, &mut found);
        let all = found.join("\n");
        for text in texts(&figure.svg()) {
            // ticks of numbers are plotly's own
            let number =
                text.replace('−', "-").replace('×', "e").chars().all(|c| "0123456789.-e⁰¹²³⁴⁵⁶⁷⁸⁹⁻".contains(c));
            assert!(number || all.contains(&text), "{name}: {text:?} is not in the interactive figure");
        }
    }
}

/// Every finite `(x, y)` of the scattered points and lines of a plotly figure, by the axes it is drawn on.
fn points(plotly: &Value, trace: &Value) -> Vec<(f64, f64)> {
    let of = |axis: &str| {
        trace[axis].as_array().map(|v| v.iter().map(Value::as_f64).collect::<Vec<_>>()).unwrap_or_default()
    };
    let key = |axis: &str| trace[format!("{axis}axis")].as_str().unwrap().replacen(axis, &format!("{axis}axis"), 1);
    let place = |axis: &str, value: f64| {
        let axis = &plotly["layout"][key(axis)];
        let (range, domain) = (&axis["range"], &axis["domain"]);
        let value = if axis["type"] == "log" { value.log10() } else { value };
        let t = (value - range[0].as_f64().unwrap()) / (range[1].as_f64().unwrap() - range[0].as_f64().unwrap());
        domain[0].as_f64().unwrap() + t * (domain[1].as_f64().unwrap() - domain[0].as_f64().unwrap())
    };
    let (width, height) = (plotly["layout"]["width"].as_f64().unwrap(), plotly["layout"]["height"].as_f64().unwrap());
    of("x")
        .into_iter()
        .zip(of("y"))
        .filter_map(|(x, y)| Some((x?, y?)))
        .map(|(x, y)| (place("x", x) * width, (1.0 - place("y", y)) * height))
        .collect()
}

#[test]
fn points_and_lines_lie_at_the_same_places_in_both_drawings() {
    for (name, figure) in gallery::figures() {
        let (svg, plotly) = (figure.svg(), figure.plotly());
        let number = |text: &str| text.parse::<f64>().unwrap();
        let mut drawn: Vec<(f64, f64)> = Vec::new();
        for circle in svg.split("<circle cx=\"").skip(1) {
            let mut parts = circle.split('"');
            drawn.push((number(parts.next().unwrap()), number(parts.nth(1).unwrap())));
        }
        for path in svg.split("<path d=\"").skip(1) {
            let d = path.split('"').next().unwrap().replace('Z', "");
            for pair in d.split(['M', 'L']).filter(|pair| !pair.is_empty()) {
                if let Some((x, y)) = pair.split_once(' ').filter(|(_, y)| !y.contains(['m', 'l', ' '])) {
                    drawn.push((number(x), number(y)));
                }
            }
        }
        for square in svg.split("<rect x=\"").skip(1) {
            let parts: Vec<&str> = square.split('"').collect();
            let of = |i: usize| number(parts[i]);
            drawn.push((of(0) + of(4) / 2.0, of(2) + of(6) / 2.0));
        }
        let traces = plotly["data"].as_array().unwrap();
        let seen = |trace: &&Value| {
            trace["type"] == "scatter" && trace["marker"]["opacity"] != 0 && trace["x"][0] != Value::Null
        };
        for trace in traces.iter().filter(seen) {
            for (x, y) in points(&plotly, trace) {
                let inside = (0.0..=1200.0).contains(&x) && y >= -0.5;
                let near = |&(a, b): &(f64, f64)| (a - x).abs() < 0.05 && (b - y).abs() < 0.05;
                let diamonds = trace["marker"]["symbol"] == "diamond";
                assert!(
                    !inside || diamonds || drawn.iter().any(near),
                    "{name}: ({x}, {y}) of {} is not in the picture",
                    trace["name"]
                );
            }
        }
    }
}

#[test]
fn a_dark_figure_is_the_light_one_with_its_changes() {
    for (name, figure) in gallery::figures() {
        let mut light = figure.plotly();
        let dark = figure.clone().theme(Theme::Dark).plotly();
        let changes = light["layout"]["meta"]["dark"].take();
        light["layout"].as_object_mut().unwrap().remove("meta");
        for change in changes.as_array().unwrap() {
            let place = change[0].as_array().unwrap().iter().fold(&mut light, |at, key| match key.as_u64() {
                Some(index) => &mut at[index as usize],
                None => &mut at[key.as_str().unwrap()],
            });
            *place = change[1].clone();
        }
        // points drawn as a picture are the only thing that differs
        let same = light == dark || name == "scatter_density";
        assert!(same, "{name}");
        assert_ne!(dark["layout"]["paper_bgcolor"], "#ffffff");
    }
}

#[test]
fn names_cannot_become_markup() {
    let nasty = "<script>alert(1)</script>";
    let one = ndarray::array![[1.0]];
    let cell = perturbook::simulate::cell_image(8, 0.0, 1);
    let channels = ["a", "b", nasty].map(|name| Channel::new(name, Rgb(9, 9, 9)));
    let locus = perturbook::genome::Locus { arm: "chr1p".parse().unwrap(), start: 5_000_000 };
    let genome = Genome::from_genes([(nasty, locus)]);
    let figures = [
        Distribution::new(nasty, nasty).group(nasty, &[1.0, 2.0, 3.0]).category(nasty).figure(),
        Distribution::new(nasty, nasty).group(nasty, &[1.0, 2.0]).group("b", &[1.0, 3.0]).pairs().figure(),
        Volcano::new(nasty, nasty).points(&[nasty], &[2.0], &[1e-9]).figure(),
        Confusion::new(nasty, one.view(), &[nasty]).figure(),
        ImageGrid::new(nasty, &channels).row(nasty, [&cell]).columns(&[nasty]).figure(),
        Ideogram::new(nasty, nasty, &genome).genes(nasty, &[nasty], &[1.0]).figure(),
        Scatter::new(nasty, nasty, nasty).points(nasty, &[1.0], &[1.0]).names(&[nasty]).label(&[nasty]).figure(),
    ];
    for figure in figures {
        let figure = (figure.unwrap() | Scatter::new("s", "x", "y").figure().unwrap()).caption(nasty);
        assert!(!figure.svg().contains("<script") && figure.svg().contains("&lt;script&gt;"));
        assert!(!figure.plotly().to_string().contains("<script"), "plotly reads tags in text");
    }
}

#[test]
fn logarithmic_colours_are_the_same_in_both_drawings() {
    let counts = ndarray::array![[100.0, 10.0], [1.0, 0.0]];
    let figure = Confusion::new("c", counts.view(), &["a", "b"]).log().figure().unwrap();
    let plotly = figure.plotly();
    let heatmap = &plotly["data"][0];
    assert_eq!(heatmap["z"], serde_json::json!([[2, 1], [0, null]]));
    assert_eq!((&heatmap["zmin"], &heatmap["zmax"]), (&serde_json::json!(0.0), &serde_json::json!(2.0)));
    assert_eq!(heatmap["customdata"], serde_json::json!([[100, 10], [1, 0]]));
    assert_eq!(heatmap["colorbar"]["tickvals"], serde_json::json!([0.0, 1.0, 2.0]));
    // 10 lies in the middle of the palette
    let middle = perturbook::figures::Palette::Sequential.at(0.5).hex();
    assert!(figure.svg().contains(&middle), "{middle}");
}

#[test]
fn composed_heatmaps_are_averaged_until_they_are_small() {
    let m = ndarray::Array2::from_shape_fn((200, 200), |(i, j)| (i * j % 17) as f64);
    let one = || Heatmap::sequential("h", m.view(), "v").figure().unwrap();
    let four = (one() | one()) / (one() | one());
    assert!(four.summary().contains("100 x 100 cells") && four.summary().contains("averaged 2 x 2"));
    assert!(four.bundle().size() < 300_000, "{}", four.bundle().size());
}

#[test]
fn bundles_stay_under_300_kb() {
    let n = 1_000;
    let (x, y): (Vec<f64>, Vec<f64>) = (0..100 * n).map(|i| ((i as f64 * 0.37).sin(), (i as f64 * 0.73).cos())).unzip();
    let noisy: Vec<ndarray::Array3<f32>> = (0..16).map(|k| perturbook::simulate::cell_image(160, 0.5, k)).collect();
    let channels = ["a", "b", "c"].map(|name| Channel::new(name, Rgb(200, 120, 40)));
    let large = [
        Scatter::new("s", "x", "y").density(&x, &y).figure(),
        Distribution::new("d", "v").group("a", &x).group("b", &y).figure(),
        Distribution::new("d", "v").group("a", &x).group("b", &y).boxes().figure(),
        Distribution::new("d", "v").group("a", &x).group("b", &y).pairs().figure(),
        Volcano::new("v", "e")
            .points(&vec!["GENE"; x.len()], &x, &y.iter().map(|v| v.abs()).collect::<Vec<_>>())
            .figure(),
        ImageGrid::new("i", &channels).row("r", &noisy[..8]).row("s", &noisy[8..]).figure(),
    ];
    let figures = gallery::figures().into_iter().map(|(name, figure)| (name.to_owned(), figure));
    let large = large.into_iter().enumerate().map(|(i, figure)| (format!("large {i}"), figure.unwrap()));
    for (name, figure) in figures.chain(large) {
        let size = figure.bundle().size();
        assert!(size < 300_000, "{name}: {size} bytes");
    }
}

#[test]
fn few_equal_missing_or_no_values_are_drawn_calmly() {
    let cases: [&[f64]; 6] = [&[], &[1.0], &[2.0, 2.0], &[f64::NAN], &[f64::NAN, 1.0], &[0.0, f64::INFINITY, -1.0]];
    for values in cases {
        let names: Vec<String> = (0..values.len()).map(|i| format!("gene {i}")).collect();
        let of = || Distribution::new("d", "v").group("a", values).group("b", &[]);
        let one = || Distribution::new("d", "v").group("a", values);
        let p = vec![0.01; values.len()];
        let matrix = ndarray::Array2::from_elem((values.len(), values.len()), 1.0);
        let genome = Genome::default();
        let figures = [
            of().figure(),
            of().boxes().figure(),
            of().ridges().figure(),
            of().histogram(None).figure(),
            one().pairs().figure(),
            Volcano::new("v", "e").points(&names, values, &p).figure(),
            Confusion::new("c", matrix.view(), &names).figure(),
            Heatmap::sequential("h", matrix.view(), "v").ordered().figure(),
            Scatter::new("s", "x", "y").density(values, values).figure(),
            Scatter::new("s", "x", "y").points("a", values, values).label_groups().figure(),
            Ideogram::new("i", "v", &genome).genes("g", &names, values).figure(),
            ImageGrid::new("i", &[]).figure(),
            Figure::grid(vec![one().figure().unwrap()], 3),
        ];
        for figure in figures {
            let figure = figure.unwrap();
            let svg = figure.svg();
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{}", figure.summary());
            let plotly = figure.plotly().to_string();
            assert!(!plotly.contains("NaN"), "{}", figure.summary());
            if values.is_empty() {
                assert!(svg.contains("no data"), "{}", figure.summary());
            }
        }
    }
}

#[test]
fn wrong_input_is_refused_with_place_and_remedy() {
    let (a, b) = (perturbook::simulate::cell_image(8, 0.0, 1), perturbook::simulate::cell_image(9, 0.0, 1));
    let three = ["x", "y", "z"].map(|name| Channel::new(name, Rgb(1, 2, 3)));
    let m = ndarray::array![[1.0, -1.0], [0.0, 1.0]];
    let refused = [
        Distribution::new("d", "v").group("a", &[1.0]).group("b", &[]).pairs().figure(),
        Volcano::new("v", "e").points(&["a"], &[1.0], &[-3.0]).figure(),
        Volcano::new("v", "e").points(&["a"], &[1.0, 2.0], &[0.1]).figure(),
        Volcano::new("v", "e").points(&["a"], &[1.0], &[0.1]).thresholds(1.0, 0.0).figure(),
        Confusion::new("c", m.view(), &["a", "b"]).figure(),
        Confusion::new("c", m.view(), &["a"]).figure(),
        ImageGrid::new("i", &three).row("r", [&a, &b]).figure(),
        ImageGrid::new("i", &three[..2]).row("r", [&a]).figure(),
        ImageGrid::new("i", &three).row("r", [&a]).scale_bar(0.5, 100.0).figure(),
        ImageGrid::new("i", &[Channel::new("x", Rgb(1, 2, 3)).range(1.0, 1.0)]).figure(),
        Heatmap::diverging("h", m.view(), Axis::new("v")).over("a", m.view(), "b").ordered().figure(),
        Figure::grid(Vec::new(), 2),
    ];
    for (i, error) in refused.into_iter().enumerate() {
        let text = error.err().unwrap_or_else(|| panic!("{i} was taken")).to_string();
        assert!(text.contains("where:") && text.contains("fix:"), "{text}");
    }
}

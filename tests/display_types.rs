//! Types of polars, burn and plotly through the same display as our own.

use perturbook::display::Show;
use polars::prelude::{DataFrame, IntoColumn, NamedFrom, Series};

fn frame(n: i64) -> DataFrame {
    let name: Vec<Option<String>> = (0..n).map(|i| (i != 1).then(|| format!("<G{i}>"))).collect();
    let count: Vec<i64> = (0..n).collect();
    let score: Vec<Option<f64>> = (0..n).map(|i| (i != 2).then_some(i as f64 / 3.0)).collect();
    let columns = vec![
        Series::new("gene".into(), name).into_column(),
        Series::new("cells".into(), count).into_column(),
        Series::new("score".into(), score).into_column(),
    ];
    DataFrame::new(n as usize, columns).unwrap()
}

#[test]
fn a_data_frame_shows_head_tail_types_and_shape() {
    let bundle = frame(100).bundle();
    let html = bundle.get("text/html").unwrap().as_str().unwrap();
    for expected in
        ["&lt;G0&gt;", "&lt;G9&gt;", "&lt;G95&gt;", "&lt;G99&gt;", "null", "0.3333", "i64", "f64", "str", "⋮"]
    {
        assert!(html.contains(expected), "{expected} in {html}");
    }
    assert!(!html.contains("&lt;G10&gt;") && !html.contains("&lt;G94&gt;") && !html.contains("<G"));
    assert!(html.contains("100 rows x 3 columns"));
    assert!(html.contains("<td style=\"text-align:right;padding:2px 10px;\">99</td>"));
    assert_eq!(bundle.get("text/plain").unwrap().as_str().unwrap(), frame(100).to_string());
}

#[test]
fn small_and_empty_frames_are_shown_whole() {
    let html = |n| frame(n).bundle().get("text/html").unwrap().as_str().unwrap().to_owned();
    assert!(html(3).contains("3 rows x 3 columns") && !html(3).contains("⋮"));
    assert!(html(0).contains("0 rows x 3 columns"));
}

#[test]
fn a_tensor_says_shape_type_device_and_range() {
    let device = perturbook::tensor::cpu();
    let tensor = perturbook::tensor::Tensor::<2>::from_floats([[1.0, 2.0], [3.0, 6.0]], &device);
    let bundle = tensor.bundle();
    let text = bundle.get("text/plain").unwrap().as_str().unwrap();
    for expected in ["2 x 2", "f32", "min 1, mean 3, max 6", "1, 2, 3, 6"] {
        assert!(text.contains(expected), "{expected} in {text}");
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

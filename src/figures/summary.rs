//! A figure in words: what a terminal prints and a screen reader says.

use super::axis::{Axis, Scale};
use super::figure::{Figure, Panel};
use super::layer::{Layer, Paint};
use crate::display::number;

/// Longest listing of bars or series.
const MOST: usize = 50;

/// Title, caption, axes with ranges, then one line for each series.
pub(super) fn render(figure: &Figure) -> String {
    let heading = Some(figure.heading.clone()).filter(|h| !h.is_empty());
    heading.into_iter().chain(figure.block.panels().into_iter().map(panel)).collect::<Vec<_>>().join("\n")
}

fn panel(panel: &Panel) -> String {
    let mut lines: Vec<String> =
        [&panel.title, &panel.caption, &panel.note].into_iter().filter(|text| !text.is_empty()).cloned().collect();
    let right = panel.right.as_ref().map_or_else(String::new, |right| format!("; y on the right: {}", axis(right)));
    lines.push(format!("x: {}; y: {}{right}", axis(&panel.x), axis(&panel.y)));
    if let Some(scale) = panel.colours() {
        lines.push(format!("colour: {}", axis(&scale.axis)));
    }
    let said: Vec<String> = panel.layers.iter().filter_map(layer).collect();
    lines.extend(said.iter().take(MOST).cloned());
    if said.len() > MOST {
        lines.push(format!("  and {} more series", said.len() - MOST));
    }
    if panel.is_empty() {
        lines.push("no data".to_owned());
    }
    lines.join("\n")
}

fn axis(axis: &Axis) -> String {
    let (low, high) = axis.range();
    match &axis.named {
        Some(ticks) if axis.title().is_empty() => format!("{} labelled", ticks.len()),
        Some(ticks) => format!("{} ({} labelled)", axis.title(), ticks.len()),
        None => {
            let log = if axis.scale == Scale::Log { ", logarithmic" } else { "" };
            format!("{} from {} to {}{log}", axis.title(), number(low), number(high))
        }
    }
}

fn layer(layer: &Layer) -> Option<String> {
    let name = layer.name().unwrap_or("values");
    match layer {
        Layer::Line { x, y, data: true, .. } => {
            let points: Vec<_> = x.iter().zip(y).filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
            let place = |(x, y): (&f64, &f64)| format!("({}, {})", number(*x), number(*y));
            let ends = match points[..] {
                [] => String::new(),
                [only] => format!(" at {}", place(only)),
                [first, .., last] => format!(" from {} to {}", place(first), place(last)),
            };
            Some(format!("  {name}: {}{ends}", count(points.len(), "point")))
        }
        Layer::Line { name: Some(name), .. } => Some(format!("  {name}: reference line")),
        Layer::Line { .. } | Layer::Words(_) => None,
        Layer::Area { name, said, .. } => name.as_ref().map(|name| format!("  {name}: {said}")),
        Layer::Picture(picture) => Some(format!("  {}", picture.label)).filter(|label| label.len() > 2),
        Layer::Points { x, paint, .. } => {
            let coloured = if matches!(paint, Paint::Scaled { .. }) { ", coloured by value" } else { "" };
            Some(format!("  {name}: {}{coloured}", count(x.len(), "point")))
        }
        Layer::Bars { values, labels, .. } => {
            let said: Vec<String> =
                labels.iter().zip(values).take(MOST).map(|(label, v)| format!("{label} {}", number(*v))).collect();
            let more = labels.len().saturating_sub(MOST);
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            Some(format!("  {name}: {}: {}{more}", count(values.len(), "bar"), said.join(", ")))
        }
        Layer::Cells(cells) => {
            let values = cells.values.iter().map(|&v| f64::from(v));
            let statistics = crate::display::statistics(values);
            Some(format!("  {} x {} cells: {statistics}", cells.rows, cells.columns))
        }
    }
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

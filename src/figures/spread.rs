//! Where text goes: labels near their points that hide neither each other nor leave the plot area.
//!
//! Labels are placed one after the other, the first ones first: right, left, above or below the point, then on wider and
//! wider rings around it. A label for which the rings have no free place is left out; pointing at the point shows it.

use super::layer::{Beside, Words};
use super::measure::width;
use super::page::{Placed, Rect};

/// Distances of the rings from the point in px.
const RINGS: [f64; 3] = [7.0, 20.0, 34.0];
/// Directions in which a ring is tried: right, left, up, down, then between.
const DIRECTIONS: [(f64, f64); 8] =
    [(1.0, 0.0), (-1.0, 0.0), (0.0, -1.0), (0.0, 1.0), (0.7, -0.7), (-0.7, -0.7), (0.7, 0.7), (-0.7, 0.7)];

/// The middle of each text in px; `None` for one without a place.
pub(super) fn places(placed: &Placed<'_>, words: &Words) -> Vec<Option<(f64, f64)>> {
    let mut taken: Vec<Rect> = Vec::new();
    let (height, r) = (words.font * 1.15, placed.plot);
    let points = words.x.iter().zip(&words.y).map(|(&x, &y)| placed.place(x, y));
    points
        .zip(&words.text)
        .map(|((x, y), text)| {
            if !(x.is_finite() && y.is_finite()) || text.is_empty() {
                return None;
            }
            let w = width(text, words.font);
            match words.beside {
                Beside::On => return Some((x, y)),
                Beside::Above => return Some((x, y - 1.0 - words.font * 0.35)),
                Beside::Right => return Some((x + 4.0 + w / 2.0, y)),
                Beside::Near | Beside::Over => {}
            }
            let on = (words.beside == Beside::Over).then_some((x, y));
            let rings = RINGS.iter().flat_map(|ring| {
                DIRECTIONS.map(|(dx, dy)| (x + dx * (ring + w / 2.0), y + dy * (ring + height / 2.0)))
            });
            let free = |&(x, y): &(f64, f64)| {
                let here = Rect { x: x - w / 2.0, y: y - height / 2.0, w, h: height };
                let inside = here.x >= r.x && here.x + w <= r.x + r.w && here.y >= r.y && here.y + height <= r.y + r.h;
                inside && !taken.iter().any(|other| overlap(&here, other))
            };
            let found = on.into_iter().chain(rings).find(free)?;
            taken.push(Rect { x: found.0 - w / 2.0, y: found.1 - height / 2.0, w, h: height });
            Some(found)
        })
        .collect()
}

fn overlap(a: &Rect, b: &Rect) -> bool {
    a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
}

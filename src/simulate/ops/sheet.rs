//! The sheet on which one cell is drawn, and the canvas on which cells are laid.
//!
//! Both hold four planes of light. A sheet covers the pixels around its cell; it also knows how deep each pixel lies
//! inside the cell and inside a nucleus. Laying a sheet on the canvas hides what is under the cell, save for nuclei:
//! where cells overlap, the nucleus of the lower one shows.

use super::body::Body;

/// Order of the channels.
pub(super) const DAMAGE: usize = 0;
pub(super) const ACTIN: usize = 1;
pub(super) const DNA: usize = 2;
pub(super) const TUBULIN: usize = 3;
pub(super) const CHANNELS: usize = 4;

/// Depth in a nucleus of pixels that are far from any.
const OUTSIDE: f32 = -1.0;
/// How far from a nucleus depths are still measured.
const HALO: f32 = 0.1;

/// A picture in the making, `4 x height x width`.
pub(super) struct Canvas {
    pub(super) height: usize,
    pub(super) width: usize,
    /// Pixels to the side of a crop.
    pub(super) scale: f32,
    pub(super) planes: [Vec<f32>; CHANNELS],
    /// How much of each pixel the nuclei that were laid down cover.
    nuclei: Vec<f32>,
}

impl Canvas {
    pub(super) fn new(height: usize, width: usize, scale: f32) -> Self {
        Self {
            height,
            width,
            scale,
            planes: std::array::from_fn(|_| vec![0.0; height * width]),
            nuclei: vec![0.0; height * width],
        }
    }

    pub(super) fn clear(&mut self) {
        self.planes.iter_mut().chain([&mut self.nuclei]).for_each(|plane| plane.fill(0.0));
    }

    /// Lays a drawn cell on top.
    pub(super) fn lay(&mut self, sheet: &mut Sheet) {
        for row in 0..sheet.rows {
            let from = row * sheet.columns..(row + 1) * sheet.columns;
            let to = (sheet.top + row) * self.width + sheet.left;
            let to = to..to + sheet.columns;
            let scale = sheet.scale;
            let (depth, nuclear) = (&mut sheet.depth[from.clone()], &sheet.nuclear[from.clone()]);
            for ((depth, &nuclear), under) in depth.iter_mut().zip(nuclear).zip(&mut self.nuclei[to.clone()]) {
                let cover = covered(*depth, scale) * (1.0 - *under);
                *under += cover * covered(nuclear, scale);
                *depth = cover;
            }
            for (plane, drawn) in self.planes.iter_mut().zip(&sheet.planes) {
                let cover = &sheet.depth[from.clone()];
                for ((to, &drawn), &cover) in plane[to.clone()].iter_mut().zip(&drawn[from.clone()]).zip(cover) {
                    *to += (drawn - *to) * cover;
                }
            }
        }
    }
}

/// How much of a pixel at this depth is covered, 0 to 1.
#[inline(always)]
fn covered(depth: f32, scale: f32) -> f32 {
    (depth * scale / 1.5 + 0.5).clamp(0.0, 1.0)
}

/// One cell in the making.
#[derive(Default)]
pub(super) struct Sheet {
    top: usize,
    left: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) scale: f32,
    pub(super) planes: [Vec<f32>; CHANNELS],
    /// Depth inside the cell, negative outside; once laid down, how much of each pixel was covered.
    pub(super) depth: Vec<f32>,
    /// Depth inside the nearest nucleus, negative outside; -1 far from any.
    pub(super) nuclear: Vec<f32>,
    /// Height of the wave around the cortex.
    pub(super) rim: Vec<f32>,
}

impl Sheet {
    /// Turns to the pixels of a canvas that a cell can cover; false when there are none.
    pub(super) fn open(&mut self, canvas: &Canvas, body: &Body) -> bool {
        let reach = body.cell.reach() + 1.5 / canvas.scale;
        let range = |middle: f32, most: usize| {
            let low = ((middle - reach) * canvas.scale).floor().clamp(0.0, most as f32) as usize;
            let high = ((middle + reach) * canvas.scale).ceil().clamp(0.0, most as f32) as usize;
            (low, high.saturating_sub(low))
        };
        (self.top, self.rows) = range(body.cell.y, canvas.height);
        (self.left, self.columns) = range(body.cell.x, canvas.width);
        self.scale = canvas.scale;
        let pixels = self.rows * self.columns;
        for plane in self.planes.iter_mut().chain([&mut self.depth, &mut self.nuclear, &mut self.rim]) {
            plane.clear();
            plane.resize(pixels, 0.0);
        }
        if pixels == 0 {
            return false;
        }
        self.measure(body);
        true
    }

    fn measure(&mut self, body: &Body) {
        let (left, step) = (self.left as f32 + 0.5, 1.0 / self.scale);
        for row in 0..self.rows {
            let span = row * self.columns..(row + 1) * self.columns;
            let y = self.y(row);
            let (depth, rim) = (&mut self.depth[span.clone()], &mut self.rim[span.clone()]);
            for (column, (depth, rim)) in depth.iter_mut().zip(rim).enumerate() {
                let (r, c, s) = body.cell.polar((left + column as f32) * step, y);
                *depth = body.cell.radius_at(c, s) - r;
                *rim = body.rim.at(c, s);
            }
            let nuclear = &mut self.nuclear[span];
            nuclear.fill(OUTSIDE);
            for nucleus in &body.nuclei {
                // Only pixels near the nucleus.
                let reach = nucleus.reach() + HALO;
                if (y - nucleus.y).abs() > reach {
                    continue;
                }
                let column = |x: f32| (x * self.scale - left).clamp(0.0, self.columns as f32) as usize;
                let near = column(nucleus.x - reach)..column(nucleus.x + reach);
                for (deepest, column) in nuclear[near.clone()].iter_mut().zip(near) {
                    *deepest = deepest.max(nucleus.depth((left + column as f32) * step, y));
                }
            }
        }
    }

    /// Centre of a column of pixels.
    #[inline(always)]
    pub(super) fn x(&self, column: usize) -> f32 {
        ((self.left + column) as f32 + 0.5) / self.scale
    }

    /// Centre of a row of pixels.
    #[inline(always)]
    pub(super) fn y(&self, row: usize) -> f32 {
        ((self.top + row) as f32 + 0.5) / self.scale
    }

    /// How much of a pixel at this depth is covered, 0 to 1.
    #[inline(always)]
    pub(super) fn cover(&self, depth: f32) -> f32 {
        covered(depth, self.scale)
    }

    /// Adds a round spot with a normal profile; `sigma` in sides of a crop, `light` at its middle.
    pub(super) fn spot(&mut self, channel: usize, (x, y): (f32, f32), sigma: f32, light: f32) {
        const WIDEST: usize = 64;
        let (x, y, sigma) = (x * self.scale - self.left as f32, y * self.scale - self.top as f32, sigma * self.scale);
        let span = |middle: f32, most: usize| {
            let low = (middle - 3.0 * sigma).floor().clamp(0.0, most as f32) as usize;
            let high = (middle + 3.0 * sigma).ceil().clamp(0.0, most as f32) as usize;
            low..high.min(low + WIDEST)
        };
        let (rows, columns) = (span(y, self.rows), span(x, self.columns));
        let bell = |at: usize, middle: f32| {
            let t = (at as f32 + 0.5 - middle) / sigma;
            (-0.5 * t * t).exp()
        };
        let mut profile = [0.0; WIDEST];
        for (value, column) in profile.iter_mut().zip(columns.clone()) {
            *value = light * bell(column, x);
        }
        for row in rows {
            let high = bell(row, y);
            let at = row * self.columns;
            let pixels = &mut self.planes[channel][at + columns.start..at + columns.end.max(columns.start)];
            for (pixel, across) in pixels.iter_mut().zip(profile) {
                *pixel += high * across;
            }
        }
    }

    /// Adds a thin curve from `a` to `c` that is drawn towards `b` (a quadratic Bezier curve). `light` is that of a
    /// line one 64th of a crop wide; it fades to `end` of it along the way.
    pub(super) fn curve(&mut self, channel: usize, [a, b, c]: [(f32, f32); 3], light: f32, end: f32) {
        const STEP: f32 = 0.8;
        let length = (b.0 - a.0).hypot(b.1 - a.1) + (c.0 - b.0).hypot(c.1 - b.1);
        let steps = ((length * self.scale / STEP).ceil() as usize).clamp(1, 4096);
        let each = light * length * self.scale / steps as f32 * self.scale / 64.0;
        let (left, top) = (self.left as f32 + 0.5, self.top as f32 + 0.5);
        let beyond = |low: f32, high: f32, from: f32, pixels: usize| {
            high * self.scale < from || low * self.scale > from + pixels as f32
        };
        if beyond(a.0.min(b.0).min(c.0), a.0.max(b.0).max(c.0), left, self.columns)
            || beyond(a.1.min(b.1).min(c.1), a.1.max(b.1).max(c.1), top, self.rows)
        {
            return;
        }
        let plane = &mut self.planes[channel];
        for step in 0..steps {
            let t = (step as f32 + 0.5) / steps as f32;
            let u = 1.0 - t;
            let (p, q, r) = (u * u, 2.0 * u * t, t * t);
            let x = (p * a.0 + q * b.0 + r * c.0) * self.scale - left;
            let y = (p * a.1 + q * b.1 + r * c.1) * self.scale - top;
            if x < 0.0 || y < 0.0 {
                continue;
            }
            let (column, row) = (x as usize, y as usize);
            if column + 1 >= self.columns || row + 1 >= self.rows {
                continue;
            }
            let (fx, fy) = (x - column as f32, y - row as f32);
            let light = each * (1.0 + (end - 1.0) * t);
            let at = row * self.columns + column;
            let (upper, lower) = (light * (1.0 - fy), light * fy);
            plane[at] += upper * (1.0 - fx);
            plane[at + 1] += upper * fx;
            plane[at + self.columns] += lower * (1.0 - fx);
            plane[at + self.columns + 1] += lower * fx;
        }
    }
}

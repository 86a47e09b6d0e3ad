//! F-actin (phalloidin): a cortex that varies around the cell, stress fibres along its axis, ruffles and small puncta.

use crate::simulate::ops::body::Body;
use crate::simulate::ops::phenotype::Phenotype;
use crate::simulate::ops::sheet::{ACTIN, Sheet};
use crate::simulate::streams::Draw;

pub(super) fn paint(sheet: &mut Sheet, body: &Body, draw: &mut Draw) {
    let dividing = body.state.stage.is_some();
    let (cortex, haze) = (draw.within(0.17, 0.30), draw.within(0.09, 0.14));
    let cortex = if dividing { 1.7 * cortex } else { cortex };
    let ring = 0.75 * body.state.effects.of(Phenotype::ActinRing) * f32::from(u8::from(!dividing));
    for at in 0..sheet.depth.len() {
        let depth = sheet.depth[at];
        if depth < -0.05 {
            continue;
        }
        let thick = (depth / 0.2).clamp(0.0, 1.0);
        // The cortex: a soft line just inside the outline, wider where it is brighter.
        let uneven = if dividing { 1.0 } else { (0.9 + 1.3 * sheet.rim[at]).clamp(0.2, 2.6) };
        let t = (depth - 0.014) / (0.010 + 0.006 * uneven);
        let line = 1.0 / (1.0 + t * t * (1.0 + t * t));
        let t = (sheet.nuclear[at] + 0.022) / 0.02;
        let around = ring / (1.0 + t * t * (1.0 + t * t));
        sheet.planes[ACTIN][at] = haze * (0.55 + 0.45 * thick) + cortex * uneven * line + around;
    }
    if dividing {
        return;
    }
    fibres(sheet, body, draw);
    for _ in 0..draw.count(4, 14) {
        let at = body.cell.point(draw.angle(), draw.within(0.3, 0.97));
        let (sigma, light) = (draw.within(0.008, 0.013), draw.within(0.08, 0.3));
        sheet.spot(ACTIN, at, sigma, light);
    }
}

fn fibres(sheet: &mut Sheet, body: &Body, draw: &mut Draw) {
    let richness = draw.within(0.0, 1.0);
    let count = (4.0 + 14.0 * richness) as usize;
    let cell = &body.cell;
    for _ in 0..count {
        // A chord of the cell along its axis, a little askew and a little bent.
        let across = draw.within(-0.85, 0.85);
        let tilt = body.axis + draw.normal(0.16);
        let (first, last) = (draw.within(0.15, 0.97), draw.within(0.45, 0.97));
        let bend = draw.normal(0.022);
        let light = 0.08 + 0.34 * draw.within(0.0, 1.0).powi(2);
        let half = across.asin();
        let a = cell.point(tilt + half, first);
        let c = cell.point(tilt + std::f32::consts::PI - half, last);
        let b = (0.5 * (a.0 + c.0) - bend * tilt.sin(), 0.5 * (a.1 + c.1) + bend * tilt.cos());
        sheet.curve(ACTIN, [a, b, c], light, draw.within(0.6, 1.0));
    }
}

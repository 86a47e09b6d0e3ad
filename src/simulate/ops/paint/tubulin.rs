//! Microtubules: filaments that radiate from the centrosome and from around the nucleus to the edge, or a spindle.

use crate::simulate::ops::body::Body;
use crate::simulate::ops::phase::Stage;
use crate::simulate::ops::phenotype::Phenotype;
use crate::simulate::ops::sheet::{Sheet, TUBULIN};
use crate::simulate::streams::Draw;

pub(super) fn paint(sheet: &mut Sheet, body: &Body, draw: &mut Draw, phenotype: &mut Draw) {
    let haze = draw.within(0.09, 0.14);
    for at in 0..sheet.depth.len() {
        let thick = (sheet.depth[at] / 0.22).clamp(0.0, 1.0);
        sheet.planes[TUBULIN][at] = haze * (0.3 + thick);
    }
    match body.state.stage {
        None => {
            array(sheet, body, draw);
            // Filaments run over and under the nucleus, fewer than beside it.
            for at in 0..sheet.nuclear.len() {
                let over = sheet.cover(sheet.nuclear[at]);
                sheet.planes[TUBULIN][at] *= 1.0 - 0.5 * over;
            }
        }
        Some(stage) => spindle(sheet, body, stage, draw),
    }
    aggregates(sheet, body, phenotype);
}

fn array(sheet: &mut Sheet, body: &Body, draw: &mut Draw) {
    let home = draw.angle();
    let nucleus = &body.nuclei[0];
    let centrosome = nucleus.point(home, draw.within(0.95, 1.12));
    let cell = &body.cell;
    for filament in 0..76 {
        let angle = draw.angle();
        let (skew, bend) = (draw.normal(0.45), draw.normal(0.14));
        let (ends, light, begins) = (draw.within(0.70, 1.02), draw.within(0.07, 0.22), draw.within(0.90, 1.10));
        let start = if filament % 3 == 0 { centrosome } else { nucleus.point(angle + skew, begins) };
        let end = cell.point(angle, ends);
        // Bowed to one side by a part of its length.
        let (dx, dy) = (end.0 - start.0, end.1 - start.1);
        let bent = (start.0 + 0.5 * dx - bend * dy, start.1 + 0.5 * dy + bend * dx);
        sheet.curve(TUBULIN, [start, bent, end], light, 0.6);
    }
    // A cage of filaments that pass the nucleus by.
    for _ in 0..14 {
        let (from, arc, light) = (draw.angle(), draw.within(0.7, 1.6), draw.within(0.05, 0.16));
        let (begins, ends) = (draw.within(1.02, 1.25), draw.within(1.1, 1.7));
        let points = [
            nucleus.point(from, begins),
            nucleus.point(from + 0.5 * arc, 1.35 * begins),
            nucleus.point(from + arc, ends),
        ];
        sheet.curve(TUBULIN, points, light, 0.7);
    }
    sheet.spot(TUBULIN, centrosome, 0.020, 0.14);
}

fn spindle(sheet: &mut Sheet, body: &Body, stage: Stage, draw: &mut Draw) {
    let size = body.radius / 0.22;
    let pole = size
        * match stage {
            Stage::Prometaphase => 0.085,
            Stage::Metaphase => 0.155,
            Stage::Anaphase => 0.20,
            Stage::Telophase => 0.25,
        };
    let reach = if stage == Stage::Telophase { 0.35 } else { 1.0 };
    // In telophase most of the spindle is gone.
    let left = if stage == Stage::Telophase { 0.5 } else { 1.0 };
    for fibre in 0..72 {
        let side = if fibre % 2 == 0 { 1.0 } else { -1.0 };
        let (across, ends) = (draw.within(-1.0, 1.0), draw.within(0.75, 1.0));
        let (light, turn) = (draw.within(0.10, 0.24), draw.normal(0.9));
        let from = body.on_axis(side * pole, 0.0);
        if fibre % 4 < 2 {
            // To the chromosomes, bowed outwards.
            let wide = if stage == Stage::Prometaphase { 0.075 } else { 0.12 * reach };
            let to = body.on_axis(0.0, wide * size * across);
            let bent = body.on_axis(side * 0.55 * pole, 0.8 * wide * size * across);
            sheet.curve(TUBULIN, [from, bent, to], 1.3 * left * light, 0.8);
        } else {
            let angle = body.axis + if side > 0.0 { 0.0 } else { std::f32::consts::PI } + turn;
            let to = body.cell.point(angle, ends);
            let middle = (0.5 * (from.0 + to.0), 0.5 * (from.1 + to.1));
            sheet.curve(TUBULIN, [from, middle, to], 0.8 * light, 0.4);
        }
    }
    for side in [-1.0, 1.0] {
        sheet.spot(TUBULIN, body.on_axis(side * pole, 0.0), 0.022, 0.35);
    }
    if stage == Stage::Telophase {
        for step in -3..=3 {
            sheet.spot(TUBULIN, body.on_axis(0.015 * step as f32, 0.0), 0.014, 0.30);
        }
    }
}

/// Clumps beside the nucleus, on one side of it.
fn aggregates(sheet: &mut Sheet, body: &Body, draw: &mut Draw) {
    let strength = body.state.effects.of(Phenotype::Aggregates);
    let (side, number) = (draw.angle(), draw.within(5.0, 9.0));
    if strength <= 0.0 {
        return;
    }
    for _ in 0..number as usize {
        let (spread, away) = (draw.normal(0.45), draw.within(1.05, 1.35));
        let (sigma, light) = (draw.within(0.016, 0.028), draw.within(0.55, 0.95));
        let at = match body.nuclei.first() {
            Some(nucleus) => nucleus.point(side + spread, away),
            None => body.cell.point(side + spread, 0.55 * away),
        };
        sheet.spot(TUBULIN, at, sigma, strength * light);
    }
}

//! DNA: a nucleus with chromatin texture and dark nucleoli, or condensed chromosomes.

use super::texture::Texture;
use crate::simulate::ops::body::Body;
use crate::simulate::ops::phase::Stage;
use crate::simulate::ops::sheet::{DNA, Sheet};
use crate::simulate::streams::Draw;

pub(super) fn paint(sheet: &mut Sheet, body: &Body, draw: &mut Draw) {
    let coarse = Texture::new(draw, 14.0);
    let fine = Texture::new(draw, 30.0);
    let nucleoli: Vec<(f32, f32, f32)> = (0..draw.count(1, 4))
        .map(|_| {
            let (angle, part) = (draw.angle(), draw.within(0.1, 0.65));
            (part * angle.cos(), part * angle.sin(), draw.within(0.12, 0.22))
        })
        .collect();
    match body.state.stage {
        None => nucleus(sheet, body, &coarse, &fine, &nucleoli, body.dna),
        Some(Stage::Telophase) => nucleus(sheet, body, &coarse, &fine, &[], 0.85),
        Some(stage) => chromosomes(sheet, body, stage, draw),
    }
}

fn nucleus(
    sheet: &mut Sheet,
    body: &Body,
    coarse: &Texture,
    fine: &Texture,
    nucleoli: &[(f32, f32, f32)],
    density: f32,
) {
    for row in 0..sheet.rows {
        let y = sheet.y(row);
        for column in 0..sheet.columns {
            let at = row * sheet.columns + column;
            let depth = sheet.nuclear[at];
            let cover = sheet.cover(depth);
            if cover == 0.0 {
                continue;
            }
            let x = sheet.x(column);
            let texture = 1.0 + 0.16 * coarse.at(x, y) + 0.11 * fine.at(x, y);
            let (u, v) = ((x - body.centre.0) / body.radius, (y - body.centre.1) / body.radius);
            let dark: f32 = nucleoli
                .iter()
                .map(|&(x, y, size)| {
                    let near = ((u - x).powi(2) + (v - y).powi(2)) / (size * size);
                    1.0 / (1.0 + near * near)
                })
                .sum();
            // Thinner towards the edge, with a film of heterochromatin along it.
            let thick = 0.72 + 0.28 * (depth / (0.45 * body.radius)).clamp(0.0, 1.0);
            let film = 0.10 * (1.0 - (depth / (0.12 * body.radius)).clamp(0.0, 1.0));
            let light = density * texture.max(0.2) * (thick + film) * (1.0 - 0.5 * dark.min(1.0));
            sheet.planes[DNA][at] += cover * light;
        }
    }
}

/// Condensed chromosomes, as many short rods: a rosette, a plate, or two plates that bend towards their poles.
fn chromosomes(sheet: &mut Sheet, body: &Body, stage: Stage, draw: &mut Draw) {
    let size = body.radius / 0.22;
    let rods = 90;
    for rod in 0..rods {
        let across = draw.within(-1.0, 1.0);
        let side = if rod % 2 == 0 { 1.0 } else { -1.0 };
        let (along, wide) = (draw.normal(1.0).clamp(-2.0, 2.0), across.abs());
        let turn = draw.angle();
        let at = match stage {
            Stage::Prometaphase => {
                let r = size * (0.055 + 0.06 * wide.sqrt() + 0.012 * along);
                body.on_axis(r * turn.cos() * 0.9, r * turn.sin())
            }
            Stage::Metaphase | Stage::Telophase => {
                body.on_axis(size * 0.017 * along, size * (0.135 * across + 0.006 * turn.sin()))
            }
            Stage::Anaphase => {
                let apart = 0.085 + 0.05 * ((body.state.progress - 0.6) / 0.2).clamp(0.0, 1.0);
                let bend = 0.035 * (1.0 - wide * wide);
                body.on_axis(side * size * (apart + bend + 0.010 * along), size * 0.10 * across)
            }
        };
        let light = if stage == Stage::Prometaphase { 0.26 } else { 0.24 };
        sheet.spot(DNA, at, 0.0135, light);
    }
    for light in &mut sheet.planes[DNA] {
        *light = light.min(0.95);
    }
}

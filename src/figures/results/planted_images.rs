//! What spaces know of a plate of drugs, and of a simulated screen of cell images.

use std::collections::BTreeMap;

use super::figure_or_reason;
use crate::display::{Bundle, Show};
use crate::evaluate::{DrugResponse, PlantedReading, PlantedSpace, PlateReading};
use crate::figures::{Axis, Bars, Curves, Figure, Table};
use crate::{Error, Result};

/// Distance to untreated cells by dose, a line for each space and drug: means over wells, of the farthest well's distance.
///
/// # Errors
/// When there is no well.
pub fn dose_curves(reading: &PlateReading, doses: &str) -> Result<Figure> {
    let mut curves = Curves::new("Distance to untreated cells", doses, "distance / largest distance");
    for space in &reading.spaces {
        for DrugResponse { drug, wells, spearman } in &space.response.drugs {
            let largest = wells.iter().map(|well| well.distance).fold(f64::MIN_POSITIVE, f64::max);
            let mut by_dose: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
            for well in wells {
                // Bits of numbers that are not negative are in the order of the numbers.
                by_dose.entry(well.dose.to_bits()).or_default().push(well.distance / largest);
            }
            let x: Vec<f64> = by_dose.keys().map(|&bits| f64::from_bits(bits)).collect();
            let y: Vec<f64> = by_dose.values().map(|of| of.iter().sum::<f64>() / of.len() as f64).collect();
            let name = match spearman {
                Some(rho) => format!("{}, {drug}: {rho:.2}", space.space),
                None => format!("{}, {drug}", space.space),
            };
            curves = curves.line(&name, &x, &y);
        }
    }
    curves.figure()
}

/// How well positive controls are told from untreated cells, and rows of the plate from each other.
///
/// # Errors
/// When there is no space.
pub fn plate_bars(reading: &PlateReading) -> Result<Figure> {
    let names = ["positive controls, held-out cells", "row of the plate, all untreated cells"];
    let mut bars = Bars::new("Drugs and rows", "", Axis::new("AUROC (0.5: chance)")).categories(&names).base(0.5);
    for space in &reading.spaces {
        bars = bars.series(&space.space, &[space.positive, space.row]);
    }
    bars.reference("chance", 0.5).figure()
}

impl Show for PlateReading {
    fn bundle(&self) -> Bundle {
        let both = || {
            let panels = vec![dose_curves(self, "dose (number of the dilution step)")?, plate_bars(self)?];
            let figure = Figure::grid(panels, 1)?;
            Ok(figure.caption(
                "Above: distance of wells to untreated cells, with its rank correlation with the dose. Below: positive controls \
                 against untreated cells, and rows of the plate against each other. The question of Figure 3 of the Multi-ContrastiveVAE paper: salient codes should know \
                 drugs and not rows.",
            ))
        };
        figure_or_reason(both())
    }
}

/// What each space knows of what was planted, and of how cells were taken.
///
/// # Errors
/// When there is no space.
pub fn planted_bars(reading: &PlantedReading) -> Result<Figure> {
    let panel = |title: &str, axis: &str, range: std::ops::Range<usize>, base: f64| {
        let of = |space: &PlantedSpace| space.numbers()[range.clone()].to_vec();
        let names: Vec<&str> =
            reading.spaces.first().map(of).unwrap_or_default().into_iter().map(|(name, _)| name).collect();
        let mut bars = Bars::new(title, "", Axis::new(axis)).categories(&names).base(base);
        for space in &reading.spaces {
            bars = bars.series(&space.space, &of(space).into_iter().map(|(_, value)| value).collect::<Vec<f64>>());
        }
        bars.figure()
    };
    let panels = vec![
        panel("Planted biology", "accuracy of 15 neighbours, AUROC of complexes", 0..3, 0.0)?,
        panel("Technique, among controls", "AUROC (0.5: chance)", 3..6, 0.5)?,
    ];
    Ok(Figure::grid(panels, 1)?.caption(
        "A salient space should know added structures, a background space the phase and how cells were taken. The kind of \
         Figure 3B of the Multi-ContrastiveVAE paper.",
    ))
}

/// The numbers of several models, a row for each space.
///
/// # Errors
/// When there is no model.
pub fn planted_table<S: AsRef<str>>(readings: &[(S, PlantedReading)]) -> Result<Table> {
    let rows: Vec<(String, [(&str, f64); 6])> = readings
        .iter()
        .flat_map(|(model, reading)| {
            // One space and all of it are the same.
            let spaces = if reading.spaces.len() == 2 { &reading.spaces[..1] } else { &reading.spaces[..] };
            spaces.iter().map(move |space| (format!("{}, {}", model.as_ref(), space.space), space.numbers()))
        })
        .collect();
    let Some((_, first)) = rows.first() else {
        return Err(Error::new("no model was read").at("planted_table").fix("give at least one reading"));
    };
    let names: Vec<&str> = rows.iter().map(|(name, _)| name.as_str()).collect();
    let mut table = Table::new("Every model, every space").text("model, space", &names);
    for (place, (name, _)) in first.iter().enumerate() {
        table = table.number(name, &rows.iter().map(|(_, numbers)| numbers[place].1).collect::<Vec<f64>>(), 2);
    }
    table.caption("Accuracies of 15 neighbours; from complexes on areas under ROC curves (chance .5).").figure()
}

impl Show for PlantedReading {
    fn bundle(&self) -> Bundle {
        figure_or_reason(planted_bars(self))
    }
}

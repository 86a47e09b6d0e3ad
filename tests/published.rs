//! The published curves, typed in from the paper's figures, against the points read from the same figures.

use perturbook::evaluate::published::mcvae_corum;
use perturbook::io::delimited::Delimited;

mod common;

#[test]
fn the_curves_are_those_of_the_figure() -> perturbook::Result<()> {
    let Some(path) = common::shared_file("data/funk2022_mcvae/corum_1_points.csv") else { return Ok(()) };
    let table = Delimited::read(&path)?;
    let column = |name: &str| table.column(name);
    let (model, percentile) = (column("model")?, column("percentile")?);
    let (recall, precision) = (column("recall")?, column("precision")?);
    let mut compared = 0;
    for record in table.records() {
        let name = record.fields[model].trim_end_matches(" (batch corrected)");
        let Some(curve) = mcvae_corum().iter().find(|curve| curve.model == name) else { continue };
        let number = |column: usize| record.fields[column].parse::<f64>().unwrap_or(f64::NAN);
        let (r, p) = curve.at(number(percentile) as usize).unwrap_or((f64::NAN, f64::NAN));
        assert!((r - number(recall)).abs() < 6e-5 && (p - number(precision)).abs() < 6e-5, "{:?}", record.fields);
        compared += 1;
    }
    assert_eq!(compared, 80, "four models at twenty percentiles");
    Ok(())
}

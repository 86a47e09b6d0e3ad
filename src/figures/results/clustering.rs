//! Clusters against known classes: scores over the number of clusters, scores of several maps, silhouettes.

use super::figure_or_reason;
use crate::display::{Bundle, Show};
use crate::evaluate::clustering::{
    ClusterRun, ClusterRuns, ClusterScores, ClusterSweep, Contingency, KMeans, Silhouette, Spread,
};
use crate::figures::{Axis, Bars, Curves, Figure, Table};
use crate::reduce::Metric;
use crate::{Error, Result};

/// One of the scores.
type Score = fn(&ClusterScores) -> f64;

/// The scores that GRAPE reports.
const SCORES: [(&str, Score); 3] = [("purity", |s| s.purity), ("NMI", |s| s.nmi), ("ARI", |s| s.ari)];

/// Groups beyond which silhouettes are drawn without those in the middle of the order.
const MOST: usize = 40;

/// Purity, NMI and ARI over the number of clusters, a panel for each and a line for each map; bands are one standard
/// deviation over the starts (GRAPE, Figure 4).
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::clustering::{ClusterConfig, cluster_sweep};
/// use perturbook::figures::cluster_curves;
///
/// let x = array![[0.0], [0.1], [9.0], [9.1]];
/// let sweep = cluster_sweep(&x, &[0, 0, 1, 1], &[1, 2, 3], &ClusterConfig::default())?;
/// let figure = cluster_curves(&[("map", &sweep)])?;
/// assert!(figure.summary().contains("Purity of clusters"));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is no sweep.
pub fn cluster_curves(sweeps: &[(&str, &ClusterSweep)]) -> Result<Figure> {
    let Some((_, first)) = sweeps.first() else {
        return Err(Error::new("no sweep to draw").at("cluster_curves").fix("give at least one"));
    };
    let mut panels = Vec::with_capacity(SCORES.len());
    for (name, score) in SCORES {
        let title = format!("{}{} of clusters", name[..1].to_uppercase(), &name[1..]);
        let mut curves = Curves::new(&title, Axis::new("number of clusters k"), Axis::new(name));
        for (map, sweep) in sweeps {
            let at = |of: &dyn Fn(&ClusterRun) -> f64| -> Vec<Spread> {
                sweep.entries.iter().map(|runs| runs.spread(of)).collect()
            };
            let k: Vec<f64> = sweep.entries.iter().map(|runs| runs.k as f64).collect();
            let spread = at(&|run| score(&run.scores));
            let mean: Vec<f64> = spread.iter().map(|s| s.mean).collect();
            curves = curves.points(map, &k, &mean);
            if spread.iter().all(|s| s.sd.is_finite()) {
                let side = |sign: f64| spread.iter().map(|s| s.mean + sign * s.sd).collect::<Vec<f64>>();
                curves = curves.band(map, &k, &side(-1.0), &side(1.0));
            }
            if sweeps.len() == 1 {
                let chance: Vec<f64> = at(&|run| score(&run.chance)).iter().map(|s| s.mean).collect();
                curves = curves.line("classes shuffled", &k, &chance);
            }
        }
        panels.push(curves.mark("number of classes", first.classes as f64).figure()?);
    }
    let runs = first.entries.first();
    let (points, starts) = runs.map_or((0, 0), |runs| (runs.points, runs.runs.len()));
    let caption = format!(
        "{points} perturbations of {} classes; k-means from {starts} starts for each k, mean and one standard deviation. \
         The kind of Figure 4 of the GRAPE paper.",
        first.classes
    );
    Ok(Figure::grid(panels, 2)?.caption(&caption))
}

/// Purity, NMI and ARI of several maps, mean and standard deviation over the starts (GRAPE, Table 1).
///
/// # Errors
/// Never: all columns have one entry for each map.
pub fn cluster_table(maps: &[(&str, &ClusterRuns)]) -> Result<Table> {
    let names: Vec<&str> = maps.iter().map(|(name, _)| *name).collect();
    let mut table = Table::new("Clusters against known classes").text("map", &names);
    for (name, score) in SCORES {
        let spreads: Vec<Spread> = maps.iter().map(|(_, runs)| runs.spread(|run| score(&run.scores))).collect();
        let chance: Vec<f64> = maps.iter().map(|(_, runs)| runs.spread(|run| score(&run.chance)).mean).collect();
        table = table
            .number(name, &spreads.iter().map(|s| s.mean).collect::<Vec<_>>(), 3)
            .number(&format!("{name}, sd"), &spreads.iter().map(|s| s.sd).collect::<Vec<_>>(), 3)
            .number(&format!("{name}, classes shuffled"), &chance, 3);
    }
    table.caption("Mean and standard deviation over the starts of k-means, as in Table 1 of the GRAPE paper.").figure()
}

impl Show for ClusterSweep {
    fn bundle(&self) -> Bundle {
        figure_or_reason(cluster_curves(&[("map", self)]))
    }
}

fn bars_of_runs(runs: &ClusterRuns) -> Result<Figure> {
    let title = format!("{} clusters against {} classes", runs.k, runs.classes);
    let mut bars =
        Bars::new(&title, "score", Axis::new("mean over starts")).categories(&SCORES.map(|(name, _)| name.to_owned()));
    for (name, chance) in [("map", false), ("classes shuffled", true)] {
        let of = |run: &ClusterRun| if chance { run.chance } else { run.scores };
        let spreads = SCORES.map(|(_, score)| runs.spread(|run| score(&of(run))));
        bars = bars.series(name, &spreads.map(|s| s.mean));
        if spreads.iter().all(|s| s.sd.is_finite()) {
            bars = bars.errors(&spreads.map(|s| s.mean - s.sd), &spreads.map(|s| s.mean + s.sd));
        }
    }
    Ok(bars.figure()?.caption(&format!(
        "{} perturbations, k-means from {} starts; bars to one standard deviation. The scores of Table 1 of the GRAPE paper.",
        runs.points,
        runs.runs.len()
    )))
}

impl Show for ClusterRuns {
    fn bundle(&self) -> Bundle {
        figure_or_reason(bars_of_runs(self))
    }
}

impl Show for ClusterScores {
    fn bundle(&self) -> Bundle {
        let row = [("purity", self.purity), ("NMI", self.nmi), ("ARI", self.ari)];
        let table = row.iter().fold(Table::new("Clusters against classes"), |t, (name, v)| t.number(name, &[*v], 4));
        table.number("mutual information (nats)", &[self.mutual_information], 4).bundle()
    }
}

impl Show for Contingency {
    fn bundle(&self) -> Bundle {
        self.scores().bundle()
    }
}

impl Show for KMeans {
    fn bundle(&self) -> Bundle {
        let sizes = self.sizes();
        let names: Vec<String> = (0..sizes.len()).map(|cluster| cluster.to_string()).collect();
        let caption = format!(
            "inertia {:.6}, {} iterations{}",
            self.inertia,
            self.iterations,
            if self.converged { "" } else { ", not converged" }
        );
        let title = format!("{} points in {} clusters", self.labels.len(), sizes.len());
        Table::new(&title).text("cluster", &names).count("points", &sizes).caption(&caption).bundle()
    }
}

/// Mean silhouette of each group, largest first; of many groups the ends of the order.
fn bars_of_silhouettes(silhouette: &Silhouette) -> Result<Figure> {
    let mut groups: Vec<_> = silhouette.groups.iter().collect();
    groups.sort_by(|a, b| b.mean.total_cmp(&a.mean));
    let left_out = groups.len().saturating_sub(MOST);
    groups.drain(MOST.min(groups.len()) / 2..MOST.min(groups.len()) / 2 + left_out);
    let names: Vec<String> = groups.iter().map(|group| format!("{} ({})", group.name, group.n)).collect();
    let means: Vec<f64> = groups.iter().map(|group| group.mean).collect();
    let distance = match silhouette.metric {
        Metric::Euclidean => "Euclidean distance",
        Metric::Cosine => "cosine distance",
    };
    let figure = Bars::new("Silhouettes", "group (size)", Axis::new("mean silhouette"))
        .categories(&names)
        .series("group", &means)
        .horizontal()
        .reference("mean of all", silhouette.mean)
        .figure()?;
    let omitted = if left_out > 0 { format!("; {left_out} groups in the middle are left out") } else { String::new() };
    Ok(figure.caption(&format!(
        "{distance}, {} points: {:.4} on average{omitted}. 1: far from the next group; 0: between two; below: nearer to \
         another.",
        silhouette.samples.len(),
        silhouette.mean
    )))
}

impl Show for Silhouette {
    fn bundle(&self) -> Bundle {
        figure_or_reason(bars_of_silhouettes(self))
    }
}

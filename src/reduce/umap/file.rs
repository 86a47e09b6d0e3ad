//! A map in a file: what places new points on it tomorrow, or elsewhere.
//!
//! A `.safetensors` file with the arrays `points` (`n x d`), `map` (`n x components`), the graph by rows (`starts`,
//! `columns`, `weights`, `rho`, `sigma`), and the settings as JSON under the key `umap`.

use std::collections::HashMap;
use std::path::Path;

use ndarray::{Array1, Array2, ArrayD, Dimension};
use serde::{Deserialize, Serialize};

use super::{FuzzyGraph, Start, Umap, UmapConfig, UmapModel};
use crate::io::numbers::Number;
use crate::io::safetensors::{SafeTensors, write_with};
use crate::reduce::Found;
use crate::reduce::points::require_finite;
use crate::{Error, Result};

/// Key of the settings.
const KEY: &str = "umap";

/// What is not an array.
#[derive(Serialize, Deserialize)]
struct About {
    config: UmapConfig,
    epochs: usize,
    start: Start,
    found: Found,
}

impl UmapModel {
    /// Writes the map, the points it was made of and its settings; the path never holds half a file.
    ///
    /// ```
    /// # let folder = std::env::temp_dir().join(format!("perturbook-umap-{}", std::process::id()));
    /// # let path = folder.join("map.safetensors");
    /// use ndarray::Array2;
    /// use perturbook::reduce::{UmapConfig, UmapFit, UmapModel};
    ///
    /// let points = Array2::from_shape_fn((40, 3), |(i, k)| ((i * (k + 3)) as f64).sin());
    /// let model = UmapFit::new(&points, &UmapConfig::default()).fit()?;
    /// model.save(&path)?;
    /// assert_eq!(UmapModel::load(&path)?.transform(&points)?, model.transform(&points)?);
    /// # std::fs::remove_dir_all(folder).ok();
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let Umap { map, graph, epochs, start, found } = self.umap();
        let about = About { config: self.config().clone(), epochs: *epochs, start: *start, found: *found };
        let about = serde_json::to_string(&about)
            .map_err(|e| Error::new(format!("the settings cannot be written: {e}")).caused_by(e))?;
        let starts: Array1<u64> = graph.starts.iter().map(|&start| start as u64).collect();
        let list = |values: &[f64]| Array1::from_vec(values.to_vec());
        let arrays = [
            ("points", (&self.points()).into()),
            ("map", map.into()),
            ("starts", (&starts).into()),
            ("columns", (&Array1::from_vec(graph.columns.clone())).into()),
            ("weights", (&list(&graph.weights)).into()),
            ("rho", (&list(&graph.rho)).into()),
            ("sigma", (&list(&graph.sigma)).into()),
        ];
        write_with(path, &arrays, Some(HashMap::from([(KEY.to_owned(), about)])))
    }

    /// Reads what [`UmapModel::save`] wrote.
    ///
    /// # Errors
    /// When the file is missing, damaged, or holds something else.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let wrong = |what: &str| {
            Error::new(format!("no map is in the file: {what}"))
                .at(path.display().to_string())
                .fix("give a file that UmapModel::save wrote")
        };
        let file = SafeTensors::open(path)?;
        let text = file.metadata().remove(KEY).ok_or_else(|| wrong("it has no settings of one"))?;
        let about: About = serde_json::from_str(&text).map_err(|e| wrong(&e.to_string()).caused_by(e))?;
        about.config.check()?;
        let points: Array2<f64> = shaped(file.read("points")?).ok_or_else(|| wrong("its points are no matrix"))?;
        let map: Array2<f32> = shaped(file.read("map")?).ok_or_else(|| wrong("its map is no matrix"))?;
        let starts = file.read::<u64>("starts")?.iter().map(|&start| start as usize).collect();
        let graph = FuzzyGraph {
            starts,
            columns: file.read::<u32>("columns")?.into_iter().collect(),
            weights: file.read::<f64>("weights")?.into_iter().collect(),
            rho: file.read::<f64>("rho")?.into_iter().collect(),
            sigma: file.read::<f64>("sigma")?.into_iter().collect(),
        };
        let n = points.nrows();
        let shapes = map.dim() == (n, about.config.components) && n >= about.config.neighbours;
        if !shapes || !map.iter().all(|v| v.is_finite()) || !whole(&graph, n) {
            return Err(wrong("its arrays do not belong together"));
        }
        require_finite(&points)?;
        let umap = Umap { map, graph, epochs: about.epochs, start: about.start, found: about.found };
        Ok(Self { umap, points, config: about.config })
    }
}

fn shaped<T: Number, D: Dimension>(array: ArrayD<T>) -> Option<ndarray::Array<T, D>> {
    array.into_dimensionality().ok()
}

/// Whether the arrays of a graph are those of `n` points.
fn whole(graph: &FuzzyGraph, n: usize) -> bool {
    graph.starts.len() == n + 1
        && graph.starts[0] == 0
        && graph.starts.windows(2).all(|ends| ends[0] <= ends[1])
        && graph.starts[n] == graph.columns.len()
        && graph.columns.len() == graph.weights.len()
        && graph.columns.iter().all(|&j| (j as usize) < n)
        && [graph.rho.len(), graph.sigma.len()] == [n, n]
}

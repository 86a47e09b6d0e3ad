//! What a model consists of: its parameter tensors with their shapes, and how many numbers each layer learns.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::backend::Backend;
use burn::tensor::{Bool, DType, Int, Tensor};

use super::column::{Cell, Column};
use super::memory::{memory, shape};
use super::{Bundle, Grid, Show};
use crate::io::parquet::count;

/// Rows up to which parameters are listed one by one; of larger models deeper ones are summed.
const ROWS: usize = 80;

/// The parameters of a model, in the order in which it declares them.
///
/// ```
/// use burn::nn::{Linear, LinearConfig};
/// use perturbook::display::{ModelSummary, Show};
/// use perturbook::tensor::{Backend, cpu};
///
/// let layer: Linear<Backend> = LinearConfig::new(3, 2).init(&cpu());
/// let summary = ModelSummary::of(&layer);
/// assert_eq!(summary.parameters(), 3 * 2 + 2);
/// assert!(summary.bundle().get("text/plain").unwrap().as_str().unwrap().contains("weight     3 x 2"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct ModelSummary {
    parts: Vec<Part>,
    path: Vec<String>,
    kinds: Vec<(Vec<String>, String)>,
}

/// One parameter tensor.
#[derive(Clone, Debug)]
struct Part {
    path: Vec<String>,
    sides: Vec<usize>,
    dtype: DType,
    trainable: bool,
}

impl Part {
    fn count(&self) -> usize {
        self.sides.iter().product()
    }

    fn bytes(&self) -> usize {
        self.count() * self.dtype.size()
    }
}

impl ModelSummary {
    /// Of any burn module. Parameters that wait for their first use are initialised by this.
    pub fn of<B: Backend>(module: &impl Module<B>) -> Self {
        let mut summary = Self::default();
        module.visit(&mut summary);
        summary
    }

    /// Number of parameters, trainable and not.
    pub fn parameters(&self) -> usize {
        self.parts.iter().map(Part::count).sum()
    }

    /// Number of parameters that gradients are recorded for; 0 on a device without autodiff.
    pub fn trainable(&self) -> usize {
        self.parts.iter().filter(|part| part.trainable).map(Part::count).sum()
    }

    fn add(&mut self, sides: &[usize], dtype: DType, trainable: bool) {
        self.parts.push(Part { path: self.path.clone(), sides: sides.to_vec(), dtype, trainable });
    }

    /// `encoder (Conv2d)`, as far as the kind is known.
    fn layer(&self, path: &[String]) -> String {
        let kind = self.kinds.iter().find(|(known, _)| known == path);
        kind.map_or_else(|| path.join("."), |(_, kind)| format!("{} ({kind})", path.join(".")))
    }

    /// Parts that share their path down to this depth.
    fn groups(&self, depth: usize) -> Vec<&[Part]> {
        let start = |part: &Part| part.path[..part.path.len().min(depth)].to_vec();
        self.parts.chunk_by(|a, b| start(a) == start(b)).collect()
    }

    fn rows(&self) -> Vec<[Cell; 5]> {
        let deepest = self.parts.iter().map(|part| part.path.len()).max().unwrap_or(0);
        let depth = (1..=deepest).rev().find(|&depth| self.groups(depth).len() <= ROWS).unwrap_or(1);
        let mut rows = Vec::new();
        for layer in self.groups(1) {
            let single = layer.len() == 1 && layer[0].path.len() == 1;
            if !single {
                rows.push(sum(&self.layer(&layer[0].path[..1]), layer).map(|cell| Cell::strong(cell.text)));
            }
            if depth == 1 && !single {
                continue;
            }
            for group in layer.chunk_by(|a, b| a.path.iter().take(depth).eq(b.path.iter().take(depth))) {
                let path = &group[0].path[..group[0].path.len().min(depth)];
                let name = if group.len() > 1 { self.layer(path) } else { group[0].path.join(".") };
                rows.push(sum(&name, group));
            }
        }
        rows
    }
}

/// Name, shape or number of tensors, number of parameters, type, whether trainable.
fn sum(name: &str, parts: &[Part]) -> [Cell; 5] {
    let numbers: usize = parts.iter().map(Part::count).sum();
    let sides = match parts {
        [one] => shape(&one.sides),
        many => count(many.len(), "tensor"),
    };
    let all_or =
        |texts: Vec<String>| if texts.windows(2).all(|w| w[0] == w[1]) { texts[0].clone() } else { "mixed".to_owned() };
    let dtype = all_or(parts.iter().map(|part| format!("{:?}", part.dtype).to_lowercase()).collect());
    let trainable = match parts.iter().filter(|part| part.trainable).count() {
        0 => "no",
        n if n == parts.len() => "yes",
        _ => "in part",
    };
    [Cell::cut(name, 80), sides.into(), grouped(numbers).into(), dtype.into(), trainable.into()]
}

/// `1,234,567`.
fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let groups: Vec<&str> =
        (0..digits.len()).rev().step_by(3).map(|end| &digits[(end + 1).saturating_sub(3)..=end]).collect();
    groups.into_iter().rev().collect::<Vec<_>>().join(",")
}

impl<B: Backend> ModuleVisitor<B> for ModelSummary {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<B, D>>) {
        let value = param.val();
        self.add(&value.dims(), value.dtype(), value.is_require_grad());
    }

    fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<B, D, Int>>) {
        let value = param.val();
        self.add(&value.dims(), value.dtype(), false);
    }

    fn visit_bool<const D: usize>(&mut self, param: &Param<Tensor<B, D, Bool>>) {
        let value = param.val();
        self.add(&value.dims(), value.dtype(), false);
    }

    /// `within` names the type that has the field, `Struct:Linear`.
    fn enter_module(&mut self, name: &str, within: &str) {
        if !self.path.is_empty() && self.kinds.iter().all(|(known, _)| *known != self.path) {
            let kind = within.rsplit(':').next().unwrap_or(within);
            self.kinds.push((self.path.clone(), kind.to_owned()));
        }
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
}

impl Show for ModelSummary {
    fn bundle(&self) -> Bundle {
        let bytes: usize = self.parts.iter().map(Part::bytes).sum();
        let totals = format!(
            "{} parameters in {}, {} of them trainable, {}",
            grouped(self.parameters()),
            count(self.parts.len(), "tensor"),
            grouped(self.trainable()),
            memory(bytes)
        );
        let rows = self.rows();
        let cells = |at: usize| rows.iter().map(move |row| row[at].clone());
        Grid::new()
            .one_line()
            .column(Column::new("parameter", cells(0)).labels())
            .column(Column::new("shape", cells(1)).right())
            .column(Column::new("parameters", cells(2)).right())
            .column(Column::new("type", cells(3)))
            .column(Column::new("trainable", cells(4)))
            .note(totals)
            .bundle()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_counts_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}

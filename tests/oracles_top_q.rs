//! The soft choice of cells, the means they leave, the loss of each arm and its gradients, in `f64`, against reference
//! values.

mod common;
#[path = "common/doubles.rs"]
mod doubles;

use common::{Case, cases};
use doubles::{doubles, gradient, leaf, number, values};
use ndarray::Array3;
use perturbook::methods::proximity::{WellOf, arm_cosines_of, nested_means, well_means, well_means_by_count};
use perturbook::nn::SoftChoice;
use perturbook::tensor::{Tensor, cpu};

#[test]
fn every_case_of_the_family_agrees() {
    for case in cases("metrics/10_soft_top_q") {
        if case.has_input("well_experiment") {
            soft_top_q(&case);
        } else {
            panic!("case {} is of no known kind: inputs {:?}", case.name, case.input_names());
        }
        case.finish();
    }
}

struct Wells {
    corrected: Array3<f64>,
    of: Vec<WellOf>,
    arm: Vec<usize>,
}

impl Wells {
    fn read(case: &Case) -> Self {
        let [gene, experiment, plate] = ["well_gene", "well_experiment", "well_plate"].map(|name| case.indices(name));
        let of = (0..gene.len())
            .map(|well| WellOf { gene: gene[well], experiment: experiment[well], plate: plate[well] })
            .collect();
        let corrected = case.array("x_hat").into_dimensionality().expect("wells x cells x d");
        Self { corrected, of, arm: case.indices("gene_arm") }
    }

    /// Means of wells and genes, and the mean cosine of each arm.
    fn means(&self, choice: &SoftChoice, by_count: bool) -> (Tensor<2>, Tensor<2>, Tensor<1>) {
        let cells = doubles::<3, _>(&self.corrected, &choice.keep.device());
        let keep = choice.keep.clone();
        let wells = if by_count { well_means_by_count(cells, keep) } else { well_means(cells, keep) };
        let genes = nested_means(wells.clone(), &self.of, self.arm.len());
        let arms = self.arm.iter().max().map_or(0, |&arm| arm + 1);
        (wells, genes.clone(), arm_cosines_of(genes, &self.arm, arms))
    }
}

fn soft_top_q(case: &Case) {
    let wells = Wells::read(case);
    let z: Array3<f64> = case.array("z").into_dimensionality().expect("wells x cells x slots");
    for temperature in case.param_numbers("temperatures") {
        let name = format!("T{temperature}");
        let choice = SoftChoice::new(doubles(&z, &cpu()), temperature);
        let (keep, chosen) = (values(choice.keep.clone()), values(choice.chosen.clone()));
        let count = |holds: &dyn Fn(f64) -> bool, of: &ndarray::ArrayD<f64>| of.iter().filter(|v| holds(**v)).count();
        case.check_scalar(&format!("{name}.n_cells_capped"), count(&|r| r >= 1.0, &chosen) as f64);
        case.check_scalar(&format!("{name}.n_cells_removed"), count(&|kept| kept < 0.01, &keep) as f64);
        case.check(&format!("{name}_keep"), keep);
        if case.has_output(&format!("{name}_r")) {
            case.check(&format!("{name}_r"), chosen);
        }
        for (variant, by_count) in [(name.clone(), false), (format!("{name}_plain_count"), true)] {
            let (well_mean, gene_mean, arms) = wells.means(&choice, by_count);
            for (what, mean) in [("well_mean", well_mean), ("gene_mean", gene_mean)] {
                let output = format!("{variant}_{what}");
                if case.has_output(&output) {
                    case.check(&output, values(mean));
                }
            }
            case.check_scalar_list(&format!("{variant}.loss_per_arm"), values(arms.clone()));
            case.check_scalar(&format!("{variant}.loss"), number(arms.mean()));
            let output = format!("{variant}_grad_z");
            if case.has_output(&output) {
                let scores = leaf::<3, _>(&z);
                let (.., arms) = wells.means(&SoftChoice::new(scores.clone(), temperature), by_count);
                case.check(&output, gradient(&scores, &arms.mean().backward()));
            }
        }
    }
    // Equal scores choose q/m of every cell.
    let equal = SoftChoice::new(doubles(&Array3::from_elem(z.dim(), 0.5), &cpu()), 10.0);
    let (_, cells, slots) = z.dim();
    let kept = 1.0 - slots as f64 / cells as f64;
    case.expect(
        values(equal.keep.clone()).iter().all(|k| (k - kept).abs() < 1e-12),
        "equal scores keep unequal shares",
    );
    case.check_scalar("constant_scores.loss", number(wells.means(&equal, false).2.mean()));
    case.check_scalar("constant_scores.loss", number(wells.means(&equal, true).2.mean()));
}

#[test]
fn no_gradient_flows_where_a_cell_is_chosen_wholly() {
    // Two slots on one of two cells, at a temperature at which nothing is left for the other.
    let scores = leaf::<3, _>(&ndarray::array![[[1.0, 1.0], [0.0, 0.0]]]);
    let choice = SoftChoice::new(scores.clone(), 1e4);
    assert_eq!(values(choice.keep.clone()).into_raw_vec_and_offset().0, [0.0, 1.0]);
    let gradients = choice.keep.sum().backward();
    assert!(gradient(&scores, &gradients).iter().all(|&slope| slope == 0.0));
}

//! The proximity-bias filter's network, choice of cells, objective and sense check against reference values.

use crate::nets::{NetCase, net_cases};
use crate::{chosen, recording};
use burn::module::Module;
use ndarray::{Array1, Array2};
use perturbook::methods::proximity::{
    RowPrior, Scorer, Shift, arm_cosines_of, arm_squares, common_part, group_means, remove_highest, well_means,
    well_means_by_count,
};
use perturbook::nn::{SoftChoice, State};
use perturbook::tensor::Tensor;
use perturbook::train::{Adam, AdamConfig, NamedGradients};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(1)
}

fn labels(case: &NetCase, name: &str) -> Vec<usize> {
    case.input(name).iter().map(|&label| label as usize).collect()
}

fn groups(labels: &[usize]) -> usize {
    labels.iter().max().map_or(0, |&label| label + 1)
}

/// The filter's objective on the cells of a case.
struct Wells<'a> {
    case: &'a NetCase,
    corrected: Tensor<3>,
    gene_of_well: Vec<usize>,
    arm_of_gene: Vec<usize>,
}

impl Wells<'_> {
    fn genes(&self, wells: Tensor<2>) -> Tensor<2> {
        group_means(wells, &self.gene_of_well, self.arm_of_gene.len())
    }

    /// Wells to plates to genes.
    fn nested(&self, wells: Tensor<2>) -> Tensor<2> {
        let (unit, gene) = (labels(self.case, "plate_gene_unit_of_well"), labels(self.case, "gene_of_unit"));
        group_means(group_means(wells, &unit, gene.len()), &gene, self.arm_of_gene.len())
    }

    fn cosines(&self, genes: Tensor<2>) -> Tensor<1> {
        arm_cosines_of(genes, &self.arm_of_gene, groups(&self.arm_of_gene))
    }

    fn loss(&self, scores: Tensor<3>) -> Tensor<1> {
        let choice = SoftChoice::new(scores, self.case.config_number("/T"));
        self.cosines(self.genes(well_means(self.corrected.clone(), choice.keep))).mean()
    }
}

#[test]
fn the_filter_agrees() {
    for case in net_cases("pb_filter_") {
        let device = recording();
        let size = |path: &str| case.config_number(path) as usize;
        let hidden = [size("/hidden/0"), size("/hidden/1")];
        let scorer = Scorer::new(size("/dim"), hidden, size("/slots"), &mut rng(), &device);
        let scorer = case.state().part("scorer.").load_into(scorer).expect("the weights fit");
        let cells = case.tensor::<3>("X", &device);
        for (name, layer) in ["hidden1", "hidden2", "logits"].iter().zip(scorer.layers(cells.clone())) {
            case.check_tensor(&format!("act.{name}"), layer);
        }
        let wells = Wells {
            case: &case,
            corrected: case.tensor("X_corrected", &device),
            gene_of_well: labels(&case, "gene_of_well"),
            arm_of_gene: labels(&case, "arm_of_gene"),
        };
        let scores = scorer.forward(cells);
        case.check_tensor("Z", scores.clone());
        let choice = SoftChoice::new(scores.clone(), case.config_number("/T"));
        case.check_tensor("A", choice.spread.clone());
        case.check_tensor("slot_sum", choice.chosen.clone());
        case.check_tensor("keep", choice.keep.clone());
        case.check_tensor("keep_total", choice.keep.clone().sum_dim(1).squeeze_dim::<1>(1));
        case.check_tensor("slot_overlap_penalty", choice.overlap());

        let well_mean = well_means(wells.corrected.clone(), choice.keep.clone());
        let plain = well_means_by_count(wells.corrected.clone(), choice.keep.clone());
        case.check_tensor("well_mean", well_mean.clone());
        case.check_tensor("well_mean_plain_count", plain.clone());
        let genes = wells.genes(well_mean.clone());
        case.check_tensor("gene_mean", genes.clone());
        case.check_tensor("gene_mean_plate_nested", wells.nested(well_mean.clone()));
        case.check_tensor("per_arm_mean_cosine", wells.cosines(genes.clone()));
        let arms = groups(&wells.arm_of_gene);
        case.check_tensor("loss_with_diagonal", arm_squares(genes, &wells.arm_of_gene, arms).mean());
        case.check_tensor("loss_plain_count", wells.cosines(wells.genes(plain)).mean());
        let all = well_means(wells.corrected.clone(), choice.keep.ones_like());
        case.check_tensor("loss_unfiltered", wells.cosines(wells.genes(all)).mean());

        let nested = wells.cosines(wells.nested(well_mean)).mean();
        case.check_tensor("loss_plate_nested", nested.clone());
        let of_scorer = |state: State| state.renamed(|name| Some(format!("scorer.{name}")));
        let gradients = nested.backward();
        case.check_state("grad_plate_nested", &of_scorer(State::gradients_of(&scorer, &gradients)));

        let loss = wells.loss(scorer.forward(case.tensor("X", &device)));
        case.check_tensor("loss", loss.clone());
        let gradients = loss.backward();
        case.check_gradients("grad", &of_scorer(State::gradients_of(&scorer, &gradients)));

        let leaf = Tensor::from_inner(scores.inner()).require_grad();
        let gradients = wells.loss(leaf.clone()).backward();
        case.check_tensor("grad_Z", leaf.grad(&gradients).expect("a gradient"));
        if let Some(counts) = case.json["true_size_parameter_counts"].as_object() {
            for (name, count) in counts {
                // Such as mlp_1664_256_64_3_layernorm.
                let sizes: Vec<usize> = name.split('_').filter_map(|part| part.parse().ok()).collect();
                let scorer = Scorer::new(sizes[0], [sizes[1], sizes[2]], sizes[3], &mut rng(), &chosen());
                case.expect(Some(scorer.num_params() as u64) == count.as_u64(), format!("{name}: another count"));
            }
        }
        case.finish();
    }
}

#[test]
fn the_hard_choice_agrees() {
    for case in net_cases("pb_hard_selection") {
        let scores: Array1<f64> = case
            .input("Z")
            .map_axis(ndarray::Axis(1), |row| row.iter().copied().fold(f64::MIN, f64::max))
            .into_dimensionality()
            .expect("one for each cell");
        case.check("score", &scores);
        let (well, cell) = (labels(&case, "well"), labels(&case, "cell_id"));
        let cell: Vec<u64> = cell.iter().map(|&cell| cell as u64).collect();
        let scores = scores.to_vec();
        for name in case.expected_names() {
            let Some(percent) = name.strip_prefix("removed_p") else { continue };
            let share = percent.parse::<f64>().expect("a percentage") / 100.0;
            let removed = remove_highest(&scores, &well, &cell, share).expect("chosen");
            case.check(&name, &removed.iter().map(|&gone| f64::from(u8::from(gone))).collect::<Array1<f64>>());
        }
        case.finish();
    }
}

#[test]
fn the_sense_check_agrees() {
    for case in net_cases("pb_figure6") {
        let device = recording();
        let epsilon = case.config_number("/epsilon");
        let means = case.tensor::<2>("M", &device);
        let [rows, dims] = means.dims();
        let start = || Shift::new(case.tensor("theta0", &device), case.config_number("/p_w"));
        let inverse = RowPrior::Centred { epsilon }.solve(Tensor::eye(rows, &chosen()));
        case.check_tensor("H_inverse", inverse);
        case.check("offdiagonal_start", &Array1::from(common_part(start().of(means.clone())).to_vec()));
        case.check_number("approx_log_density_appendix", approximate(&case, epsilon));
        for (name, prior) in [("H", RowPrior::Centred { epsilon }), ("I", RowPrior::Identity)] {
            let mut shift = start();
            let mut adam = Adam::new(AdamConfig { rate: case.config_number("/adam_lr"), ..AdamConfig::default() });
            let last = case.expected_names().iter().filter_map(|n| step_of(n)).max().unwrap_or(0);
            for step in 0..=last {
                let objective = prior.objective(shift.of(means.clone()));
                let after = format!("{name}_step{step}");
                if step == 0 {
                    let value = f64::from(objective.clone().into_scalar());
                    case.check_number(&format!("objective_{name}"), value);
                    case.check_number(&format!("log_density_{name}"), prior.log_density(value, rows, dims));
                } else if case.expected_names().contains(&format!("objective_{after}")) {
                    case.check_tensor(&format!("objective_{after}"), objective.clone());
                    let common = common_part(shift.of(means.clone()));
                    case.check(&format!("offdiagonal_{after}"), &Array1::from(common.to_vec()));
                    if case.expected_names().contains(&format!("theta_{after}")) {
                        case.check_tensor(&format!("theta_{after}"), shift.theta.val());
                    }
                }
                let gradients = objective.backward();
                if step == 0 {
                    let state = State::gradients_of(&shift, &gradients);
                    case.check(&format!("grad_{name}.theta"), state.get("theta").expect("a gradient"));
                }
                let gradients = NamedGradients::of(&shift, &gradients);
                shift = adam.step(shift, &gradients);
            }
        }
        case.finish();
    }
}

/// `-1/2 sum |mu_k|^2 - 1/(2 n eps) sum over k and l of mu_k mu_l`, the appendix's approximation.
fn approximate(case: &NetCase, epsilon: f64) -> f64 {
    let means: Array2<f64> = case.input("M").clone().into_dimensionality().expect("a matrix");
    let total = means.sum_axis(ndarray::Axis(0));
    -0.5 * means.mapv(|v| v * v).sum() - total.dot(&total) / (2.0 * means.nrows() as f64 * epsilon)
}

/// The step of a name such as `objective_H_step100`.
fn step_of(name: &str) -> Option<u64> {
    name.strip_prefix("objective_")?.split_once("_step")?.1.parse().ok()
}

#[test]
fn soft_choice_of_certain_scores_leaves_out_q_cells() {
    // Three slots that each are certain of another one of ten cells.
    let mut scores = vec![0.0f32; 10 * 3];
    for slot in 0..3 {
        scores[(2 * slot + 1) * 3 + slot] = 1.0;
    }
    let scores = Tensor::<1>::from_floats(scores.as_slice(), &chosen()).reshape([1, 10, 3]);
    let choice = SoftChoice::new(scores, 50.0);
    let keep = choice.keep.into_data().to_vec::<f32>().expect("numbers");
    assert_eq!(keep.iter().filter(|&&kept| kept < 1e-6).count(), 3);
    let total: f32 = keep.iter().sum();
    assert!((7.0 - 1e-4..=9.0).contains(&total), "{total}");
}

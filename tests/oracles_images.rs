//! Image preprocessing and augmentations against reference values.

mod common;
#[path = "common/nets.rs"]
mod nets;

use common::{shared_file, skipped};
use ndarray::{Array3, Array4, Axis, s};
use nets::{NetCase, net_cases};
use perturbook::preprocess::images::augment::{
    GlobalDraw, LocalCrop, LocalDraw, Orientation, Release, ViewSampler, Zoom, flip_left_right, flip_up_down,
    gamma_offset, global_view, local_crop, local_view, rotate90, set_views, zoom, zoom_side,
};
use perturbook::preprocess::images::{
    AsinhScale, ChannelMoments, ChannelStatistics, Resize, WellStatistics, antialias_blur, asinh_of_well_scaled,
    asinh_scaled_by, clip_percentiles, control_zscore, rescale_percentiles, resize, resize_nearest, zscore,
};

#[test]
fn resize_and_asinh_of_the_contrastive_vae_agree() {
    for case in net_cases("mcvae_preprocess") {
        let images = case.images("image_uint16_as_f32");
        let side = case.config_number("/size") as usize;
        let size = (side, side);
        let number = |name: &str| case.config_number(name);
        let numbers = AsinhScale { factor: number("/asinh_factor"), centre: number("/mean"), scale: number("/std") };
        let blurred = antialias_blur(images.view(), size).expect("blurred");
        case.check("blurred_aligned", &blurred.slice(s![.., ..1, .., ..]).to_owned());
        for (name, rule) in [
            ("output_gaussian_aligned", Resize::GaussianAligned),
            ("output_triangle_antialias", Resize::TriangleAntialias),
            ("output_plain_bilinear", Resize::HalfPixelBilinear),
        ] {
            let mut small = resize(images.view(), size, rule).expect("resized");
            if rule == Resize::default() {
                case.check("resized_gaussian_aligned", &small);
            }
            asinh_scaled_by(small.view_mut(), numbers);
            case.check(name, &small);
        }
        case.finish();
    }
}

#[test]
fn control_statistics_and_z_scores_agree() {
    for case in net_cases("dino_ntc_zscore") {
        let controls = case.images("ntc_crops");
        let statistics = ChannelStatistics::of(controls.view()).expect("statistics");
        for (name, values) in [
            ("mean", &statistics.mean),
            ("std", &statistics.std),
            ("median", &statistics.median),
            ("mads", &statistics.mads),
        ] {
            case.check(name, &ndarray::Array1::from(values.clone()));
        }
        let image = case.image("image").insert_axis(Axis(0));
        for factor in case.config("/factors").as_array().expect("factors").iter().map(|f| f.as_f64().expect("a number"))
        {
            let mut scaled = image.clone();
            control_zscore(scaled.view_mut(), &statistics.mean, &statistics.std, factor).expect("scaled");
            case.check(&format!("normalised_factor{factor}"), &scaled.index_axis_move(Axis(0), 0));
        }
        let mut scaled = image.clone();
        zscore(scaled.view_mut());
        case.check("zscore", &scaled.index_axis_move(Axis(0), 0));
        case.finish();
    }
}

#[test]
fn augmentations_of_given_draws_agree() {
    for case in net_cases("dino_augment") {
        let image = case.image("image");
        let (height, width) = (image.dim().1, image.dim().2);
        for (name, turned) in [
            ("flip_up_down_ch0", flip_up_down(image.view())),
            ("flip_left_right_ch0", flip_left_right(image.view())),
            ("rotate90_ch0", rotate90(image.view())),
        ] {
            case.check(name, &turned.slice(s![..1, .., ..]).to_owned());
        }
        let u = case.config_number("/zoom/u");
        case.expect(zoom_side(height, u) == case.config_number("/zoom/side") as usize, "the zoom has another side");
        let part = |release: &str| {
            let (side, offset) = (zoom_side(height, u), case.config(&format!("/zoom/offset_{release}")));
            let at = |i: usize| offset[i].as_u64().expect("an offset") as usize;
            Zoom { height: side, width: zoom_side(width, u), top: at(0), left: at(1) }
        };
        for release in ["fixed", "compat2024"] {
            let zoomed = zoom(image.view(), &part(release)).expect("a part of the image");
            case.check(&format!("zoom_{release}"), &zoomed);
            let (gamma, offset) = intensities(&case, release);
            let mut changed = image.clone();
            gamma_offset(changed.view_mut(), &gamma, &offset).expect("one for each channel");
            case.check(&format!("gamma_offset_{release}"), &changed);
        }
        let windows = windows(&case);
        for (i, window) in windows.iter().enumerate() {
            let view = local_crop(image.view(), window, (height / 2, width / 2)).expect("a window");
            case.check(&format!("local_crop_{i}"), &view);
        }
        views(&case, part, &windows);
        case.finish();
    }
}

fn intensities(case: &NetCase, release: &str) -> (Vec<f32>, Vec<f32>) {
    let stored = release.trim_end_matches("2024");
    let of = |what: &str| case.vector(&format!("{what}_{stored}")).to_vec();
    (of("gamma"), of("offset"))
}

fn windows(case: &NetCase) -> Vec<LocalCrop> {
    let list = case.config("/local_draws").as_array().expect("a list");
    let number = |draw: &serde_json::Value, key: &str| draw[key].as_f64().expect("a number");
    list.iter()
        .map(|draw| LocalCrop {
            row: number(draw, "cy") as usize,
            column: number(draw, "cx") as usize,
            height: number(draw, "sy"),
            width: number(draw, "sx"),
        })
        .collect()
}

/// Whole views of the second image, and their normalisations.
fn views(case: &NetCase, part: impl Fn(&str) -> Zoom, windows: &[LocalCrop]) {
    let flag = |name: &str| case.config(&format!("/flips/{name}")).as_bool().expect("true or false");
    let orientation = Orientation { up_down: flag("ud"), left_right: flag("lr"), rotate: flag("rot") };
    let image = case.image("image2");
    for (i, release) in ["fixed", "compat2024"].into_iter().enumerate() {
        let (gamma, offset) = intensities(case, release);
        let draw = GlobalDraw { orientation, zoom: part(release), gamma: gamma.clone(), offset: offset.clone() };
        case.check(&format!("global_view_{release}"), &global_view(image.view(), &draw).expect("a view"));
        let draw = LocalDraw { orientation, gamma, offset, window: windows[i] };
        let view = local_view(image.view(), &draw).expect("a view");
        case.check(&format!("local_view_{release}"), &view);
        if release == "fixed" {
            normalised(case, &view);
        }
    }
}

fn normalised(case: &NetCase, view: &Array3<f32>) {
    let batch = || view.clone().insert_axis(Axis(0));
    let mut scaled = batch();
    zscore(scaled.view_mut());
    case.check("local_view_fixed_zscore", &scaled.index_axis_move(Axis(0), 0));
    let of = |name: &str| case.input(name).iter().copied().collect::<Vec<f64>>();
    for factor in [1.0, 2.0] {
        let mut scaled = batch();
        control_zscore(scaled.view_mut(), &of("ntc_mean"), &of("ntc_std"), factor).expect("scaled");
        case.check(&format!("local_view_fixed_ntc_factor{factor}"), &scaled.index_axis_move(Axis(0), 0));
    }
}

#[test]
fn real_cells_survive_every_step_and_every_drawn_view() {
    let Some(folder) = shared_file("data/ops_cells/images") else { return };
    let mut cells = Vec::new();
    for entry in std::fs::read_dir(&folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|e| e == "npy") {
            cells.push(ndarray_npy::read_npy::<_, Array3<f32>>(&path).expect("a crop"));
        }
    }
    let Some(first) = cells.first() else { return skipped("the folder of cells holds no npy file") };
    let mut set = Array4::zeros((cells.len(), first.dim().0, first.dim().1, first.dim().2));
    cells.iter().enumerate().for_each(|(i, cell)| set.index_axis_mut(Axis(0), i).assign(cell));
    for release in [Release::Published2024, Release::Corrected2025] {
        let views = set_views(set.view(), &mut ViewSampler::new(4, 1, release), 4).expect("views");
        assert_eq!(views, set_views(set.view(), &mut ViewSampler::new(4, 1, release), 4).expect("views"));
        for mut view in std::iter::once(views.global).chain(views.locals) {
            assert!(view.iter().all(|v| (0.0..=1.0).contains(v)));
            zscore(view.view_mut());
            let mean = view.mean().expect("pixels");
            assert!(view.iter().all(|v| v.is_finite()) && mean.abs() < 1e-3, "mean {mean}");
        }
    }
}

#[test]
fn images_without_pixels_or_with_bad_ones_have_a_defined_answer() {
    let none = Array4::<f32>::zeros((0, 4, 8, 8));
    assert_eq!(resize(none.view(), (4, 4), Resize::default()).expect("no image").dim(), (0, 4, 4, 4));
    let views = set_views(none.view(), &mut ViewSampler::new(1, 0, Release::default()), 4).expect("no view");
    assert_eq!((views.global.dim(), views.locals[0].dim()), ((0, 4, 8, 8), (0, 4, 4, 4)));
    let flat = Array4::<f32>::zeros((1, 1, 0, 8));
    assert!(resize(flat.view(), (4, 4), Resize::default()).is_err());
    assert!(resize(Array4::zeros((1, 1, 4, 4)).view(), (4, usize::MAX), Resize::default()).is_err());
    assert!(resize_nearest(flat.index_axis(Axis(0), 0), (4, 4)).is_err());
    assert!(ChannelStatistics::of(none.view()).is_err());
    zscore(none.clone().view_mut());

    let mut spoilt = Array4::from_shape_fn((2, 2, 4, 4), |(i, c, y, x)| (i + 2 * c + y * x) as f32);
    spoilt[[1, 0, 2, 3]] = f32::NAN;
    let error = ChannelMoments::new(2).add(spoilt.view()).unwrap_err().to_string();
    assert!(error.contains("image 1, channel 0, row 2, column 3"), "{error}");
    let mut scaled = spoilt.clone();
    zscore(scaled.view_mut());
    assert!(scaled.slice(s![1, 0, .., ..]).iter().all(|v| v.is_nan()));
    assert!(scaled.slice(s![0, .., .., ..]).iter().chain(&scaled.slice(s![1, 1, .., ..])).all(|v| v.is_finite()));
    let mut clipped = spoilt.clone();
    clipped[[0, 0, 0, 0]] = f32::INFINITY;
    clip_percentiles(clipped.view_mut(), 5.0, 95.0).expect("clipped");
    assert!(clipped[[0, 0, 0, 0]].is_finite() && clipped[[1, 0, 2, 3]].is_nan());
    assert!(clip_percentiles(clipped.view_mut(), 50.0, 50.0).is_err());
    let mut constant = Array4::from_elem((1, 1, 4, 4), 3.0f32);
    rescale_percentiles(constant.view_mut(), 0.1, 99.9).expect("rescaled");
    assert!(constant.iter().all(|&v| v == 0.0));
}

#[test]
fn a_well_without_controls_and_numbers_that_do_not_fit_are_named() {
    let mut images = Array4::from_elem((2, 1, 2, 2), 1.0f32);
    let (plates, wells) = (["P", "P"], ["A1", "B7"]);
    let statistics = WellStatistics::of_controls(images.view(), &plates, &wells, &[true, false]).expect("one well");
    let error = statistics.zscore(images.view_mut(), &plates, &wells, 1.0).unwrap_err().to_string();
    assert!(error.contains("B7"), "{error}");
    assert_eq!(images, Array4::from_elem((2, 1, 2, 2), 1.0)); // nothing was changed
    assert!(WellStatistics::of_controls(images.view(), &plates, &wells, &[false, false]).is_err());
    assert!(WellStatistics::of_controls(images.view(), &plates[..1], &wells, &[true, true]).is_err());
    assert!(control_zscore(images.view_mut(), &[0.0, 0.0], &[1.0, 1.0], 1.0).is_err());
    assert!(control_zscore(images.view_mut(), &[0.0], &[1.0], 0.0).is_err());
    assert!(asinh_of_well_scaled(images.view_mut(), &[0.0], &[1.0]).is_err()); // one channel, not four
    let tiny = Array3::<f32>::zeros((1, 4, 4));
    assert!(ViewSampler::new(1, 0, Release::default()).local(1, 4, 4).is_err());
    assert!(zoom(tiny.view(), &Zoom { height: 4, width: 4, top: 1, left: 0 }).is_err());
    assert!(local_crop(tiny.view(), &LocalCrop { row: 90, column: 1, height: 0.5, width: 0.5 }, (2, 2)).is_err());
    assert!(gamma_offset(tiny.clone().view_mut(), &[0.0], &[0.0]).is_err());
}

#[test]
fn moments_of_blocks_are_those_of_all_crops() {
    let crops = Array4::from_shape_fn((6, 2, 5, 3), |(i, c, y, x)| 1e4 + ((i * 31 + c * 17 + y * 5 + x) % 13) as f32);
    let (mut all, mut first, mut second) = (ChannelMoments::new(2), ChannelMoments::new(2), ChannelMoments::new(2));
    all.add(crops.view()).expect("added");
    first.add(crops.slice(s![..2, .., .., ..])).expect("added");
    second.add(crops.slice(s![2.., .., .., ..])).expect("added");
    first.merge(&second).expect("merged");
    assert_eq!(all.pixels(), first.pixels());
    let apart = |a: Vec<f64>, b: Vec<f64>| a.iter().zip(&b).fold(0.0f64, |w, (a, b)| w.max((a - b).abs()));
    assert!(apart(all.mean(), first.mean()) < 1e-9 && apart(all.std(), first.std()) < 1e-9);
}

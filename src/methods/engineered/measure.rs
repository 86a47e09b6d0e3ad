//! All features of one crop, with their names.
//!
//! Names are CellProfiler's, `Object_Module_Feature_Channel`, with objects `Nuclei`, `Cells` and `Cytoplasm`. Textures end
//! in scale and grey levels, rings in their number of all; characters of a channel's name that are no letters, digits or
//! hyphens become dots.

use ndarray::{Array2, ArrayView3, Axis};

use super::correlation::channel_correlation;
use super::intensity::{INTENSITY_NAMES, intensity};
use super::radial::radial_distribution;
use super::shape::{SHAPE_NAMES, shape};
use super::texture::{TEXTURE_NAMES, haralick};
use super::{EngineeredSettings, Masks};

/// The names of the features of crops with these channels, in the order of [`measure`].
///
/// ```
/// use perturbook::methods::engineered::{EngineeredSettings, feature_names};
///
/// let names = feature_names(&["DNA".to_owned(), "F-actin".to_owned()], &EngineeredSettings::default());
/// assert_eq!(names[0], "Nuclei_AreaShape_Area");
/// assert!(names.contains(&"Cells_Texture_Contrast_F-actin_3_32".to_owned()));
/// assert!(names.contains(&"Nuclei_RadialDistribution_MeanFrac_DNA_1of4".to_owned()));
/// assert!(names.contains(&"Cells_Correlation_K_F-actin_DNA".to_owned()));
/// ```
pub fn feature_names(channels: &[String], settings: &EngineeredSettings) -> Vec<String> {
    let plain = |name: &String| -> String {
        name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '.' }).collect()
    };
    let channels: Vec<String> = channels.iter().map(plain).collect();
    let mut names = Vec::new();
    for object in ["Nuclei", "Cells"] {
        names.extend(SHAPE_NAMES.map(|name| format!("{object}_AreaShape_{name}")));
    }
    for channel in &channels {
        for object in ["Nuclei", "Cells", "Cytoplasm"] {
            names.extend(INTENSITY_NAMES.map(|name| format!("{object}_Intensity_{name}_{channel}")));
        }
        for object in ["Nuclei", "Cells"] {
            let (scale, levels, rings) = (settings.scale, settings.levels, settings.rings);
            names.extend(TEXTURE_NAMES.map(|name| format!("{object}_Texture_{name}_{channel}_{scale}_{levels}")));
            for ring in 1..=rings {
                names.extend(
                    ["FracAtD", "MeanFrac", "RadialCV"]
                        .map(|name| format!("{object}_RadialDistribution_{name}_{channel}_{ring}of{rings}")),
                );
            }
        }
    }
    for (i, a) in channels.iter().enumerate() {
        for b in &channels[i + 1..] {
            for object in ["Nuclei", "Cells"] {
                names.extend(
                    ["Correlation", "Slope", "Overlap", "K"].map(|name| format!("{object}_Correlation_{name}_{a}_{b}")),
                );
                names.push(format!("{object}_Correlation_K_{b}_{a}"));
            }
        }
    }
    names
}

/// The features of one crop, `channels x height x width`, in the order of [`feature_names`]. A feature that is not finite,
/// as of pixels that are not, becomes 0.
pub fn measure(crop: ArrayView3<'_, f32>, masks: &Masks, settings: &EngineeredSettings) -> Vec<f32> {
    let cytoplasm = masks.cytoplasm();
    let both: [&Array2<bool>; 2] = [&masks.nucleus, &masks.cell];
    let mut values: Vec<f64> = Vec::new();
    for object in both {
        values.extend(shape(object));
    }
    for channel in crop.axis_iter(Axis(0)) {
        for object in [&masks.nucleus, &masks.cell, &cytoplasm] {
            values.extend(intensity(channel, object));
        }
        for object in both {
            values.extend(haralick(channel, object, settings.scale, settings.levels));
            values.extend(radial_distribution(channel, object, settings.rings).into_iter().flatten());
        }
    }
    for a in 0..crop.dim().0 {
        for b in a + 1..crop.dim().0 {
            for object in both {
                values.extend(channel_correlation(crop.index_axis(Axis(0), a), crop.index_axis(Axis(0), b), object));
            }
        }
    }
    values.into_iter().map(|value| if value.is_finite() { value as f32 } else { 0.0 }).collect()
}

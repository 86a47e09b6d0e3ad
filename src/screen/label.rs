//! What the columns of a cell table say, and the names that the field gives them: the one list of such names.
//!
//! A column is recognised by its usual name; upper and lower case count as one, and so does the prefix `Metadata_` with
//! which CellProfiler's tables mark labels. The names are tried in the order in which they stand here.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Column names that stand for the perturbed gene, or whatever else perturbs; the first one present is used.
pub const GENE_COLUMNS: [&str; 15] = [
    "gene",
    "gene_symbol",
    "gene_symbol_0",
    "perturbation",
    "gene_name",
    "target_gene",
    "grna_target",
    "condition",
    "perturbation_name",
    "broad_sample",
    "JCP2022",
    "treatment",
    "compound",
    "target",
    "pert_iname",
];
/// Column names that stand for the guide; the first one present is used.
pub const GUIDE_COLUMNS: [&str; 11] = [
    "guide",
    "sgRNA",
    "sgRNA_0",
    "sgrna",
    "guide_id",
    "sgRNA_id",
    "gRNA",
    "gRNA_id",
    "guide_identity",
    "sgID_AB",
    "sgID",
];
/// Column names that stand for the well; the first one present is used.
pub const WELL_COLUMNS: [&str; 4] = ["well", "well_id", "well_position", "address"];
/// Column names that stand for the plate; the first one present is used.
pub const PLATE_COLUMNS: [&str; 4] = ["plate", "plate_id", "plate_barcode", "assay_plate_barcode"];
/// Column names that stand for the batch; the first one present is used. Without one a batch is a well of a plate.
pub const BATCH_COLUMNS: [&str; 9] =
    ["batch", "gem_group", "gemgroup", "replicate", "bio_rep", "experiment", "experiment_name", "lane", "donor"];
/// Labels of unperturbed cells, without regard to case, blanks, hyphens and underscores.
pub const CONTROL_LABELS: [&str; 12] = [
    "nontargeting",
    "nontarget",
    "ntc",
    "nt",
    "control",
    "ctrl",
    "negativecontrol",
    "negcon",
    "dmso",
    "unperturbed",
    "scramble",
    "scrambled",
];

const PREFIX: &str = "metadata_";

/// What a column of labels says of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// The perturbed gene, or the compound.
    Gene,
    /// The guide RNA.
    Guide,
    /// The well, by its position on the plate.
    Well,
    /// The plate.
    Plate,
    /// Cells that were handled together. Where no column says so: the wells of each plate.
    Batch,
}

impl Label {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Gene, Self::Guide, Self::Well, Self::Plate, Self::Batch];

    /// The usual names of its column, in the order in which they are looked for.
    pub fn usual_names(self) -> &'static [&'static str] {
        match self {
            Self::Gene => &GENE_COLUMNS,
            Self::Guide => &GUIDE_COLUMNS,
            Self::Well => &WELL_COLUMNS,
            Self::Plate => &PLATE_COLUMNS,
            Self::Batch => &BATCH_COLUMNS,
        }
    }

    /// The columns with a usual name, best first.
    ///
    /// ```
    /// use perturbook::screen::Label;
    ///
    /// assert_eq!(Label::Well.among(&["Metadata_Well", "x"]), ["Metadata_Well"]);
    /// assert_eq!(Label::Gene.among(&["target", "gene_symbol_0"]), ["gene_symbol_0", "target"]);
    /// ```
    pub fn among<S: AsRef<str>>(self, columns: &[S]) -> Vec<&str> {
        let plain = |name: &str| {
            let lower = name.to_ascii_lowercase();
            lower.strip_prefix(PREFIX).map(str::to_owned).unwrap_or(lower)
        };
        let mut found: Vec<&str> = Vec::new();
        for usual in self.usual_names() {
            let exact = columns.iter().map(AsRef::as_ref).filter(|name| name == usual);
            let alike = columns.iter().map(AsRef::as_ref).filter(|name| plain(name) == usual.to_ascii_lowercase());
            for name in exact.chain(alike) {
                if !found.contains(&name) {
                    found.push(name);
                }
            }
        }
        found
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gene => "gene",
            Self::Guide => "guide",
            Self::Well => "well",
            Self::Plate => "plate",
            Self::Batch => "batch",
        })
    }
}

/// Whether cells of this label are usually the unperturbed ones.
pub(crate) fn is_control(label: &str) -> bool {
    let plain: String = label.chars().filter(|c| !matches!(c, ' ' | '-' | '_')).flat_map(char::to_lowercase).collect();
    CONTROL_LABELS.contains(&plain.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_known_by_their_usual_names() {
        for name in ["nontargeting", "non-targeting", "Non Targeting", "NTC", "DMSO", "ctrl", "negative_control"] {
            assert!(is_control(name), "{name}");
        }
        for name in ["TP53", "CTRL1", "NTCP", ""] {
            assert!(!is_control(name), "{name}");
        }
    }
}

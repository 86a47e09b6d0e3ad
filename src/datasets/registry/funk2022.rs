//! The Funk 2022 screen itself: features and images of single cells.

use super::Dataset;

const SCREEN: &str = "Funk et al., The phenotypic landscape of essential human genes, Cell 2022, \
                      doi:10.1016/j.cell.2022.10.017";

pub(super) fn all() -> Vec<Dataset> {
    vec![features(), images()]
}

fn features() -> Dataset {
    Dataset {
        name: "funk2022_features".into(),
        title: "CellProfiler features of the Funk 2022 HeLa screen: tens of millions of cells, about 1,000 features, 5,072 \
                genes and 250 non-targeting guides on 8 six-well plates"
            .into(),
        citation: SCREEN.into(),
        licence: "CC0 1.0 (Harvard Dataverse default; see the record)".into(),
        reproduces: "recall of CORUM pairs by CellProfiler features, gene medians, mitotic index; cells of the proximity-bias \
                     filter"
            .into(),
        loader: "io::features::FeatureTable with drop_missing (folders interphase-reclassified_..., \
                 mitotic-reclassified_cp_phenotype_normalized.parquet)"
            .into(),
        obtain: "Harvard Dataverse, doi:10.7910/DVN/VYKTI5: the folders of parquet parts, one row a cell, and the tables of \
                 gene medians (.hdf)"
            .into(),
        whole: Some(100_000_000_000),
        ..Dataset::default()
    }
}

fn images() -> Dataset {
    Dataset {
        name: "funk2022_images".into(),
        title: "Images of the Funk 2022 HeLa screen: 46 wells, 1,281 sites each, 2,960 x 2,960 pixels, DNA, tubulin, DNA \
                damage, actin"
            .into(),
        citation: SCREEN.into(),
        licence: "CC0 1.0 (BioImage Archive default; see the study)".into(),
        reproduces: "Multi-ContrastiveVAE, GRAPE and Set-DINO from pixels; weeks of GPU time".into(),
        loader: "whole fields and a table of centres, cut into cells as they are read".into(),
        obtain: "BioImage Archive S-BIAD394, by Aspera only: ascp -P 33001, user bsaspera, host fasp-beta.ebi.ac.uk, folder \
                 /fire/S-BIAD/394/S-BIAD394/Files/; the list of files is paper/BioImage_Archive.csv.gz of \
                 lukebfunk/OpticalPooledScreens. Layout: screenA/<plate>/phenotype/images/input/DAPI-GFP-A594-AF750/"
            .into(),
        ..Dataset::default()
    }
}

//! Public datasets by name: found on this machine or downloaded, checked, and loaded.
//!
//! [`list`] shows what there is; [`gene_screen`] loads everything the first notebooks need in one call, and falls back
//! to a simulated screen, loudly, where the real one is out of reach. [`Places`] says where files are looked for.

mod checksum;
pub mod command;
mod download;
mod gene_screen;
mod get;
mod partial;
mod places;
mod registry;
mod screens;
mod source;
mod space;
mod used;

pub use checksum::sha256;
pub use download::download;
pub use gene_screen::GeneScreen;
pub use get::{FileState, get, verify};
pub use places::{Found, Places};
pub use registry::{Dataset, RemoteFile, list};
pub use source::{Source, Sourced};
pub use used::used;

use crate::evaluate::{GeneSets, Relations};
use crate::genome::Genome;
use crate::screen::{Embedding, Screen};
use crate::{Error, Result};

/// The dataset of this name.
///
/// ```
/// let relations = perturbook::datasets::info("relations")?;
/// assert!(relations.licence.contains("CC BY-NC 4.0"));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is none; the names there are stand in the message.
pub fn info(name: &str) -> Result<Dataset> {
    let all = list();
    let names: Vec<String> = all.iter().map(|dataset| dataset.name.clone()).collect();
    all.into_iter().find(|dataset| dataset.name == name).ok_or_else(|| {
        Error::new(format!("no dataset {name:?}")).at("the dataset registry").fix(format!("choose one of {names:?}"))
    })
}

/// Finds or downloads every role of a dataset, the first available file of each.
///
/// # Errors
/// As [`info`] and [`Places::find`].
pub fn fetch(name: &str) -> Result<Vec<Found>> {
    let (places, dataset) = (Places::from_env()?, info(name)?);
    dataset.roles().into_iter().map(|role| places.find(&dataset, role)).collect()
}

/// The published Multi-ContrastiveVAE embedding of the Funk 2022 screen: 3,090 rows (3,089 genes and `nontargeting`)
/// of 64 dimensions with the blocks `salient` (0..32) and `background` (32..64); its table holds the gene symbol, the
/// mitotic index and the magnitudes of both blocks.
///
/// # Errors
/// As [`Places::find`], or when the file is damaged.
pub fn funk2022_mcvae() -> Result<Sourced<Embedding>> {
    Places::from_env()?.funk2022_mcvae()
}

/// The CORUM complexes (human).
///
/// # Errors
/// As [`Places::find`], or when the file is damaged.
pub fn complexes() -> Result<Sourced<GeneSets>> {
    Places::from_env()?.complexes()
}

/// The functions of the genes of the Funk 2022 screen that Multi-ContrastiveVAE classifies, one for each gene.
///
/// # Errors
/// As [`Places::find`], or when the file is damaged.
pub fn functions() -> Result<Sourced<GeneSets>> {
    Places::from_env()?.functions()
}

/// Known gene-gene relations of one source: `"corum"`, `"humap"`, `"reactome"` or `"signor"`.
///
/// # Errors
/// As [`Places::find`], or when the file is damaged.
pub fn relations(source: &str) -> Result<Sourced<Relations>> {
    Places::from_env()?.relations(source)
}

/// Gene positions and chromosome arms of hg38.
///
/// # Errors
/// As [`Places::find`], or when a file is damaged.
pub fn genome() -> Result<Sourced<Genome>> {
    Places::from_env()?.genome()
}

/// A gene-level screen with complexes and genome: the Funk 2022 embedding, or a simulated screen with the same kind of
/// content when a file is neither on this machine nor within reach. Look at [`GeneScreen::notice`].
///
/// # Errors
/// When a file that is there is damaged or has the wrong checksum: bad data is never replaced silently. A download that
/// is not the file it should be is not kept; it counts as out of reach, and the notice says so.
pub fn gene_screen() -> Result<GeneScreen> {
    Places::from_env()?.gene_screen()
}

/// The ECCITE-seq screen of Papalexi and others (2021): 20,729 THP-1 cells x 299 genes, 25 targets and non-targeting
/// guides in 3 replicates. IFNGR1, IFNGR2, JAK2 and STAT1 are one pathway; CAV1, ETV7, ATF2 and CD86 do nothing here.
/// Where the file is out of reach a simulated Perturb-seq screen with three batches stands in, and says so.
///
/// # Errors
/// When a file that is there is damaged or has the wrong checksum.
pub fn eccite() -> Result<Sourced<Screen>> {
    Places::from_env()?.eccite()
}

/// A Cell Painting plate of the LINCS set (Way and others, 2022): 384 wells of A549 cells under compounds in 6 doses, with
/// CellProfiler's features, normalised. Where it is out of reach simulated profiles stand in, and say so.
///
/// # Errors
/// As [`eccite`].
pub fn lincs_plate() -> Result<Sourced<Screen>> {
    Places::from_env()?.lincs_plate()
}

/// Cells of the plate BBBC013: crops of `crop x crop` pixels (FKHR-GFP, DNA) around the nuclei of 48 wells of U2OS cells under two
/// drugs, which keep the protein in the nucleus, in doses from 0 (`control`) to 10. Its table has `well`, `dose_index`,
/// `row`, `drug`, `replicate`, `treatment` and the place of the nucleus, `x` and `y`. Where it is out of reach simulated cells in
/// the same layout stand in, and say so.
///
/// # Errors
/// As [`eccite`].
pub fn bbbc013(crop: usize) -> Result<Sourced<Screen>> {
    Places::from_env()?.bbbc013(crop)
}

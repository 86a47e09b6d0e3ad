//! Everything a gene-level analysis starts from, real or simulated.

use polars::prelude::{Column, DataFrame};
use rand::RngExt;
use rand_distr::StandardNormal;

use super::used::note;
use super::{Dataset, Found, Places, Source, Sourced, info};
use crate::evaluate::published::{PublishedCurve, mcvae_corum};
use crate::evaluate::{GeneSets, PairColumns, Relations, SetFormat};
use crate::genome::{Centromeres, GeneTable, Genome, OnDuplicate, SymbolFilter};
use crate::screen::{By, ColumnChoice, Embedding, Profiles};
use crate::simulate::{self, GeneEmbeddingConfig, Stream};
use crate::{Error, Result};

/// A screen with one profile per gene, the known complexes and the genome.
#[derive(Clone, Debug)]
pub struct GeneScreen {
    /// One row for each gene and one for the control; blocks `salient` and `background`.
    pub profiles: Profiles,
    /// The row of the non-targeting control.
    pub control: String,
    /// Known protein complexes.
    pub complexes: GeneSets,
    /// Chromosome arm and position of the genes.
    pub genome: Genome,
    /// The other columns, row by row as the profiles: `gene_symbol_0`, `mitotic_index`, `salient_mag`,
    /// `background_mag`, `background_contribution`.
    pub table: DataFrame,
    /// Where the profiles came from.
    pub source: Source,
}

impl GeneScreen {
    /// What a reader must be told first; `None` for real data.
    pub fn notice(&self) -> Option<String> {
        self.source.notice()
    }

    /// The published curves of VAE, cVAE, mcVAE and CellProfiler on this screen; none for a simulated screen, which no
    /// paper describes.
    pub fn published(&self) -> &'static [PublishedCurve] {
        if self.source.is_simulated() { &[] } else { &mcvae_corum()[..4] }
    }

    /// `(recall, precision)` of a published model on this screen at a percentile from 80 to 99, where there is one;
    /// `mcVAE salient` and `mcVAE background` are among the models.
    pub fn published_at(&self, model: &str, percentile: usize) -> Option<(f64, f64)> {
        let curve = mcvae_corum().iter().find(|curve| curve.model == model)?;
        if self.source.is_simulated() { None } else { curve.at(percentile) }
    }
}

impl Places {
    /// See [`funk2022_mcvae`](super::funk2022_mcvae()).
    ///
    /// # Errors
    /// As [`Places::find`], or when the file is damaged.
    pub fn funk2022_mcvae(&self) -> Result<Sourced<Embedding>> {
        let found = self.find(&info("funk2022_mcvae")?, "embedding")?;
        Ok(Sourced { value: read_mcvae(&found)?, source: found.source })
    }

    /// See [`complexes`](super::complexes()).
    ///
    /// # Errors
    /// As [`Places::find`], or when the file is damaged.
    pub fn complexes(&self) -> Result<Sourced<GeneSets>> {
        let dataset = info("relations")?;
        let found = self.find(&dataset, "complexes")?;
        Ok(Sourced { value: read_complexes(&found, &dataset)?, source: found.source })
    }

    /// See [`functions`](super::functions()).
    ///
    /// # Errors
    /// As [`Places::find`], or when the file is damaged.
    pub fn functions(&self) -> Result<Sourced<GeneSets>> {
        let found = self.find(&info("funk2022_mcvae")?, "functional_clusters")?;
        let value = GeneSets::read(&found.path, SetFormat::ByGene)?.named("functions of Multi-ContrastiveVAE");
        Ok(Sourced { value, source: found.source })
    }

    /// See [`relations`](super::relations()).
    ///
    /// # Errors
    /// As [`Places::find`], or when the file is damaged.
    pub fn relations(&self, source: &str) -> Result<Sourced<Relations>> {
        let dataset = info("relations")?;
        let found = self.find(&dataset, source)?;
        let value = Relations::read_pairs(&found.path, PairColumns::default())?.with_terms(&dataset.licence);
        Ok(Sourced { value, source: found.source })
    }

    /// See [`genome`](super::genome()).
    ///
    /// # Errors
    /// As [`Places::find`], or when a file is damaged.
    pub fn genome(&self) -> Result<Sourced<Genome>> {
        let dataset = info("genome")?;
        let (positions, centromeres) = (self.find(&dataset, "positions")?, self.find(&dataset, "centromeres")?);
        Ok(Sourced { value: read_genome(&positions, &centromeres)?, source: positions.source })
    }

    /// See [`gene_screen`](super::gene_screen()).
    ///
    /// # Errors
    /// When a file that is there is damaged or has the wrong checksum.
    pub fn gene_screen(&self) -> Result<GeneScreen> {
        let (screen, relations, genome) = (info("funk2022_mcvae")?, info("relations")?, info("genome")?);
        let parts =
            [(&screen, "embedding"), (&relations, "complexes"), (&genome, "positions"), (&genome, "centromeres")];
        let found = match self.search_all(parts)? {
            Ok(found) => found,
            Err(source) => return simulated(source),
        };
        let [embedding, complexes, positions, centromeres] = &found[..] else {
            return Err(Error::new("the registry does not name the four files of the gene screen"));
        };
        found.iter().for_each(Found::note);
        let cells = read_mcvae(embedding)?;
        Ok(GeneScreen {
            profiles: cells.profiles(By::Gene)?,
            control: simulate::CONTROL.to_owned(),
            complexes: read_complexes(complexes, &relations)?,
            genome: read_genome(positions, centromeres)?,
            table: cells.table().clone(),
            source: embedding.source.clone(),
        })
    }
}

fn read_mcvae(found: &Found) -> Result<Embedding> {
    Embedding::read_parquet(&found.path, ColumnChoice::numbered())?
        .with_block("salient", 0..32)?
        .with_block("background", 32..64)
}

fn read_complexes(found: &Found, dataset: &Dataset) -> Result<GeneSets> {
    Ok(GeneSets::read(&found.path, SetFormat::Spaced)?.named("CORUM").with_terms(&dataset.licence))
}

fn read_genome(positions: &Found, centromeres: &Found) -> Result<Genome> {
    let genes = GeneTable::read_with(&positions.path, OnDuplicate::Merge, SymbolFilter::default())?;
    Genome::new(&genes, &Centromeres::read(&centromeres.path)?)
}

/// The stand-in: the simulated screen, centred on its control as the published one is; a third of its size in a quick
/// run.
fn simulated(source: Source) -> Result<GeneScreen> {
    let mut config = GeneEmbeddingConfig::default();
    if crate::cell::quick() {
        (config.genes, config.complexes) = (config.genes / 3, config.complexes / 3);
    }
    let screen = simulate::gene_embedding(&config)?;
    let control = screen.profiles.row(simulate::CONTROL)?.to_owned();
    let profiles = screen.profiles.with_values(&screen.profiles.values() - &control)?;
    note(&format!("data, gene screen (seed {})", config.seed), &source);
    Ok(GeneScreen {
        table: simulated_table(&profiles, config.seed)?,
        profiles,
        control: simulate::CONTROL.to_owned(),
        complexes: screen.truth.gene_sets(),
        genome: screen.truth.genome(),
        source,
    })
}

/// The columns of the published table: norms of the blocks, and a mitotic index that has nothing to do with them.
fn simulated_table(profiles: &Profiles, seed: u64) -> Result<DataFrame> {
    let norms = |block: &str| -> Result<Vec<f64>> {
        Ok(profiles.block(block)?.values().rows().into_iter().map(|row| row.dot(&row).sqrt()).collect())
    };
    let (salient, background) = (norms("salient")?, norms("background")?);
    let contribution: Vec<f64> =
        salient.iter().zip(&background).map(|(s, b)| if s + b > 0.0 { b / (s + b) } else { 0.0 }).collect();
    let mut rng = simulate::stream(seed, Stream::Table);
    let mitotic: Vec<f64> = salient.iter().map(|_| (2.8 + rng.sample::<f64, _>(StandardNormal)).exp()).collect();
    DataFrame::new(
        profiles.len(),
        vec![
            Column::new("salient_mag".into(), salient),
            Column::new("background_mag".into(), background),
            Column::new("background_contribution".into(), contribution),
            Column::new("mitotic_index".into(), mitotic),
            Column::new("gene_symbol_0".into(), profiles.keys().to_vec()),
        ],
    )
    .map_err(|e| Error::new(format!("cannot build the table: {e}")).caused_by(e))
}

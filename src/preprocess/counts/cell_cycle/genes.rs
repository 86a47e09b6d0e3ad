//! The cell-cycle genes of Tirosh et al. (2016), Science 352:189, human symbols, as Seurat and scanpy list them.

/// 43 genes expressed in S phase.
pub const S_GENES: [&str; 43] = [
    "MCM5", "PCNA", "TYMS", "FEN1", "MCM2", "MCM4", "RRM1", "UNG", "GINS2", "MCM6", "CDCA7", "DTL", "PRIM1", "UHRF1",
    "MLF1IP", "HELLS", "RFC2", "RPA2", "NASP", "RAD51AP1", "GMNN", "WDR76", "SLBP", "CCNE2", "UBR7", "POLD3", "MSH2",
    "ATAD2", "RAD51", "RRM2", "CDC45", "CDC6", "EXO1", "TIPIN", "DSCC1", "BLM", "CASP8AP2", "USP1", "CLSPN", "POLA1",
    "CHAF1B", "BRIP1", "E2F8",
];

/// 54 genes expressed in G2 and mitosis.
pub const G2M_GENES: [&str; 54] = [
    "HMGB2", "CDK1", "NUSAP1", "UBE2C", "BIRC5", "TPX2", "TOP2A", "NDC80", "CKS2", "NUF2", "CKS1B", "MKI67", "TMPO",
    "CENPF", "TACC3", "FAM64A", "SMC4", "CCNB2", "CKAP2L", "CKAP2", "AURKB", "BUB1", "KIF11", "ANP32E", "TUBB4B",
    "GTSE1", "KIF20B", "HJURP", "CDCA3", "HN1", "CDC20", "TTK", "CDC25C", "KIF2C", "RANGAP1", "NCAPD2", "DLGAP5",
    "CDCA2", "CDCA8", "ECT2", "KIF23", "HMMR", "AURKA", "PSRC1", "ANLN", "LBR", "CKAP5", "CENPE", "CTCF", "NEK2",
    "G2E3", "GAS2L3", "CBX5", "CENPA",
];

/// Names of the lists and the symbols that replaced them.
pub const RENAMED: [(&str, &str); 3] = [("MLF1IP", "CENPU"), ("FAM64A", "PIMREG"), ("HN1", "JPT1")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_gene_is_listed_twice_and_renamed_ones_are_listed() {
        let mut all: Vec<&str> = S_GENES.iter().chain(&G2M_GENES).copied().collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 97);
        assert!(RENAMED.iter().all(|(old, new)| all.contains(old) && !all.contains(new)));
    }
}

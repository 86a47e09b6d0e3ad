//! Readers of genome tables, gene sets and relations: formats, rules and what they say about bad input.

mod common;

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use common::shared_file;
use flate2::Compression;
use flate2::write::GzEncoder;
use perturbook::evaluate::{GeneSets, PairColumns, Relations, SetFormat};
use perturbook::genome::{
    Arm, Centromeres, Chromosome, Cytobands, GeneTable, Genome, OnDuplicate, Side, Span, SymbolFilter,
};
use perturbook::io::delimited::{Delimited, read_text};
use tempfile::TempDir;

fn file(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    if name.ends_with(".gz") {
        let mut gz = GzEncoder::new(File::create(&path).unwrap(), Compression::fast());
        gz.write_all(text.as_bytes()).unwrap();
        gz.finish().unwrap();
    } else {
        fs::write(&path, text).unwrap();
    }
    path
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The error's text, after checking that it names all of `parts`.
fn says<T>(result: perturbook::Result<T>, parts: &[&str]) {
    let text = result.err().expect("an error").to_string();
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
}

fn arm(name: &str) -> Arm {
    name.parse().unwrap()
}

#[test]
fn chromosomes_and_arms_are_ordered_and_keep_their_names() {
    let names: Vec<String> = (1..=22).map(|i| format!("chr{i}")).chain(["chrX".into(), "chrY".into()]).collect();
    let chromosomes: Vec<Chromosome> = names.iter().map(|n| n.parse().unwrap()).collect();
    assert!(chromosomes.is_sorted());
    assert_eq!(chromosomes.iter().map(ToString::to_string).collect::<Vec<_>>(), names);
    assert_eq!(chromosomes.last().unwrap().index(), 25);
    assert!(arm("chr1p") < arm("chr1q") && arm("chr1q") < arm("chr2p") && arm("chr9q") < arm("chr10p"));
    for bad in ["chr0", "chr23", "chrM", "chr1_KI270706v1_random", "", "chr"] {
        assert!(bad.parse::<Chromosome>().is_err(), "{bad:?}");
    }
    for bad in ["chr1", "chr1r", "p", "chrMq", ""] {
        assert!(bad.parse::<Arm>().is_err(), "{bad:?}");
    }
    assert!(Chromosome::from_index(23).is_err());
    assert_eq!(serde_json::to_string(&arm("chrXq")).unwrap(), "\"chrXq\"");
    assert_eq!(serde_json::from_str::<Arm>("\"7p\"").unwrap(), arm("chr7p"));
}

#[test]
fn delimited_text_keeps_quotes_lines_and_line_numbers() {
    let folder = folder();
    let csv = file(&folder, "a.csv.gz", "\u{feff}name,note\r\nA,\"x, \"\"y\"\"\nz\"\r\n\r\nB,see \"B\"\r\n");
    let table = Delimited::read(&csv).unwrap();
    assert_eq!(table.columns(), ["name", "note"]);
    assert_eq!(table.records()[0].fields, ["A", "x, \"y\"\nz"]);
    assert_eq!((table.records()[1].line, table.records()[1].fields[1].as_str()), (5, "see \"B\""));
    // A name that says nothing: the first line decides.
    assert_eq!(Delimited::read(file(&folder, "b.txt", "a\tb,c\n1\t2\n")).unwrap().columns(), ["a", "b,c"]);
    assert_eq!(Delimited::read(file(&folder, "c.txt", "a,b\n1,2")).unwrap().records()[0].fields, ["1", "2"]);
    // A last field may be empty.
    assert_eq!(Delimited::read(file(&folder, "d.tsv", "a\tb\n1\t")).unwrap().records()[0].fields, ["1", ""]);

    says(Delimited::read(file(&folder, "e.csv", "a,b\n1,2\n1,2,3\n")), &["3 fields", "2 columns", "e.csv, line 3"]);
    says(Delimited::read(file(&folder, "f.csv", "a,b\n1,\"2\n3,4\n")), &["never closed", "line 2, field 2"]);
    says(Delimited::read(file(&folder, "g.csv", "")), &["empty", "g.csv"]);
    says(Delimited::read(folder.path().join("none.csv")), &["cannot use the file", "none.csv"]);
    says(table.column("entity1"), &["no column \"entity1\"", "name, note"]);
}

#[test]
fn damaged_files_are_named() {
    let folder = folder();
    let whole = fs::read(file(&folder, "a.csv.gz", &"gene,chr\n".repeat(1000))).unwrap();
    let cut = folder.path().join("cut.csv.gz");
    for length in [3, whole.len() / 2, whole.len() - 1] {
        fs::write(&cut, &whole[..length]).unwrap();
        says(read_text(&cut), &["gzip", "cut.csv.gz", "fetch the file again"]);
    }
    let latin = folder.path().join("latin.csv");
    fs::write(&latin, b"name\nM\xfcller\n").unwrap();
    says(read_text(&latin), &["not UTF-8 (byte 6)", "latin.csv"]);
}

#[test]
fn relations_are_read_from_named_columns() {
    let folder = folder();
    let text = "entity1,entity2\nA,B\nB,A\nA,A\nC,D\nD,C\n";
    let relations = Relations::read_pairs(file(&folder, "CORUM.txt", text), PairColumns::default()).unwrap();
    assert_eq!((relations.name(), relations.len()), ("CORUM", 2));
    assert_eq!(relations.pairs().collect::<Vec<_>>(), [("A", "B"), ("C", "D")]);
    let edges = file(&folder, "edges.csv", "\"from\",\"to\",\"width\"\n\"A\",\"B\",3\n");
    assert_eq!(Relations::read_pairs(&edges, PairColumns::new("from", "to")).unwrap().len(), 1);
    says(Relations::read_pairs(&edges, PairColumns::default()), &["no column \"entity1\"", "from, to, width"]);
    let hole = file(&folder, "hole.csv", "entity1,entity2\nA,B\nA,\n");
    says(Relations::read_pairs(hole, PairColumns::default()), &["lacks a gene", "line 3", "entity2"]);
}

#[test]
fn gene_sets_are_read_in_three_formats() {
    let folder = folder();
    let spaced = file(&folder, "c.tsv", "first set\tA B C\nsecond\tD E\n");
    let sets = GeneSets::read(&spaced, SetFormat::Spaced).unwrap();
    assert_eq!(sets.sets()[0].name, "first set");
    assert_eq!(sets.sets()[1].genes, ["D", "E"]);
    assert_eq!(Relations::from_sets(&sets).len(), 4);

    let enrichr = file(&folder, "e.txt.gz", "one\t\tA\tB,1.0\tA\t\ntwo\tsome words\tC\tD\n");
    let sets = GeneSets::read(&enrichr, SetFormat::Enrichr).unwrap();
    assert_eq!(sets.sets()[0].genes, ["A", "B"]);
    assert_eq!(sets.sets()[1].genes, ["C", "D"]);
    says(GeneSets::read(&enrichr, SetFormat::Spaced), &["line 1", "SetFormat::Enrichr"]);
    says(GeneSets::read(&spaced, SetFormat::Enrichr), &["line 1", "SetFormat::Spaced"]);

    let corum = "ComplexID\tComplexName\tOrganism\tsubunits(Gene name)\n1\tX\tHuman\tA; B;A\n2\tY\tMouse\tc;d\n3\tZ\tHuman\tNone\n";
    let corum = file(&folder, "complexes.tsv", corum);
    let human = GeneSets::read(&corum, SetFormat::Corum { organism: Some("Human".into()) }).unwrap();
    assert_eq!((human.len(), human.sets()[0].genes.len(), human.sets()[1].genes.len()), (2, 2, 0));
    assert_eq!(GeneSets::read(&corum, SetFormat::Corum { organism: None }).unwrap().len(), 3);
    let rat = SetFormat::Corum { organism: Some("Rat".into()) };
    says(GeneSets::read(&corum, rat), &["organism \"Rat\"", "Human, Mouse"]);
    says(GeneSets::read(&spaced, SetFormat::Corum { organism: None }), &["no column \"ComplexName\""]);
}

#[test]
fn centromeres_join_their_pieces() {
    let folder = folder();
    let text = "#bin\tchrom\tchromStart\tchromEnd\tname\n1\tchr1\t100\t180\tGJ1\n1\tchr1\t150\t200\tGJ2\n1\tchrUn_1\t5\t9\tGJ3\n";
    let centromeres = Centromeres::read(file(&folder, "c.tsv", text)).unwrap();
    let one = "chr1".parse().unwrap();
    assert_eq!(centromeres.midpoint(one), Some(150.0));
    assert_eq!((centromeres.side(one, 150), centromeres.side(one, 151)), (Some(Side::P), Some(Side::Q)));
    assert_eq!(centromeres.side("chr2".parse().unwrap(), 1), None);
    says(Centromeres::read(file(&folder, "d.tsv", "chrom\tchromStart\nchr1\t3\n")), &["no column \"chromEnd\""]);
    let odd = "chrom\tchromStart\tchromEnd\nchr1\tx\t3\n";
    says(Centromeres::read(file(&folder, "e.tsv", odd)), &["\"x\" is not a whole number", "line 2", "chromStart"]);
    says(Centromeres::read(file(&folder, "f.tsv", "chrom\tchromStart\tchromEnd\n")), &["no chromosome"]);
}

#[test]
fn refseq_transcripts_are_merged_and_ambiguous_symbols_dropped() {
    let folder = folder();
    let header = "name2\tchrom\ttxStart\ttxEnd\n";
    let lines = [
        ("GENE1", "chr1", 50, 120),
        ("GENE1", "chr1", 40, 90),
        ("PAR1", "chrX", 1, 2),
        ("PAR1", "chrY", 1, 2),
        ("LOC105", "chr1", 5, 6),
        ("LOX", "chr1", 300, 400),
        ("ALT", "chr1_KI270706v1_random", 1, 2),
    ];
    let text = lines.iter().fold(header.to_string(), |t, (s, c, a, b)| t + &format!("{s}\t{c}\t{a}\t{b}\n"));
    let path = file(&folder, "refseq.tsv.gz", &text);
    let table = GeneTable::read(&path).unwrap();
    let chromosome = "chr1".parse().unwrap();
    let expected = [
        ("GENE1".to_string(), Span { chromosome, start: 40, end: 120, arm: None }),
        ("LOX".to_string(), Span { chromosome, start: 300, end: 400, arm: None }),
    ];
    assert_eq!(table.genes(), expected);
    let like_proxbias = GeneTable::read_with(&path, OnDuplicate::Error, SymbolFilter::LikeProxbias).unwrap();
    assert_eq!(like_proxbias.genes(), &expected[..1]);

    // The same track as the database dumps it: 16 columns and no header line.
    let dump = lines.iter().fold(String::new(), |t, (s, c, a, b)| {
        t + &format!("0\tNM_1\t{c}\t+\t{a}\t{b}\t{a}\t{b}\t1\t{a},\t{b},\t0\t{s}\tcmpl\tcmpl\t0,\n")
    });
    assert_eq!(GeneTable::read(file(&folder, "ncbiRefSeq.txt.gz", &dump)).unwrap().genes(), expected);

    // The arm follows from the end of the gene, not from its start.
    let centromeres = Centromeres::new([(chromosome, 90, 110)]);
    let genome = Genome::new(&table, &centromeres).unwrap();
    assert_eq!(genome.arm_of("GENE1"), Some(arm("chr1q")));
    assert_eq!(genome.locus_of("GENE1").unwrap().start, 40);
    assert_eq!(genome.arm_of("ALT"), None);
    says(Genome::new(&table, &Centromeres::default()), &["centromere of chr1 is not known", "GENE1"]);
}

#[test]
fn conflicting_lines_of_one_gene_are_an_error_unless_told_otherwise() {
    let folder = folder();
    let text =
        "gene\tchr\tposition\nA\tchr1\t5\nB\tchr1\t7\nA\tchr1\t9\nB\tchr1\t7\nC\tchr2\t1\nC\tchr3\t1\nM\tchrM\t1\n";
    let path = file(&folder, "genes.tsv", text);
    says(GeneTable::read(&path), &["gene A has several positions", "genes.tsv, lines 2, 4", "OnDuplicate::Merge"]);
    let spans = |rule| -> Vec<(String, i64, i64)> {
        let table = GeneTable::read_with(&path, rule, SymbolFilter::default()).unwrap();
        table.genes().iter().map(|(symbol, span)| (symbol.clone(), span.start, span.end)).collect()
    };
    assert_eq!(spans(OnDuplicate::Merge), [("A".into(), 5, 9), ("B".into(), 7, 7)]);
    assert_eq!(spans(OnDuplicate::Drop), [("B".into(), 7, 7)]);
}

#[test]
fn tables_may_state_arms_or_spans() {
    let folder = folder();
    let arms = file(&folder, "arms.tsv", "gene\tchr\tposition\tarm\nA\tchr12\t53324864\tchr12q\nB\tchrX\t4\tchrXp\n");
    let genome = Genome::read_arms(&arms).unwrap();
    assert_eq!((genome.len(), genome.arm_of("B")), (2, Some(arm("chrXp"))));
    let keys = ["B", "none", "A"].map(String::from);
    assert_eq!(genome.order(&keys), [2, 0]);
    let placement = genome.place(&keys);
    assert_eq!(placement.n_placed(), 2);
    assert_eq!(placement.runs(|locus| locus.arm), [(arm("chr12q"), 0..1), (arm("chrXp"), 1..2)]);

    let spans = file(&folder, "spans.csv", "symbol,chromosome,start,end\nA,12,1,200\n");
    let centromeres = Centromeres::new([("chr12".parse().unwrap(), 50, 150)]);
    assert_eq!(Genome::new(&GeneTable::read(spans).unwrap(), &centromeres).unwrap().arm_of("A"), Some(arm("chr12q")));

    let wrong = file(&folder, "wrong.tsv", "gene\tchr\tposition\tarm\nA\tchr12\t5\tchr11q\n");
    says(Genome::read_arms(wrong), &["chr11q is not on chr12", "line 2"]);
    let odd = file(&folder, "odd.tsv", "gene\tchr\tposition\tarm\nA\tchr12\t5\tlong\n");
    says(Genome::read_arms(odd), &["no chromosome arm", "line 2", "column \"arm\""]);
    let none = file(&folder, "none.tsv", "gene\tstart\nA\t5\n");
    says(GeneTable::read(none), &["\"chr\" or \"chrom\"", "gene, start"]);
    let plain = file(&folder, "plain.tsv", "gene\tchr\tposition\nA\tchr12\t5\n");
    says(Genome::read_arms(plain), &["centromere of chr12 is not known", "column `arm`"]);
}

#[test]
fn real_cytobands_agree_with_the_midpoint_rule() {
    let Some(centromeres) = shared_file("data/genome/centromeres_hg38.tsv") else { return };
    let Some(bands) = shared_file("data/genome/hg38_cytoband.tsv.gz") else { return };
    let Some(genes) = shared_file("data/genome/gene_position_grch38_from_sceptre.tsv.gz") else { return };
    let (centromeres, bands) = (Centromeres::read(centromeres).unwrap(), Cytobands::read(bands).unwrap());
    assert_eq!(centromeres.chromosomes().len(), 24);
    for chromosome in centromeres.chromosomes() {
        let (midpoint, boundary) = (centromeres.midpoint(chromosome).unwrap(), bands.boundary(chromosome).unwrap());
        assert!((midpoint - boundary as f64).abs() < 2.5e6, "{chromosome}: midpoint {midpoint}, bands {boundary}");
    }
    let table = GeneTable::read(genes).unwrap();
    let genome = Genome::new(&table, &centromeres).unwrap();
    let differ: Vec<&str> = table
        .genes()
        .iter()
        .filter(|(symbol, span)| bands.arm_at(span.chromosome, span.start) != genome.arm_of(symbol))
        .map(|(symbol, _)| symbol.as_str())
        .collect();
    assert!(table.len() > 30_000);
    assert!(differ.len() * 1000 < table.len(), "{} of {} genes: {differ:?}", differ.len(), table.len());
}

#[test]
fn a_real_table_of_arms_agrees_with_positions_and_centromeres() {
    let Some(arms) = shared_file("data/funk2022_mcvae/gene_arm.tsv") else { return };
    let Some(centromeres) = shared_file("data/genome/centromeres_hg38.tsv") else { return };
    let stated = GeneTable::read(&arms).unwrap();
    let centromeres = Centromeres::read(centromeres).unwrap();
    for (symbol, span) in stated.genes() {
        let side = centromeres.side(span.chromosome, span.end).unwrap();
        assert_eq!(span.arm.unwrap().side, side, "{symbol} at {} {}", span.chromosome, span.start);
    }
}

#[test]
fn real_relations_and_complexes_have_the_known_sizes() {
    let Some(pairs) = shared_file("data/relations/CORUM.txt") else { return };
    let Some(clusters) = shared_file("data/relations/CORUM_clusters.tsv") else { return };
    let Some(complexes) = shared_file("data/relations/CORUM_humanComplexes.txt.gz") else { return };
    assert_eq!(Relations::read_pairs(pairs, PairColumns::default()).unwrap().len(), 37_649);
    let sets = GeneSets::read(clusters, SetFormat::Spaced).unwrap();
    let genes: std::collections::HashSet<&String> = sets.sets().iter().flat_map(|s| &s.genes).collect();
    assert_eq!((sets.len(), genes.len()), (2_696, 3_541));
    let table = GeneSets::read(complexes, SetFormat::Corum { organism: Some("Human".into()) }).unwrap();
    assert_eq!(table.len(), 3_684);
}

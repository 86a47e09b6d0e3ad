//! Damaged files of counts: h5ad and 10x. Each ends in an error that says what, where and what to do; none in a panic.

mod common;
#[path = "common/refusal.rs"]
mod refusal;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use common::shared_file;
use flate2::Compression;
use flate2::write::GzEncoder;
use hdf5_pure::{AttrValue, FileBuilder, GroupBuilder};
use perturbook::Result;
use perturbook::io::h5ad::{H5ad, Matrix};
use perturbook::io::tenx;
use perturbook::screen::Counts;
use refusal::{check_memory, cuts, refused};

/// Reads all that is in an h5ad file.
fn all_of(path: &Path) -> Result<()> {
    let file = H5ad::open(path)?;
    file.obs()?;
    file.var()?;
    let summary = file.summary();
    let mut matrices: Vec<Matrix> = summary.layers.iter().map(|(name, _)| Matrix::Layer(name)).collect();
    matrices.extend(summary.x.as_ref().map(|_| Matrix::X));
    matrices.extend(summary.raw.as_ref().map(|_| Matrix::Raw));
    for matrix in matrices {
        file.counts(matrix)?;
        for block in file.row_blocks(matrix, 100)? {
            block?;
        }
    }
    for (name, _) in &summary.obsm {
        file.obsm(name)?;
    }
    Ok(())
}

fn text(group: &mut GroupBuilder, name: &str, value: &str) {
    group.set_attr(name, AttrValue::VarLenString(value.to_owned()));
}

/// A table with an index of `rows` and what `more` adds.
fn table(file: &mut FileBuilder, name: &str, rows: usize, more: impl FnOnce(&mut GroupBuilder)) {
    let mut group = file.create_group(name);
    text(&mut group, "encoding-type", "dataframe");
    text(&mut group, "_index", "_index");
    let index: Vec<String> = (0..rows).map(|row| format!("{name}{row}")).collect();
    group.create_dataset("_index").with_vlen_strings(&index.iter().map(String::as_str).collect::<Vec<_>>());
    more(&mut group);
    file.add_group(group.finish());
}

/// An h5ad file of 2 x 3 with the sparse arrays that `arrays` writes.
fn sparse(path: &Path, encoding: &str, shape: [i64; 2], arrays: impl FnOnce(&mut GroupBuilder)) {
    let mut file = FileBuilder::new();
    table(&mut file, "obs", 2, |_| {});
    table(&mut file, "var", 3, |_| {});
    let mut x = file.create_group("X");
    text(&mut x, "encoding-type", encoding);
    x.set_attr("shape", AttrValue::I64Array(shape.to_vec()));
    arrays(&mut x);
    file.add_group(x.finish());
    file.write(path).unwrap();
}

fn csr(x: &mut GroupBuilder, indptr: &[i64], indices: &[i64], data: &[f32]) {
    x.create_dataset("indptr").with_i64_data(indptr);
    x.create_dataset("indices").with_i64_data(indices);
    x.create_dataset("data").with_f32_data(data);
}

#[track_caller]
fn says(error: &str, words: &[&str]) {
    for word in words {
        assert!(error.contains(word), "{word:?} is missing in:\n{error}");
    }
}

#[test]
fn h5ad_files_cut_anywhere_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["t-cells.h5ad", "adata_v0.7.8.h5ad", "TM_droplet_mat.h5ad"] {
        let Some(source) = shared_file(&format!("data/formats/h5ad/{name}")) else { return };
        let path = folder.path().join(name);
        fs::copy(source, &path).unwrap();
        make_writable(&path);
        cuts(&path, all_of);
    }
    let path = folder.path().join("own.h5ad");
    sparse(&path, "csr_matrix", [2, 3], |x| csr(x, &[0, 1, 3], &[2, 0, 1], &[1.0, 2.0, 3.0]));
    cuts(&path, all_of);
}

fn make_writable(path: &Path) {
    let mut permissions = fs::metadata(path).unwrap().permissions();
    #[allow(clippy::permissions_set_readonly_false)] // a copy in a folder of our own
    permissions.set_readonly(false);
    fs::set_permissions(path, permissions).unwrap();
}

#[test]
fn h5ad_files_with_changed_bytes_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.h5ad");
    for (name, step) in [("TM_droplet_mat.h5ad", 101), ("t-cells.h5ad", 1_601), ("adata_v0.7.8.h5ad", 2_503)] {
        let Some(source) = shared_file(&format!("data/formats/h5ad/{name}")) else { return };
        let bytes = fs::read(source).unwrap();
        for at in (0..bytes.len() - 8).step_by(step) {
            for value in [0xff, bytes[at] ^ 1] {
                let mut changed = bytes.clone();
                changed[at..at + if value == 0xff { 8 } else { 1 }].fill(value);
                fs::write(&path, &changed).unwrap();
                // A changed value can still be a valid file; what counts is that the call returns.
                if let Err(e) = all_of(&path) {
                    assert!(e.to_string().contains("changed.h5ad"), "{name}, byte {at}: {e}");
                    assert!(!e.to_string().contains("cannot be decoded"), "a panic inside: {name}, byte {at}");
                }
            }
        }
        check_memory(name);
    }
}

#[test]
fn what_is_no_h5ad_file_is_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.h5ad");
    let mark = b"\x89HDF\r\n\x1a\n";
    for (bytes, words) in [
        (b"".to_vec(), ["empty", "fix:"]),
        (b"<html>404</html>".to_vec(), ["not an HDF5 file", "fix:"]),
        (b"\x1f\x8b\x08\x00".to_vec(), ["gzip", "gunzip"]),
        (b"PK\x03\x04".to_vec(), ["zip", "unpack"]),
        (mark[..5].to_vec(), ["cut short", "fix:"]),
        (mark.to_vec(), ["damaged", "fix:"]),
        ([&mark[..], &[0xff; 200]].concat(), ["damaged", "fix:"]),
    ] {
        fs::write(&path, &bytes).unwrap();
        says(&refused("mark", || H5ad::open(&path)), &words);
        says(&refused("mark", || tenx::read_h5(&path)), &["x.h5ad"]);
    }
    says(&refused("none", || H5ad::open(folder.path().join("none.h5ad"))), &["none.h5ad", "check the path"]);
    refused("a folder", || H5ad::open(folder.path()));

    let Some(tenx_file) = shared_file("data/formats/tenx/3.0.0_filtered_feature_bc_matrix.h5") else { return };
    says(&refused("10x", || H5ad::open(&tenx_file)), &["no h5ad file", "read_h5"]);
    let Some(h5ad_file) = shared_file("data/formats/h5ad/t-cells.h5ad") else { return };
    says(&refused("h5ad", || tenx::read_h5(&h5ad_file)), &["no 10x file", "H5ad"]);
}

#[test]
fn sparse_arrays_that_contradict_each_other_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.h5ad");
    let one = [1.0f32];
    let three = [1.0, 2.0, 3.0];
    type Case<'a> = (&'a str, [i64; 2], Vec<i64>, Vec<i64>, &'a [f32], &'a [&'a str]);
    let cases: Vec<Case> = vec![
        ("csr_matrix", [2, 3], vec![0, 2, 1], vec![0], &one, &["fall", "2 to 1"]),
        ("csr_matrix", [2, 3], vec![0, -1, 1], vec![0], &one, &["negative"]),
        ("csr_matrix", [2, 3], vec![1, 1, 1], vec![0], &one, &["begin with 0"]),
        ("csr_matrix", [2, 3], vec![0, 1, i64::MAX], vec![0], &one, &["end at"]),
        ("csr_matrix", [2, 3], vec![0, 1, 1 << 33], vec![0], &one, &["end at"]),
        ("csr_matrix", [2, 3], vec![0, 1], vec![0], &one, &["2 starts", "one more"]),
        ("csr_matrix", [2, 3], vec![0, 1, 1], vec![3], &one, &["gene 3", "3 genes"]),
        ("csr_matrix", [2, 3], vec![0, 1, 1], vec![-1], &one, &["-1"]),
        ("csr_matrix", [2, 3], vec![0, 1, 1], vec![1 << 32], &one, &["4294967296"]),
        ("csr_matrix", [2, 3], vec![0, 2, 3], vec![1, 1, 0], &three, &["twice", "\"var1\""]),
        ("csr_matrix", [2, 3], vec![0, 1, 1], vec![0, 1], &one, &["2 indices for 1 values"]),
        ("csr_matrix", [2, 3], vec![0, 1, 1], vec![0], &[f32::NAN], &["NaN", "cell 0", "\"var0\""]),
        ("csr_matrix", [3, 3], vec![0, 0, 0, 1], vec![0], &one, &["3 x 3", "2 x 3"]),
        ("csr_matrix", [2, 4], vec![0, 0, 1], vec![0], &one, &["2 x 4", "2 x 3"]),
        ("csr_matrix", [-2, 3], vec![0, 0, 1], vec![0], &one, &["shape"]),
        ("csr_matrix", [i64::MAX, 3], vec![0, 0, 1], vec![0], &one, &["starts"]),
        ("csc_matrix", [2, 3], vec![0, 1, 1, 1], vec![2], &one, &["cell 2", "2 cells"]),
        ("csc_matrix", [2, 3], vec![0, 2, 2, 3], vec![1, 1, 0], &three, &["twice"]),
        ("coo_matrix", [2, 3], vec![0, 1, 1], vec![0], &one, &["coo_matrix", "csr_matrix"]),
    ];
    for (encoding, shape, indptr, indices, data, words) in cases {
        sparse(&path, encoding, shape, |x| csr(x, &indptr, &indices, data));
        says(&refused(words[0], || all_of(&path)), words);
        says(&refused(words[0], || all_of(&path)), &["x.h5ad", "where:"]);
    }
    sparse(&path, "csr_matrix", [2, 3], |x| csr(x, &[0, 1, 3], &[2, 1, 0], &three));
    let file = H5ad::open(&path).unwrap();
    let counts = file.counts(Matrix::X).unwrap();
    assert_eq!(counts.row(1), (&[0, 1][..], &[3.0, 2.0][..]), "a row out of order is sorted");

    sparse(&path, "csr_matrix", [2, 3], |x| {
        csr(x, &[0, 1, 1], &[0], &one);
        x.create_dataset("more").with_f32_data(&one);
    });
    all_of(&path).unwrap();
    sparse(&path, "csr_matrix", [2, 3], |x| {
        x.create_dataset("data").with_f32_data(&one);
    });
    says(&refused("missing", || all_of(&path)), &["lacks", "indices"]);
    sparse(&path, "csr_matrix", [2, 3], |x| {
        csr(x, &[0, 1, 1], &[0], &[]);
        x.create_dataset("other").with_f32_data(&one);
    });
    says(&refused("lengths", || all_of(&path)), &["1 indices for 0 values"]);
    sparse(&path, "csr_matrix", [2, 3], |x| {
        x.create_dataset("indptr").with_f64_data(&[0.0, 0.5, 1.0]);
        x.create_dataset("indices").with_i64_data(&[0]);
        x.create_dataset("data").with_f32_data(&one);
    });
    says(&refused("fractions", || all_of(&path)), &["f64", "indptr"]);
    sparse(&path, "csr_matrix", [2, 3], |x| {
        x.create_dataset("indptr").with_i64_data(&[0, 1, 1]);
        x.create_dataset("indices").with_i64_data(&[0]);
        x.create_dataset("data").with_vlen_strings(&["many"]);
    });
    says(&refused("text", || all_of(&path)), &["text", "/X/data"]);
}

#[test]
fn tables_that_contradict_themselves_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.h5ad");
    let obs = |more: &dyn Fn(&mut GroupBuilder)| {
        let mut file = FileBuilder::new();
        table(&mut file, "obs", 3, |group| more(group));
        table(&mut file, "var", 2, |_| {});
        file.write(&path).unwrap();
        refused("table", || H5ad::open(&path).and_then(|file| file.obs()))
    };
    let order = |group: &mut GroupBuilder, columns: &[&str]| {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        group.set_attr("column-order", AttrValue::VarLenStringArray(columns));
    };
    let categorical = |group: &mut GroupBuilder, codes: &[i8]| {
        let mut column = group.create_group("guide");
        text(&mut column, "encoding-type", "categorical");
        column.create_dataset("codes").with_i8_data(codes);
        column.create_dataset("categories").with_vlen_strings(&["a", "b"]);
        group.add_group(column.finish());
        order(group, &["guide"]);
    };
    says(&obs(&|group| order(group, &["ghost"])), &["\"ghost\"", "no such array", "/obs"]);
    says(&obs(&|group| order(group, &["a", "a"])), &["two columns", "\"a\""]);
    says(
        &obs(&|group| {
            group.create_dataset("a").with_f32_data(&[1.0, 2.0]);
        }),
        &["\"a\"", "2 values", "3 rows"],
    );
    says(
        &obs(&|group| {
            group.create_dataset("a").with_f32_data(&[0.0; 6]).with_shape(&[3, 2]);
        }),
        &["[3, 2]", "obsm"],
    );
    says(&obs(&|group| categorical(group, &[0, 1, 2])), &["code 2", "2 categories", "row 2"]);
    says(&obs(&|group| categorical(group, &[0, -2, 1])), &["code -2", "row 1"]);
    says(&obs(&|group| categorical(group, &[0, 1])), &["2 values", "3 rows"]);
    says(
        &obs(&|group| {
            let mut column = group.create_group("new");
            text(&mut column, "encoding-type", "awkward-array");
            group.add_group(column.finish());
            order(group, &["new"]);
        }),
        &["awkward-array", "not read"],
    );
    says(
        &obs(&|group| {
            let mut column = group.create_group("n");
            text(&mut column, "encoding-type", "nullable-integer");
            column.create_dataset("values").with_i64_data(&[1, 2, 3]);
            column.create_dataset("mask").with_u8_data(&[0, 1]);
            group.add_group(column.finish());
            order(group, &["n"]);
        }),
        &["mask of 2"],
    );
    let latin = hdf5_pure::Datatype::String {
        size: 2,
        padding: hdf5_pure::StringPadding::NullPad,
        charset: hdf5_pure::CharacterSet::Ascii,
    };
    says(
        &obs(&|group| {
            group.create_dataset("a").with_raw_data(latin.clone(), b"aa\xe4\xf6cc".to_vec(), 3);
        }),
        &["UTF-8", "entry 1"],
    );
    let mut file = FileBuilder::new();
    let mut group = file.create_group("obs");
    text(&mut group, "_index", "gone");
    file.add_group(group.finish());
    file.write(&path).unwrap();
    says(&refused("index", || H5ad::open(&path)), &["\"gone\""]);
    let file = FileBuilder::new();
    file.write(&path).unwrap();
    says(&refused("nothing", || H5ad::open(&path)), &["no h5ad file", "\"obs\""]);

    // Names that are there can be read though another column cannot.
    obs(&|group| {
        group.create_dataset("good").with_f32_data(&[1.0, 2.0, 3.0]);
        let mut column = group.create_group("new");
        text(&mut column, "encoding-type", "awkward-array");
        group.add_group(column.finish());
    });
    let file = H5ad::open(&path).unwrap();
    assert_eq!(file.obs_columns(&["good"]).unwrap().height(), 3);
    says(&refused("missing", || file.obs_columns(&["good", "guide", "well"])), &["2 columns", "\"guide\", \"well\""]);
}

#[test]
fn a_part_in_an_unknown_encoding_does_not_bar_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.h5ad");
    let mut file = FileBuilder::new();
    table(&mut file, "obs", 2, |_| {});
    table(&mut file, "var", 3, |_| {});
    file.create_dataset("X").with_f32_data(&[1.0, 0.0, 2.0, 0.0, 3.0, 0.0]).with_shape(&[2, 3]);
    for name in ["layers", "obsm"] {
        let mut group = file.create_group(name);
        let mut odd = group.create_group("odd");
        text(&mut odd, "encoding-type", "awkward-array");
        group.add_group(odd.finish());
        group.create_dataset("cube").with_f32_data(&[0.0; 8]).with_shape(&[2, 2, 2]);
        file.add_group(group.finish());
    }
    file.write(&path).unwrap();
    let file = H5ad::open(&path).unwrap();
    assert_eq!(file.counts(Matrix::X).unwrap().library_sizes(), [3.0, 3.0]);
    says(&refused("layer", || file.counts(Matrix::Layer("odd"))), &["awkward-array", "/layers/odd"]);
    says(&refused("layer", || file.counts(Matrix::Layer("cube"))), &["[2, 2, 2]", "/layers/cube"]);
    says(&refused("layer", || file.counts(Matrix::Layer("none"))), &["no layer \"none\""]);
    says(&refused("obsm", || file.obsm("odd")), &["awkward-array", "/obsm/odd"]);
    says(&refused("obsm", || file.obsm("cube")), &["[2, 2, 2]", "/obsm/cube"]);
}

#[test]
fn arrays_that_unpack_without_end_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb.h5ad");
    let mut file = FileBuilder::new();
    // 120 MB of zeros in an eighth of a megabyte
    table(&mut file, "obs", 3, |_| {});
    table(&mut file, "var", 2, |_| {});
    let mut obsm = file.create_group("obsm");
    let zeros = vec![0u8; 120_000_000];
    let wide = obsm.create_dataset("zeros");
    wide.with_u8_data(&zeros).with_shape(&[3, 40_000_000]).with_chunks(&[3, 30_000]).with_deflate(9);
    drop(zeros);
    file.add_group(obsm.finish());
    file.write(&path).unwrap();
    assert!(fs::metadata(&path).unwrap().len() < 600_000);
    let file = H5ad::open(&path).unwrap();
    says(&refused("zeros", || file.obsm("zeros")), &["compression bomb", "/obsm/zeros"]);

    // one long text under many codes
    let mut file = FileBuilder::new();
    table(&mut file, "obs", 1_000, |group| {
        let long = "x".repeat(200_000);
        let mut column = group.create_group("long");
        text(&mut column, "encoding-type", "categorical");
        column.create_dataset("codes").with_i8_data(&[0; 1_000]);
        column.create_dataset("categories").with_vlen_strings(&[&long]);
        group.add_group(column.finish());
    });
    table(&mut file, "var", 2, |_| {});
    file.write(&path).unwrap();
    let file = H5ad::open(&path).unwrap();
    says(&refused("texts", || file.obs()), &["compression bomb", "/obs/long/codes"]);
}

#[test]
fn a_10x_file_cut_anywhere_is_refused() {
    let Some(source) = shared_file("data/formats/tenx/3.0.0_filtered_feature_bc_matrix.h5") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    fs::copy(source, &path).unwrap();
    make_writable(&path);
    cuts(&path, |path| tenx::read_h5(path));
    let bytes = fs::read(&path).unwrap();
    for at in (0..bytes.len() - 8).step_by(997) {
        let mut changed = bytes.clone();
        changed[at..at + 8].fill(0xff);
        fs::write(&path, &changed).unwrap();
        if let Err(e) = tenx::read_h5(&path) {
            assert!(e.to_string().contains("run.h5"), "byte {at}: {e}");
        }
    }
    check_memory("10x");
}

#[test]
fn a_10x_file_that_contradicts_itself_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.h5");
    let made = |shape: &[i32], barcodes: &[&str], ids: &[&str], names: &[&str], indptr: &[i64]| {
        let mut file = FileBuilder::new();
        let mut matrix = file.create_group("matrix");
        matrix.create_dataset("barcodes").with_ascii_strings(barcodes).unwrap();
        matrix.create_dataset("data").with_i32_data(&[5, 1, 2]);
        matrix.create_dataset("indices").with_i64_data(&[2, 0, 1]);
        matrix.create_dataset("indptr").with_i64_data(indptr);
        matrix.create_dataset("shape").with_i32_data(shape);
        let mut features = matrix.create_group("features");
        features.create_dataset("id").with_ascii_strings(ids).unwrap();
        features.create_dataset("name").with_ascii_strings(names).unwrap();
        matrix.add_group(features.finish());
        file.add_group(matrix.finish());
        file.write(&path).unwrap();
        tenx::read_h5(&path)
    };
    let (cells, genes) = (["A", "C"], ["g1", "g2", "g3"]);
    assert_eq!(made(&[3, 2], &cells, &genes, &genes, &[0, 2, 3]).unwrap().counts.stored(), 3);
    for (result, words) in [
        (made(&[2, 3], &cells, &genes, &genes, &[0, 2, 3]), ["[2, 3]", "3 features"]),
        (made(&[-3, 2], &cells, &genes, &genes, &[0, 2, 3]), ["negative", "shape"]),
        (made(&[3], &cells, &genes, &genes, &[0, 2, 3]), ["[3]", "2 barcodes"]),
        (made(&[3, 2], &cells, &genes, &genes[..2], &[0, 2, 3]), ["2 entries", "\"name\""]),
        (made(&[3, 2], &cells, &genes, &genes, &[0, 2]), ["2 starts", "2 rows"]),
        (made(&[3, 2], &cells, &genes, &genes, &[0, 4, 3]), ["fall", "4 to 3"]),
    ] {
        says(&result.unwrap_err().to_string(), &words);
    }
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A folder of a 10x run; what is `None` is left out.
fn run(folder: &Path, matrix: &[u8], barcodes: Option<&[u8]>, features: Option<&[u8]>) -> PathBuf {
    let folder = folder.join("run");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("matrix.mtx.gz"), matrix).unwrap();
    for (name, content) in [("barcodes.tsv.gz", barcodes), ("features.tsv.gz", features)] {
        if let Some(content) = content {
            fs::write(folder.join(name), content).unwrap();
        }
    }
    folder
}

#[test]
fn a_10x_folder_cut_anywhere_or_with_odd_content_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let body: String = (0..600).map(|i| format!("{} {} {}\n", i % 3 + 1, i / 3 + 1, i + 1)).collect();
    let text = format!("%%MatrixMarket matrix coordinate integer general\n%\n3 200 600\n{body}");
    let barcodes = gz((0..200).map(|i| format!("cell{i}\n")).collect::<String>().as_bytes());
    let features = gz(b"g1\tTP53\tGene Expression\ng2\tMYC\tGene Expression\ng3\tACTB\tGene Expression\n");
    let matrix = gz(text.as_bytes());
    let good = run(folder.path(), &matrix, Some(&barcodes), Some(&features));
    assert_eq!(tenx::read_mtx(&good).unwrap().counts.stored(), 600);
    for name in ["matrix.mtx.gz", "barcodes.tsv.gz", "features.tsv.gz"] {
        let path = good.join(name);
        let bytes = fs::read(&path).unwrap();
        for k in 0..20 {
            fs::write(&path, &bytes[..bytes.len() * k / 20]).unwrap();
            refused(name, || tenx::read_mtx(&good));
        }
        fs::write(&path, &bytes).unwrap();
    }
    // the same as plain text, under the same names
    let plain = run(folder.path(), text.as_bytes(), Some(&barcodes), Some(&features));
    assert_eq!(tenx::read_mtx(&plain).unwrap().counts.stored(), 600);
    for k in 0..20 {
        let cut = run(folder.path(), &text.as_bytes()[..text.len() * k / 20], Some(&barcodes), Some(&features));
        refused("plain", || tenx::read_mtx(&cut));
    }
    let long = [b"%%MatrixMarket matrix coordinate integer general\n%", &[b'x'; 1 << 17][..]].concat();
    let twice = text.replace("2 1 2\n", "1 1 2\n");
    let spare = gz(b"g1\tTP53\n");
    let odd = gz(b"g1\tTP53\ng2\t\ng3\tACTB\n");
    type Case<'a> = (Vec<u8>, Option<&'a [u8]>, Option<&'a [u8]>, &'a str);
    let cases: Vec<Case> = vec![
        (matrix.clone(), None, Some(&features), "barcodes.tsv"),
        (matrix.clone(), Some(&barcodes), None, "genes.tsv"),
        (matrix.clone(), Some(&barcodes), Some(&spare), "1 features"),
        (matrix.clone(), Some(&spare), Some(&features), "1 barcodes"),
        (matrix.clone(), Some(&barcodes), Some(&odd), "no name"),
        (matrix.clone(), Some(&barcodes), Some(b"\xff\xfe\x00"), "not text"),
        (gz(&long), Some(&barcodes), Some(&features), "longer than"),
        (gz(b"\xff\xfe"), Some(&barcodes), Some(&features), "not text"),
        (gz(twice.as_bytes()), Some(&barcodes), Some(&features), "twice"),
        (gz(b""), Some(&barcodes), Some(&features), "empty"),
    ];
    for (matrix, barcodes, features, word) in cases {
        let path = run(folder.path(), &matrix, barcodes, features);
        says(&refused(word, || tenx::read_mtx(&path)), &[word, "where:"]);
    }
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    says(&refused("empty", || tenx::read_mtx(&empty)), &["no matrix.mtx"]);
    says(&refused("none", || tenx::read_mtx(folder.path().join("none"))), &["none", "fix:"]);
}

#[test]
fn gzip_bombs_of_text_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let barcodes = gz(b"A\nB\n");
    let features = gz(b"g1\tTP53\ng2\tMYC\n");
    let matrix = gz(b"%%MatrixMarket matrix coordinate integer general\n2 2 1\n1 1 1\n");
    let mut lines = GzEncoder::new(Vec::new(), Compression::best());
    let block = b"A\n".repeat(1 << 19);
    for _ in 0..400 {
        lines.write_all(&block).unwrap();
    }
    let bomb = lines.finish().unwrap();
    assert!(bomb.len() < 1 << 20);
    let path = run(folder.path(), &matrix, Some(&bomb), Some(&features));
    says(&refused("barcodes", || tenx::read_mtx(&path)), &["bomb", "barcodes.tsv.gz"]);
    let path = run(folder.path(), &bomb, Some(&barcodes), Some(&features));
    refused("matrix", || tenx::read_mtx(&path));
    // many entries announced
    let claim = gz(b"%%MatrixMarket matrix coordinate integer general\n2 2 4\n1 1 1\n");
    let path = run(folder.path(), &claim, Some(&barcodes), Some(&features));
    says(&refused("claim", || tenx::read_mtx(&path)), &["1 of 4 entries"]);
}

#[test]
fn counts_are_checked_when_they_are_made() {
    let genes = || vec!["A".to_owned(), "B".to_owned()];
    let error = |result: Result<Counts>| result.unwrap_err().to_string();
    says(&error(Counts::new(genes(), vec![], vec![], vec![])), &["begin with 0"]);
    says(&error(Counts::new(genes(), vec![0, 1], vec![0], vec![])), &["1 indices for 0 values"]);
    says(&error(Counts::new(genes(), vec![0, 1], vec![2], vec![1.0])), &["gene 2", "cell 0"]);
    says(&error(Counts::new(genes(), vec![0, 2], vec![1, 1], vec![1.0, 1.0])), &["twice", "\"B\""]);
    says(&error(Counts::new(genes(), vec![0, 2], vec![0, 1], vec![1.0, f32::INFINITY])), &["inf", "gene 1 (\"B\")"]);
    let good = Counts::new(genes(), vec![0, 2, 2], vec![1, 0], vec![4.0, 3.0]).unwrap();
    assert_eq!(good.to_dense(), ndarray::array![[3.0, 4.0], [0.0, 0.0]]);
    says(&error(good.select_cells(&[0, 2, 5])), &["cell 2", "2 numbers affected"]);
    says(&error(good.select_genes(&[2])), &["gene 2"]);
    says(&error(good.select_genes(&[1, 1])), &["twice", "\"B\""]);
    assert_eq!(good.select_genes(&[1, 0]).unwrap().to_dense(), ndarray::array![[4.0, 3.0], [0.0, 0.0]]);
    assert_eq!(good.select_cells(&[1, 0, 0]).unwrap().library_sizes(), [0.0, 7.0, 7.0]);
    says(&error(Counts::from_dense(genes(), ndarray::array![[1.0]].view())), &["1 column", "2 gene names"]);
    says(&error(Counts::from_triplets(genes(), 1, &[1], &[0], &[1.0])), &["cell 1", "1 cells"]);
    says(&error(Counts::from_csc(genes(), 1, &[0, 1], &[0], &[1.0])), &["1 column", "2 gene names"]);
    says(&good.gene("C").unwrap_err().to_string(), &["\"C\"", "\"A\", \"B\""]);
}

#[test]
fn links_that_lead_nowhere_or_in_a_circle_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/h5ad");
    for (name, place) in [("leads_nowhere", "/X"), ("leads_to_itself", "/X"), ("table_is_the_file", "/obs")] {
        let path = folder.path().join(format!("{name}.h5ad"));
        fs::copy(corpus.join(name), &path).unwrap();
        let error = refused(name, || all_of(&path));
        assert!(error.contains(&format!("{name}.h5ad")) && error.contains(place), "{error}");
    }
}

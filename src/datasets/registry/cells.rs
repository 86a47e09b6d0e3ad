//! Small image screens.

use super::{Dataset, RemoteFile, pinned, raw, unpinned};

pub(super) fn all() -> Vec<Dataset> {
    vec![bbbc013(), ops_cells()]
}

fn bbbc013() -> Dataset {
    let metadata = raw(
        "CellProfiler/CellProfiler",
        "a15d4a7505136c9c524138c0ba5642f4d393dd79",
        "tests/core/data/ExampleSBSImages/1049_Metadata.csv",
    );
    let mut files = vec![
        pinned(
            "plate",
            "1049_Metadata.csv",
            1_213,
            "f7abebc8de6d9ae01c34b4b98ba25bc8802a269bf7cb6c24c3d6471477d27fad",
            vec![metadata],
        ),
        pinned(
            "cells",
            "cells_otsu_watershed.csv.gz",
            222_651,
            "bc0c62d95951b8ed0e1a02027054d33bca165c02095c4cf01340fc4514fa184e",
            Vec::new(),
        ),
        unpinned(
            "images",
            "BBBC013_v1_images_bmp.zip",
            None,
            &["https://data.broadinstitute.org/bbbc/BBBC013/BBBC013_v1_images_bmp.zip"],
        ),
    ];
    files.extend(WELLS.iter().map(|&(well, bytes, sha256)| well_file(well, bytes, sha256)));
    Dataset {
        name: "bbbc013".into(),
        title: "BBBC013: U2OS cells with FKHR-GFP under two drugs in 9 doses, wells of 2 channels x 640 x 640".into(),
        citation:
            "Image set BBBC013v1 of the Broad Bioimage Benchmark Collection, provided by Ilya Ravkin; Ljosa et al., \
                   Annotated high-throughput microscopy image sets for validation, Nature Methods 2012"
                .into(),
        licence: "CC BY 3.0 (images, BBBC); BSD-3-Clause (CellProfiler repository)".into(),
        reproduces: "image methods end to end on a known dose response: controls, doses, replicate rows".into(),
        loader: "whole fields (TIFF) and the table of centres; io::features::read of the table of cells".into(),
        obtain: "wells/*.tif are pages of the images Channel1-*.tif and Channel2-*.tif in \
                 tests/core/data/ExampleSBSImages of CellProfiler/CellProfiler at commit 5b9c361f, cut to 640 x 640; \
                 cells_otsu_watershed.csv.gz holds the centres of their nuclei"
            .into(),
        files,
        ..Dataset::default()
    }
}

fn well_file(well: &str, bytes: u64, sha256: &str) -> RemoteFile {
    pinned(well, &format!("wells/{well}.tif"), bytes, sha256, Vec::new())
}

fn ops_cells() -> Dataset {
    let repository = |path: &str| raw("Genentech/set-dino", "e20d4c04c2db34dadeebeab6b22d4595ca400449", path);
    let mut files = vec![pinned(
        "table",
        "metadata.parquet",
        2_109,
        "c5e3e52ae2138977fd435c8506da4363a2f6423f27dd73acebe7d513f6820ab1",
        vec![repository("example_data/metadata.parquet")],
    )];
    files.extend(CELLS.iter().map(|&(key, sha256)| {
        let address = repository(&format!("example_data/images/{key}.npy"));
        pinned(key, &format!("images/{key}.npy"), 147_584, sha256, vec![address])
    }));
    files.push(pinned(
        "lmdb",
        "lmdb_rebuilt/data.mdb",
        1_527_808,
        "19c839a01eb10bca3686fd088f63dffed9687e65b956f75671ca4524ba63ee33",
        Vec::new(),
    ));
    Dataset {
        name: "ops_cells".into(),
        title: "Ten cells of the Funk 2022 screen: 4 channels x 96 x 96, f32 from 0 to 1 (DNA damage, F-actin, DNA, \
                microtubules)"
            .into(),
        citation:
            "Funk et al., The phenotypic landscape of essential human genes, Cell 2022; Yao et al., Weakly supervised \
                   set-consistency learning improves morphological profiling of single-cell images, 2024 (Set-DINO)"
                .into(),
        licence: "Apache-2.0 (Genentech/set-dino)".into(),
        reproduces: "what readers and normalisations of single-cell images must give".into(),
        loader: "folders of npy crops; LMDB of raw values".into(),
        obtain:
            "lmdb_rebuilt/ holds the same ten cells in the layout of the loader: key gene;guide;plate;well;tile;index, \
                 value raw little-endian f32"
                .into(),
        files,
        ..Dataset::default()
    }
}

/// Name, SHA-256.
const CELLS: [(&str, &str); 10] = [
    (
        "ADRM1;CACGAACTCTCTGCGCTAGG;20200206_6W-LaC025A;B3;1051;6",
        "f07317dc2596015cbf36aefcdff395a2d557008078427ac199cc34eacfd1e16d",
    ),
    (
        "CEBPE;GCAGCCACTCGAGTTCTCAG;20200202_6W-LaC024B;B2;230;0",
        "64d5f23ec9afc165e43071b7771925ba63858853ac789d6279ae496e963010dc",
    ),
    (
        "COG5;GAATGATCTCAGCATCCGAT;20200206_6W-LaC025A;A3;1112;5",
        "de698917c32049ee3eeb411d71706a2576c3958b669d06f0e5452a43ef06948b",
    ),
    (
        "EZH2;TCAGAAGGAAATTTCCGAGG;20200202_6W-LaC024F;A1;41;1",
        "6c47ce233f93d4253166f8bfe3593b0f0a0c0276f047d5943137cf9fc58ff806",
    ),
    (
        "JMJD1C;AATGGAACACATGCATACTC;20200206_6W-LaC025A;B1;940;7",
        "a5ed959fee4c0eae214f0d7fb76ebed7decf714f08f0c65b837041c3e4e19cfb",
    ),
    (
        "NCOR1;TAACCAGCCATCAGATACCA;20200202_6W-LaC024B;A1;1167;2",
        "5c3eefaaa03329e4e1f79345ab14a9d259feb9b188d405cdfa99222ad9ca90f5",
    ),
    (
        "PLA2G4E;CCAACTGCCCAAATCCAGAG;20200206_6W-LaC025A;A1;441;8",
        "91eb368f12c56c88ec1fcdae8a74f5b0d1a38d75f555154ff1ef5d8dc2367ae7",
    ),
    (
        "PSMC6;CAGAATAAGAAACATTCCCA;20200206_6W-LaC025B;A1;586;9",
        "88737ed36a18dc7cb17ea2ae5bf652e3ef23a483078bc224cf47866f92e3242f",
    ),
    (
        "RASD2;CGTAAGGTATACAACATCCG;20200202_6W-LaC024D;B2;1079;3",
        "5797c16cfd9cb4270ddf30975fe90e034b1870c954a9df7a1a1c855fc188c811",
    ),
    (
        "SMURF2;CTTCCCTGGAAACCTCAATG;20200202_6W-LaC024F;B1;1265;4",
        "3583debf5972d6e370e9ed9de4db4c360556d3828a7e2aed20d1baa4a474edb9",
    ),
];

/// Well, bytes, SHA-256.
const WELLS: [(&str, u64, &str); 48] = [
    ("A01", 395_626, "8be8d2292704707561f1bca5f2789c172efd4172b96599dadecf87d8b2623b96"),
    ("A02", 377_476, "b335e4962dede832c987b1ec3449321e321b7122bbf1debca462902d1ec45c17"),
    ("A03", 387_989, "f0d89e368eb0f33032ea77076a04d5d1b688b1f0f36d990e5495fed104971a98"),
    ("A04", 292_105, "dc80658dd30bd2e2b9dcaddc45ae129b654a2e271e00c268fc6d17e73a3fe536"),
    ("A05", 353_432, "5aee7cf0dd6405c1cd3603c48db2914b1541b41c54e0c352c023e3e9271950b1"),
    ("A06", 314_389, "a9f8e68f3f2463cd0bd22c53b94d9bca8a5a379fd8effe0e2907972d0135b7ff"),
    ("A07", 294_796, "d0a9899f4c7b063bd751d43e6acc5ff17cfc795e672a29315ced31a21e42b930"),
    ("A08", 335_412, "acc334130fc3635da83d0813fcd8c791706fa83d5e9fe317b8e30552fab4a4a9"),
    ("A09", 276_895, "7de7a37c2a5d5a02345cceb74703e02fc4ae8621450cf5fadfb93f43302b6f14"),
    ("A10", 271_652, "c1f3e8a0fd150ba5385fcecb661728ef9d2a6176ed7d103248aeb88c35e0d340"),
    ("A11", 266_308, "f55077ef42060ed4d2d1a83be4705d7e88372c4e50c4140687de2f2fa0339ef8"),
    ("A12", 284_135, "6cbc0d6a64cbce38c3d2867ec175305026ea3757ed234bc8051fdcaac5434031"),
    ("B01", 302_278, "9950f1f4972d3f2b700c712ba3e2ac8042b02b7d02e268dc1155504ffb5bbcec"),
    ("B02", 364_816, "9d1c798468fe53c57e7d1368d4b24642b99bdaa967eaff9c39f3016c02ef900c"),
    ("B03", 400_296, "b427f6ef2946772f1eb4c4179dc7e8e74f4156cde4d80ee7cdd4d214f3275999"),
    ("B04", 343_380, "4a20f630a14fdb922b553455f857e4abedbae64cdffaf69669a4eb5a98ffca15"),
    ("B05", 364_615, "022468d0b92b31439c24e9771104e36ed835584c8409c7f0f43176898db1af0c"),
    ("B06", 308_810, "b5757548ddaa4b7289b10d6ff56feb32806a3f3494c29db61112e4e534b735dd"),
    ("B07", 295_129, "afb373b1914cb879e0e54d5455266218cbdee7eeffae8673d976f2159493f4f5"),
    ("B08", 300_728, "db752b5ab025ed744428201df962e4d14aacef337be063009219acf76f839f21"),
    ("B09", 285_408, "03454832e47c9dea8a0f909055145e4b7db7ad1a285166968473d0d52a15f3b3"),
    ("B10", 261_236, "9715406be5e8a53d788fa41ae56b80237f148714110f88bc1f138dada6ed0b60"),
    ("B11", 296_086, "9f4504f86755a2be328286b85b67031e537d4bae39eaa09705343c2e96c480b0"),
    ("B12", 246_657, "dec66e4726d5b5966facdc62ee12e7975817787d11123da875743dfc1045bbaf"),
    ("E01", 299_309, "adbea66da41024ca1dbe430f0526a6bc48bc6fda875c4dbbec09980aeb0a18ac"),
    ("E02", 307_485, "eb532264cb3a4f055f4508eb3f9864523847bcd952beef49dd77689730676de2"),
    ("E03", 319_446, "5395c55091be12936cbfbb6b50fd0d89f3e2ed995bc5d17616afd81b584fcd49"),
    ("E04", 328_957, "a5ccd3cf2655cf84c609e556a76554e098281b9b7b6b400d0a3854794ff8b383"),
    ("E05", 305_197, "3176d081535aea388cc1367e159daab5acdefb7d5548f92496197908110b454a"),
    ("E06", 288_366, "07a33ad27ec961e9b6294899fdb7d2c926e9a3c7b9af10d8bf0e8fb49f21353a"),
    ("E07", 278_249, "d621386d5c014b9a08801e7e55612b25d77dd7c5cf406a69fc37150225ad8b77"),
    ("E08", 298_997, "4a096bd024141867c7d47dc8ffb3042554f9dbab3ccfe2fe3abdc999092fd95c"),
    ("E09", 261_259, "19eb7530fb7a6ebf566de5ae03507ebd3f017237d86b77edfd11f4cae63c184e"),
    ("E10", 200_841, "b7bc262784240bc4015f62ab0924d950559d0c58dbaf6d956242bca9ecb75c92"),
    ("E11", 263_474, "1de59e2c4dd417fbc97942b8d0d4d8f707a1f0bf8e58f90d038025f7ffe88cb4"),
    ("E12", 291_313, "92a18013e75b901d02d3b2f32897d7fdf4da4693bb3757901d136929c911dbf5"),
    ("F01", 318_686, "d3b9bd5077fb4a5fe23e3b3ea6813c7219d91e856a700c951389eff701aca694"),
    ("F02", 330_824, "11e6fe883588dcd4e5535800dde4e71a0dfa35a66eeb8153c16b7cca17f20e69"),
    ("F03", 269_067, "c5f2f27e1f7382343b8688c76a57ba429f89b30b0536dc912f196c8d8bdc2067"),
    ("F04", 309_303, "e43ea0aef2e4d6236e4a9007526aff4c6ed800eb6304ecd07514a634ff18e2e0"),
    ("F05", 302_839, "35a3c21ae8870ca636a3724f358ee32c2bad1c58055180d356dc1d7d2b7b27c0"),
    ("F06", 315_828, "7656e87e641df2724192e1c5986a680463545a307cd5376575a4378a0c4872a0"),
    ("F07", 288_491, "bbce12f0a0374136474cebcea5f19091d63bdb994a7bfab482f0a0315e10430a"),
    ("F08", 264_114, "8e296f466860c91ae59ccb1b6cee0456c57b172288207dbb972c419d585bfd9e"),
    ("F09", 287_791, "ffb6d52d02cd8d29f7d4d40ee1e935aaa12d41df068719e99c66d98fb976df49"),
    ("F10", 219_160, "ac8413aff9bbc1ef8927edb9ae0f1f370b4ea30c511dd9b6a46250de5912d23d"),
    ("F11", 287_043, "6301b29704a57ad52b86078c71dae4e6342228fe0e10ff855ae32180f6e59312"),
    ("F12", 321_417, "8016a71ed57a9e0054590936259ef10a1d2f2b1376b58e3cc4400294289e77e4"),
];

//! The registry, the order in which files are looked for, and downloads from a server on this machine.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use perturbook::datasets::{self, Dataset, FileState, Places, RemoteFile, Source, sha256};

const BODY: &[u8] = b"name\tgenes\nexosome\tEXOSC1 EXOSC2\n";

/// A server that answers each connection with the next of `answers`, and its address.
fn serve(answers: Vec<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/file.tsv", listener.local_addr().unwrap());
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            stream.write_all(&answer).unwrap();
        }
    });
    address
}

fn answer(length: usize, body: &[u8]) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n").into_bytes();
    answer.extend_from_slice(body);
    answer
}

fn sum_of(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bytes");
    fs::write(&path, bytes).unwrap();
    sha256(path).unwrap()
}

fn file(addresses: Vec<String>) -> RemoteFile {
    RemoteFile {
        role: "sets".into(),
        path: "file.tsv".into(),
        bytes: Some(BODY.len() as u64),
        sha256: Some(sum_of(BODY)),
        addresses,
    }
}

fn toy(files: Vec<RemoteFile>) -> Dataset {
    Dataset {
        name: "toy".into(),
        title: "A toy".into(),
        citation: "Nobody 2024".into(),
        licence: "CC0 1.0".into(),
        reproduces: "nothing".into(),
        loader: "nothing".into(),
        files,
        ..Dataset::default()
    }
}

/// Names of the files below a folder, temporary ones included.
fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder)
        .map(|entries| entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default()
}

fn cache_only(cache: &Path) -> Places {
    Places { cache: Some(cache.to_owned()), ..Places::default() }
}

fn put(path: PathBuf, bytes: &[u8]) -> PathBuf {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn sha256_is_the_published_function() {
    assert_eq!(sum_of(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#[test]
fn every_entry_of_the_registry_is_complete_and_pinned() {
    let mut seen = BTreeSet::new();
    for dataset in datasets::list() {
        assert!(seen.insert(dataset.name.clone()), "{} twice", dataset.name);
        for text in [&dataset.title, &dataset.citation, &dataset.licence, &dataset.reproduces, &dataset.loader] {
            assert!(!text.is_empty(), "{}", dataset.name);
        }
        for text in [&dataset.title, &dataset.citation, &dataset.licence, &dataset.reproduces, &dataset.obtain] {
            assert!(!text.contains("  "), "{}: a run of blanks in {text:?}", dataset.name);
        }
        let by_hand = dataset.files.iter().any(|file| file.addresses.is_empty()) || dataset.files.is_empty();
        assert!(!by_hand || !dataset.obtain.is_empty(), "{}: nothing says how to get it", dataset.name);
        let mut paths = BTreeSet::new();
        for file in &dataset.files {
            assert!(paths.insert(&file.path), "{} twice", file.path);
            if let Some(sum) = &file.sha256 {
                assert!(sum.len() == 64 && sum.bytes().all(|b| b.is_ascii_hexdigit()), "{}", file.path);
                assert!(file.bytes.is_some(), "{}", file.path);
            }
            for address in &file.addresses {
                assert!(address.starts_with("https://") && !address.contains([' ', ';']), "{address}");
                let commit = address.split('/').any(|p| p.len() >= 8 && p.bytes().all(|b| b.is_ascii_hexdigit()));
                assert!(commit || file.sha256.is_none(), "{address} has a checksum but is not pinned to a commit");
                assert!(commit || !address.contains("githubusercontent"), "{address} is not pinned to a commit");
            }
        }
    }
    let error = datasets::info("funk").unwrap_err().to_string();
    assert!(error.contains("\"funk\"") && error.contains("funk2022_mcvae"), "{error}");
}

#[test]
fn sizes_and_sums_of_the_registry_are_those_of_the_files() {
    let Some(data) = common::shared_file("data") else { return };
    let mut compared = 0;
    for dataset in datasets::list() {
        for file in dataset.files.iter().filter(|file| file.sha256.is_some()) {
            let path = data.join(&dataset.name).join(&file.path);
            if !path.is_file() {
                continue;
            }
            assert_eq!(file.bytes, Some(fs::metadata(&path).unwrap().len()), "{}", path.display());
            assert_eq!(file.sha256, Some(sha256(&path).unwrap()), "{}", path.display());
            compared += 1;
        }
    }
    assert!(compared > 80, "only {compared} files were compared");
}

#[test]
fn a_dataset_is_fetched_whole_and_its_files_are_told_right_from_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let address = serve(vec![answer(BODY.len(), BODY)]);
    let by_hand = RemoteFile { path: "by_hand.tsv".into(), ..file(vec![]) };
    let in_folder = RemoteFile { path: "in/file.tsv".into(), ..file(vec![address]) };
    let unknown = RemoteFile { path: "unknown.tsv".into(), sha256: None, ..file(vec![]) };
    let dataset = toy(vec![in_folder, by_hand, unknown]);
    let paths = datasets::get(&dataset, folder.path()).unwrap();
    assert_eq!(paths, [folder.path().join("toy/in/file.tsv")]);
    assert!(fs::read_to_string(folder.path().join("toy/LICENCE.txt")).unwrap().contains("CC0 1.0"));
    assert_eq!(datasets::get(&dataset, folder.path()).unwrap(), paths, "what is there is not fetched again");

    let states = || -> Vec<FileState> {
        datasets::verify(&dataset, folder.path()).unwrap().into_iter().map(|(_, state)| state).collect()
    };
    assert_eq!(states(), [FileState::Right, FileState::Absent, FileState::Absent]);
    put(folder.path().join("toy/unknown.tsv"), BODY);
    put(folder.path().join("toy/by_hand.tsv"), &BODY[1..]);
    assert_eq!(states()[2], FileState::Unknown);
    assert!(matches!(&states()[1], FileState::Wrong(why) if why.contains("is not the file it should be")));

    let error = datasets::get(&toy(vec![file(vec![])]), folder.path()).unwrap_err().to_string();
    assert!(error.contains("cannot be downloaded by its address alone"), "{error}");
}

#[test]
fn a_download_is_checked_stored_and_then_found() {
    let cache = tempfile::tempdir().unwrap();
    let address = serve(vec![answer(BODY.len(), BODY)]);
    let (places, dataset) = (cache_only(cache.path()), toy(vec![file(vec![address.clone()])]));
    let first = places.find(&dataset, "sets").unwrap();
    assert_eq!(first.source, Source::Downloaded(address));
    assert_eq!(fs::read(&first.path).unwrap(), BODY);
    assert_eq!(names(&cache.path().join("toy")), ["LICENCE.txt", "file.tsv"].map(String::from).into());
    let licence = fs::read_to_string(cache.path().join("toy/LICENCE.txt")).unwrap();
    assert!(licence.contains("CC0 1.0") && licence.contains("Nobody 2024"), "{licence}");

    let again = places.find(&dataset, "sets").unwrap(); // the server answers only once
    assert_eq!(again.source, Source::File(again.path.clone()));
}

#[test]
fn a_cut_connection_leaves_no_file_behind() {
    let cache = tempfile::tempdir().unwrap();
    let address = serve(vec![answer(BODY.len(), &BODY[..10])]);
    let places = cache_only(cache.path());
    let error = places.find(&toy(vec![file(vec![address.clone()])]), "sets").unwrap_err().to_string();
    assert!(error.contains("stopped after 10 of") && error.contains(&address) && error.contains("fix:"), "{error}");
    // What has come is kept for the next attempt, under a hidden name.
    assert!(names(&cache.path().join("toy")).iter().all(|name| name.starts_with('.')));
}

#[test]
fn a_changed_byte_is_an_error_that_names_both_sums() {
    let cache = tempfile::tempdir().unwrap();
    let mut changed = BODY.to_vec();
    changed[3] ^= 1;
    let address = serve(vec![answer(changed.len(), &changed)]);
    let places = cache_only(cache.path());
    let error = places.find(&toy(vec![file(vec![address])]), "sets").unwrap_err().to_string();
    assert!(error.contains(&sum_of(&changed)) && error.contains(&sum_of(BODY)), "{error}");
    assert!(names(&cache.path().join("toy")).is_empty());
}

#[test]
fn a_longer_or_shorter_answer_and_a_refusal_are_errors() {
    for (bad, word) in [
        (answer(1 << 20, &[BODY, &vec![b'x'; 1 << 20][BODY.len()..]].concat()), "expected"),
        (answer(5, &BODY[..5]), "5 bytes"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(), "404"),
    ] {
        let cache = tempfile::tempdir().unwrap();
        let places = cache_only(cache.path());
        let error = places.find(&toy(vec![file(vec![serve(vec![bad])])]), "sets").unwrap_err().to_string();
        assert!(error.contains(word), "{word}: {error}");
        assert!(names(&cache.path().join("toy")).is_empty());
    }
}

#[test]
fn the_next_address_is_tried_when_one_fails() {
    let cache = tempfile::tempdir().unwrap();
    let pointer = b"version https://git-lfs.github.com/spec/v1\n";
    let addresses = vec![serve(vec![answer(pointer.len(), pointer)]), serve(vec![answer(BODY.len(), BODY)])];
    let found = cache_only(cache.path()).find(&toy(vec![file(addresses.clone())]), "sets").unwrap();
    assert_eq!(found.source, Source::Downloaded(addresses[1].clone()));
    assert_eq!(fs::read(found.path).unwrap(), BODY);
}

#[test]
fn two_downloads_at_once_both_succeed() {
    let cache = tempfile::tempdir().unwrap();
    let address = serve(vec![answer(BODY.len(), BODY); 2]);
    let target = cache.path().join("file.tsv");
    let file = file(vec![]);
    thread::scope(|scope| {
        let runs = [0, 1].map(|_| scope.spawn(|| datasets::download(&file, &address, &target)));
        for run in runs {
            assert_eq!(run.join().unwrap().unwrap(), sum_of(BODY));
        }
    });
    assert_eq!(names(cache.path()), ["file.tsv"].map(String::from).into());
}

#[test]
fn without_a_published_sum_the_first_download_is_recorded_and_kept_to() {
    let cache = tempfile::tempdir().unwrap();
    let unknown = RemoteFile { sha256: None, bytes: None, ..file(vec![serve(vec![answer(BODY.len(), BODY)])]) };
    let (places, dataset) = (cache_only(cache.path()), toy(vec![unknown]));
    let found = places.find(&dataset, "sets").unwrap();
    let recorded = fs::read_to_string(cache.path().join("toy/file.tsv.sha256")).unwrap();
    assert_eq!(recorded.trim(), sum_of(BODY));
    places.find(&dataset, "sets").unwrap();
    assert_eq!(datasets::verify(&dataset, cache.path()).unwrap()[0].1, FileState::Right);
    fs::write(&found.path, b"something else").unwrap();
    let error = places.find(&dataset, "sets").unwrap_err().to_string();
    assert!(error.contains(recorded.trim()) && error.contains(&sum_of(b"something else")), "{error}");
}

#[test]
fn a_corrupted_file_on_this_machine_is_an_error_not_a_fallback() {
    let cache = tempfile::tempdir().unwrap();
    let path = put(cache.path().join("toy/file.tsv"), b"name\tgenes\nexosome\tEXOSC1 EXOSC3\n");
    let places = cache_only(cache.path());
    let error = places.find(&toy(vec![file(vec![])]), "sets").unwrap_err().to_string();
    for word in [&sum_of(BODY), &sha256(&path).unwrap(), "file.tsv", "delete this file"] {
        assert!(error.contains(word), "{word}: {error}");
    }
    put(cache.path().join("funk2022_mcvae/df_standardized_mitosis.parquet"), b"PAR1");
    let error = places.gene_screen().map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("df_standardized_mitosis.parquet is not the file it should be"), "{error}");
}

#[test]
fn folders_are_searched_in_the_documented_order() {
    let root = tempfile::tempdir().unwrap();
    let folder = |name: &str| root.path().join(name);
    let places = Places {
        data: Some(folder("data")),
        cache: Some(folder("cache")),
        shared: vec![folder("near"), folder("far")],
        offline: true,
    };
    let dataset = toy(vec![file(vec![])]);
    let order = [
        folder("far").join("toy/file.tsv"),
        folder("near").join("toy/file.tsv"),
        folder("cache").join("toy/file.tsv"),
        folder("data").join("toy/file.tsv"),
        folder("data").join("file.tsv"),
    ];
    for path in order {
        put(path.clone(), BODY);
        assert_eq!(places.find(&dataset, "sets").unwrap().path, path);
    }
}

#[test]
fn the_first_alternative_that_is_found_serves_a_role() {
    let cache = tempfile::tempdir().unwrap();
    let big = file(vec!["http://127.0.0.1:9/never".into()]);
    let local = RemoteFile { path: "local.tsv".into(), addresses: vec![], ..big.clone() };
    let (places, dataset) = (cache_only(cache.path()), toy(vec![big, local]));
    let path = put(cache.path().join("toy/local.tsv"), BODY);
    assert_eq!(places.find(&dataset, "sets").unwrap().path, path, "no download while an alternative is here");
    let path = put(cache.path().join("toy/file.tsv"), BODY);
    assert_eq!(places.find(&dataset, "sets").unwrap().path, path);
    let error = places.find(&dataset, "positions").unwrap_err().to_string();
    assert!(error.contains("\"positions\"") && error.contains("\"sets\""), "{error}");
}

#[test]
fn offline_says_what_was_tried_and_where_to_put_the_file() {
    let cache = tempfile::tempdir().unwrap();
    let places = Places { offline: true, ..cache_only(cache.path()) };
    let dataset = toy(vec![file(vec!["https://example.org/file.tsv".into()])]);
    let error = places.find(&dataset, "sets").unwrap_err().to_string();
    let by_hand = cache.path().join("toy");
    for word in
        ["offline", "PERTURBOOK_OFFLINE", "https://example.org/file.tsv", by_hand.to_str().unwrap(), "PERTURBOOK_DATA"]
    {
        assert!(error.contains(word), "{word}: {error}");
    }
    assert!(names(cache.path()).is_empty(), "nothing is written");
}

#[test]
fn out_of_reach_the_screen_is_simulated_and_says_so_in_capitals() {
    let screen = Places { offline: true, ..Places::default() }.gene_screen().unwrap();
    let notice = screen.notice().expect("a notice");
    assert!(notice.starts_with("SIMULATED DATA, NOT A REAL SCREEN") && notice.contains("offline"), "{notice}");
    assert!(screen.source.is_simulated());
    assert_eq!(screen.profiles.block_names(), ["salient", "background"]);
    assert!(screen.profiles.row(&screen.control).unwrap().iter().all(|&v| v == 0.0));
    assert_eq!(screen.table.height(), screen.profiles.len());
    assert!(screen.table.column("mitotic_index").is_ok());
    assert!(screen.complexes.len() > 50);
    assert!(screen.genome.order(screen.profiles.keys()).len() + 1 == screen.profiles.len());
}

#[test]
fn a_refused_connection_is_reported_with_its_address() {
    // Nothing listens on port 9 of this machine.
    let cache = tempfile::tempdir().unwrap();
    let places = cache_only(cache.path());
    let error =
        places.find(&toy(vec![file(vec!["http://127.0.0.1:9/file.tsv".into()])]), "sets").unwrap_err().to_string();
    assert!(error.contains("download failed") && error.contains("127.0.0.1:9"), "{error}");
}

#[test]
fn the_real_screen_has_its_known_size() {
    let Some(data) = common::shared_file("data") else { return };
    let places = Places { shared: vec![data], offline: true, ..Places::default() };
    let screen = places.gene_screen().unwrap();
    assert_eq!(screen.notice(), None);
    assert_eq!((screen.profiles.len(), screen.profiles.dims()), (3090, 64));
    assert_eq!(screen.complexes.len(), 2696);
    assert!(screen.complexes.terms().contains("CC BY-NC 4.0"));
    assert!(screen.genome.order(screen.profiles.keys()).len() > 3000);
    let symbols = screen.table.column("gene_symbol_0").unwrap();
    let symbols: Vec<&str> = symbols.str().unwrap().iter().flatten().collect();
    assert_eq!(symbols, screen.profiles.keys());
    for source in ["corum", "humap", "reactome", "signor"] {
        assert!(places.relations(source).unwrap().value.len() > 1000, "{source}");
    }
    assert_eq!(places.relations("corum").unwrap().value.len(), 37_649);
}

/// Run by the next test in a process of its own, because it reads the environment.
#[test]
#[ignore = "a helper of the_environment_is_read"]
fn print_places() {
    match Places::from_env() {
        Ok(places) => println!("{places:?}"),
        Err(e) => println!("refused: {e}"),
    }
}

#[test]
fn the_environment_is_read() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name).into_os_string().into_string().unwrap();
    let places = |here: &str, set: &[(&str, &str)]| -> String {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["print_places", "--exact", "--ignored", "--nocapture"]).current_dir(path(here));
        for name in ["PERTURBOOK_DATA", "PERTURBOOK_SHARED", "PERTURBOOK_OFFLINE"] {
            child.env_remove(name);
        }
        String::from_utf8(child.envs(set.iter().copied()).output().unwrap().stdout).unwrap()
    };
    for folder in ["shared/data", "a/b", "own", "team/data"] {
        fs::create_dir_all(root.path().join(folder)).unwrap();
    }
    let text = places("a/b", &[]);
    assert!(text.contains("shared/data") && text.contains("offline: false"), "{text}");
    let text = places("a/b", &[("PERTURBOOK_SHARED", &path("team")), ("PERTURBOOK_OFFLINE", "1")]);
    assert!(text.contains("team/data") && !text.contains("shared/data"), "{text}");
    assert!(text.contains("offline: true"), "{text}");
    assert!(places("a", &[("PERTURBOOK_OFFLINE", "0")]).contains("offline: false"));
    assert!(places("a", &[("PERTURBOOK_DATA", &path("own"))]).contains("own"));
    let text = places("a", &[("PERTURBOOK_DATA", &path("nowhere"))]);
    assert!(text.contains("refused") && text.contains("PERTURBOOK_DATA does not name a folder"), "{text}");
}

#[test]
fn a_simulated_screen_has_nothing_published() -> perturbook::Result<()> {
    let empty = tempfile::tempdir().map_err(|e| perturbook::Error::file("temporary folder", e))?;
    let places = Places { data: None, cache: Some(empty.path().to_owned()), shared: Vec::new(), offline: true };
    let screen = places.gene_screen()?;
    assert!(screen.source.is_simulated() && screen.published().is_empty());
    assert_eq!(screen.published_at("mcVAE", 95), None);
    Ok(())
}

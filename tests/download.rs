//! Downloads from a server on this machine that cuts connections, changes bytes, ignores ranges and sends too much; and
//! disks that are full. Each ends in the right file or a clear error, never in half a file under the final name.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use perturbook::datasets::{RemoteFile, download, sha256};

/// 300 kB that repeat nowhere.
fn body() -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    (0..300_000).map(|_| next()).collect()
}

/// How the server answers one request.
#[derive(Clone)]
enum Answer {
    /// As a server should, with the part that is asked for.
    Right,
    /// All of it, whatever is asked for.
    Whole,
    /// So many bytes of what is asked for, then the connection ends.
    Cut(usize),
    /// The same with these bytes instead of the right ones.
    CutOf(Vec<u8>, usize),
    /// The connection ends at once.
    Closed,
    /// Other bytes, in full.
    Other(Vec<u8>),
    /// All of it, without saying how much that is.
    Unstated,
    /// A part other than the one that is asked for.
    WrongPart,
    /// The part that is asked for, slowly.
    Slow,
}

struct Server {
    address: String,
    /// Head of each request, in lower case.
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Serves `body()` under a tag, each connection by the next of `answers`.
    fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/screen.bin", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        thread::spawn(move || {
            for answer in answers {
                let (stream, _) = listener.accept().unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let head: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
                let head = head.join("\n").to_lowercase();
                seen.lock().unwrap().push(head.clone());
                // A client may hang up on what it did not ask for.
                let _ = respond(stream, &head, answer);
            }
        });
        Self { address, requests }
    }

    fn request(&self, i: usize) -> String {
        self.requests.lock().unwrap()[i].clone()
    }

    /// The first byte that a request asks for.
    fn asked_from(&self, i: usize) -> usize {
        let request = self.request(i);
        let range = request.lines().find_map(|line| line.strip_prefix("range: bytes=")).expect("a range");
        range.trim_end_matches('-').parse().unwrap()
    }
}

fn respond(mut stream: TcpStream, head: &str, answer: Answer) -> std::io::Result<()> {
    let body = body();
    let n = body.len();
    let from = head.lines().find_map(|line| line.strip_prefix("range: bytes=")?.trim_end_matches('-').parse().ok());
    let ok = |length: usize| {
        format!("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")
    };
    let head_of = |from: Option<usize>| match from {
        None => ok(n),
        Some(from) => format!(
            "HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes {from}-{}/{n}\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            n - 1,
            n - from
        ),
    };
    let start = from.unwrap_or(0);
    match answer {
        Answer::Right => {
            stream.write_all(head_of(from).as_bytes())?;
            stream.write_all(&body[start..])
        }
        Answer::Slow => {
            stream.write_all(head_of(from).as_bytes())?;
            for block in body[start..].chunks(30_000) {
                stream.write_all(block)?;
                thread::sleep(Duration::from_millis(30));
            }
            Ok(())
        }
        Answer::Whole => {
            stream.write_all(ok(n).as_bytes())?;
            stream.write_all(&body)
        }
        Answer::Cut(bytes) => {
            stream.write_all(head_of(from).as_bytes())?;
            stream.write_all(&body[start..(start + bytes).min(n)])
        }
        Answer::CutOf(other, bytes) => {
            stream.write_all(head_of(from).as_bytes())?;
            stream.write_all(&other[start..start + bytes])
        }
        Answer::Closed => Ok(()),
        Answer::Other(other) => {
            stream.write_all(ok(other.len()).as_bytes())?;
            stream.write_all(&other)
        }
        Answer::Unstated => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            stream.write_all(&body)
        }
        Answer::WrongPart => {
            stream.write_all(format!("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 7-{}/{n}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", n - 1, n - 7).as_bytes())?;
            stream.write_all(&body[7..])
        }
    }
}

fn sum() -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bytes");
    fs::write(&path, body()).unwrap();
    sha256(path).unwrap()
}

/// What the registry says of the file.
fn file() -> RemoteFile {
    RemoteFile {
        role: "screen".into(),
        path: "screen.bin".into(),
        bytes: Some(body().len() as u64),
        sha256: Some(sum()),
        addresses: Vec::new(),
    }
}

/// The files of a folder, hidden ones included.
fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn only_the_file(folder: &Path) {
    assert_eq!(names(folder), BTreeSet::from(["screen.bin".to_owned()]));
    assert!(fs::read(folder.join("screen.bin")).unwrap() == body(), "the right bytes");
}

#[test]
fn a_connection_that_is_cut_is_taken_up_again_where_it_broke_off() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(vec![Answer::Cut(100_000), Answer::Cut(70_000), Answer::Right]);
    let got = download(&file(), &server.address, folder.path().join("screen.bin")).unwrap();
    assert_eq!(got, sum());
    only_the_file(folder.path());
    assert_eq!([server.asked_from(1), server.asked_from(2)], [100_000, 170_000]);
    assert!(server.request(0).contains("accept-encoding: identity"), "{}", server.request(0));
}

#[test]
fn what_an_interrupted_download_has_is_kept_for_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("screen.bin");
    let server = Server::start(vec![Answer::Cut(120_000), Answer::Closed, Answer::Right]);
    let error = download(&file(), &server.address, &target).unwrap_err().to_string();
    assert!(error.contains("stopped after 120000 of 300000 bytes") && error.contains("goes on from here"), "{error}");
    assert!(
        !target.exists() && names(folder.path()).iter().all(|name| name.starts_with('.')),
        "{:?}",
        names(folder.path())
    );
    download(&file(), &server.address, &target).unwrap();
    assert_eq!(server.asked_from(2), 120_000);
    only_the_file(folder.path());
}

#[test]
fn a_server_that_cannot_begin_in_the_middle_sends_all_again() {
    for answers in [
        vec![Answer::Cut(100_000), Answer::Whole],
        vec![Answer::Cut(100_000), Answer::WrongPart, Answer::Right],
        vec![Answer::Cut(100_000), Answer::Cut(1_000), Answer::Whole],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(answers);
        download(&file(), &server.address, folder.path().join("screen.bin")).unwrap();
        only_the_file(folder.path());
    }
}

#[test]
fn a_changed_byte_is_an_error_and_nothing_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut changed = body();
    changed[150_000] ^= 1;
    let server = Server::start(vec![Answer::Other(changed)]);
    let error = download(&file(), &server.address, folder.path().join("screen.bin")).unwrap_err().to_string();
    assert!(error.contains(&sum()) && error.contains("is not the file it should be"), "{error}");
    assert!(names(folder.path()).is_empty(), "{:?}", names(folder.path()));
}

#[test]
fn a_changed_byte_in_what_was_kept_costs_a_second_download_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("screen.bin");
    let mut changed = body();
    changed[5_000] ^= 1;
    let server = Server::start(vec![Answer::CutOf(changed, 100_000), Answer::Closed, Answer::Right, Answer::Right]);
    download(&file(), &server.address, &target).unwrap_err();
    download(&file(), &server.address, &target).unwrap();
    only_the_file(folder.path());
    assert_eq!(server.asked_from(2), 100_000);
    assert!(!server.request(3).contains("range:"), "{}", server.request(3));
}

#[test]
fn more_or_fewer_bytes_than_the_registry_states_are_an_error() {
    for other in [body()[..1_000].to_vec(), [body(), vec![0; 500_000]].concat()] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(vec![Answer::Other(other)]);
        let error = download(&file(), &server.address, folder.path().join("screen.bin")).unwrap_err().to_string();
        assert!(error.contains("is not the file it should be"), "{error}");
        assert!(names(folder.path()).is_empty(), "{:?}", names(folder.path()));
    }
}

#[test]
fn a_file_without_a_published_sum_goes_on_only_from_the_same_version() {
    let unknown = RemoteFile { bytes: None, sha256: None, ..file() };
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("screen.bin");
    let server = Server::start(vec![Answer::Cut(100_000), Answer::Right]);
    assert_eq!(download(&unknown, &server.address, &target).unwrap(), sum());
    assert!(server.request(1).contains("if-range: \"v1\""), "{}", server.request(1));
    only_the_file(folder.path());
    // Without a tag the end of the connection is the end of the file, and there is nothing to go on from.
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(vec![Answer::Unstated]);
    assert_eq!(download(&unknown, &server.address, folder.path().join("screen.bin")).unwrap(), sum());
    only_the_file(folder.path());
}

#[test]
fn two_threads_that_download_one_file_share_one_download() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("screen.bin");
    let server = Server::start(vec![Answer::Slow]);
    let file = file();
    thread::scope(|scope| {
        let runs = [0, 1, 2].map(|_| scope.spawn(|| download(&file, &server.address, &target)));
        for run in runs {
            assert_eq!(run.join().unwrap().unwrap(), sum());
        }
    });
    only_the_file(folder.path());
    assert_eq!(server.requests.lock().unwrap().len(), 1);
}

/// Run by other tests in a process of its own.
#[test]
#[ignore = "a helper of the tests with several processes"]
fn fetch_in_a_process_of_its_own() {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (Some(address), Some(target)) = (set("TEST_ADDRESS"), set("TEST_TARGET")) else { return };
    // A process with a quota cannot write the file that is summed.
    let bytes = set("TEST_UNSTATED").is_none().then_some(body().len() as u64);
    let file = RemoteFile {
        bytes,
        sha256: set("TEST_SUM"),
        role: "screen".into(),
        path: "screen.bin".into(),
        addresses: vec![],
    };
    match download(&file, &address, target) {
        Ok(sum) => println!("got {sum}"),
        Err(error) => println!("refused: {error}"),
    }
}

/// The helper above, started by `sh` with `before` in front.
fn process(before: &str, address: &str, target: &Path) -> Command {
    let mut child = Command::new("sh");
    child.args(["-c", &format!("{before} exec \"$0\" \"$@\"")]).arg(std::env::current_exe().unwrap());
    child.args(["fetch_in_a_process_of_its_own", "--exact", "--ignored", "--nocapture"]);
    child.env("TEST_ADDRESS", address).env("TEST_TARGET", target).env("TEST_SUM", sum());
    child
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn two_processes_that_download_one_file_both_end_well() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("screen.bin");
    let server = Server::start(vec![Answer::Slow, Answer::Slow]);
    let outputs = thread::scope(|scope| {
        let runs = [0, 1].map(|_| scope.spawn(|| process("", &server.address, &target).output().unwrap()));
        runs.map(|run| run.join().unwrap())
    });
    for output in &outputs {
        assert!(said(output).contains(&format!("got {}", sum())), "{}", said(output));
    }
    only_the_file(folder.path());
}

#[test]
fn a_process_that_dies_in_the_middle_leaves_no_lock_behind() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("screen.bin");
    let server = Server::start(vec![Answer::Slow, Answer::Right]);
    let mut child = process("", &server.address, &target).spawn().unwrap();
    while !names(folder.path()).iter().any(|name| fs::metadata(folder.path().join(name)).is_ok_and(|m| m.len() > 0)) {
        thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!target.exists());
    download(&file(), &server.address, &target).unwrap();
    assert!(server.asked_from(1) > 0);
    only_the_file(folder.path());
}

#[test]
fn a_quota_that_is_used_up_is_an_error_and_the_next_download_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("screen.bin");
    let server = Server::start(vec![Answer::Unstated, Answer::Right]);
    // No file may grow beyond 128 blocks of 512 or 1024 bytes, and the signal that says so is ignored.
    let output =
        process("trap '' XFSZ; ulimit -f 128;", &server.address, &target).env("TEST_UNSTATED", "1").output().unwrap();
    let said = said(&output);
    assert!(said.contains("refused: cannot store screen.bin") && said.contains("fix:"), "{said}");
    assert!(!target.exists(), "{:?}", names(folder.path()));
    download(&file(), &server.address, &target).unwrap();
    assert!(server.asked_from(1) > 0);
    only_the_file(folder.path());
}

#[test]
fn a_disk_without_space_is_noticed_before_the_download() {
    let folder = tempfile::tempdir().unwrap();
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(folder.path()).output();
    if !mount.is_ok_and(|output| output.status.success()) {
        common::skipped("no small disk can be mounted here");
        return;
    }
    let target = folder.path().join("screen.bin");
    let server = Server::start(vec![Answer::Right, Answer::Unstated]);
    let error = download(&file(), &server.address, &target).map_err(|e| e.to_string());
    let unstated = download(&RemoteFile { bytes: None, ..file() }, &server.address, &target).map_err(|e| e.to_string());
    let left = names(folder.path());
    Command::new("umount").arg(folder.path()).output().unwrap();
    let error = error.unwrap_err();
    assert!(error.contains("needs 300.0 kB, but the disk has only 65.5 kB left"), "{error}");
    let error = unstated.unwrap_err();
    assert!(error.contains("cannot store screen.bin"), "{error}");
    assert!(!left.contains("screen.bin"), "{left:?}");
}

//! What is collected from an outputs folder, and what is left there.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use syft_core::{ContentHash, DatasitePath, DirDisk, HomePath};
use syft_job::sandbox::Limits;
use syft_job::{Collected, OutputSink as _, OutputsCollector, walk_outputs};
use tempfile::TempDir;

struct Fixture {
    root: TempDir,
}

impl Fixture {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("left")).unwrap();
        fs::create_dir(root.path().join("home")).unwrap();
        fs::write(root.path().join("secret"), "secret").unwrap();
        Fixture { root }
    }

    fn left(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root.path().join("left").join(name)
    }

    fn put(&self, name: impl AsRef<Path>, body: &str) {
        let path = self.left(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, body).unwrap();
    }

    fn target(&self) -> PathBuf {
        self.root.path().join("home/.syft/runs/r1/outputs")
    }

    fn collect(&self, limits: &Limits) -> Collected {
        self.collect_within(limits).0
    }

    /// And whether a limit kept some of it back.
    fn collect_within(&self, limits: &Limits) -> (Collected, bool) {
        let disk = DirDisk::open(&self.root.path().join("home")).unwrap();
        let to = HomePath::parse(".syft/runs/r1/outputs").unwrap();
        let mut outputs = OutputsCollector::new(limits, &disk, &to);
        let cut = walk_outputs(&self.left(""), limits, &mut outputs).unwrap();
        (outputs.finish(), cut)
    }
}

fn names(collected: &Collected) -> Vec<&str> {
    collected.files.iter().map(|file| file.path.as_str()).collect()
}

fn reason<'a>(collected: &'a Collected, path: &str) -> &'a str {
    let skipped = collected.skipped.iter().find(|skipped| skipped.path == path);
    skipped.map_or_else(|| panic!("{path} not reported: {collected:?}"), |skipped| &skipped.reason)
}

#[test]
fn regular_files_are_copied_without_their_modes() {
    let fixture = Fixture::new();
    fixture.put("result.csv", "a,b\n");
    fixture.put("sub/deep/empty", "");
    fixture.put("run", "#!/bin/sh\n");
    fs::set_permissions(fixture.left("run"), fs::Permissions::from_mode(0o6777)).unwrap();
    let (collected, cut) = fixture.collect_within(&Limits::default());
    assert_eq!(names(&collected), ["result.csv", "run", "sub/deep/empty"]);
    assert_eq!((collected.skipped.len(), cut), (0, false));
    assert_eq!(collected.files[0].sha256, ContentHash::of(b"a,b\n"));
    assert_eq!(collected.files[0].size, 4);
    assert_eq!(fs::read_to_string(fixture.target().join("result.csv")).unwrap(), "a,b\n");
    let mode = fs::metadata(fixture.target().join("run")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
}

#[test]
fn x7_only_regular_files_with_one_name_are_collected() {
    let fixture = Fixture::new();
    fixture.put("good", "good");
    let secret = fixture.root.path().join("secret");
    symlink(&secret, fixture.left("link")).unwrap();
    symlink(fixture.root.path(), fixture.left("folder-link")).unwrap();
    symlink("nowhere", fixture.left("dangling")).unwrap();
    fs::hard_link(&secret, fixture.left("hard")).unwrap();
    assert!(Command::new("mkfifo").arg(fixture.left("fifo")).status().unwrap().success());
    let socket = std::os::unix::net::UnixListener::bind(fixture.left("socket")).unwrap();
    let collected = fixture.collect(&Limits::default());
    drop(socket);
    assert_eq!(names(&collected), ["good"]);
    for link in ["link", "folder-link", "dangling"] {
        assert!(reason(&collected, link).contains("symbolic link"));
    }
    assert!(reason(&collected, "hard").contains("hard link"));
    assert!(reason(&collected, "fifo").contains("FIFO"));
    assert!(reason(&collected, "socket").contains("socket"));
    assert_eq!(fs::read_dir(fixture.target()).unwrap().count(), 1);
}

#[test]
fn x7_odd_names_are_reported_not_collected() {
    let fixture = Fixture::new();
    fixture.put("plain", "x");
    fixture.put(OsStr::from_bytes(b"bad\xff"), "x");
    fixture.put("two\nlines", "x");
    fixture.put("\u{202e}evil", "x");
    fixture.put("con.txt", "x");
    fixture.put("Data.csv", "x");
    fixture.put("data.csv", "x");
    let deep = vec!["d"; 40].join("/");
    fixture.put(format!("{deep}/file"), "x");
    let collected = fixture.collect(&Limits::default());
    assert_eq!(names(&collected), ["Data.csv", "plain"]);
    assert!(reason(&collected, "bad\u{fffd}").contains("UTF-8"));
    assert!(reason(&collected, "two‹U+000A›lines").contains("control"));
    assert!(reason(&collected, "‹U+202E›evil").contains("invisible"));
    assert!(reason(&collected, "con.txt").contains("device"));
    assert!(reason(&collected, "data.csv").contains("same name"));
    assert!(collected.skipped.iter().any(|skipped| skipped.reason.contains("24 components")));
}

#[test]
fn r11_permission_files_are_not_collected() {
    let fixture = Fixture::new();
    for name in ["syft.pub.yaml", "sub/syft.pub.yaml", "SYFT.PUB.YAML", "sub/Syft.Pub.yaml"] {
        fixture.put(name, "rules: []");
    }
    fixture.put("folder/syft.pub.yaml/inner", "x");
    fixture.put(".git/hooks/post-checkout", "x");
    fixture.put(".syft-tmp-1", "x");
    fixture.put("sub/kept", "x");
    let collected = fixture.collect(&Limits::default());
    assert_eq!(names(&collected), ["sub/kept"]);
    assert_eq!(collected.skipped.len(), 7);
    assert!(collected.skipped.iter().all(|skipped| skipped.reason.contains("reserved")));
}

#[test]
fn x7_size_and_number_are_bounded() {
    let fixture = Fixture::new();
    fixture.put("a", "12345");
    fixture.put("b", "12345");
    fixture.put("c", "1");
    // A hole of a terabyte; where the file system has no such files, of a gigabyte.
    let sparse = File::create(fixture.left("huge")).unwrap();
    sparse.set_len(1 << 40).or_else(|_| sparse.set_len(1 << 30)).unwrap();
    let limits = Limits { outputs_bytes: 7, ..Limits::default() };
    let (collected, cut) = fixture.collect_within(&limits);
    assert_eq!(names(&collected), ["a", "c"]);
    assert!(cut);
    assert!(reason(&collected, "huge").contains("pass 7 bytes"));
    let limits = Limits { outputs_files: 1, ..Limits::default() };
    let collected = fixture.collect(&limits);
    assert_eq!(names(&collected), ["a"]);
    assert!(reason(&collected, "b").contains("more than 1 files"));
}

#[test]
fn x7_fifty_thousand_entries_are_not_walked() {
    let fixture = Fixture::new();
    for number in 0..1_500 {
        fs::create_dir(fixture.left(format!("d{number}"))).unwrap();
    }
    let limits = Limits { outputs_files: 10, ..Limits::default() };
    let (collected, cut) = fixture.collect_within(&limits);
    assert!(cut && collected.files.is_empty());
    assert!(collected.skipped.iter().any(|skipped| skipped.reason.contains("looked at")));
}

#[test]
fn x7_sparse_files_are_refused_and_small_holes_are_not() {
    let fixture = Fixture::new();
    let sparse = |name: &str, length: u64| {
        fixture.put(name, "begins");
        File::options().write(true).open(fixture.left(name)).unwrap().set_len(length).unwrap();
    };
    sparse("huge", 200_000_000);
    sparse("small", 30_000);
    fixture.put("full", &"x".repeat(300_000));
    let collected = fixture.collect(&Limits::default());
    assert_eq!(names(&collected), ["full", "small"]);
    assert!(reason(&collected, "huge").contains("sparse"));
    assert_eq!(fs::metadata(fixture.target().join("full")).unwrap().len(), 300_000);
}

#[test]
fn what_no_box_would_hand_on_is_an_error_and_is_not_kept() {
    let fixture = Fixture::new();
    let disk = DirDisk::open(&fixture.root.path().join("home")).unwrap();
    let to = HomePath::parse(".syft/runs/r1/outputs").unwrap();
    let limits = Limits { outputs_bytes: 10, outputs_files: 2, ..Limits::default() };
    let path = |text: &str| DatasitePath::parse(text).unwrap();
    let mut outputs = OutputsCollector::new(&limits, &disk, &to);
    outputs.file(path("a/one"), &mut b"12345".as_slice()).unwrap();
    for (name, body, why) in [
        ("a/ONE", "x", "used before"),
        ("syft.pub.yaml", "x", "reserved"),
        ("b/.git/config", "x", "reserved"),
        ("large", "123456", "larger than all"),
    ] {
        let error = outputs.file(path(name), &mut body.as_bytes()).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        assert!(!fixture.target().join(name).exists());
    }
    outputs.file(path("two"), &mut b"12345".as_slice()).unwrap();
    let error = outputs.file(path("three"), &mut b"".as_slice()).unwrap_err();
    assert!(error.to_string().contains("one file too many"), "{error}");
    assert_eq!(names(&outputs.finish()), ["a/one", "two"]);
}

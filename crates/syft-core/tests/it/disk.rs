//! The door to the disk: atomic, and never through a link.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;
use syft_core::testing::FaultyDisk;
use syft_core::{Access, DirDisk, Disk, Error, FileKind, HomePath};
use tempfile::TempDir;

fn path(text: &str) -> HomePath {
    HomePath::parse(text).unwrap()
}

fn home() -> (TempDir, DirDisk) {
    let folder = tempfile::tempdir().unwrap();
    let disk = DirDisk::open(folder.path()).unwrap();
    (folder, disk)
}

fn door(disk: &DirDisk) -> &dyn Disk {
    disk
}

fn put(disk: &DirDisk, at: &str, bytes: &[u8]) {
    door(disk).write(&path(at), bytes, Access::Shared).unwrap();
}

fn names(disk: &dyn Disk, folder: &str) -> Vec<String> {
    let entries = disk.list(&path(folder)).unwrap();
    entries.into_iter().map(|entry| entry.name.unwrap()).collect()
}

fn on_disk(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn fifo(at: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(at).status().unwrap().success());
}

#[test]
fn what_is_written_is_read() {
    let (folder, disk) = home();
    put(&disk, "a/b/c.txt", b"one");
    put(&disk, "a/b/c.txt", b"two");
    assert_eq!(disk.read(&path("a/b/c.txt"), 3).unwrap(), b"two");
    assert_eq!(fs::read(folder.path().join("a/b/c.txt")).unwrap(), b"two");
    let mut streamed = String::new();
    disk.open(&path("a/b/c.txt")).unwrap().read_to_string(&mut streamed).unwrap();
    assert_eq!(streamed, "two");
    assert_eq!(disk.real_path(&path("a/b")), folder.path().canonicalize().unwrap().join("a/b"));
    assert_eq!(on_disk(&folder.path().join("a/b")), ["c.txt"], "no temporary file is left");
}

#[test]
fn a_file_above_the_limit_is_not_read() {
    let (_folder, disk) = home();
    put(&disk, "f", b"1234");
    assert!(disk.read(&path("f"), 4).is_ok());
    assert!(matches!(disk.read(&path("f"), 3), Err(Error::TooLarge { limit: 3, .. })));
    assert_eq!(disk.read(&path("f"), u64::MAX).unwrap(), b"1234");
}

#[test]
fn absence_is_told_from_refusal() {
    let (_folder, disk) = home();
    put(&disk, "file", b"");
    for missing in ["nothing", "no/such/file"] {
        assert!(matches!(disk.read(&path(missing), 9), Err(Error::NotFound(_))));
        assert_eq!(disk.metadata(&path(missing)).unwrap(), None);
        assert_eq!(door(&disk).read_if_there(&path(missing), 9).unwrap(), None);
        assert!(disk.list(&path(missing)).unwrap().is_empty());
        disk.remove_file(&path(missing)).unwrap();
        disk.remove_dir_all(&path(missing)).unwrap();
    }
    assert!(matches!(disk.read(&path("file/below"), 9), Err(Error::NotRegular { .. })));
    assert!(matches!(disk.metadata(&path("file/below")), Err(Error::NotRegular { .. })));
    assert!(matches!(disk.list(&path("file")), Err(Error::NotRegular { .. })));
    assert!(matches!(
        door(&disk).write(&path("file/below"), b"", Access::Shared),
        Err(Error::NotRegular { .. })
    ));
    assert!(matches!(DirDisk::open(Path::new("/no/such/home")), Err(Error::NotFound(_))));
}

#[test]
fn a_folder_is_no_file_and_the_home_is_no_target() {
    let (_folder, disk) = home();
    disk.create_dir_all(&path("d/e"), Access::Shared).unwrap();
    disk.create_dir_all(&path("d/e"), Access::Shared).unwrap();
    for folder in ["d", "d/e", ""] {
        assert!(matches!(disk.read(&path(folder), 9), Err(Error::NotRegular { .. })), "{folder}");
        assert!(matches!(
            door(&disk).write(&path(folder), b"", Access::Shared),
            Err(Error::NotRegular { .. })
        ));
        assert!(matches!(disk.remove_file(&path(folder)), Err(Error::NotRegular { .. })));
        assert!(matches!(disk.append(&path(folder), b"x"), Err(Error::NotRegular { .. })));
    }
    assert!(matches!(disk.remove_dir_all(&HomePath::home()), Err(Error::NotRegular { .. })));
    assert_eq!(disk.metadata(&HomePath::home()).unwrap().unwrap().kind, FileKind::Folder);
    disk.create_dir_all(&HomePath::home(), Access::Shared).unwrap();
}

#[test]
fn secrets_are_for_their_owner_alone() {
    let (folder, disk) = home();
    door(&disk).write(&path("keys/k"), b"secret", Access::OwnerOnly).unwrap();
    disk.append(&path("journal/log"), b"line\n").unwrap();
    let mode =
        |at: &str| fs::metadata(folder.path().join(at)).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        [mode("keys"), mode("keys/k"), mode("journal"), mode("journal/log")],
        [0o700, 0o600, 0o700, 0o600]
    );
}

#[test]
fn create_new_never_overwrites() {
    let (folder, disk) = home();
    assert!(disk.create_new(&path("x/new"), b"first", Access::Shared).unwrap());
    assert!(!disk.create_new(&path("x/new"), b"second", Access::Shared).unwrap());
    assert_eq!(disk.read(&path("x/new"), 9).unwrap(), b"first");
    symlink("/nowhere", folder.path().join("dangling")).unwrap();
    assert!(!disk.create_new(&path("dangling"), b"x", Access::Shared).unwrap());
    assert_eq!(on_disk(&folder.path().join("x")), ["new"]);
}

#[test]
fn of_many_creators_one_wins() {
    let (_folder, disk) = home();
    let wins: usize = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..8)
            .map(|racer| {
                let disk = &disk;
                scope.spawn(move || {
                    let bytes = format!("racer {racer}");
                    disk.create_new(&path("prize"), bytes.as_bytes(), Access::Shared).unwrap()
                })
            })
            .collect();
        racers.into_iter().map(|racer| usize::from(racer.join().unwrap())).sum()
    });
    assert_eq!(wins, 1);
    assert_eq!(names(&disk, ""), ["prize"]);
}

#[test]
fn append_grows_a_file() {
    let (_folder, disk) = home();
    disk.append(&path("a/log"), b"one\n").unwrap();
    disk.append(&path("a/log"), b"two\n").unwrap();
    assert_eq!(disk.read(&path("a/log"), 99).unwrap(), b"one\ntwo\n");
}

#[test]
fn rename_moves_but_never_replaces() {
    let (_folder, disk) = home();
    put(&disk, "from/f", b"1");
    put(&disk, "taken", b"2");
    disk.rename(&path("from/f"), &path("deep/er/f")).unwrap();
    assert_eq!(disk.read(&path("deep/er/f"), 9).unwrap(), b"1");
    assert!(matches!(
        disk.rename(&path("deep/er/f"), &path("taken")),
        Err(Error::AlreadyExists(_))
    ));
    disk.create_dir_all(&path("empty"), Access::Shared).unwrap();
    assert!(matches!(disk.rename(&path("deep"), &path("empty")), Err(Error::AlreadyExists(_))));
    assert!(matches!(disk.rename(&path("gone"), &path("new")), Err(Error::NotFound(_))));
    assert!(disk.rename(&path("deep"), &path("deep/er/self")).is_err());
    disk.rename(&path("deep"), &path("moved")).unwrap();
    assert_eq!(disk.read(&path("moved/er/f"), 9).unwrap(), b"1");
}

#[test]
fn lists_are_sorted_and_pass_over_unfinished_writes() {
    let (folder, disk) = home();
    for name in ["b", "a", "Z", "é", "z"] {
        put(&disk, name, b"");
    }
    fs::write(folder.path().join(".syft-tmp-0123"), b"left by a crash").unwrap();
    assert_eq!(names(&disk, ""), ["Z", "a", "b", "z", "é"]);
    assert!(matches!(
        door(&disk).write(&path(".syft-tmp-x/f"), b"", Access::Shared),
        Err(Error::Invalid { .. })
    ));
    assert!(matches!(disk.rename(&path("a"), &path(".syft-tmp-a")), Err(Error::Invalid { .. })));
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_no_text_is_listed_as_such() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let (folder, disk) = home();
    fs::write(folder.path().join(OsStr::from_bytes(b"bad\xff")), b"").unwrap();
    let entries = disk.list(&HomePath::home()).unwrap();
    assert_eq!(entries[0].name, Err("bad\u{fffd}".to_owned()));
}

#[test]
fn metadata_tells_change() {
    let (_folder, disk) = home();
    put(&disk, "f", b"123");
    let before = disk.metadata(&path("f")).unwrap().unwrap();
    assert_eq!((before.kind, before.size), (FileKind::File, 3));
    assert!(before.modified_ns > 1_600_000_000_000_000_000 && before.inode != 0);
    put(&disk, "f", b"456");
    let after = disk.metadata(&path("f")).unwrap().unwrap();
    assert_ne!((before.inode, before.changed_ns), (after.inode, after.changed_ns));
}

#[test]
fn p10_links_are_refused_not_followed() {
    let (folder, disk) = home();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), b"secret").unwrap();
    symlink(outside.path().join("secret"), folder.path().join("file")).unwrap();
    symlink(outside.path(), folder.path().join("folder")).unwrap();
    put(&disk, "real/f", b"inside");
    symlink("real", folder.path().join("beside")).unwrap();

    for link in ["file", "folder/secret", "beside/f", "folder"] {
        let at = path(link);
        let refused = |result: Result<(), Error>| {
            assert!(matches!(result, Err(Error::NotRegular { .. })), "{link}: {result:?}");
        };
        refused(disk.read(&at, 99).map(|_| ()));
        refused(disk.open(&at).map(|_| ()));
        refused(door(&disk).write(&at, b"x", Access::Shared));
        refused(disk.append(&at, b"x"));
        refused(disk.create_dir_all(&at, Access::Shared));
        refused(disk.rename(&at, &path("stolen")));
        refused(disk.remove_dir_all(&at));
    }
    for below in ["folder/new", "beside/new"] {
        let at = path(below);
        assert!(matches!(
            disk.create_new(&at, b"x", Access::Shared),
            Err(Error::NotRegular { .. })
        ));
        assert!(matches!(disk.rename(&path("real/f"), &at), Err(Error::NotRegular { .. })));
        assert!(matches!(disk.remove_file(&at), Err(Error::NotRegular { .. })));
    }
    assert!(matches!(disk.list(&path("folder")), Err(Error::NotRegular { .. })));
    assert_eq!(disk.metadata(&path("file")).unwrap().unwrap().kind, FileKind::Link);
    assert_eq!(on_disk(outside.path()), ["secret"]);
    assert_eq!(fs::read(outside.path().join("secret")).unwrap(), b"secret");

    disk.remove_file(&path("file")).unwrap();
    assert_eq!(disk.metadata(&path("file")).unwrap(), None);
}

#[test]
fn p10_fifos_and_devices_do_not_block() {
    let (folder, disk) = home();
    fifo(&folder.path().join("pipe"));
    let socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    for other in ["pipe", "socket"] {
        let at = path(other);
        assert!(matches!(disk.read(&at, 9), Err(Error::NotRegular { .. })));
        assert!(matches!(disk.append(&at, b"x"), Err(Error::NotRegular { .. })));
        assert!(matches!(
            door(&disk).write(&at, b"x", Access::Shared),
            Err(Error::NotRegular { .. })
        ));
        assert_eq!(disk.metadata(&at).unwrap().unwrap().kind, FileKind::Other);
        disk.remove_file(&at).unwrap();
    }
    drop(socket);
}

#[test]
fn p11_a_folder_swapped_for_a_link_leads_nowhere() {
    let (folder, disk) = home();
    let outside = tempfile::tempdir().unwrap();
    disk.create_dir_all(&path("out"), Access::Shared).unwrap();
    let swapped = folder.path().join("out");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                // Each step may lose against the writer, who makes the folder anew.
                let _ = fs::rename(&swapped, folder.path().join(format!("aside-{round}")));
                let _ = symlink(outside.path(), &swapped);
                let _ = fs::remove_file(&swapped);
            }
        });
        let mut written = 0;
        while written < 15 {
            match door(&disk).write(&path("out/f"), b"x", Access::Shared) {
                Ok(()) => written += 1,
                Err(error) => assert!(!matches!(error, Error::Invalid { .. }), "{error}"),
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(on_disk(outside.path()).is_empty(), "nothing lands on the other side of the link");
}

#[test]
fn p13_a_full_disk_leaves_the_old_content() {
    struct Fills(usize);
    impl Read for Fills {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0 -= 1;
            buffer.fill(b'x');
            Ok(buffer.len())
        }
    }
    let (folder, disk) = home();
    put(&disk, "f", b"old");
    for parts in 0..3 {
        let error = disk.write_from(&path("f"), &mut Fills(parts), Access::Shared).unwrap_err();
        assert!(error.is_disk_full(), "{error}");
        assert_eq!(disk.read(&path("f"), 9).unwrap(), b"old");
        assert_eq!(on_disk(folder.path()), ["f"], "the unfinished file is gone");
    }
    assert!(disk.write_from(&path("new"), &mut Fills(1), Access::Shared).is_err());
    assert_eq!(disk.metadata(&path("new")).unwrap(), None);
}

#[test]
fn p13_what_did_not_fit_is_written_later() {
    let (folder, disk) = home();
    let faulty = FaultyDisk::new(Arc::new(disk));
    faulty.fail_after(1, io::ErrorKind::StorageFull);
    let disk: &dyn Disk = &faulty;
    disk.write(&path("f"), b"old", Access::Shared).unwrap();
    assert!(disk.write(&path("f"), b"new", Access::Shared).unwrap_err().is_disk_full());
    assert_eq!(fs::read(folder.path().join("f")).unwrap(), b"old");
    disk.write(&path("f"), b"new", Access::Shared).unwrap();
    assert_eq!(fs::read(folder.path().join("f")).unwrap(), b"new");
}

#[test]
fn a_body_may_fail_with_an_error_of_its_own() {
    struct Refuses;
    impl Read for Refuses {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other(Error::TooLarge { path: "member".to_owned(), limit: 7 }))
        }
    }
    let (_folder, disk) = home();
    assert!(matches!(
        disk.write_from(&path("f"), &mut Refuses, Access::Shared),
        Err(Error::TooLarge { limit: 7, .. })
    ));
}

#[test]
fn p10_removing_a_folder_spares_what_its_links_point_to() {
    let (folder, disk) = home();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("keep"), b"").unwrap();
    put(&disk, "job/a/b/c/f", b"");
    put(&disk, "job/a/g", b"");
    put(&disk, "job/.syft-h", b"");
    fifo(&folder.path().join("job/a/pipe"));
    fs::write(folder.path().join("job/a/.syft-tmp-1"), b"").unwrap();
    fs::create_dir(folder.path().join("job/.syft-tmp-0")).unwrap();
    fs::write(folder.path().join("job/.syft-tmp-0/f"), b"").unwrap();
    symlink(outside.path(), folder.path().join("job/a/b/link")).unwrap();
    for (closed, mode) in
        [("job/a/b/c", 0o000), ("job/a/b", 0o500), ("job/a", 0o300), ("job", 0o500)]
    {
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(folder.path().join(closed), mode).unwrap();
    }
    disk.remove_dir_all(&path("job")).unwrap();
    assert!(on_disk(folder.path()).is_empty());
    assert_eq!(on_disk(outside.path()), ["keep"]);
}

#[test]
fn a_very_deep_folder_is_removed() {
    let (folder, disk) = home();
    // Deeper than there are handles and longer than a path may be.
    let mut at = rustix::fs::open(
        folder.path(),
        rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::DIRECTORY,
        rustix::fs::Mode::empty(),
    )
    .unwrap();
    for _ in 0..1_300 {
        rustix::fs::mkdirat(&at, "deep", rustix::fs::Mode::RWXU).unwrap();
        at = rustix::fs::openat(
            &at,
            "deep",
            rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::DIRECTORY,
            rustix::fs::Mode::empty(),
        )
        .unwrap();
    }
    disk.remove_dir_all(&path("deep")).unwrap();
    assert!(on_disk(folder.path()).is_empty());
}

#[test]
fn after_a_crash_a_file_is_old_or_new() {
    for survived in 0..4 {
        let (folder, disk) = home();
        put(&disk, "f", b"old");
        let faulty = Arc::new(FaultyDisk::new(Arc::new(disk)));
        faulty.crash_after(survived);
        let disk: &dyn Disk = &*faulty;
        let steps = [
            disk.write(&path("f"), b"new", Access::Shared),
            disk.create_new(&path("g"), b"new", Access::Shared).map(|_| ()),
            disk.rename(&path("g"), &path("h")),
        ];
        let done = steps.iter().filter(|step| step.is_ok()).count();
        assert_eq!(done as u64, survived.min(3));
        assert_eq!(faulty.is_down(), survived < 3);
        let expected: &[&str] = [&["f"] as &[&str], &["f"], &["f", "g"], &["f", "h"]][done];
        assert_eq!(on_disk(folder.path()), expected);
        let content = fs::read(folder.path().join("f")).unwrap();
        assert_eq!(content, if done == 0 { b"old" } else { b"new" });
        assert_eq!(disk.list(&HomePath::home()).is_err(), faulty.is_down());
        faulty.repair();
        assert_eq!(names(disk, ""), expected);
    }
}

#[test]
fn calls_and_bytes_are_counted() {
    let (_folder, disk) = home();
    let faulty = FaultyDisk::new(Arc::new(disk));
    let disk: &dyn Disk = &faulty;
    disk.write(&path("f"), b"12345", Access::Shared).unwrap();
    disk.read(&path("f"), 9).unwrap();
    disk.open(&path("f")).unwrap().read_to_end(&mut Vec::new()).unwrap();
    let counts = faulty.counts();
    assert_eq!((counts.mutations, counts.bytes_written, counts.bytes_read), (1, 5, 10));
    assert_eq!(counts.calls["read"], 1);
    faulty.reset_counts();
    assert_eq!(faulty.counts().mutations, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..200_000)) {
        let (_folder, disk) = home();
        let written = disk.write_from(&path("a/f"), &mut &*bytes, Access::OwnerOnly).unwrap();
        prop_assert_eq!(written, bytes.len() as u64);
        prop_assert_eq!(disk.read(&path("a/f"), written).unwrap(), bytes);
    }
}

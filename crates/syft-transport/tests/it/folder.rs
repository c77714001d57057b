//! What only a real folder shows: links, foreign files, drives that go away.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, SystemTime};

use syft_core::Email;
use syft_transport::{
    Error, FolderTransport, ListOptions, ObjectName, Space, SpaceKind, Transport, TransportExt,
};

const LIMIT: u64 = 1 << 20;

fn email(name: &str) -> Email {
    Email::parse(&format!("{name}@example.org")).unwrap()
}

fn name(text: &str) -> ObjectName {
    ObjectName::parse(text).unwrap()
}

fn inbox() -> Space {
    Space::Inbox { owner: email("alice"), sender: email("bob") }
}

fn folder_of(root: &Path, space: &Space) -> std::path::PathBuf {
    root.join(space.to_string())
}

/// Alice and Bob over one new folder, Bob's inbox at Alice opened.
async fn pair(root: &Path) -> (FolderTransport, FolderTransport) {
    let alice = FolderTransport::create(root, email("alice")).unwrap();
    let bob = FolderTransport::create(root, email("bob")).unwrap();
    bob.open(&inbox()).await.unwrap();
    (alice, bob)
}

#[tokio::test]
async fn objects_lie_under_the_keys_of_the_layout() {
    let root = tempfile::tempdir().unwrap();
    let (_, bob) = pair(root.path()).await;
    bob.put_bytes(&inbox(), &name("hello"), b"hi".to_vec()).await.unwrap();
    let file = root.path().join("syft-1/inbox/alice@example.org/bob@example.org/hello");
    assert_eq!(fs::read(file).unwrap(), b"hi");
}

#[tokio::test]
async fn p12_names_from_a_listing_are_parsed_and_others_are_reported() {
    let root = tempfile::tempdir().unwrap();
    let (alice, bob) = pair(root.path()).await;
    bob.put_bytes(&inbox(), &name("good"), b"x".to_vec()).await.unwrap();
    let folder = folder_of(root.path(), &inbox());
    for bad in ["a:b", "a\\b", "-rf", "esc\u{1b}[2J", "rtl\u{202e}txt", "blank "] {
        fs::write(folder.join(bad), b"x").unwrap();
    }
    fs::write(folder.join(std::ffi::OsStr::from_bytes(b"latin\xe9")), b"x").unwrap();
    fs::write(folder.join(".syft-tmp-half"), b"x").unwrap();
    fs::create_dir(folder.join("folder")).unwrap();
    symlink("/etc/passwd", folder.join("link")).unwrap();

    let listing = alice.list_with_skipped(&inbox(), &ListOptions::default()).await.unwrap();
    assert_eq!(listing.objects.len(), 1);
    assert_eq!(listing.objects[0].name, name("good"));
    assert_eq!(listing.skipped.len(), 9, "{:?}", listing.skipped);
    let shown = format!("{:?}", listing.skipped);
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
}

#[tokio::test]
async fn p12_folders_with_names_that_are_no_address_are_reported() {
    let root = tempfile::tempdir().unwrap();
    let (alice, _) = pair(root.path()).await;
    let inboxes = root.path().join("syft-1/inbox/alice@example.org");
    fs::create_dir(inboxes.join("Bob@example.org")).unwrap();
    fs::create_dir(inboxes.join("*")).unwrap();
    symlink("/etc", inboxes.join("eve@example.org")).unwrap();
    let found = alice.discover(SpaceKind::Inbox).await.unwrap();
    assert_eq!(found.spaces, [inbox()]);
    assert_eq!(found.skipped.len(), 3, "{:?}", found.skipped);
}

#[tokio::test]
async fn p10_no_link_is_followed_out_of_the_folder() {
    let root = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), b"private").unwrap();
    let (alice, bob) = pair(root.path()).await;

    let folder = folder_of(root.path(), &inbox());
    let mut object = bob.put_bytes(&inbox(), &name("real"), b"x".to_vec()).await.unwrap();
    symlink(outside.path().join("secret"), folder.join("link")).unwrap();
    object.name = name("link");
    let got = alice.get_bytes(&object, LIMIT).await;
    assert!(matches!(got, Err(Error::Permanent { .. })), "{got:?}");
    let put = bob.put_bytes(&inbox(), &name("link"), b"private".to_vec()).await;
    assert!(matches!(put, Err(Error::AlreadyExists { .. })), "{put:?}");

    fs::remove_dir_all(&folder).unwrap();
    symlink(outside.path(), &folder).unwrap();
    assert!(alice.list_all(&inbox()).await.is_err());
    assert!(bob.open(&inbox()).await.is_err());
    assert!(bob.put_bytes(&inbox(), &name("planted"), b"x".to_vec()).await.is_err());
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_folder_that_goes_away_is_temporary_and_is_not_made_again() {
    let above = tempfile::tempdir().unwrap();
    let (root, away) = (above.path().join("shared"), above.path().join("away"));
    let (alice, bob) = pair(&root).await;
    bob.put_bytes(&inbox(), &name("kept"), b"x".to_vec()).await.unwrap();

    fs::rename(&root, &away).unwrap();
    // Once the whole folder is gone, once an empty mount point is left.
    for mount_point in [false, true] {
        if mount_point {
            fs::create_dir(&root).unwrap();
        }
        let put = bob.put_bytes(&inbox(), &name("lost"), b"x".to_vec()).await.unwrap_err();
        let list = alice.list_all(&inbox()).await.unwrap_err();
        let open = bob.open(&inbox()).await.unwrap_err();
        let login = FolderTransport::open(&root, email("bob")).unwrap_err();
        for error in [put, list, open, login] {
            assert!(matches!(error, Error::Temporary { .. }), "{error:?}");
            assert!(error.to_string().contains(root.to_str().unwrap()), "{error}");
        }
        assert!(!root.join("syft-1").exists());
    }

    fs::remove_dir(&root).unwrap();
    fs::rename(&away, &root).unwrap();
    assert_eq!(alice.list_all(&inbox()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn f10_a_file_that_was_cut_is_told_from_a_whole_one() {
    let root = tempfile::tempdir().unwrap();
    let (alice, bob) = pair(root.path()).await;
    let object = bob.put_bytes(&inbox(), &name("message"), vec![7; 1000]).await.unwrap();
    let small = alice.get_bytes(&object, 999).await;
    assert!(matches!(small, Err(Error::TooLarge { limit: 999, .. })), "{small:?}");

    let file = folder_of(root.path(), &inbox()).join("message");
    fs::write(&file, [7; 400]).unwrap();
    let cut = alice.get_bytes(&object, LIMIT).await.unwrap_err();
    assert!(cut.is_retryable(), "{cut}");
    fs::write(&file, [7; 5000]).unwrap();
    let grown = alice.get_bytes(&object, 2000).await;
    assert!(matches!(grown, Err(Error::TooLarge { .. })), "{grown:?}");
}

#[tokio::test]
async fn opening_clears_away_what_ones_own_crashed_writers_left_a_day_ago() {
    let root = tempfile::tempdir().unwrap();
    let (alice, bob) = pair(root.path()).await;
    let folder = folder_of(root.path(), &inbox());
    let left_behind = |tag: &str| folder.join(format!(".syft-tmp-{tag}-left"));
    let tag = |who: &str| {
        let hash = syft_core::ContentHash::of(email(who).as_str().as_bytes()).to_string();
        hash[..8].to_owned()
    };
    let (old, new) =
        (left_behind(&tag("bob")), folder.join(format!(".syft-tmp-{}-new", tag("bob"))));
    // In a synchronised folder, that of another machine with another clock.
    let theirs = left_behind(&tag("alice"));
    let two_days_ago = SystemTime::now() - Duration::from_secs(2 * 24 * 60 * 60);
    for file in [&old, &new, &theirs] {
        fs::write(file, b"half").unwrap();
    }
    for file in [&old, &theirs] {
        fs::File::open(file).unwrap().set_modified(two_days_ago).unwrap();
    }
    bob.open(&inbox()).await.unwrap();
    assert!(!old.exists() && new.exists() && theirs.exists());
    assert_eq!(alice.list_all(&inbox()).await.unwrap().len(), 0);
}

#[tokio::test]
async fn p9_a_name_whose_accents_a_system_took_apart_is_the_same_name() {
    let root = tempfile::tempdir().unwrap();
    let (alice, bob) = pair(root.path()).await;
    let folder = folder_of(root.path(), &inbox());
    let (composed, apart) = (name("gr\u{f6}\u{df}e"), "gro\u{308}\u{df}e");
    fs::write(folder.join(apart), b"from a Mac").unwrap();
    let listed = alice.list_all(&inbox()).await.unwrap();
    assert_eq!(listed.iter().map(|object| &object.name).collect::<Vec<_>>(), [&composed]);
    assert_eq!(alice.get_bytes(&listed[0], LIMIT).await.unwrap(), b"from a Mac");
    // One that is in neither form is told, and not taken for a file that went.
    fs::write(folder.join("gro\u{308}\u{df}e-\u{f6}"), "x").unwrap();
    let listing = alice.list_with_skipped(&inbox(), &ListOptions::default()).await.unwrap();
    assert_eq!((listing.objects.len(), listing.skipped.len()), (1, 1), "{listing:?}");
    fs::remove_file(folder.join("gro\u{308}\u{df}e-\u{f6}")).unwrap();
    // What has that name is not put beside it.
    bob.put_bytes(&inbox(), &composed, b"from a Mac".to_vec()).await.unwrap();
    let other = bob.put_bytes(&inbox(), &composed, b"other".to_vec()).await.unwrap_err();
    assert!(matches!(other, Error::AlreadyExists { .. }), "{other:?}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    // Two files of one name are told, and one of them is it.
    fs::write(folder.join(composed.as_str()), b"twin").unwrap();
    let listing = alice.list_with_skipped(&inbox(), &ListOptions::default()).await.unwrap();
    assert_eq!((listing.objects.len(), listing.skipped.len()), (1, 1), "{listing:?}");
    fs::remove_file(folder.join(composed.as_str())).unwrap();
    alice.retire(&listed).await.unwrap();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

#[tokio::test]
async fn what_a_sync_program_makes_of_two_writers_is_told_as_that_and_is_no_object() {
    let root = tempfile::tempdir().unwrap();
    let (alice, bob) = pair(root.path()).await;
    bob.put_bytes(&inbox(), &name("rows.csv"), b"x".to_vec()).await.unwrap();
    let folder = folder_of(root.path(), &inbox());
    let copies = [
        "rows (conflicted copy 2026-11-28).csv",
        "rows (Bob's conflicted copy 2026-11-28).csv",
        "rows.sync-conflict-20261128-101500-ABCDEFG.csv",
    ];
    let others =
        ["rows (copy).csv", "a.sync-conflict-x", "conflicted copy", "my (old) conflicted copy.csv"];
    for file in copies.iter().chain(&others) {
        fs::write(folder.join(file), b"y").unwrap();
    }
    let listing = alice.list_with_skipped(&inbox(), &ListOptions::default()).await.unwrap();
    assert_eq!(listing.objects.len(), 1 + others.len(), "{listing:?}");
    assert_eq!(listing.skipped.len(), copies.len(), "{listing:?}");
    let told = format!("{:?}", listing.skipped);
    assert_eq!(told.matches("two wrote the same name").count(), copies.len(), "{told}");
}

#[tokio::test]
async fn nothing_of_a_put_stays_behind_but_its_object() {
    let root = tempfile::tempdir().unwrap();
    let (_, bob) = pair(root.path()).await;
    bob.put_bytes(&inbox(), &name("one"), b"x".to_vec()).await.unwrap();
    bob.put_bytes(&inbox(), &name("one"), b"x".to_vec()).await.unwrap();
    bob.put_bytes(&inbox(), &name("one"), b"y".to_vec()).await.unwrap_err();
    let names: Vec<_> = fs::read_dir(folder_of(root.path(), &inbox()))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["one"]);
}

#[tokio::test]
async fn what_the_folder_can_is_found_out_by_trying_and_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let (alice, _) = pair(root.path()).await;
    assert!(alice.info().capabilities.exclusive_create);
    let again = FolderTransport::open(root.path(), email("alice")).unwrap();
    assert_eq!(again.info(), alice.info());
    let names = fs::read_dir(root.path().join("syft-1")).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["inbox"]);
}

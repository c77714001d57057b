//! What was appended is there after any crash; damage is told from a torn end.

use std::io::{self, Read};
use std::sync::Arc;

use proptest::prelude::*;
use syft_core::testing::FaultyDisk;
use syft_core::{Access, Blobs, ContentHash, DirDisk, Disk, Error, HomePath, Journal, NodePaths};
use tempfile::TempDir;

fn home() -> (TempDir, Arc<dyn Disk>) {
    let folder = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(DirDisk::open(folder.path()).unwrap());
    (folder, disk)
}

fn open(disk: &Arc<dyn Disk>) -> Result<(Journal, Vec<Vec<u8>>), Error> {
    Journal::open(Arc::clone(disk), NodePaths::journal())
}

fn texts(records: &[Vec<u8>]) -> Vec<&str> {
    records.iter().map(|record| std::str::from_utf8(record).unwrap()).collect()
}

fn log() -> HomePath {
    NodePaths::journal().join("log").unwrap()
}

fn filled(records: &[&str]) -> (TempDir, Arc<dyn Disk>, Vec<u8>) {
    let (folder, disk) = home();
    let (mut journal, _) = open(&disk).unwrap();
    for record in records {
        journal.append(record.as_bytes()).unwrap();
    }
    let content = disk.read(&log(), u64::MAX).unwrap();
    (folder, disk, content)
}

#[test]
fn records_come_back_in_order() {
    let (_folder, disk, content) = filled(&[r#"{"a":1}"#, "", r#"{"b":"é"}"#]);
    let (mut journal, records) = open(&disk).unwrap();
    assert_eq!(texts(&records), [r#"{"a":1}"#, "", r#"{"b":"é"}"#]);
    assert!(String::from_utf8(content).unwrap().contains(r#" {"a":1}"#), "readable as text");
    journal.append(b"next").unwrap();
    assert_eq!(open(&disk).unwrap().1.len(), 4);
    assert!(matches!(journal.append(b"two\nlines"), Err(Error::Encode { .. })));
}

#[test]
fn rewrite_compacts() {
    let (_folder, disk, _) = filled(&["1", "2", "3"]);
    let (mut journal, mut records) = open(&disk).unwrap();
    records.remove(0);
    journal.rewrite(&records).unwrap();
    journal.append(b"4").unwrap();
    assert_eq!(texts(&open(&disk).unwrap().1), ["2", "3", "4"]);
}

#[test]
fn f12_a_torn_last_record_is_dropped_at_any_length() {
    let (_folder, disk, content) = filled(&["one", "two", "three"]);
    let last = content.len() - "0123456789abcdef three\n".len();
    for length in last..content.len() {
        disk.write(&log(), &content[..length], Access::OwnerOnly).unwrap();
        let (mut journal, records) = open(&disk).unwrap();
        assert_eq!(texts(&records), ["one", "two"]);
        assert_eq!(disk.read(&log(), u64::MAX).unwrap(), content[..last], "cut off on disk");
        journal.append(b"three").unwrap();
        assert_eq!(disk.read(&log(), u64::MAX).unwrap(), content);
    }
}

#[test]
fn f12_a_last_record_whose_first_block_is_lost_is_dropped() {
    let (_folder, disk, mut content) = filled(&["one", "two"]);
    let start = content.len() - 8;
    content[start..start + 4].fill(0);
    disk.write(&log(), &content, Access::OwnerOnly).unwrap();
    assert_eq!(texts(&open(&disk).unwrap().1), ["one"]);
}

#[test]
fn f12_damage_elsewhere_is_reported() {
    let (_folder, disk, content) = filled(&["one", "two", "three"]);
    let lines: Vec<&[u8]> = content.split_inclusive(|byte| *byte == b'\n').collect();
    let mut changed = content.clone();
    let at = changed.windows(3).position(|window| window == b"one").unwrap();
    changed[at] = b'O';
    let variants = [
        ("changed", changed),
        ("removed", [lines[0], lines[2], lines[3]].concat()),
        ("swapped", [lines[0], lines[2], lines[1], lines[3]].concat()),
        ("repeated", [lines[0], lines[1], lines[1], lines[2], lines[3]].concat()),
        ("no header", lines[1..].concat()),
        ("other format", [&b"syft-journal 2\n"[..], lines[1]].concat()),
    ];
    for (what, bytes) in variants {
        disk.write(&log(), &bytes, Access::OwnerOnly).unwrap();
        assert!(matches!(open(&disk), Err(Error::Corrupt { .. })), "{what}");
        assert_eq!(disk.read(&log(), u64::MAX).unwrap(), bytes, "left as it is: {what}");
    }
}

#[test]
fn f12_a_crash_at_any_effect_loses_and_doubles_nothing() {
    for survived in 0..8 {
        let (_folder, real) = home();
        let faulty = Arc::new(FaultyDisk::new(Arc::clone(&real)));
        faulty.crash_after(survived);
        let disk: Arc<dyn Disk> = faulty.clone();
        let mut acknowledged: Vec<String> = Vec::new();
        let mut in_flight: Option<Vec<String>> = None;
        if let Ok((mut journal, _)) = open(&disk) {
            for number in 0..6 {
                let record = format!("record {number}");
                let mut next = acknowledged.clone();
                let done = if number == 3 {
                    next = vec!["compacted".to_owned()];
                    journal.rewrite(&[b"compacted".to_vec()])
                } else {
                    next.push(record.clone());
                    journal.append(record.as_bytes())
                };
                if done.is_err() {
                    in_flight = Some(next);
                    break;
                }
                acknowledged = next;
            }
        }
        let (mut journal, records) = open(&real).unwrap();
        let found = texts(&records);
        assert!(
            found == acknowledged || in_flight.is_some_and(|next| found == next),
            "{survived}: {found:?} of {acknowledged:?}"
        );
        journal.append(b"goes on").unwrap();
        assert_eq!(open(&real).unwrap().1.len(), records.len() + 1);
    }
}

#[test]
fn p13_after_a_failed_append_the_same_record_can_be_appended() {
    let (_folder, real) = home();
    let faulty = Arc::new(FaultyDisk::new(Arc::clone(&real)));
    let disk: Arc<dyn Disk> = faulty.clone();
    let (mut journal, _) = open(&disk).unwrap();
    journal.append(b"one").unwrap();
    // A disk that fills up, and one that stops in the middle and comes back.
    faulty.fail_after(0, io::ErrorKind::StorageFull);
    assert!(journal.append(b"two").unwrap_err().is_disk_full());
    journal.append(b"two").unwrap();
    faulty.crash_after(0);
    assert!(journal.append(b"three").is_err());
    assert!(journal.append(b"three").is_err());
    faulty.repair();
    journal.append(b"three").unwrap();
    assert_eq!(texts(&open(&real).unwrap().1), ["one", "two", "three"]);
}

#[test]
fn blobs_are_kept_once_under_their_hash() {
    let (_folder, disk) = home();
    let blobs = Blobs::new(Arc::clone(&disk), &NodePaths::journal());
    let hash = blobs.put(b"bytes").unwrap();
    assert_eq!(hash, ContentHash::of(b"bytes"));
    assert_eq!(blobs.put_from(&mut &b"bytes"[..]).unwrap(), hash);
    let other = blobs.put_from(&mut &b"other"[..]).unwrap();
    assert_eq!(blobs.read(&hash, 5).unwrap(), b"bytes");
    assert!(matches!(blobs.read(&hash, 4), Err(Error::TooLarge { .. })));
    let mut streamed = Vec::new();
    blobs.open(&other).unwrap().read_to_end(&mut streamed).unwrap();
    assert_eq!(streamed, b"other");
    assert_eq!(disk.list(&NodePaths::journal().join("blobs").unwrap()).unwrap().len(), 2);
    assert_eq!(blobs.retain(|kept| *kept == hash).unwrap(), 1);
    assert!(matches!(blobs.read(&other, 9), Err(Error::NotFound(_))));
    blobs.remove(&hash).unwrap();
    blobs.remove(&hash).unwrap();
    assert!(matches!(blobs.open(&hash).map(|_| ()), Err(Error::NotFound(_))));
}

#[test]
fn a_damaged_blob_is_noticed() {
    let (_folder, disk) = home();
    let blobs = Blobs::new(Arc::clone(&disk), &NodePaths::journal());
    let hash = blobs.put(b"bytes").unwrap();
    let at = NodePaths::journal().join(&format!("blobs/{hash}")).unwrap();
    disk.write(&at, b"bites", Access::OwnerOnly).unwrap();
    assert!(matches!(blobs.read(&hash, 9), Err(Error::Corrupt { .. })));
    let error = blobs.open(&hash).unwrap().read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    disk.write(&at, b"cut", Access::OwnerOnly).unwrap();
    blobs.put(b"bytes").unwrap();
    assert_eq!(blobs.read(&hash, 9).unwrap(), b"bytes", "put heals a blob of the wrong size");
}

#[test]
fn a_crash_leaves_no_half_blob_and_no_litter() {
    for survived in 0..3 {
        let (_folder, real) = home();
        let faulty = Arc::new(FaultyDisk::new(Arc::clone(&real)));
        faulty.crash_after(survived);
        let done = Blobs::new(faulty, &NodePaths::journal()).put_from(&mut &b"bytes"[..]);
        assert_eq!(done.is_ok(), survived == 2);
        let blobs = Blobs::new(Arc::clone(&real), &NodePaths::journal());
        let there = blobs.read(&ContentHash::of(b"bytes"), 9);
        assert_eq!(there.is_ok(), done.is_ok());
        blobs.retain(|_| true).unwrap();
        let left = real.list(&NodePaths::journal().join("blobs").unwrap()).unwrap();
        assert_eq!(left.len(), usize::from(done.is_ok()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_cut_gives_a_prefix_or_an_error(
        records in proptest::collection::vec("[^\n]{0,40}", 1..8),
        cut in any::<proptest::sample::Index>(),
    ) {
        let (_folder, disk, content) =
            filled(&records.iter().map(String::as_str).collect::<Vec<_>>());
        let length = cut.index(content.len());
        disk.write(&log(), &content[..length], Access::OwnerOnly).unwrap();
        match open(&disk) {
            Ok((_, found)) => prop_assert!(records.starts_with(
                &texts(&found).into_iter().map(str::to_owned).collect::<Vec<_>>()
            )),
            Err(error) => prop_assert!(matches!(error, Error::Corrupt { .. }), "{error}"),
        }
    }
}

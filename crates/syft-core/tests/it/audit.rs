//! A log that shows when somebody was at it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use syft_core::testing::FaultyDisk;
use syft_core::{
    Access, AuditEntry, AuditLog, AuditReport, ContentHash, DirDisk, Disk, Error, HomePath,
    NewEntry, NodePaths, Timestamp,
};
use tempfile::TempDir;

fn home() -> (TempDir, Arc<dyn Disk>) {
    let folder = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(DirDisk::open(folder.path()).unwrap());
    (folder, disk)
}

fn open(disk: &Arc<dyn Disk>) -> AuditLog {
    AuditLog::open(Arc::clone(disk), NodePaths::audit()).unwrap()
}

fn entry(key: Option<&str>, subject: &str) -> NewEntry {
    NewEntry {
        key: key.map(str::to_owned),
        at: Timestamp::new(1_700_000_000.5).unwrap(),
        actor: "alice@hospital.org".to_owned(),
        action: "job.approved".to_owned(),
        subject: subject.to_owned(),
        details: BTreeMap::from([("digest".to_owned(), json!("0123"))]),
    }
}

fn file(name: &str) -> HomePath {
    NodePaths::audit().join(name).unwrap()
}

fn lines(disk: &Arc<dyn Disk>) -> Vec<String> {
    let text = String::from_utf8(disk.read(&file("log.jsonl"), u64::MAX).unwrap()).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn set_lines(disk: &Arc<dyn Disk>, lines: &[String]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    disk.write(&file("log.jsonl"), text.as_bytes(), Access::OwnerOnly).unwrap();
}

fn filled(entries: usize) -> (TempDir, Arc<dyn Disk>) {
    let (folder, disk) = home();
    let mut log = open(&disk);
    for number in 0..entries {
        log.append(entry(None, &format!("job {number}"))).unwrap();
    }
    (folder, disk)
}

#[test]
fn lines_are_checked_without_their_home() {
    let (_folder, disk) = filled(3);
    let log = open(&disk);
    let lines = log.raw().unwrap();
    assert_eq!(lines, disk.read(&file("log.jsonl"), u64::MAX).unwrap());
    assert_eq!(AuditReport::of(&lines), log.verify().unwrap());
    assert_eq!(AuditEntry::all(&lines), log.entries().unwrap());
    let torn = AuditReport::of(&lines[..lines.len() - 1]);
    assert_eq!((torn.entries, torn.problem.unwrap().line), (2, 3));
    // What is missing as a whole shows by the head alone.
    let text = String::from_utf8(lines).unwrap();
    let cut = text.trim_end().rsplit_once('\n').unwrap().0.to_owned() + "\n";
    let cut = AuditReport::of(cut.as_bytes());
    assert_eq!(cut.problem, None);
    assert_ne!(cut.head, log.verify().unwrap().head);
    let changed = AuditReport::of(text.replacen("job 1", "job 7", 1).as_bytes());
    assert_eq!(changed.problem.unwrap().line, 3);
    assert_eq!(AuditReport::of(b"").entries, 0);
}

#[test]
fn entries_come_back_chained() {
    let (_folder, disk) = filled(3);
    let log = open(&disk);
    let entries = log.entries().unwrap();
    assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(entries[1].subject, "job 1");
    assert_eq!(entries[1].details["digest"], json!("0123"));
    assert_eq!(entries[0].prev, ContentHash::of(b""));
    let lines = lines(&disk);
    assert_eq!(entries[2].prev, ContentHash::of(lines[1].as_bytes()));
    let report = log.verify().unwrap();
    assert_eq!((report.entries, report.problem), (3, None));
    assert_eq!(report.head, ContentHash::of(lines[2].as_bytes()));
}

#[test]
fn an_empty_log_is_sound() {
    let (_folder, disk) = home();
    let report = open(&disk).verify().unwrap();
    assert_eq!((report.entries, report.problem), (0, None));
}

#[test]
fn a_key_is_recorded_once_also_after_reopening() {
    let (_folder, disk) = home();
    let mut log = open(&disk);
    log.append(entry(Some("send:1"), "a")).unwrap();
    log.append(entry(Some("send:1"), "a again")).unwrap();
    let mut log = open(&disk);
    log.append(entry(Some("send:1"), "a after a crash")).unwrap();
    log.append(entry(Some("send:2"), "b")).unwrap();
    log.append(entry(None, "c")).unwrap();
    log.append(entry(None, "c")).unwrap();
    let subjects: Vec<String> =
        log.entries().unwrap().into_iter().map(|entry| entry.subject).collect();
    assert_eq!(subjects, ["a", "b", "c", "c"]);
}

#[test]
fn appends_do_not_read_the_log_again() {
    let (_folder, real) = filled(50);
    let faulty = Arc::new(FaultyDisk::new(real));
    let disk: Arc<dyn Disk> = faulty.clone();
    let mut log = open(&disk);
    faulty.reset_counts();
    log.append(entry(Some("k"), "one more")).unwrap();
    log.append(entry(Some("k"), "one more")).unwrap();
    assert_eq!(faulty.counts().bytes_read, 0);
}

#[test]
fn tampering_shows_and_stops_new_entries() {
    type Tamper = fn(&mut Vec<String>);
    let cases: [(&str, Tamper); 13] = [
        ("changed", |l| l[1] = l[1].replace("job 1", "job 9")),
        ("last one changed", |l| l[3] = l[3].replace("job 3", "job 0")),
        ("white space", |l| l[1] = l[1].replacen(':', ": ", 1)),
        ("removed", |l| drop(l.remove(1))),
        ("first removed", |l| drop(l.remove(0))),
        ("reordered", |l| l.swap(1, 2)),
        ("repeated", |l| l.insert(1, l[1].clone())),
        ("inserted", |l| l.insert(2, l[1].replace("\"seq\":2", "\"seq\":3"))),
        ("cut off", |l| drop(l.pop())),
        ("two cut off", |l| l.truncate(2)),
        ("emptied", Vec::clear),
        ("no JSON", |l| l[2] = "x".to_owned()),
        ("unknown key", |l| l[2] = l[2].replacen('{', "{\"x\":1,", 1)),
    ];
    for (what, tamper) in cases {
        let (_folder, disk) = filled(4);
        let before = open(&disk);
        let mut all = lines(&disk);
        tamper(&mut all);
        set_lines(&disk, &all);
        assert!(before.verify().unwrap().problem.is_some(), "{what}, while open");
        let mut log = open(&disk);
        let problem = log.verify().unwrap().problem;
        assert!(problem.is_some(), "{what}, after reopening");
        assert!(matches!(log.append(entry(None, "x")), Err(Error::Corrupt { .. })), "{what}");
        assert_eq!(log.verify().unwrap().problem, problem, "{what} still shows");
        assert_eq!(open(&disk).verify().unwrap().problem, problem, "{what} shows for ever");
    }
}

#[test]
fn a_lost_or_foreign_head_shows() {
    let (_folder, disk) = filled(3);
    let sound = disk.read(&file("head"), 999).unwrap();
    for head in [&b"junk"[..], b"", b"2 0000", &[b"9", &sound[1..]].concat()] {
        disk.write(&file("head"), head, Access::OwnerOnly).unwrap();
        assert!(open(&disk).verify().unwrap().problem.is_some(), "{head:?}");
    }
    disk.remove_file(&file("head")).unwrap();
    assert!(open(&disk).verify().unwrap().problem.is_some());
    disk.write(&file("head"), &sound, Access::OwnerOnly).unwrap();
    assert_eq!(open(&disk).verify().unwrap().problem, None);
}

#[test]
fn a_line_behind_the_back_of_an_open_log_shows() {
    let (_folder, disk) = filled(2);
    let log = open(&disk);
    open(&disk).append(entry(None, "by another")).unwrap();
    assert!(log.verify().unwrap().problem.is_some());
    assert_eq!(open(&disk).verify().unwrap().problem, None);
}

#[test]
fn f12_a_torn_line_is_dropped() {
    let (_folder, disk) = filled(2);
    disk.append(&file("log.jsonl"), b"{\"seq\":3,\"prev\":").unwrap();
    let mut log = open(&disk);
    assert_eq!(log.verify().unwrap().problem, None);
    log.append(entry(None, "third")).unwrap();
    let report = open(&disk).verify().unwrap();
    assert_eq!((report.entries, report.problem), (3, None));
}

#[test]
fn f12_a_crash_at_any_effect_loses_and_doubles_nothing() {
    for survived in 0..9 {
        let (_folder, real) = home();
        let faulty = Arc::new(FaultyDisk::new(Arc::clone(&real)));
        faulty.crash_after(survived);
        let disk: Arc<dyn Disk> = faulty.clone();
        let keys = ["a", "b", "c", "d"];
        let mut acknowledged = 0;
        if let Ok(mut log) = AuditLog::open(disk, NodePaths::audit()) {
            for key in keys {
                if log.append(entry(Some(key), key)).is_err() {
                    break;
                }
                acknowledged += 1;
            }
        }
        let mut log = open(&real);
        let found = log.entries().unwrap().len();
        assert!(found == acknowledged || found == acknowledged + 1, "{survived}");
        assert_eq!(log.verify().unwrap().problem, None, "{survived}");
        for key in keys {
            log.append(entry(Some(key), key)).unwrap();
        }
        let subjects: Vec<String> =
            open(&real).entries().unwrap().into_iter().map(|entry| entry.subject).collect();
        assert_eq!(subjects, keys, "{survived}");
    }
}

#[test]
fn p13_a_full_disk_is_got_over() {
    for effect in 0..2 {
        let (_folder, real) = filled(1);
        let faulty = Arc::new(FaultyDisk::new(Arc::clone(&real)));
        let disk: Arc<dyn Disk> = faulty.clone();
        let mut log = open(&disk);
        faulty.fail_after(effect, std::io::ErrorKind::StorageFull);
        assert!(log.append(entry(Some("k"), "x")).unwrap_err().is_disk_full());
        assert_eq!(log.verify().unwrap().problem, None);
        log.append(entry(Some("k"), "x")).unwrap();
        log.append(entry(None, "y")).unwrap();
        let report = open(&real).verify().unwrap();
        assert_eq!((report.entries, report.problem), (3, None));
    }
}

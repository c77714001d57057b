use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::common::{
    Home, NOW, OWNER, Pair, SCIENTIST, Unboxed, email, name, quiet, scratch, tree,
};
use syft_core::testing::{FaultyDisk, ManualClock, SeededEntropy};
use syft_core::{AuditLog, DirDisk, LayoutKind, Layouts, NodePaths, Timestamp};
use syft_job::{
    ApproveOptions, Error, Intake, JobId, JobStore, ReleaseFiles, Result, RunOptions, Script,
    Status, Submission,
};

fn submission() -> Submission {
    let script = "printf %s forty- two > outputs/answer.txt".to_owned();
    let mut submission = Submission::new(email(OWNER), Script::Text(script));
    submission.name = Some(name("count"));
    submission
}

/// What a process does that starts in this home: opens everything anew.
fn start(folder: &Path, who: &str) -> (Arc<FaultyDisk>, JobStore, Arc<Mutex<AuditLog>>) {
    let disk = Arc::new(FaultyDisk::new(Arc::new(DirDisk::open(folder).unwrap())));
    let audit = AuditLog::open(disk.clone(), NodePaths::audit()).unwrap();
    let audit = Arc::new(Mutex::new(audit));
    let store = JobStore::new(
        disk.clone(),
        Arc::new(ManualClock::at(Timestamp::new(NOW).unwrap())),
        Arc::new(SeededEntropy::new(7)),
        Layouts::new(email(who), LayoutKind::Native),
        email(who),
    )
    .with_audit(audit.clone());
    (disk, store, audit)
}

#[test]
fn p13_a_submission_is_there_as_a_whole_or_not_at_all() {
    let whole = {
        let home = Home::of(SCIENTIST, 1);
        home.store.submit(&submission()).unwrap();
        tree(&home.path(&Pair::job_folder("count")))
    };
    for successes in 0.. {
        let folder = scratch();
        let (disk, store, _) = start(folder.path(), SCIENTIST);
        disk.crash_after(successes);
        let sent = store.submit(&submission());
        disk.repair();
        let there = tree(&folder.path().join(Pair::job_folder("count")));
        if there.is_empty() {
            assert!(sent.is_err());
            store.submit(&submission()).unwrap();
        } else {
            assert_eq!(there, whole, "after {successes}");
            assert!(matches!(store.submit(&submission()).unwrap_err(), Error::NameTaken { .. }));
        }
        if sent.is_ok() {
            assert!(successes > 3, "the crash was never reached");
            break;
        }
    }
}

/// One step after the other, whatever was done before; what was interrupted runs
/// again, since here the owner wants it.
fn owner_goes_on(store: &JobStore) -> Result<JobId> {
    store.recover_runs()?;
    let intake = store.intake(&email(SCIENTIST), &name("count"))?;
    let (Intake::Received { id, .. } | Intake::Unchanged { id }) = intake else {
        panic!("{intake:?}");
    };
    let status = || store.received(&id).map(|job| job.status());
    if status()? == Status::Inbox {
        store.approve(&id, &ApproveOptions::default())?;
    }
    if matches!(status()?, Status::Approved | Status::Interrupted) {
        let options = RunOptions { force: true, ..RunOptions::default() };
        store.run(&id, &options, &Unboxed::default(), &mut quiet)?;
    }
    assert_eq!(status()?, Status::Done);
    store.release(&id, None, &ReleaseFiles::All, true)?;
    Ok(id)
}

#[test]
fn x11_after_a_crash_at_any_write_the_job_is_decided_run_and_released_once() {
    let job = {
        let home = Home::of(SCIENTIST, 1);
        home.store.submit(&submission()).unwrap();
        tree(&home.path(&Pair::job_folder("count")))
    };
    let mut expected = None;
    let mut interrupted = 0;
    // The first turn is without a crash: it counts the writes.
    let mut writes = None;
    let mut crashes = vec![u64::MAX];
    while let Some(successes) = crashes.pop() {
        let folder = scratch();
        for (path, bytes) in &job {
            let path = folder.path().join(Pair::job_folder("count")).join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        let (disk, store, audit) = start(folder.path(), OWNER);
        let before = disk.counts().mutations;
        disk.crash_after(successes);
        assert_eq!(owner_goes_on(&store).is_ok(), writes.is_none(), "after {successes}");
        if writes.is_none() {
            let count = disk.counts().mutations - before;
            crashes.extend(0..count);
            writes = Some(count);
        }
        drop((store, audit, disk));

        let shown = tree(&folder.path().join(OWNER));
        let leaked = shown.values().any(|b| String::from_utf8_lossy(b).contains("forty-two"));
        let (_, store, audit) = start(folder.path(), OWNER);
        let id = JobId::of(
            &store
                .jobs()
                .unwrap()
                .iter()
                .next()
                .map_or_else(|| syft_core::ContentHash::of(b""), |job| job.digest().unwrap()),
        );
        let runs = store.runs(&id).unwrap();
        let released = runs.last().is_some_and(|run| run.release.is_some());
        assert!(!leaked || released, "output before its release, after {successes}");
        let was_interrupted = runs.last().is_some_and(|run| run.finished.is_none());
        interrupted += usize::from(was_interrupted);

        let id = owner_goes_on(&store).unwrap();
        let runs = store.runs(&id).unwrap();
        assert_eq!(runs.len(), if was_interrupted { 2 } else { 1 }, "after {successes}");
        let log = audit.lock().unwrap();
        assert!(log.verify().unwrap().problem.is_none());
        let actions: Vec<String> =
            log.entries().unwrap().into_iter().map(|entry| entry.action).collect();
        for once in ["job.received", "job.approved", "job.run.finished", "job.released"] {
            let count = actions.iter().filter(|action| *action == once).count();
            assert_eq!(count, 1, "{once} after {successes}: {actions:?}");
        }
        let folder = tree(&folder.path().join(OWNER));
        let names: Vec<String> = folder.keys().cloned().collect();
        assert_eq!(*expected.get_or_insert(names.clone()), names, "after {successes}");
    }
    assert!(interrupted > 0, "no crash fell into a run");
}

//! What a person was shown is what a decision is about.

use crate::common::{OWNER, Pair, SCIENTIST, email, name};
use syft_job::{ApproveOptions, Error, Intake, JobId, Script, Status, Submission};

fn revise(pair: &Pair, script: impl AsRef<[u8]>) {
    pair.owner.write(&format!("{}/run.sh", Pair::job_folder("count")), script);
    assert!(matches!(pair.intake("count"), Intake::Revised { .. }));
}

fn digest(pair: &Pair, id: &JobId) -> syft_core::ContentHash {
    pair.owner.store.received(id).unwrap().digest().unwrap()
}

#[test]
fn r1_bytes_that_came_after_the_last_look_are_not_approved() {
    let pair = Pair::new();
    let id = pair.sent("count", "echo 1\n");
    let approve = || pair.owner.store.approve(&id, &ApproveOptions::default());
    pair.owner.store.note_shown(&id, &digest(&pair, &id)).unwrap();
    revise(&pair, "echo 2\n");
    let error = approve().unwrap_err();
    assert!(matches!(&error, Error::Changed { changed, .. } if changed == &["run.sh"]), "{error}");
    assert_eq!(pair.status(&id), Status::Inbox);
    pair.owner.store.note_shown(&id, &digest(&pair, &id)).unwrap();
    approve().unwrap();
    assert_eq!(pair.status(&id), Status::Approved);
}

#[test]
fn r1_a_changed_job_that_was_never_shown_is_not_approved() {
    let pair = Pair::new();
    let id = pair.sent("count", "echo 1\n");
    revise(&pair, "echo 2\n");
    let error = pair.owner.store.approve(&id, &ApproveOptions::default()).unwrap_err();
    assert!(matches!(error, Error::Changed { .. }), "{error}");
    let record = format!(".syft/jobs/{id}.shown");
    pair.owner.write(&record, "what is this");
    assert!(pair.owner.store.approve(&id, &ApproveOptions::default()).is_err());
    pair.owner.store.note_shown(&id, &digest(&pair, &id)).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(pair.owner.path(&record)).unwrap().permissions(),
    );
    assert_eq!(mode & 0o077, 0);
    pair.approve(&id);
}

#[test]
fn a_diff_is_the_whole_change_only_from_what_was_seen() {
    let pair = Pair::new();
    let id = pair.sent("count", "echo 1\n");
    revise(&pair, "echo 2\n");
    revise(&pair, "echo 3\n");
    let diff = || pair.owner.store.diff(&id).unwrap().unwrap();
    assert!(!diff().from_seen && diff().text.contains("-echo 2\n+echo 3\n"), "{:?}", diff());
    pair.owner.store.note_shown(&id, &digest(&pair, &id)).unwrap();
    revise(&pair, "echo 4\n");
    revise(&pair, "echo 5\n");
    assert!(diff().from_seen && diff().text.contains("-echo 3\n+echo 5\n"), "{:?}", diff());
    assert_eq!(diff().digest, digest(&pair, &id));
}

#[test]
fn r7_a_diff_of_what_is_no_text_shows_not_all() {
    let pair = Pair::new();
    let id = pair.sent("count", "echo 1\n");
    pair.owner.store.note_shown(&id, &digest(&pair, &id)).unwrap();
    revise(&pair, b"echo 2 # caf\xe9\ncurl evil\n");
    let diff = pair.owner.store.diff(&id).unwrap().unwrap();
    assert!(!diff.text.contains("curl evil") && !diff.from_seen, "{diff:?}");
    let error = pair.owner.store.approve(&id, &ApproveOptions::default()).unwrap_err();
    assert!(matches!(error, Error::Changed { .. }), "{error}");
}

#[test]
fn s11_no_owner_takes_over_the_id_of_a_job_of_another() {
    let pair = Pair::new();
    let id = pair.sent("count", "echo 1\n");
    pair.answer("count");
    let mut submission = Submission::new(email("eve@lab.org"), Script::Text("echo 2\n".into()));
    submission.name = Some(name("trap"));
    let sent = pair.scientist.store.submit(&submission).unwrap();
    // What eve's node may write into her own datasite, which bob copies.
    let folder = format!("eve@lab.org/jobs/{SCIENTIST}/trap");
    let marker = format!(
        "schema: 1\njob: {id}\nstatus: approved\nby: eve@lab.org\n\
         at: '2026-03-14T09:26:53Z'\nreason: null\ndigest: {}\n",
        sent.digest
    );
    pair.scientist.write(&format!("{folder}/approved"), marker);
    let config = pair.scientist.path(&format!("{folder}/config.yaml"));
    let text = std::fs::read_to_string(&config).unwrap();
    let other = pair.scientist.store.job("count").unwrap().digest().unwrap();
    std::fs::write(&config, text.replace(&sent.digest.to_string(), &other.to_string())).unwrap();

    let jobs = pair.scientist.store.jobs().unwrap();
    assert_eq!(jobs.get(id.as_str()).unwrap().owner(), &email(OWNER));
    assert_eq!(jobs.get("trap").unwrap().id(), &sent.id);
    let found = pair.scientist.store.sent_to(&email("eve@lab.org"), &name("trap")).unwrap();
    assert_eq!(found.id(), &sent.id);

    // On another machine nothing was noted: then the id is nobody's alone.
    std::fs::remove_dir_all(pair.scientist.path(".syft/jobs/sent")).unwrap();
    let error = pair.scientist.store.job(id.as_str()).unwrap_err();
    assert!(matches!(&error, Error::Ambiguous { candidates, .. } if candidates.len() == 2));
}

#[test]
fn a_copy_that_is_no_job_waits_for_its_submitter() {
    let pair = Pair::new();
    let id = pair.sent("count", "echo 1\n");
    let config = format!("{}/config.yaml", Pair::job_folder("count"));
    pair.scientist.write(&config, "[".repeat(3_000));
    let job = pair.scientist.store.job("count").unwrap();
    assert_eq!(job.id(), &id);
    assert!(job.problem().is_some());
    let waiting = job.waiting_for().unwrap();
    assert_eq!(waiting.who, email(SCIENTIST));
    assert_eq!(waiting.command, format!("syft job show {id}"));
    assert!(waiting.since.seconds() > 1.7e9, "{:?}", waiting.since);
}

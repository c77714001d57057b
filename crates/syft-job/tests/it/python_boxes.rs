//! A datasite that the Python peer had before, or works on beside this node.

use std::fs;
use std::path::Path;

use crate::common::{Pair, email, name};
use syft_core::{Email, JobName, LayoutKind, Layouts, Timestamp};
use syft_job::{Intake, JobConfig, JobId, Problem, Status};

const DONE: &str = "canonical_name: JobState\nversion: '1'\nstatus: done\nreturn_code: 0\n\
                    received_at: '2026-01-02T03:04:05Z'\ncompleted_at: '2026-01-02T03:04:06Z'\n";

fn pair() -> Pair {
    Pair::in_layout(LayoutKind::Pysyft)
}

/// The store of the owner, after a change from the one layout to the other.
fn moved(pair: &Pair, from: LayoutKind, to: LayoutKind) -> syft_job::JobStore {
    let layouts = Layouts::new(email(crate::common::OWNER), to);
    let store = pair.owner.store.clone().with_layouts(layouts);
    store.check_layout(from, to).unwrap();
    store.take_layout(from, to).unwrap();
    store.project_all().unwrap();
    store
}

fn unusable(taken: Vec<(Email, JobName, Intake)>) -> String {
    match &taken[..] {
        [(.., Intake::Unusable { problem: Problem::Malformed { reason }, .. })] => reason.clone(),
        other => panic!("{other:?}"),
    }
}

fn received(taken: &[(Email, JobName, Intake)]) -> JobId {
    match taken {
        [(.., Intake::Received { id, .. })] => id.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_what_stands_there_at_the_takeover_is_the_history_of_a_job() {
    let pair = pair();
    let (_, shown) = pair.folders("count");
    // Of a job of this name that the Python peer had, and whose folder is gone.
    pair.owner.write(&format!("{shown}/state.yaml"), DONE);
    pair.owner.store.take_over().unwrap();
    let id = pair.sent("count", "echo 1");
    assert_eq!(pair.status(&id), Status::Inbox);
    assert!(!pair.owner.store.is_frozen(&email(crate::common::SCIENTIST), &name("count")).unwrap());
    pair.approve(&id);
    pair.run(&id).unwrap();
    assert_eq!(pair.status(&id), Status::Done);
    let state = fs::read_to_string(pair.owner.path(&format!("{shown}/state.yaml"))).unwrap();
    assert!(state.contains("markers:"), "it is ours now: {state}");
}

#[test]
fn what_had_ended_before_the_takeover_stays_as_it_is() {
    let pair = pair();
    pair.scientist.store.submit(&crate::common::submission("count", "echo 1")).unwrap();
    pair.deliver("count");
    let (_, shown) = pair.folders("count");
    pair.owner.write(&format!("{shown}/state.yaml"), DONE);
    pair.owner.write(&format!("{shown}/outputs/answer.txt"), "41");
    pair.owner.store.take_over().unwrap();
    let job = pair.owner.store.job("count").unwrap();
    assert_eq!(job.status(), Status::Done);
    assert!(pair.owner.store.is_frozen(job.submitted_by(), job.name()).unwrap());
    assert_eq!(read(&pair.owner.path(&shown), "outputs/answer.txt"), "41");
}

fn read(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).unwrap()
}

#[test]
fn results_of_a_run_by_the_python_peer_beside_this_node_are_kept() {
    let pair = pair();
    let id = pair.sent("count", "echo 1");
    let (_, shown) = pair.folders("count");
    for approved in [false, true] {
        if approved {
            pair.approve(&id);
            pair.owner.store.project_all().unwrap();
        }
        pair.owner.write(&format!("{shown}/state.yaml"), DONE);
        pair.owner.write(&format!("{shown}/outputs/answer.txt"), "41");
        pair.owner.write(&format!("{shown}/stdout.txt"), "said\n");
        pair.owner.store.intake_all().unwrap();
        pair.owner.store.project_all().unwrap();
        let folder = pair.owner.path(&shown);
        assert_eq!(read(&folder, "outputs/answer.txt"), "41", "{approved}");
        assert_eq!(read(&folder, "stdout.txt"), "said\n", "{approved}");
        assert_eq!(read(&folder, "state.yaml"), DONE, "{approved}");
    }
    // It decides nothing here; what runs here takes its place.
    assert_eq!(pair.status(&id), Status::Approved);
    pair.run(&id).unwrap();
    assert!(!pair.owner.path(&shown).join("outputs/answer.txt").exists());
}

#[test]
fn a_job_stays_where_it_lies_whatever_is_put_at_the_other_place() {
    let pair = pair();
    pair.scientist.store.submit(&crate::common::submission("count", "echo 1")).unwrap();
    pair.deliver("count");
    let (sent, _) = pair.folders("count");
    let older = sent.replace("/v1/", "/");
    fs::rename(pair.owner.path(&sent), pair.owner.path(&older)).unwrap();
    let config = read(&pair.owner.path(&older), "config.yaml");
    let config = config.replace("canonical_name: JobSubmissionMetadata\n", "");
    pair.owner.write(&format!("{older}/config.yaml"), config.replace("version: '1'\n", ""));
    let id = received(&pair.owner.store.intake_all().unwrap());
    for file in ["cancel", "code/more.sh"] {
        pair.owner.write(&format!("{sent}/{file}"), "x");
        let taken = pair.owner.store.intake_all().unwrap();
        assert!(matches!(&taken[..], [(.., Intake::Unchanged { .. })]), "{file}: {taken:?}");
        let job = pair.owner.store.received(&id).unwrap();
        assert_eq!((job.folder().as_str(), job.status()), (older.as_str(), Status::Inbox));
    }
}

#[test]
fn a_job_for_an_enclave_is_none_in_either_layout() {
    let pair = pair();
    pair.scientist.store.submit(&crate::common::submission("count", "echo 1")).unwrap();
    pair.deliver("count");
    let (sent, _) = pair.folders("count");
    let config = read(&pair.owner.path(&sent), "config.yaml");
    let config = config.replace("job_type: local", "job_type: enclave");
    pair.owner.write(&format!("{sent}/config.yaml"), config);
    let reason = unusable(pair.owner.store.intake_all().unwrap());
    assert!(reason.contains("enclave"), "{reason}");
    let store = moved(&pair, LayoutKind::Pysyft, LayoutKind::Native);
    let reason = unusable(store.intake_all().unwrap());
    assert!(reason.contains("enclave"), "{reason}");
}

#[test]
fn a_job_that_does_not_say_when_it_was_sent_is_one_in_pysyft_too() {
    for said in ["", "submitted_at: yesterday\n"] {
        let pair = Pair::new();
        pair.scientist.store.submit(&crate::common::submission("count", "echo 1")).unwrap();
        pair.deliver("count");
        let (sent, _) = pair.folders("count");
        let config = read(&pair.owner.path(&sent), "config.yaml");
        let lines = config.lines().filter(|line| !line.starts_with("submitted_at:"));
        let config: String = lines.map(|line| format!("{line}\n")).collect();
        pair.owner.write(&format!("{sent}/config.yaml"), format!("{config}{said}"));
        received(&pair.owner.store.intake_all().unwrap());
        pair.owner.clock.set(Timestamp::new(crate::common::NOW + 3600.0).unwrap());
        let store = moved(&pair, LayoutKind::Native, LayoutKind::Pysyft);
        let taken = store.intake_all().unwrap();
        assert!(matches!(&taken[..], [(.., Intake::Unchanged { .. })]), "{said}: {taken:?}");
        let folder = store.job("count").unwrap().location();
        let config = JobConfig::parse(&read(&folder, "config.yaml")).unwrap();
        assert_eq!(config.submitted_at.as_deref(), Some("2026-11-18T11:06:40Z"), "{said}");
    }
}

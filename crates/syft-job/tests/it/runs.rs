use std::fs;
use std::sync::Mutex;
use std::time::Duration;

use crate::common::{NOW, OWNER, Pair, SCIENTIST, Unboxed, dataset, email, name, quiet, tree};
use syft_core::{DatasitePath, Timestamp};
use syft_job::sandbox::{
    BoxReport, BoxedJob, Exit, IsolationLevel, Limits, LogSink, LogStream, Sandbox,
};
use syft_job::{
    Error, Intake, JobId, OutputSink, ReleaseFiles, Result, RunOptions, Script, Status, Submission,
};

const SCRIPT: &str = "echo rows; echo oops >&2; printf %s forty- two > outputs/answer.txt\n";

fn approved(pair: &Pair, script: &str) -> JobId {
    let id = pair.sent("count", script);
    pair.approve(&id);
    id
}

/// Every byte of the owner's datasite, in one text.
fn datasite(pair: &Pair) -> String {
    let files = tree(&pair.owner.path(OWNER));
    files.iter().map(|(path, b)| format!("{path}\n{}\n", String::from_utf8_lossy(b))).collect()
}

#[test]
fn the_environment_is_exactly_the_documented_one() {
    let pair = Pair::new();
    pair.owner.write(&format!("{OWNER}/private/datasets/census/rows.csv"), "1\n2\n");
    pair.owner.write(&format!("{OWNER}/private/datasets/census/private_metadata.yaml"), "x");
    pair.owner.write(&format!("{OWNER}/private/datasets/multi-part/a.csv"), "1");
    pair.owner.write(&format!("{OWNER}/private/datasets/multi-part/b.csv"), "2");
    let script =
        "cat \"$SYFT_DATASET_CENSUS\"; ls \"$SYFT_DATASET_MULTI_PART\"; env -0 > outputs/env";
    let mut submission = Submission::new(email(OWNER), Script::Text(script.to_owned()));
    submission.name = Some(name("count"));
    submission.datasets = vec![dataset("multi-part"), dataset("census")];
    pair.submit(&submission);
    let Intake::Received { id, .. } = pair.intake("count") else { panic!("not received") };
    pair.approve(&id);
    let sandbox = Unboxed::default();
    let mut streamed = Vec::new();
    let mut sink = |_: LogStream, bytes: &[u8]| streamed.extend_from_slice(bytes);
    let run = pair.owner.store.run(&id, &RunOptions::default(), &sandbox, &mut sink).unwrap();
    assert_eq!(run.finished.unwrap().exit, Some(Exit::Code(0)));
    assert_eq!(String::from_utf8_lossy(&streamed), "1\n2\na.csv\nb.csv\n");

    let jobs = sandbox.jobs.into_inner().unwrap();
    let environment: std::collections::BTreeMap<_, _> =
        jobs[0].environment.iter().cloned().collect();
    let names: Vec<&str> = environment.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "HOME",
            "LANG",
            "PATH",
            "SYFTBOX_EMAIL",
            "SYFTBOX_FOLDER",
            "SYFT_DATASET_CENSUS",
            "SYFT_DATASET_MULTI_PART",
            "SYFT_IS_IN_JOB",
            "SYFT_OUTPUTS",
            "TMPDIR",
        ]
    );
    assert_eq!(environment["PATH"], "/usr/bin:/bin");
    assert_eq!(environment["LANG"], "C.UTF-8");
    assert_eq!(environment["SYFTBOX_EMAIL"], OWNER);
    assert_eq!(environment["HOME"], environment["TMPDIR"]);
    assert!(environment["SYFT_DATASET_CENSUS"].ends_with("census/rows.csv"));
    assert!(environment["SYFT_DATASET_MULTI_PART"].ends_with("private/datasets/multi-part"));
    // Two files, one file, and the view; of the folder of two, the names.
    assert_eq!(jobs[0].readable.len(), 4);
    assert_eq!(
        jobs[0].listable,
        [pair.owner.path(&format!("{OWNER}/private/datasets/multi-part"))]
    );
    assert!(!jobs[0].work_dir.exists(), "the working copy is thrown away");
}

#[test]
fn r12_nothing_leaves_before_it_is_released() {
    let pair = Pair::new();
    let id = approved(&pair, SCRIPT);
    pair.run(&id).unwrap();
    assert_eq!(pair.status(&id), Status::Done);
    let shown = datasite(&pair);
    assert!(!shown.contains("forty-two"), "{shown}");
    let folder = pair.owner.path(&Pair::job_folder("count"));
    let names: Vec<String> = tree(&folder).into_keys().collect();
    assert_eq!(names, ["approved", "config.yaml", "done", "receipt.yaml", "run.sh"]);
    pair.answer("count");
    let theirs = pair.scientist.store.job("count").unwrap();
    assert_eq!(theirs.status(), Status::Done);
    assert!(theirs.outputs().unwrap().is_empty() && theirs.stdout().unwrap().is_none());
    let waiting = theirs.waiting_for().unwrap();
    assert_eq!(waiting.who, email(OWNER));
    assert_eq!(waiting.command, format!("syft job release {id} --outputs"));

    pair.owner.store.release(&id, None, &ReleaseFiles::All, false).unwrap();
    pair.answer("count");
    let theirs = pair.scientist.store.job("count").unwrap();
    let path = DatasitePath::parse("answer.txt").unwrap();
    assert_eq!(theirs.output(&path).unwrap(), b"forty-two");
    assert!(theirs.stdout().unwrap().is_none(), "logs are private until released");
    assert_eq!(theirs.exit_code(), Some(0));
    assert_eq!(theirs.isolation(), Some(IsolationLevel::L2));
    assert_eq!(theirs.waiting_for(), None);

    pair.owner.store.release(&id, None, &ReleaseFiles::None, true).unwrap();
    pair.answer("count");
    let theirs = pair.scientist.store.job("count").unwrap();
    assert_eq!(theirs.stderr().unwrap().unwrap().text(), "oops\n");
    assert!(theirs.logs_released());
    assert_eq!(theirs.outputs().unwrap().len(), 1, "what was released stays");
    assert_eq!(
        pair.owner.actions(),
        [
            "job.received",
            "job.approved",
            "job.run.started",
            "job.run.finished",
            "job.released",
            "job.released"
        ]
    );
}

#[test]
fn a_release_is_of_bytes_and_projecting_again_heals() {
    let pair = Pair::new();
    let id = approved(&pair, "echo 1 > outputs/a; mkdir outputs/sub; echo 2 > outputs/sub/b");
    pair.run(&id).unwrap();
    let one = ReleaseFiles::Paths(vec![DatasitePath::parse("sub/b").unwrap()]);
    pair.owner.store.release(&id, None, &one, false).unwrap();
    let folder = pair.owner.path(&Pair::job_folder("count"));
    let released = tree(&folder);
    assert!(released.contains_key("outputs/sub/b") && !released.contains_key("outputs/a"));

    fs::remove_dir_all(folder.join("outputs")).unwrap();
    fs::remove_file(folder.join("receipt.yaml")).unwrap();
    fs::remove_file(folder.join("done")).unwrap();
    fs::write(folder.join("rejected"), "x").unwrap();
    fs::create_dir_all(folder.join("outputs/more")).unwrap();
    fs::write(folder.join("outputs/more/secret"), "x").unwrap();
    assert!(pair.owner.store.project_all().unwrap().is_empty());
    assert_eq!(tree(&folder), released);

    let gone = ReleaseFiles::Paths(vec![DatasitePath::parse("gone").unwrap()]);
    let error = pair.owner.store.release(&id, None, &gone, false).unwrap_err();
    assert!(matches!(error, Error::NoOutput { .. }), "{error}");
    let run = pair.owner.store.runs(&id).unwrap().pop().unwrap().started.run;
    pair.owner.write(&format!(".syft/runs/{run}/outputs/a"), "other");
    let error = pair.owner.store.release(&id, None, &ReleaseFiles::All, false).unwrap_err();
    assert!(matches!(error, Error::Integrity { .. }), "{error}");
    assert_eq!(tree(&folder), released);
}

#[test]
fn one_approval_is_one_run_and_a_job_that_ran_is_frozen() {
    let pair = Pair::new();
    let id = approved(&pair, SCRIPT);
    let (who, job) = (email(SCIENTIST), name("count"));
    assert!(!pair.owner.store.is_frozen(&who, &job).unwrap());
    pair.run(&id).unwrap();
    assert!(pair.owner.store.is_frozen(&who, &job).unwrap());
    let again = pair.run(&id).unwrap_err();
    assert!(matches!(again, Error::WrongState { status: Status::Done, .. }), "{again}");

    pair.owner.write(&format!("{}/run.sh", Pair::job_folder("count")), "echo other");
    let Intake::Frozen { changed, .. } = pair.intake("count") else { panic!("not frozen") };
    assert_eq!(changed, ["run.sh"]);
    assert_eq!(pair.status(&id), Status::Done);
    assert_eq!(pair.owner.store.revisions(&id).unwrap().len(), 1);

    let forced = RunOptions { force: true, ..RunOptions::default() };
    let run = pair.owner.store.run(&id, &forced, &Unboxed::default(), &mut quiet).unwrap();
    assert_eq!(run.started.run, format!("{id}-2"));
    let log = pair.owner.store.received(&id).unwrap().stdout().unwrap().unwrap();
    assert!(log.text().starts_with("rows\n"), "the approved bytes ran");
}

#[test]
fn x11_a_run_that_was_lost_is_interrupted_and_not_repeated() {
    let pair = Pair::new();
    let id = approved(&pair, SCRIPT);
    let sandbox = Unboxed::default();
    let options = RunOptions::default();
    let begun = pair.owner.store.begin_run(&id, &options, &sandbox).unwrap();
    assert_eq!(pair.status(&id), Status::Running);
    pair.answer("count");
    assert_eq!(pair.scientist.store.job("count").unwrap().status(), Status::Running);
    // x12: while one runner is at it, there is no second.
    let second = pair.owner.store.begin_run(&id, &options, &sandbox).unwrap_err();
    assert!(matches!(second, Error::RunnerBusy), "{second}");

    drop(begun);
    assert_eq!(pair.status(&id), Status::Interrupted);
    assert_eq!(pair.owner.store.recover_runs().unwrap(), std::slice::from_ref(&id));
    pair.answer("count");
    let theirs = pair.scientist.store.job("count").unwrap();
    assert_eq!(theirs.status(), Status::Interrupted);
    assert!(matches!(pair.run(&id).unwrap_err(), Error::WrongState { .. }));
    let waiting = pair.owner.store.received(&id).unwrap().waiting_for().unwrap();
    assert_eq!(waiting.command, format!("syft job rerun {id}"));
    assert_eq!(Some(waiting), theirs.waiting_for());

    let forced = RunOptions { force: true, ..options };
    pair.owner.store.run(&id, &forced, &sandbox, &mut quiet).unwrap();
    assert_eq!(pair.status(&id), Status::Done);
}

#[test]
fn a_snapshot_or_an_approval_that_was_tampered_with_does_not_run() {
    let pair = Pair::new();
    let id = approved(&pair, SCRIPT);
    let digest = pair.owner.store.received(&id).unwrap().digest().unwrap();
    let snapshot = format!(".syft/snapshots/{digest}/run.sh");
    pair.owner.write(&snapshot, "echo evil");
    let error = pair.run(&id).unwrap_err();
    assert!(matches!(error, Error::Integrity { .. }), "{error}");
    pair.owner.write(&snapshot, SCRIPT);
    let decision = pair.owner.path(&format!(".syft/decisions/jobs/{id}.json"));
    let text = fs::read_to_string(&decision).unwrap();
    fs::write(&decision, text.replace("\"wall\": 300", "\"wall\": 999999")).unwrap();
    let error = pair.run(&id).unwrap_err();
    assert!(matches!(error, Error::Integrity { .. }), "{error}");
    assert!(pair.owner.store.runs(&id).unwrap().is_empty());
}

#[test]
fn what_cannot_run_says_why_and_is_still_approved() {
    let pair = Pair::new();
    let id = approved(&pair, SCRIPT);
    let weak = Unboxed { level: IsolationLevel::L0, jobs: Mutex::default() };
    let run = |options: &RunOptions| pair.owner.store.run(&id, options, &weak, &mut quiet);
    let error = run(&RunOptions::default()).unwrap_err();
    assert!(matches!(error, Error::Isolation { .. }), "{error}");
    assert_eq!(pair.status(&id), Status::Approved);
    let allowed = RunOptions {
        minimum: IsolationLevel::L0,
        timeout: Some(Duration::from_secs(7)),
        share_outputs: true,
        share_logs: true,
        ..RunOptions::default()
    };
    let done = run(&allowed).unwrap();
    assert_eq!(done.started.limits.wall, Duration::from_secs(7));
    assert!(done.logs_released());
    assert_eq!(done.release.unwrap().files.len(), 1);

    let mut submission = Submission::new(email(OWNER), Script::Text("echo".to_owned()));
    submission.name = Some(name("data"));
    submission.datasets = vec![dataset("nowhere")];
    pair.submit(&submission);
    let Intake::Received { id, .. } = pair.intake("data") else { panic!("not received") };
    pair.approve(&id);
    let error = pair.run(&id).unwrap_err();
    assert!(matches!(error, Error::NoDataset(_)), "{error}");
    assert_eq!(pair.status(&id), Status::Approved);
}

#[test]
fn an_approved_job_that_cannot_run_here_waits_to_be_rejected() {
    let pair = Pair::new();
    let reason = "a dataset of it is not here";
    let mut submission = Submission::new(email(OWNER), Script::Text("echo".to_owned()));
    submission.name = Some(name("data"));
    submission.datasets = vec![dataset("nowhere")];
    pair.submit(&submission);
    let Intake::Received { id, .. } = pair.intake("data") else { panic!("not received") };
    pair.approve(&id);
    let waiting = pair.owner.store.received(&id).unwrap().waiting_for().unwrap();
    assert_eq!(waiting.who, email(OWNER));
    assert_eq!(waiting.command, format!("syft job reject {id} --reason \"{reason}\""));
    pair.owner.store.reject(&id, Some(reason)).unwrap();
    assert_eq!(pair.owner.store.received(&id).unwrap().waiting_for(), None);
}

/// A box that cannot be made, or breaks.
#[derive(Debug)]
struct Broken(fn() -> Error);

impl Sandbox for Broken {
    fn level(&self) -> IsolationLevel {
        IsolationLevel::L2
    }
    fn run(&self, _: &BoxedJob, _: &mut dyn LogSink, _: &mut dyn OutputSink) -> Result<BoxReport> {
        Err(self.0())
    }
}

#[test]
fn a_box_that_cannot_be_made_is_no_run_and_one_that_breaks_is_a_failed_one() {
    let pair = Pair::new();
    let id = approved(&pair, SCRIPT);
    let run =
        |sandbox: Broken| pair.owner.store.run(&id, &RunOptions::default(), &sandbox, &mut quiet);
    let none = Broken(|| Error::Isolation { needed: "L1".into(), reason: "no Landlock".into() });
    assert!(matches!(run(none).unwrap_err(), Error::Isolation { .. }));
    assert_eq!(pair.status(&id), Status::Approved);
    let done = run(Broken(|| Error::Box("pipe".into()))).unwrap();
    assert!(done.finished.unwrap().error.unwrap().contains("pipe"));
    assert_eq!(pair.status(&id), Status::Failed);
    pair.answer("count");
    let theirs = pair.scientist.store.job("count").unwrap();
    assert_eq!(theirs.status(), Status::Failed);
    assert_eq!(theirs.waiting_for().unwrap().command, format!("syft job release {id} --logs"));
}

#[test]
fn a_job_that_was_not_sent_waits_for_its_submitter() {
    let pair = Pair::new();
    let submission = Submission::new(email(OWNER), Script::Text(SCRIPT.to_owned()));
    let submitted = pair.scientist.store.submit(&submission).unwrap();
    let waiting = || pair.scientist.store.job(submitted.id.as_str()).unwrap().waiting_for();
    let queued = waiting().unwrap();
    assert_eq!((queued.who, queued.command.as_str()), (email(SCIENTIST), "syft sync"));
    pair.scientist.store.delivered(&email(OWNER), &submitted.name).unwrap();
    assert_eq!(waiting().unwrap().who, email(OWNER));
}

#[test]
fn both_sides_name_the_same_next_actor_at_each_step() {
    let pair = Pair::new();
    let id = pair.sent("count", SCRIPT);
    let both = |command: &str, minute: f64| {
        let mine = pair.owner.store.received(&id).unwrap().waiting_for();
        pair.answer("count");
        let theirs = pair.scientist.store.job("count").unwrap().waiting_for();
        assert_eq!(mine, theirs);
        let waiting = mine.unwrap();
        assert_eq!(waiting.who, email(OWNER));
        assert_eq!(waiting.command, command);
        assert_eq!(waiting.since, Timestamp::new(NOW + minute * 60.0).unwrap());
    };
    both(&format!("syft review {id}"), 0.0);
    pair.owner.clock.step(60.0);
    pair.approve(&id);
    both(&format!("syft job run {id}"), 1.0);
    pair.owner.clock.step(60.0);
    pair.run(&id).unwrap();
    both(&format!("syft job release {id} --outputs"), 2.0);
    pair.owner.store.release(&id, None, &ReleaseFiles::All, true).unwrap();
    pair.answer("count");
    assert_eq!(pair.owner.store.received(&id).unwrap().waiting_for(), None);
    let theirs = pair.scientist.store.job("count").unwrap();
    assert_eq!(theirs.waiting_for(), None);
    let json = serde_json::to_value(theirs.summary().unwrap()).unwrap();
    assert_eq!(json["status"], "done");
    assert_eq!(json["outputs"][0]["path"], "answer.txt");
    assert_eq!(json["outputs"][0]["released"], true);
    assert_eq!(json["exit_code"], 0);
}

#[test]
fn x11_the_scratch_of_every_lost_run_is_removed_and_of_no_living_one() {
    let pair = Pair::new();
    let id = approved(&pair, SCRIPT);
    let sandbox = Unboxed::default();
    let forced = RunOptions { force: true, ..RunOptions::default() };
    let begin = |options: &RunOptions| {
        let begun = pair.owner.store.begin_run(&id, options, &sandbox).unwrap();
        let left = format!(".syft/runs/{}/work/left", begun.id());
        pair.owner.write(&left, "rows");
        (begun, pair.owner.path(&left))
    };
    let (lost, first) = begin(&RunOptions::default());
    drop(lost);
    let (living, second) = begin(&forced);
    assert_eq!(pair.owner.store.recover_runs().unwrap(), []);
    assert_eq!((first.exists(), second.exists()), (false, true));
    fs::create_dir_all(first.parent().unwrap()).unwrap();
    living.execute(&sandbox, &mut quiet).unwrap().finish().unwrap();
    assert_eq!(pair.owner.store.recover_runs().unwrap(), []);
    assert!(!first.parent().unwrap().exists(), "the last run went well, and an earlier was lost");
    assert_eq!(pair.status(&id), Status::Done);
}

#[cfg(target_os = "linux")]
#[test]
fn x1_of_a_dataset_of_several_files_its_data_alone_is_read() {
    let pair = Pair::new();
    let folder = format!("{OWNER}/private/datasets/census");
    for file in ["a.csv", "b.csv", "more/c.csv"] {
        pair.owner.write(&format!("{folder}/{file}"), format!("{file}\n"));
    }
    for file in ["private_metadata.yaml", "syft.pub.yaml", ".notes"] {
        pair.owner.write(&format!("{folder}/{file}"), "for the owner\n");
    }
    pair.owner.write("elsewhere", "for the owner\n");
    std::os::unix::fs::symlink(pair.owner.path("elsewhere"), pair.owner.path(&folder).join("link"))
        .unwrap();
    let script = "cd \"$SYFT_DATASET_CENSUS\"; ls; cat .notes *; cat more/*\nexit 0\n";
    let mut submission = Submission::new(email(OWNER), Script::Text(script.to_owned()));
    submission.name = Some(name("count"));
    submission.datasets = vec![dataset("census")];
    pair.submit(&submission);
    let Intake::Received { id, .. } = pair.intake("count") else { panic!("not received") };
    pair.approve(&id);
    let warden = std::path::PathBuf::from(env!("CARGO_BIN_EXE_syft-warden"));
    let sandbox = syft_job::sandbox::WardenSandbox::new(warden, Vec::new());
    let options = RunOptions { minimum: IsolationLevel::L1, ..RunOptions::default() };
    let run = pair.owner.store.run(&id, &options, &sandbox, &mut quiet).unwrap();
    assert!(run.finished.unwrap().landlock_abi.is_some());
    let printed = pair.owner.store.received(&id).unwrap().stdout().unwrap().unwrap().text();
    let names = "a.csv\nb.csv\nlink\nmore\nprivate_metadata.yaml\nsyft.pub.yaml\n";
    assert_eq!(printed, format!("{names}a.csv\nb.csv\nmore/c.csv\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_job_in_the_real_box_reads_its_dataset_and_not_the_home() {
    let pair = Pair::new();
    let data = format!("{OWNER}/private/datasets/census/rows.csv");
    pair.owner.write(&data, "1\n2\n");
    pair.owner.write(&format!("{OWNER}/private/datasets/other/rows.csv"), "secret\n");
    let source = tempfile::tempdir().unwrap();
    let script = "wc -l < \"$SYFT_DATASET_CENSUS\" > outputs/count\n\
        for other in \"${SYFT_DATASET_CENSUS%/census/*}\"/other/rows.csv; do\n\
        cat \"$other\" && exit 9; done\nexit 0\n";
    fs::write(source.path().join("run.sh"), script).unwrap();
    let mut submission = Submission::new(email(OWNER), Script::Path(source.path().to_owned()));
    submission.name = Some(name("count"));
    submission.datasets = vec![dataset("census")];
    pair.submit(&submission);
    let Intake::Received { id, .. } = pair.intake("count") else { panic!("not received") };
    pair.approve(&id);
    let warden = std::path::PathBuf::from(env!("CARGO_BIN_EXE_syft-warden"));
    let sandbox = syft_job::sandbox::WardenSandbox::new(warden, Vec::new()).in_namespaces();
    let run = pair.owner.store.run(&id, &RunOptions::default(), &sandbox, &mut quiet).unwrap();
    let job = pair.owner.store.received(&id).unwrap();
    let errors = job.stderr().unwrap().unwrap().text();
    assert_eq!(run.finished.unwrap().exit, Some(Exit::Code(0)), "{errors}");
    assert!(errors.contains("No such file"), "{errors}");
    let count = job.output(&DatasitePath::parse("count").unwrap()).unwrap();
    assert_eq!(count, b"2\n");
}

#[test]
fn a_run_is_never_longer_than_can_be_recorded() {
    let pair = Pair::new();
    let id = approved(&pair, SCRIPT);
    let options =
        RunOptions { timeout: Some(Duration::from_secs(u64::MAX)), ..RunOptions::default() };
    let run = pair.owner.store.run(&id, &options, &Unboxed::default(), &mut quiet).unwrap();
    assert_eq!(run.started.limits.wall, Limits::LONGEST_WALL);
    assert_eq!(pair.owner.store.runs(&id).unwrap().len(), 1);
}

#[test]
fn a_run_folder_that_cannot_be_read_concerns_its_own_job_only() {
    let pair = Pair::new();
    let id = approved(&pair, SCRIPT);
    let other = pair.sent("other", SCRIPT);
    pair.run(&id).unwrap();
    pair.owner.write(&format!(".syft/runs/{id}-1/started.json"), r#"{"limits":{"wall":1e300}}"#);
    let store = &pair.owner.store;
    assert!(store.recover_runs().unwrap().is_empty());
    assert_eq!(store.intake_all().unwrap().len(), 2);
    assert!(store.is_frozen(&email(SCIENTIST), &name("count")).unwrap());
    assert_eq!(store.project_all().unwrap().len(), 1);
    assert_eq!(store.jobs().unwrap().len(), 2);
    let damaged = store.received(&id).unwrap();
    assert_eq!(damaged.status(), Status::Interrupted);
    assert!(damaged.damage().unwrap().contains("started.json"), "{:?}", damaged.damage());
    assert_eq!(damaged.waiting_for().unwrap().command, format!("syft job show {id}"));
    assert!(pair.run(&id).is_err(), "what cannot be read does not run again");
    pair.approve(&other);
    pair.run(&other).unwrap();
    assert_eq!(pair.status(&other), Status::Done);
}

#[test]
fn each_attempt_at_a_run_is_audited_on_its_own() {
    let pair = Pair::new();
    let id = approved(&pair, SCRIPT);
    let none = Broken(|| Error::Isolation { needed: "L1".into(), reason: "no Landlock".into() });
    for _ in 0..2 {
        pair.owner.clock.step(1.0);
        let error = pair.owner.store.run(&id, &RunOptions::default(), &none, &mut quiet);
        assert!(matches!(error.unwrap_err(), Error::Isolation { .. }));
        let names: Vec<String> =
            tree(&pair.owner.path(&Pair::job_folder("count"))).into_keys().collect();
        assert_eq!(names, ["approved", "config.yaml", "run.sh"], "it is not shown as running");
    }
    pair.owner.clock.step(1.0);
    pair.run(&id).unwrap();
    let told: Vec<String> =
        pair.owner.actions().into_iter().filter(|a| a.starts_with("job.run.")).collect();
    let attempt = ["job.run.started", "job.run.refused"];
    assert_eq!(told, [&attempt[..], &attempt, &["job.run.started", "job.run.finished"]].concat());
    let entries = pair.owner.audit.lock().unwrap().entries().unwrap();
    let refused = entries.iter().find(|entry| entry.action == "job.run.refused").unwrap();
    assert_eq!(refused.details["run"], format!("{id}-1"));
    assert!(refused.details["reason"].as_str().unwrap().contains("no Landlock"));
}

#[test]
fn the_receipt_shows_what_was_approved_and_what_was_used() {
    let pair = Pair::new();
    let id = approved(&pair, SCRIPT);
    let options = RunOptions {
        timeout: Some(Duration::from_secs(7)),
        share_outputs: true,
        ..RunOptions::default()
    };
    pair.owner.store.run(&id, &options, &Unboxed::default(), &mut quiet).unwrap();
    let receipt = pair.owner.path(&format!("{}/receipt.yaml", Pair::job_folder("count")));
    let receipt: syft_job::Receipt =
        syft_core::yaml::from_str(&fs::read_to_string(receipt).unwrap()).unwrap();
    assert_eq!(receipt.limits.wall, Duration::from_secs(7));
    assert_eq!(receipt.approved_limits, Some(Limits::default()));
}

#[test]
fn a_release_is_of_the_run_that_was_looked_at() {
    let pair = Pair::new();
    let id = approved(&pair, SCRIPT);
    let first = pair.run(&id).unwrap().started.run;
    let forced = RunOptions { force: true, ..RunOptions::default() };
    let store = &pair.owner.store;
    let second = store.run(&id, &forced, &Unboxed::default(), &mut quiet).unwrap().started.run;
    let error = store.release(&id, Some(&first), &ReleaseFiles::All, true).unwrap_err();
    assert!(matches!(error, Error::Changed { .. }), "{error}");
    assert!(!datasite(&pair).contains("forty-two"));
    store.release(&id, Some(&second), &ReleaseFiles::All, true).unwrap();
    assert!(datasite(&pair).contains("forty-two"));

    store.note_shown_run(&id, &first).unwrap();
    assert_eq!(store.shown(&id).unwrap().run, Some(first));
}

#[test]
fn only_what_the_receipt_names_with_these_bytes_counts_as_released() {
    let pair = Pair::new();
    let id = approved(&pair, SCRIPT);
    pair.run(&id).unwrap();
    pair.owner.store.release(&id, None, &ReleaseFiles::All, false).unwrap();
    pair.answer("count");
    let outputs = format!("{}/outputs", Pair::job_folder("count"));
    let released = || {
        let job = pair.scientist.store.job("count").unwrap();
        let listed = job.outputs().unwrap();
        let listed: Vec<_> =
            listed.iter().map(|file| (file.path.to_string(), file.released)).collect();
        (listed, job.check_outputs().map_err(|error| error.to_string()))
    };
    assert_eq!(released(), (vec![("answer.txt".to_owned(), true)], Ok(())));

    pair.scientist.write(&format!("{outputs}/extra.txt"), "from somebody");
    let both = vec![("answer.txt".to_owned(), true), ("extra.txt".to_owned(), false)];
    assert_eq!(released(), (both, Ok(())));

    pair.scientist.write(&format!("{outputs}/answer.txt"), "forty-six");
    let (listed, checked) = released();
    assert_eq!(listed[0], ("answer.txt".to_owned(), false));
    assert!(checked.unwrap_err().contains("answer.txt"));
    fs::remove_file(pair.scientist.path(&format!("{outputs}/answer.txt"))).unwrap();
    assert!(released().1.unwrap_err().contains("answer.txt of job"));

    pair.answer("count");
    fs::remove_file(pair.scientist.path(&format!("{}/receipt.yaml", Pair::job_folder("count"))))
        .unwrap();
    assert_eq!(released(), (vec![("answer.txt".to_owned(), false)], Ok(())));
}

#[test]
fn a_running_job_waits_for_nobody() {
    let pair = Pair::new();
    let id = approved(&pair, SCRIPT);
    let begun =
        pair.owner.store.begin_run(&id, &RunOptions::default(), &Unboxed::default()).unwrap();
    assert_eq!(pair.owner.store.received(&id).unwrap().waiting_for(), None);
    pair.answer("count");
    assert_eq!(pair.scientist.store.job("count").unwrap().waiting_for(), None);
    drop(begun);
}

#[test]
fn a_run_tells_its_limits_and_in_what_it_is_not_as_approved() {
    let pair = Pair::new();
    let id = approved(&pair, SCRIPT);
    let detail = |name| pair.owner.detail("job.run.started", name);
    let run = |options: &RunOptions| {
        pair.owner.store.run(&id, options, &Unboxed::default(), &mut quiet).unwrap();
    };
    run(&RunOptions::default());
    assert_eq!(detail("limits"), serde_json::json!(Limits::default().in_words()));
    assert_eq!(detail("overrides"), serde_json::Value::Null);
    let timeout = Some(Duration::from_secs(7));
    run(&RunOptions { timeout, minimum: IsolationLevel::L1, force: true, ..Default::default() });
    let approved = Limits::default().wall.as_secs();
    let expected = [
        format!("may run 7 s, approved were {approved} s"),
        "a box of level L1 is allowed".to_owned(),
        "may run again".to_owned(),
    ];
    assert_eq!(detail("overrides"), serde_json::json!(expected));
    assert_eq!(detail("limits")[0], "7 s");
}

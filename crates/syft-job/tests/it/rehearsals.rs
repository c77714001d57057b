//! A rehearsal: the pipeline and the box of a run, on the mock, deciding nothing.

use std::sync::Mutex;
use std::time::Duration;

use crate::box_common::{unboxed, walled};
use crate::common::{Home, OWNER, Pair, SCIENTIST, Unboxed, dataset, email, name, quiet, tree};
use syft_core::{ContentHash, DatasitePath};
use syft_job::sandbox::{BoxReport, BoxedJob, IsolationLevel, Limits, LogSink, Sandbox};
use syft_job::{
    ApproveOptions, Error, Intake, Job, JobStore, OutputSink, PackageOptions, PackageSource, Plan,
    Rehearsal, RehearsalOptions, Rehearsed, Result, RunOptions, Script, Status, Submission,
};

/// A dataset of one file, as its owner has it.
fn census(home: &Home) {
    home.write(&format!("{OWNER}/private/datasets/census/census.csv"), "the real rows\n");
    mock(home, "census");
}

/// Its mock, as everybody has it with whom it is shared.
fn mock(home: &Home, dataset: &str) {
    let folder = format!("{OWNER}/public/datasets/{dataset}");
    home.write(&format!("{folder}/{dataset}_mock.csv"), "invented rows\n");
    home.write(&format!("{folder}/dataset.yaml"), "summary: who lives here\n");
    home.write(&format!("{folder}/syft.pub.yaml"), "rules: []\n");
}

fn submission(script: &str) -> Submission {
    let mut submission = Submission::new(email(OWNER), Script::Text(script.to_owned()));
    submission.name = Some(name("count"));
    submission.datasets = vec![dataset("census")];
    submission
}

fn sent(pair: &Pair, script: &str) -> Job {
    census(&pair.owner);
    pair.submit(&submission(script));
    let Intake::Received { id, .. } = pair.intake("count") else { panic!("not received") };
    pair.owner.store.received(&id).unwrap()
}

fn rehearse(home: &Home, job: &Job, sandbox: &dyn Sandbox) -> Result<Rehearsal> {
    let options = RehearsalOptions { minimum: sandbox.level(), ..RehearsalOptions::default() };
    home.store.rehearse(job, &options, sandbox, &mut quiet)
}

#[test]
fn only_what_was_rehearsed_is_sent() {
    let pair = Pair::new();
    mock(&pair.scientist, "census");
    let script = pair.scientist.path("count.sh");
    let write = |text: &str| std::fs::write(&script, text).unwrap();
    write("echo 1\n");
    let mut submission = submission("");
    submission.script = Script::Path(script.clone());
    let store = &pair.scientist.store;
    let try_it = |submission: &Submission| {
        let options = RehearsalOptions::default();
        let begun = store.begin_rehearsal_of(submission, &options, &Unboxed::default()).unwrap();
        begun.execute(&Unboxed::default(), &mut quiet).unwrap().finish().unwrap()
    };
    submission.rehearsed = Some(Rehearsed::from(&try_it(&submission)));
    write("curl evil\n");
    let before = tree(&pair.scientist.path(OWNER));
    let refused = |error: Error| assert!(matches!(error, Error::NotRehearsed { .. }), "{error}");
    refused(store.plan(&submission).unwrap_err());
    refused(store.submit(&submission).unwrap_err());
    assert_eq!(tree(&pair.scientist.path(OWNER)), before);

    write("echo 1\n");
    let Plan::Submit(planned) = store.plan(&submission).unwrap() else { panic!("not new") };
    store.submit(&planned).unwrap();
    // The same holds for a revision, and whatever the name is in the end.
    write("echo 2\n");
    submission.rehearsed = None;
    submission.rehearsed = Some(Rehearsed::from(&try_it(&submission)));
    let Plan::Revise(planned) = store.plan(&submission).unwrap() else { panic!("no revision") };
    write("echo 3\n");
    refused(store.revise(&planned).unwrap_err());
    write("echo 2\n");
    store.revise(&planned).unwrap();
    submission.name = Some(name("another"));
    store.submit(&submission).unwrap();
}

/// Of the seed "Data Scientist Develops Locally", without pandas.
const ANALYSIS: &str = "\
import csv
import syft_client as sc

totals = {}
with open(sc.resolve_dataset_file_path('customers'), newline='') as rows:
    for row in csv.DictReader(rows):
        totals[row['region']] = totals.get(row['region'], 0) + int(row['spent'])
with open('outputs/output.csv', 'w', newline='') as out:
    csv.writer(out).writerows([('region', 'spent'), *sorted(totals.items())])
";

#[test]
fn a_data_scientist_develops_locally() {
    let pair = Pair::new();
    let mock = format!("{OWNER}/public/datasets/customers/customers_mock.csv");
    let rows = "region,spent\nnorth,1\nsouth,2\nnorth,3\n";
    pair.scientist.write(&mock, rows);
    pair.owner.write(
        &format!("{OWNER}/private/datasets/customers/customers.csv"),
        "region,spent\nnorth,100\nsouth,250\nnorth,41\n",
    );

    // Scientists write and test code against the mock ...
    pair.scientist.write("analysis.py", ANALYSIS);
    let script = Script::Path(pair.scientist.path("analysis.py"));
    let mut submission = Submission::new(email(OWNER), script);
    submission.name = Some(name("Regional Analysis"));
    submission.datasets = vec![dataset("customers")];
    let options = RehearsalOptions::default();
    let bob = &pair.scientist.store;
    let begun = bob.begin_rehearsal_of(&submission, &options, &walled()).unwrap();
    let rehearsal = begun.execute(&walled(), &mut quiet).unwrap().finish().unwrap();
    assert!(rehearsal.is_success(), "{}", rehearsal.stderr);
    let said = rehearsal.to_string();
    assert!(said.starts_with("exit code 0 in "), "{said}");
    assert!(said.ends_with(" s, wrote output.csv (32 bytes), box L2"), "{said}");
    assert_eq!(rehearsal.outputs[0].path.as_str(), "output.csv");
    let answer = ContentHash::of(b"region,spent\r\nnorth,4\r\nsouth,2\r\n");
    assert_eq!(rehearsal.outputs[0].sha256, answer);
    assert_eq!(rehearsal.read[0].path, pair.scientist.path(&mock));
    assert_eq!(rehearsal.read[0].variable, "SYFT_DATASET_CUSTOMERS");

    // ... and submit the tested code to run on real private data.
    let submitted = pair.submit(&submission);
    assert_eq!(submitted.digest, rehearsal.digest);
    assert_eq!(bob.job("Regional Analysis").unwrap().rehearsal().unwrap(), Some(rehearsal));
    let Intake::Received { id, .. } = pair.intake("Regional Analysis") else { panic!() };
    pair.owner.store.approve(&id, &ApproveOptions::default()).unwrap();
    pair.owner.store.run(&id, &RunOptions::default(), &walled(), &mut quiet).unwrap();
    let output = DatasitePath::parse("output.csv").unwrap();
    let answer = pair.owner.store.received(&id).unwrap().output(&output).unwrap();
    assert_eq!(answer, b"region,spent\r\nnorth,141\r\nsouth,250\r\n");
}

#[test]
fn x1_a_rehearsal_reads_no_private_file() {
    let script = |pair: &Pair| {
        let real = pair.owner.path(&format!("{OWNER}/private/datasets/census"));
        let real = real.display();
        format!(
            "cat \"$SYFT_DATASET_CENSUS\"
             cat {real}/census.csv && echo GOT
             ls {real} && echo GOT
             ln -s {real}/census.csv link; cat link && echo GOT
             cat \"$(dirname \"$SYFT_DATASET_CENSUS\")\"/../../../private/datasets/*/*.csv && echo GOT
             true\n"
        )
    };
    let pair = Pair::new();
    let job = sent(&pair, &script(&pair));
    let rehearsal = rehearse(&pair.owner, &job, &walled()).unwrap();
    assert_eq!(rehearsal.stdout, "invented rows\n");
    assert!(!rehearsal.stderr.contains("real rows"), "{}", rehearsal.stderr);
    let open = rehearse(&pair.owner, &job, &unboxed()).unwrap();
    assert_eq!(open.stdout.matches("GOT").count(), 4, "the attempts are broken: {}", open.stderr);
}

#[test]
fn x1_nothing_private_is_handed_to_a_rehearsal() {
    let pair = Pair::new();
    let job = sent(&pair, "env > outputs/env\n");
    let sandbox = Unboxed::default();
    rehearse(&pair.owner, &job, &sandbox).unwrap();
    let job = sandbox.jobs.into_inner().unwrap().remove(0);
    let mock = pair.owner.path(&format!("{OWNER}/public/datasets/census/census_mock.csv"));
    assert!(job.readable.contains(&mock));
    let paths = [&job.readable[..], &job.listable, &[job.work_dir, job.tmp_dir, job.outputs_dir]];
    let private = pair.owner.path(&format!("{OWNER}/private"));
    for path in paths.concat() {
        assert!(!path.starts_with(&private) && !private.starts_with(&path), "{}", path.display());
    }
    for (variable, value) in &job.environment {
        assert!(!value.contains("/private"), "{variable}={value}");
    }
    let names: Vec<&str> = job.environment.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "PATH",
            "HOME",
            "TMPDIR",
            "LANG",
            "SYFTBOX_FOLDER",
            "SYFTBOX_EMAIL",
            "SYFT_IS_IN_JOB",
            "SYFT_OUTPUTS",
            "SYFT_DATASET_CENSUS"
        ],
        "as in a run"
    );
}

#[test]
fn of_a_mock_of_several_files_only_the_data_is_granted() {
    let pair = Pair::new();
    let job = sent(&pair, "cd \"$SYFT_DATASET_CENSUS\"; cat *\n");
    let folder = format!("{OWNER}/public/datasets/census");
    pair.owner.write(&format!("{folder}/more.csv"), "more\n");
    pair.owner.write(&format!("{folder}/readme.md"), "about\n");
    let url = format!("readme_url: syft://{folder}/readme.md\n");
    pair.owner.write(&format!("{folder}/dataset.yaml"), url);
    let rehearsal = rehearse(&pair.owner, &job, &walled()).unwrap();
    assert_eq!(rehearsal.read[0].path, pair.owner.path(&folder));
    assert_eq!(rehearsal.stdout, "invented rows\nmore\n");
    assert_eq!(rehearsal.stderr.matches("Permission denied").count(), 3, "{}", rehearsal.stderr);
}

#[test]
fn a_rehearsal_needs_no_approval_and_decides_nothing() {
    let pair = Pair::new();
    let job = sent(&pair, "cd outputs; echo 1 > a; echo 2 > b; echo 3 > c; echo said\n");
    let before = tree(&pair.owner.path(OWNER));
    let rehearsal = rehearse(&pair.owner, &job, &walled()).unwrap();
    assert_eq!(rehearsal.outputs_count, 3);
    assert_eq!(rehearsal.stdout, "said\n");
    assert_eq!(tree(&pair.owner.path(OWNER)), before, "the datasite is as it was");
    let store = &pair.owner.store;
    assert_eq!(pair.status(job.id()), Status::Inbox);
    assert!(store.decisions(job.id()).unwrap().is_empty());
    assert!(store.runs(job.id()).unwrap().is_empty());
    assert_eq!(pair.owner.actions(), ["job.received", "job.rehearsed"]);
    let kept: Vec<String> = tree(&pair.owner.path(".syft/rehearsals")).into_keys().collect();
    assert_eq!(kept.len(), 2, "the record and the lock: {kept:?}");

    let review =
        || store.review(job.id(), &Limits::default(), IsolationLevel::L2).unwrap().to_string();
    let said = review();
    let (_, said) = said.split_once("\nrehearsed on the mock: exit code 0 in ").unwrap();
    let (_, said) = said.split_once(" s, wrote a (2 bytes), b (2 bytes), c ").unwrap();
    assert!(said.starts_with("(2 bytes), box L2\n      ┆ said\n"), "{said}");
    let summary = store.received(job.id()).unwrap().summary().unwrap().rehearsal.unwrap();
    assert!(summary.ok && summary.outputs == 3 && summary.exit_code == Some(0));
    // It is of these bytes and of no others.
    pair.owner.write(&format!("{}/run.sh", Pair::job_folder("count")), "echo other\n");
    pair.intake("count");
    assert!(!review().contains("rehearsed"), "{}", review());
    assert_eq!(store.received(job.id()).unwrap().summary().unwrap().rehearsal, None);
}

#[test]
fn the_submitter_rehearses_what_was_sent_without_being_audited() {
    let pair = Pair::new();
    mock(&pair.scientist, "census");
    pair.submit(&submission("cat \"$SYFT_DATASET_CENSUS\"\n"));
    let job = pair.scientist.store.job("count").unwrap();
    let rehearsal = rehearse(&pair.scientist, &job, &walled()).unwrap();
    assert_eq!(rehearsal.stdout, "invented rows\n");
    assert_eq!(rehearsal.submitter, email(SCIENTIST));
    assert!(pair.scientist.actions().is_empty());
}

#[test]
fn a_failed_rehearsal_keeps_the_end_of_what_was_printed() {
    let pair = Pair::new();
    let job = sent(&pair, "seq 1 5000 >&2; echo KeyError >&2; exit 3\n");
    let rehearsal = rehearse(&pair.owner, &job, &walled()).unwrap();
    assert!(!rehearsal.is_success());
    assert_eq!(rehearsal.exit_code(), Some(3));
    assert!(rehearsal.stderr.ends_with("\n4999\n5000\nKeyError\n"));
    assert!(rehearsal.stderr.len() <= 4096 && rehearsal.stderr.starts_with('4'));
    assert_eq!(pair.status(job.id()), Status::Inbox);
    let options = RehearsalOptions {
        limits: Limits { wall: Duration::from_secs(1), ..Limits::default() },
        ..RehearsalOptions::default()
    };
    let slow = pair.sent("slow", "sleep 60\n");
    let slow = pair.owner.store.received(&slow).unwrap();
    let rehearsal = pair.owner.store.rehearse(&slow, &options, &walled(), &mut quiet).unwrap();
    let said = rehearsal.to_string();
    assert!(said.starts_with("time is up after "), "{said}");
    assert!(said.ends_with(" s, wrote nothing, box L2"), "{said}");
}

/// Tries to rehearse something while it runs something.
#[derive(Debug)]
struct Nested(JobStore, Mutex<Option<Error>>);

impl Sandbox for Nested {
    fn level(&self) -> IsolationLevel {
        IsolationLevel::L2
    }

    fn run(
        &self,
        job: &BoxedJob,
        log: &mut dyn LogSink,
        outputs: &mut dyn OutputSink,
    ) -> Result<BoxReport> {
        let options = RehearsalOptions::default();
        let other = self.0.job("count").unwrap();
        let said = self.0.begin_rehearsal(&other, &options, self);
        *self.1.lock().unwrap() = said.err();
        Unboxed::default().run(job, log, outputs)
    }
}

#[test]
fn one_rehearsal_at_a_time_and_the_next_cleans_up() {
    let pair = Pair::new();
    let job = sent(&pair, "true\n");
    pair.owner.write(".syft/rehearsals/lost/work/run.sh", "left by a crash");
    let nested = Nested(pair.owner.store.clone(), Mutex::default());
    rehearse(&pair.owner, &job, &nested).unwrap();
    let refused = nested.1.into_inner().unwrap();
    assert!(matches!(refused, Some(Error::RunnerBusy)), "{refused:?}");
    assert!(!pair.owner.path(".syft/rehearsals/lost").exists());
}

#[test]
fn what_cannot_be_rehearsed_is_said() {
    let pair = Pair::new();
    let job = sent(&pair, "true\n");
    let weak = Unboxed { level: IsolationLevel::L0, ..Unboxed::default() };
    let options = RehearsalOptions::default();
    let said = pair.owner.store.rehearse(&job, &options, &weak, &mut quiet);
    assert!(matches!(said, Err(Error::Isolation { .. })), "{said:?}");
    assert!(weak.jobs.into_inner().unwrap().is_empty());

    let bob = &pair.scientist.store;
    let mut submission = submission("true\n");
    let said = bob.begin_rehearsal_of(&submission, &options, &walled());
    assert!(matches!(&said, Err(Error::NoMock { owner, .. }) if *owner == email(OWNER)));
    submission.dependencies = vec!["pandas".to_owned()];
    let none = PackageOptions { source: PackageSource::None, ..PackageOptions::default() };
    let said = bob.clone().with_packages(none).begin_rehearsal_of(&submission, &options, &walled());
    assert!(matches!(said, Err(Error::NoPackages { .. })));
    // A damaged record of an earlier rehearsal hides nothing else.
    rehearse(&pair.owner, &job, &Unboxed::default()).unwrap();
    let record = format!(".syft/rehearsals/{}.json", job.digest().unwrap());
    pair.owner.write(&record, "{");
    assert_eq!(pair.owner.store.received(job.id()).unwrap().rehearsal().unwrap(), None);
}

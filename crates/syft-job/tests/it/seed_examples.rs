//! The examples of the documents, as they stand there: what Python spells with
//! brackets or properties is a call here.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::common::{Unboxed, quiet, scratch, tree};
use syft_core::{Email, JobName};
use syft_job::{Error, JobClient, JobKind, JobsList, ReleaseFiles, RunOptions, Status, get_client};

const ALICE: &str = "alice@example.com";
const BOB: &str = "bob@example.com";

/// Two homes, and what sync carries between them.
struct Pair {
    alice: tempfile::TempDir,
    bob: tempfile::TempDir,
}

impl Pair {
    fn new() -> Pair {
        Pair { alice: scratch(), bob: scratch() }
    }

    fn owner(&self) -> JobClient {
        get_client(self.alice.path(), ALICE).unwrap()
    }

    fn scientist(&self) -> JobClient {
        get_client(self.bob.path(), BOB).unwrap()
    }

    fn copy(from: &Path, to: &Path) {
        for (path, bytes) in tree(from) {
            let path = to.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }

    fn to_owner(&self) {
        let jobs = format!("{ALICE}/jobs");
        Pair::copy(&self.bob.path().join(&jobs), &self.alice.path().join(&jobs));
    }

    fn to_scientist(&self) {
        let jobs = format!("{ALICE}/jobs");
        Pair::copy(&self.alice.path().join(&jobs), &self.bob.path().join(&jobs));
    }

    /// Approved, run and released with its logs.
    fn answered(&self, name: &str) {
        self.to_owner();
        let (client, options) = (self.owner(), RunOptions::default());
        let jobs = client.jobs().unwrap();
        let job = jobs.get(name).unwrap();
        job.approve(None).unwrap();
        client.store().run(job.id(), &options, &Unboxed::default(), &mut quiet).unwrap();
        client.store().release(job.id(), None, &ReleaseFiles::All, true).unwrap();
        self.to_scientist();
    }
}

/// *Submitting Jobs.*
#[test]
fn a_script_as_text_becomes_a_folder_in_the_owners_datasite() {
    let pair = Pair::new();
    let client = pair.scientist();
    let script = "\n#!/bin/bash\nset -e\npython analysis.py\n";
    let job_dir = client.submit_bash_job(ALICE, script, "My Analysis").unwrap();
    assert_eq!(job_dir, pair.bob.path().join(format!("{ALICE}/jobs/{BOB}/My Analysis")));
    let text = fs::read_to_string(job_dir.join("run.sh")).unwrap();
    assert_eq!(text, "#!/bin/bash\nset -e\npython analysis.py\n");
    assert!(job_dir.join("config.yaml").is_file());
    assert_eq!((client.email().as_str(), client.syftbox_folder()), (BOB, pair.bob.path().into()));
}

/// *Job Management*: there the script is a path.
#[test]
fn a_script_that_is_a_path_is_read_from_there() {
    let pair = Pair::new();
    let desk = scratch();
    let path = desk.path().join("process.sh");
    fs::write(&path, "echo processed\n").unwrap();
    let job_dir = pair.scientist().submit_bash_job(ALICE, path.to_str().unwrap(), "p").unwrap();
    assert_eq!(fs::read_to_string(job_dir.join("run.sh")).unwrap(), "echo processed\n");
    let missing = pair.scientist().submit_bash_job(ALICE, "nowhere/process.sh", "q");
    assert!(matches!(missing.unwrap_err(), Error::Script { .. }));
}

/// *Job System*: `job_name: str = ""`, `dependencies: List[str] = None`.
#[test]
fn a_job_without_a_name_has_a_default_one() {
    let pair = Pair::new();
    let job_dir = pair.scientist().submit_bash_job(ALICE, "true\n", "").unwrap();
    let name = job_dir.file_name().unwrap().to_str().unwrap();
    let digits = name.strip_prefix("Job - ").unwrap();
    assert!(digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_hexdigit()), "{name}");
    let error = pair.scientist().submit_bash_job(ALICE, "true\n", name).unwrap_err();
    assert!(matches!(error, Error::NameTaken { .. }), "{error}");
}

/// *Job Approval.*
#[test]
fn the_owner_reads_what_is_in_the_inbox_and_approves_it() {
    let pair = Pair::new();
    pair.scientist().submit_bash_job(ALICE, "echo hello\n", "My Analysis").unwrap();
    pair.to_owner();
    let client = pair.owner();
    let mut seen = Vec::new();
    for job in &client.jobs().unwrap() {
        if job.status() == Status::Inbox {
            seen.push(format!("Job from {}: {}", job.submitted_by(), job.name()));
            let script = fs::read_to_string(job.location().join("run.sh")).unwrap();
            assert_eq!(script, "echo hello\n");
            job.approve(None).unwrap();
        }
    }
    assert_eq!(seen, [format!("Job from {BOB}: My Analysis")]);
    let jobs: JobsList = client.jobs().unwrap();
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs.get("My Analysis").unwrap().status(), Status::Approved);
    assert!(jobs.get("My Analysis").unwrap().location().join("approved").is_file());
    jobs.get("My Analysis").unwrap().reject(Some("on second thought")).unwrap();
    assert_eq!(client.jobs().unwrap().get("My Analysis").unwrap().status(), Status::Rejected);
}

/// *Client-First Debugging.*
#[test]
fn the_scientist_reads_the_error_fixes_it_and_resubmits() {
    let pair = Pair::new();
    let desk = scratch();
    let code = desk.path().join("analysis.py");
    fs::write(&code, "row = {'id': 7}\nprint(row['customer_id'])\n").unwrap();
    pair.scientist().submit_python_job(ALICE, &code, "My Analysis", &[]).unwrap();
    pair.answered("My Analysis");

    let jobs = pair.scientist().jobs().unwrap();
    let job = jobs.get("My Analysis").unwrap();
    assert_eq!(job.status(), Status::Failed);
    let stderr = job.stderr().unwrap().unwrap();
    assert!(stderr.text().contains("KeyError: 'customer_id'"), "{}", stderr.text());

    let fixed = desk.path().join("analysis_fixed.py");
    fs::write(&fixed, "row = {'id': 7}\nprint(row['id'])\n").unwrap();
    pair.scientist().submit_python_job(ALICE, &fixed, "My Analysis v2", &[]).unwrap();
    pair.answered("My Analysis v2");
    let jobs = pair.scientist().jobs().unwrap();
    assert_eq!(jobs.get("My Analysis v2").unwrap().status(), Status::Done);
    assert_eq!(jobs.get("My Analysis v2").unwrap().stdout().unwrap().unwrap().text(), "7\n");
    // The first one is still there by its whole name.
    assert_eq!(jobs.get("My Analysis").unwrap().status(), Status::Failed);
}

/// *MapReduce Model*, with one owner: the folder that was returned holds the result.
#[test]
fn results_lie_below_the_folder_that_submitting_returned() {
    let pair = Pair::new();
    let desk = scratch();
    let code = desk.path().join("count_customers.py");
    fs::write(&code, "open('outputs/count.csv', 'w').write('count\\n3\\n')\n").unwrap();
    let name = format!("Count for {ALICE}");
    let job_dir = pair.scientist().submit_python_job(ALICE, &code, &name, &[]).unwrap();
    pair.answered(&name);
    let result = fs::read_to_string(job_dir.join("outputs").join("count.csv")).unwrap();
    assert_eq!(result, "count\n3\n");
    assert!(job_dir.join("done").is_file());
}

/// *Jobs are folders containing* `run.sh`, `config.yaml`, additional resources.
#[test]
fn a_python_job_wraps_code_and_dependencies() {
    let pair = Pair::new();
    let desk = scratch();
    fs::write(desk.path().join("main.py"), "import helper\n").unwrap();
    fs::write(desk.path().join("helper.py"), "x = 1\n").unwrap();
    let needs = ["numpy".to_owned()];
    let job_dir = pair.scientist().submit_python_job(ALICE, desk.path(), "code", &needs).unwrap();
    let files: BTreeMap<String, Vec<u8>> = tree(&job_dir);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["code/helper.py", "code/main.py", "config.yaml", "run.sh"]);
    let config = String::from_utf8(files["config.yaml"].clone()).unwrap();
    let config = syft_job::JobConfig::parse(&config).unwrap();
    assert_eq!((config.name.as_str(), config.submitter.as_deref()), ("code", Some(BOB)));
    assert_eq!((config.kind, config.dependencies), (JobKind::Python, needs.to_vec()));
}

/// What the seeds leave open: a name that several jobs have is no guess.
#[test]
fn s11_an_ambiguous_name_lists_the_candidates() {
    let pair = Pair::new();
    for owner in [ALICE, "carol@example.com"] {
        pair.scientist().submit_bash_job(owner, "true\n", "same").unwrap();
    }
    let jobs = pair.scientist().jobs().unwrap();
    let Error::Ambiguous { candidates, .. } = jobs.get("same").unwrap_err() else {
        panic!("not ambiguous")
    };
    assert_eq!(candidates.len(), 2);
    assert_eq!(jobs.get(&format!("{ALICE}/same")).unwrap().owner(), &Email::parse(ALICE).unwrap());
    assert!(matches!(jobs.get("other").unwrap_err(), Error::NotFound(_)));
    let listed: Vec<&JobName> = jobs.iter().map(syft_job::Job::name).collect();
    assert_eq!(listed.len(), jobs.len());
}

/// `cancel` and `rerun`, by name.
#[test]
fn a_job_is_withdrawn_by_its_submitter_and_run_again_by_its_owner() {
    let pair = Pair::new();
    pair.scientist().submit_bash_job(ALICE, "true\n", "withdrawn").unwrap();
    pair.scientist().jobs().unwrap().get("withdrawn").unwrap().cancel().unwrap();
    pair.scientist().submit_bash_job(ALICE, "true\n", "twice").unwrap();
    pair.answered("twice");
    let jobs = pair.owner().jobs().unwrap();
    assert_eq!(jobs.get("withdrawn").unwrap().status(), Status::Cancelled);
    let job = jobs.get("twice").unwrap();
    job.rerun(&RunOptions::default(), &Unboxed::default(), &mut quiet).unwrap();
    assert_eq!(job.attempts().unwrap().len(), 2);
}

use std::path::PathBuf;

use syft_sync::CreateOptions;
use syft_sync::core::{DatasetName, DatasitePath, JobName};
use syft_sync::dataset::{Audience, NewDataset};
use syft_sync::job::{ApproveOptions, JobId, JobRun, ReleaseFiles, RunOptions, Script, Submission};

use super::stage::{
    ANALYSIS, OWNER, PATIENTS, PATIENTS_MOCK, People, SALARIES, SALARIES_MOCK, SCIENTIST, Stage,
    write,
};
use crate::commands::job::{Stream, fetch};
use crate::errors::CliError;

/// What the scientist got.
#[derive(Debug)]
pub(super) struct Answer {
    /// The bytes of the released file, as they lie with the scientist.
    pub(super) bytes: Vec<u8>,
    pub(super) path: PathBuf,
}

/// Two homes, and each knows the other.
pub(super) async fn meet(stage: &mut Stage) -> Result<People, CliError> {
    let alice = stage.login("alice", OWNER).await?;
    let bob = stage.login("bob", SCIENTIST).await?;
    let people = People { alice, bob };
    stage.step("bob", &format!("syft peer add {OWNER}"));
    people.bob.add_peer(people.alice.email(), false).await?;
    people.sync(&people.bob, &people.alice).await?;
    stage.step("alice", &format!("syft peer approve {SCIENTIST} --trust-first"));
    people.alice.approve_peer_request(people.bob.email(), true).await?;
    people.sync(&people.alice, &people.bob).await?;
    Ok(people)
}

/// The owner's datasets: one to be asked about, and one that is nobody's business.
pub(super) async fn publish(stage: &mut Stage, people: &People) -> Result<(), CliError> {
    let home = format!("not for any job: {}\n", stage.canaries.home);
    write(&stage.home("alice").join(".syft").join("canary.txt"), &home)?;
    let salaries = format!("{SALARIES}{},nobody,0\n", stage.canaries.dataset);
    let both = [
        ("patients", PATIENTS, PATIENTS_MOCK, "cell nuclei of 569 tumours"),
        ("salaries", &salaries, SALARIES_MOCK, "what the hospital pays"),
    ];
    for (name, private, mock, summary) in both {
        let share =
            if name == "patients" { format!(" --share {SCIENTIST}") } else { String::new() };
        let command =
            format!("syft dataset create {name} --mock mock.csv --private {name}.csv{share}");
        stage.step("alice", &command);
        let rows = |text: &str| text.lines().count().saturating_sub(1);
        stage.note(&format!(
            "{} real rows stay here; the mock has {} invented ones",
            rows(private),
            rows(mock)
        ));
        let mut new = NewDataset::named(DatasetName::parse(name)?);
        new.private = Some(stage.file(&format!("private/{name}.csv"), private)?);
        new.mock = Some(stage.file(&format!("mock/{name}.csv"), mock)?);
        new.summary = Some(summary.to_owned());
        if name == "patients" {
            new.users = Audience::parse([SCIENTIST])?;
        }
        let unsent = CreateOptions { sync: false, ..CreateOptions::default() };
        people.alice.create_dataset(new, unsent).await?;
    }
    people.sync(&people.alice, &people.bob).await
}

/// The scientist's question and its answer, as the scientist holds it in the end.
pub(super) async fn ask(stage: &mut Stage, people: &mut People) -> Result<Answer, CliError> {
    let script = stage.file("analysis.sh", ANALYSIS)?;
    let command = format!("syft run analysis.sh --on {OWNER}/patients --no-wait");
    stage.step("bob", &command);
    let id = submit(people, "analysis", Script::Path(script)).await?;
    approve(stage, people, &id)?;
    let run = run(stage, people, &id)?;
    let outputs = run.finished.map(|finished| finished.outputs).unwrap_or_default();
    stage.step("alice", &format!("syft job release {id} --outputs"));
    stage.note(&format!("{} file of the output leaves, as it was looked at", outputs.len()));
    people.alice.release_job(&id, None, &ReleaseFiles::All, false)?;
    people.sync(&people.alice, &people.bob).await?;
    stage.step("bob", &format!("syft job outputs {id} -o results"));
    let job = people.bob.job_store().job(id.as_str())?;
    let folder = stage.folder().join("results");
    fetch(stage.screen(), &people.bob, &job, &folder)?;
    let name = DatasitePath::parse("summary.csv")?;
    Ok(Answer { bytes: job.output(&name)?, path: folder.join(name.as_str()) })
}

/// Sends a job about the patients.
pub(super) async fn submit(people: &People, name: &str, script: Script) -> Result<JobId, CliError> {
    let submission = Submission {
        name: Some(JobName::parse(name)?),
        datasets: vec![DatasetName::parse("patients")?],
        ..Submission::new(people.alice.email().clone(), script)
    };
    let submitted = people.bob.submit_job(&submission, false).await?;
    people.sync(&people.bob, &people.alice).await?;
    Ok(submitted.id)
}

/// The owner sees all of it and approves these bytes.
pub(super) fn approve(stage: &mut Stage, people: &People, id: &JobId) -> Result<(), CliError> {
    stage.step("alice", &format!("syft review {id}"));
    let review = people.alice.job_store().review(id, &people.alice.limits(), stage.level)?;
    let lines = review.files.iter().filter_map(|file| file.lines.as_ref()).flatten().count();
    stage.note(&format!(
        "{lines} lines to read, {} flags; approved as {}",
        review.flags.len(),
        review.digest.short()
    ));
    let limits = review.limits.clone();
    let options = ApproveOptions { expected: Some(review.digest), limits, ..Default::default() };
    people.alice.approve_job(id, &options)?;
    Ok(())
}

/// Runs a job in the best box that there is.
pub(super) fn run(stage: &mut Stage, people: &People, id: &JobId) -> Result<JobRun, CliError> {
    let allow = stage.allowed().map(|level| format!(" --allow-isolation {level}"));
    let allow = allow.unwrap_or_default();
    stage.step("alice", &format!("syft job run {id}{allow}"));
    let options = RunOptions { minimum: stage.level, ..RunOptions::default() };
    let sandbox = stage.sandbox()?;
    let run = people.alice.run_job(id, &options, &*sandbox, &mut Stream::new(None))?;
    let finished = run.finished.as_ref();
    let exit = finished.and_then(|finished| finished.exit).map(|exit| exit.to_string());
    let seconds = finished.map_or(0.0, |finished| finished.seconds);
    let exit = exit.unwrap_or_else(|| "it did not end".to_owned());
    stage.note(&format!("box {}: {exit}, {seconds:.2} s", run.started.level));
    Ok(run)
}

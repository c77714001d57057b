//! Boxes that this project makes in the layout of the Python peer.

use std::fs;
use std::path::{Path, PathBuf};

use syft_core::{DatasetName, Email, JobName, LayoutKind};
use syft_dataset::{Audience, NewDataset};
use syft_job::sandbox::{IsolationLevel, LogStream, PlainSandbox};
use syft_job::{ApproveOptions, JobId, ReleaseFiles, RunOptions, Script, Submission};
use syft_sync::{Config, CreateOptions, Stores, SyftboxManager, SyncOptions};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const OWNER: &str = "alice@hospital.org";
const SCIENTIST: &str = "bob@uni.edu";

/// The box of an owner with jobs in every state and datasets, and that of the
/// scientist who sent them; both over one shared folder.
///
/// # Errors
/// Any step of the story.
pub(super) fn make(home: &Path) -> Result<Vec<(Email, PathBuf)>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(tell(home)).map_err(|error| format!("the story of a node: {error}"))
}

struct Person {
    email: Email,
    folder: PathBuf,
    manager: SyftboxManager,
}

impl Person {
    async fn log_in(home: &Path, email: &str) -> Outcome<Person> {
        let email = Email::parse(email)?;
        let folder = home.join(format!("SyftBox_{email}"));
        let url = format!("file://{}", home.join("shared").display());
        let store = Stores::of(email.clone()).create(&url)?;
        let mut config = Config::new(email.clone(), &folder, store, url);
        config.layout = Some(LayoutKind::Pysyft);
        Ok(Person { email, folder, manager: SyftboxManager::login(config).await? })
    }

    async fn sync(&self) -> Outcome<()> {
        Ok(self.manager.sync(&SyncOptions::default()).await.map(drop)?)
    }
}

async fn tell(home: &Path) -> Outcome<Vec<(Email, PathBuf)>> {
    fs::create_dir_all(home.join("shared"))?;
    let alice = Person::log_in(home, OWNER).await?;
    let bob = Person::log_in(home, SCIENTIST).await?;
    bob.manager.add_peer(&alice.email, Default::default()).await?;
    alice.manager.approve_peer_request(&bob.email, Default::default()).await?;
    bob.sync().await?;
    datasets(&alice, home).await?;
    bob.sync().await?;
    for (name, script) in [
        ("pending bash", "echo later\n"),
        ("approved", "echo soon\n"),
        ("rejected", "echo no\n"),
        ("done", "mkdir -p outputs/deep; echo 42 > outputs/sum.txt; echo 7 > outputs/deep/n\n"),
        ("failed", "echo before; exit 3\n"),
    ] {
        let mut job = Submission::new(alice.email.clone(), Script::Text(script.to_owned()));
        job.name = Some(JobName::parse(name)?);
        bob.manager.submit_job(&job, false).await?;
    }
    let script = home.join("analysis.py");
    fs::write(&script, "print('analysis')\n")?;
    let mut job = Submission::new(alice.email.clone(), Script::Path(script));
    job.name = Some(JobName::parse("pending-python")?);
    job.dependencies = vec!["numpy==2.0".to_owned()];
    job.datasets = vec![DatasetName::parse("beds")?];
    bob.manager.submit_job(&job, false).await?;
    bob.sync().await?;
    alice.sync().await?;
    decide(&alice.manager)?;
    alice.sync().await?;
    bob.sync().await?;
    Ok([alice, bob].into_iter().map(|one| (one.email, one.folder)).collect())
}

fn decide(alice: &SyftboxManager) -> Outcome<()> {
    let id = |name: &str| -> Outcome<JobId> { Ok(alice.job_store().job(name)?.id().clone()) };
    let reason = Some("looked at: it's\n'fine'".to_owned());
    let options = ApproveOptions { reason, ..ApproveOptions::default() };
    for name in ["approved", "done", "failed"] {
        alice.approve_job(&id(name)?, &options)?;
    }
    alice.reject_job(&id("rejected")?, Some("not this one"))?;
    let options = RunOptions { minimum: IsolationLevel::L0, ..RunOptions::default() };
    let mut no_log = |_: LogStream, _: &[u8]| {};
    for name in ["done", "failed"] {
        alice.run_job(&id(name)?, &options, &PlainSandbox, &mut no_log)?;
        alice.release_job(&id(name)?, None, &ReleaseFiles::All, true)?;
    }
    Ok(())
}

async fn datasets(alice: &Person, home: &Path) -> Outcome<()> {
    let put = |name: &str, text: &str| -> Outcome<PathBuf> {
        let path = home.join("sources").join(name);
        fs::create_dir_all(path.parent().unwrap_or(home))?;
        fs::write(&path, text)?;
        Ok(path)
    };
    let mut beds = NewDataset::named(DatasetName::parse("beds")?);
    beds.mock = Some(put("mock/beds.csv", "bed,free\n1,0\n")?);
    beds.private = Some(put("private/beds.csv", "bed,free\n1,1\n")?);
    beds.readme = Some(put("about.md", "# Beds\n")?);
    beds.summary = Some("Free beds".to_owned());
    beds.tags = vec!["beds".to_owned(), "2026".to_owned()];
    beds.users = Audience::parse([SCIENTIST])?;
    let mut all = NewDataset::named(DatasetName::parse("for_all")?);
    put("many/one.csv", "1\n")?;
    all.mock = Some(put("many/two.csv", "2\n")?.parent().unwrap_or(home).to_owned());
    all.users = Audience::Any;
    for dataset in [beds, all] {
        alice.manager.create_dataset(dataset, CreateOptions::default()).await?;
    }
    alice.sync().await
}

//! What a person does on either side, whichever program that person uses.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

/// What went wrong, in words.
pub(super) type Outcome<T> = Result<T, String>;

/// Texts of files by their paths.
pub(super) type Files = BTreeMap<String, String>;

/// What one is in a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Owner,
    Scientist,
}

impl Role {
    pub(super) fn name(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Scientist => "scientist",
        }
    }
}

/// Somebody whom one asked, or who asks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Peer {
    pub(super) email: String,
    /// `accepted`, `requested_by_me`, `requested_by_peer` or `rejected`.
    pub(super) state: String,
    /// Whether what goes to the peer is sealed, as far as that is shown.
    pub(super) sealed: bool,
}

/// A dataset as one side sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Dataset {
    pub(super) name: String,
    pub(super) owner: String,
    pub(super) summary: Option<String>,
    pub(super) mock: Files,
}

/// What is published.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewDataset<'a> {
    pub(super) name: &'a str,
    pub(super) summary: &'a str,
    pub(super) mock: &'a Path,
    pub(super) private: &'a Path,
    pub(super) reader: &'a str,
}

/// The language of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Bash,
    Python,
}

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewJob<'a> {
    pub(super) owner: &'a str,
    pub(super) name: &'a str,
    pub(super) is: Language,
    pub(super) script: &'a Path,
    /// What it reads; the Python packages cannot say so.
    pub(super) dataset: Option<&'a str>,
}

/// A job as one side sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Job {
    pub(super) name: String,
    pub(super) owner: String,
    pub(super) submitter: String,
    /// In the words of the Python packages, whoever says it.
    pub(super) status: String,
    pub(super) reason: Option<String>,
}

/// What a run printed, as far as one may see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Logs {
    pub(super) stdout: Option<String>,
    pub(super) stderr: Option<String>,
    pub(super) exit: Option<String>,
}

/// Someone with a home, a Drive, and a program to use it with. After each call
/// everything that is due has been sent.
pub(super) trait Person: Send {
    /// Logs in, which begins with a look at what the Drive holds.
    fn log_in(&mut self) -> Outcome<()>;
    fn sync(&mut self) -> Outcome<()>;

    fn add_peer(&mut self, peer: &str) -> Outcome<()>;
    fn approve_peer(&mut self, peer: &str) -> Outcome<()>;
    fn peers(&mut self) -> Outcome<Vec<Peer>>;

    fn create_dataset(&mut self, dataset: &NewDataset<'_>) -> Outcome<()>;
    fn delete_dataset(&mut self, name: &str) -> Outcome<()>;
    fn datasets(&mut self) -> Outcome<Vec<Dataset>>;

    fn submit(&mut self, job: &NewJob<'_>) -> Outcome<()>;
    fn jobs(&mut self) -> Outcome<Vec<Job>>;
    /// All that would run, without a sync.
    fn review(&mut self, name: &str) -> Outcome<String>;
    /// `dataset` is what it names without asking for it, if the program has a place for that.
    fn approve_job(&mut self, name: &str, dataset: Option<&str>) -> Outcome<()>;
    fn reject_job(&mut self, name: &str, reason: &str) -> Outcome<()>;
    /// Runs all that is approved; `share` gives outputs and logs away at once.
    fn run_jobs(&mut self, share: bool) -> Outcome<()>;
    /// Gives outputs and logs of a run away.
    fn release(&mut self, name: &str) -> Outcome<()>;
    /// Without a sync.
    fn outputs(&mut self, name: &str) -> Outcome<Files>;
    /// Without a sync.
    fn logs(&mut self, name: &str) -> Outcome<Logs>;

    /// Writes a file of one's own datasite; nothing is sent yet.
    fn write(&mut self, path: &str, text: &str) -> Outcome<()>;
    /// Removes one; nothing is sent yet.
    fn remove(&mut self, path: &str) -> Outcome<()>;
    /// Lets somebody read a folder; nothing is sent yet.
    fn grant(&mut self, folder: &str, reader: &str) -> Outcome<()>;
    /// What of a datasite lies here, without a sync.
    fn files(&mut self, datasite: &str) -> Outcome<Files>;

    fn checkpoint(&mut self) -> Outcome<()>;
    /// The keys in the file of the Python packages.
    fn export_keys(&mut self, to: &Path) -> Outcome<()>;
    /// Before the first login of a fresh home.
    fn import_keys(&mut self, from: &Path) -> Outcome<()>;
    fn delete_syftbox(&mut self) -> Outcome<()>;
}

/// Texts of all files below a folder that is there; what is no text is told by its
/// length.
pub(super) fn read_files(folder: &Path) -> Outcome<Files> {
    let mut files = Files::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(here) = folders.pop() {
        let told = |error: std::io::Error| format!("{}: {error}", here.display());
        for entry in std::fs::read_dir(&here).map_err(told)? {
            let path = entry.map_err(told)?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).map_err(told)?;
            let text = String::from_utf8(bytes)
                .unwrap_or_else(|error| format!("{} bytes", error.as_bytes().len()));
            let name = path.strip_prefix(folder).unwrap_or(&path);
            files.insert(name.display().to_string(), text);
        }
    }
    Ok(files)
}

//! What can be said of a box, and who says it: the Python peer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::json;

use crate::python::{Python, Script};

/// What Python says of a box.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Said {
    /// By owner, submitter and name.
    pub(crate) jobs: Vec<Job>,
    /// By owner and name.
    pub(crate) datasets: Vec<Dataset>,
    /// Path, user, level and answer, for every file of the datasite of who asks.
    pub(crate) access: Vec<(String, String, String, bool)>,
    /// What it says of jobs and datasets that it cannot read, and does not list.
    pub(crate) passed_over: Vec<String>,
}

/// The path of a file with the hash of its content; none where the file is not there.
pub(crate) type Files = BTreeMap<String, Option<String>>;

/// A job as Python lists it.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Job {
    pub(crate) name: String,
    pub(crate) submitter: String,
    pub(crate) owner: String,
    /// `received`, `pending`, `approved`, `rejected`, `running`, `done` or `failed`.
    pub(crate) status: String,
    /// `python` or `bash`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) entrypoint: Option<String>,
    pub(crate) dependencies: Vec<String>,
    /// Why it was approved or rejected.
    pub(crate) reason: Option<String>,
    pub(crate) return_code: Option<String>,
    /// What was submitted, and what came of it; paths in the datasite.
    pub(crate) files: Files,
    /// Paths in the folder of the outputs.
    pub(crate) outputs: Files,
}

/// A dataset as Python lists it.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Dataset {
    pub(crate) name: String,
    pub(crate) owner: String,
    pub(crate) summary: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) readme: Option<String>,
    /// Paths in the datasite.
    pub(crate) mock_files: Files,
    /// Paths in the datasite; empty for who is not the owner.
    pub(crate) private_files: Files,
}

/// A box that Python made.
#[derive(Debug, Deserialize)]
pub(crate) struct Made {
    /// Whose box it is.
    pub(crate) me: String,
    /// The folder `SyftBox_…`.
    #[serde(rename = "box")]
    pub(crate) folder: PathBuf,
    /// What Python says of it.
    pub(crate) said: Said,
}

#[derive(Deserialize)]
struct AllMade {
    boxes: Vec<Made>,
}

/// The script that makes boxes and tells of them.
#[derive(Debug)]
pub(crate) struct Teller(Script);

impl Teller {
    /// Starts it.
    ///
    /// # Errors
    /// Python cannot be started.
    pub(crate) fn start(python: &Python, home: &Path) -> Result<Self, String> {
        python.start("boxes.py", home).map(Teller)
    }

    /// Makes the box of an owner, and that of a scientist who sent it jobs, in an
    /// empty folder.
    ///
    /// # Errors
    /// The script failed.
    pub(crate) fn make(&mut self, home: &Path) -> Result<Vec<Made>, String> {
        let made: AllMade = self.0.ask(&json!({"do": "make", "home": home}))?;
        Ok(made.boxes)
    }

    /// What Python says of a box, whoever made it. The box is not written to.
    ///
    /// # Errors
    /// The script failed.
    pub(crate) fn tell(&mut self, folder: &Path, me: &str) -> Result<Said, String> {
        self.0.ask(&json!({"do": "tell", "box": folder, "me": me}))
    }
}

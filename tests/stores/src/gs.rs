//! A store that speaks Google Cloud Storage.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{self, Process, port_behind};
use crate::{Result, places};

const STORE: &str = "gs";

/// A server of Google Cloud Storage, in memory. It ends on drop.
#[derive(Debug)]
pub struct Gs {
    process: Process,
    endpoint: String,
}

impl Gs {
    /// Starts gcp-storage-emulator, one request after the other. It takes any token, and
    /// ignores the conditions of writes.
    ///
    /// # Errors
    /// [`Error::Missing`](crate::Error::Missing) where it is not installed; what it said if it does not come up.
    pub fn start() -> Result<Self> {
        let mut command = Command::new(places::program(STORE, "python")?);
        command.arg(places::script("gs_server.py"));
        let find = |line: &str| port_behind("listening on 127.0.0.1:", line);
        let process = Process::start(STORE, process::folder(STORE)?, &command, find)?;
        let endpoint = format!("http://127.0.0.1:{}", process.port());
        Ok(Gs { process, endpoint })
    }

    /// Where it is, as `http://127.0.0.1:4000`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A file of credentials (AIP-4117), by which its token service vouches for somebody.
    ///
    /// # Panics
    /// If it cannot be written.
    #[must_use]
    #[track_caller]
    pub fn credentials(&self) -> PathBuf {
        let (file, word) = (self.folder().join("credentials.json"), self.folder().join("word"));
        let text = format!(
            r#"{{"type": "external_account", "audience": "tests",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": "{}/token", 
            "credential_source": {{"file": {:?}, "format": {{"type": "text"}}}}}}"#,
            self.endpoint, word
        );
        if let Err(error) = fs::write(&word, "a word").and_then(|()| fs::write(&file, text)) {
            panic!("{}: {error}", file.display());
        }
        file
    }

    fn folder(&self) -> &Path {
        self.process.folder()
    }

    /// Makes a bucket.
    ///
    /// # Panics
    /// If it does not work, with what the server said.
    #[track_caller]
    pub fn create_bucket(&self, name: &str) {
        let made = ureq::post(format!("{}/storage/v1/b?project=tests", self.endpoint))
            .content_type("application/json")
            .send(format!("{{\"name\":\"{name}\"}}"));
        if let Err(error) = made {
            panic!("bucket {name}: {error}; the server said:\n{}", self.said());
        }
    }

    /// All that the server said so far, for the message of a test that fails.
    #[must_use]
    pub fn said(&self) -> String {
        self.process.said()
    }
}

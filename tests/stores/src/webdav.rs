//! A store that speaks WebDAV.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::process::{self, Process, port_behind};
use crate::{Error, Result, places};

const STORE: &str = "webdav";
const USER: &str = "alice";
const PASSWORD: &str = "correct-horse-battery";

/// A server of WebDAV over one folder, for one user. It ends on drop.
#[derive(Debug)]
pub struct WebDav {
    process: Process,
    url: String,
    folder: PathBuf,
}

impl WebDav {
    /// Starts WsgiDAV.
    ///
    /// # Errors
    /// [`Error::Missing`] where it is not installed; what it said if it does not come up.
    pub fn start() -> Result<Self> {
        let mut command = Command::new(places::program(STORE, "python")?);
        let own = process::folder(STORE)?;
        let folder = own.path().join("files");
        fs::create_dir(&folder)
            .map_err(|error| Error::Failed { store: STORE, why: error.to_string() })?;
        command.arg(places::script("webdav_server.py")).arg(&folder).args([USER, PASSWORD]);
        let find = |line: &str| port_behind("listening on 127.0.0.1:", line);
        let process = Process::start(STORE, own, &command, find)?;
        let url = format!("http://127.0.0.1:{}", process.port());
        Ok(WebDav { process, url, folder })
    }

    /// Where its folder is, as `http://127.0.0.1:4000`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its only user.
    #[must_use]
    pub fn user(&self) -> &str {
        USER
    }

    /// The password of that user, who is asked for it in the basic way.
    #[must_use]
    pub fn password(&self) -> &str {
        PASSWORD
    }

    /// The folder that it serves, on the disk.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// All that the server said so far, for the message of a test that fails.
    #[must_use]
    pub fn said(&self) -> String {
        self.process.said()
    }
}

//! A store that speaks Azure's blobs.

use std::process::Command;

use crate::process::{self, Process, port_behind};
use crate::{Error, Result, places};

const STORE: &str = "azblob";
const PROGRAM: &str = "azurite/node_modules/.bin/azurite-blob";
const HOW: &str = "cargo xtask stores --full";

const ACCOUNT: &str = "acme";
const KEY: &str = "c3lmdC10ZXN0LXN0b3Jlcy1rZXk=";

/// A server of Azure's blobs with one container, in memory. It ends on drop.
#[derive(Debug)]
pub struct Azblob {
    process: Process,
    endpoint: String,
}

impl Azblob {
    /// Starts Azurite. It refuses a wrong key, and holds the conditions of writes.
    ///
    /// # Errors
    /// [`Error::Missing`] where it is not installed; what it said if it does not come up.
    pub fn start(container: &str) -> Result<Self> {
        let program = places::ours().join(PROGRAM);
        if !program.is_file() {
            let what = program.display().to_string();
            return Err(Error::Missing { store: STORE, what, how_to_get_it: HOW });
        }
        let mut command = Command::new(places::program(STORE, "python")?);
        command.arg(places::script("azblob_server.py")).arg(program);
        command.args([ACCOUNT, KEY, container]);
        let find = |line: &str| port_behind("listening on 127.0.0.1:", line);
        let process = Process::start(STORE, process::folder(STORE)?, &command, find)?;
        let endpoint = format!("http://127.0.0.1:{}/{ACCOUNT}", process.port());
        Ok(Azblob { process, endpoint })
    }

    /// Where its account is, as `http://127.0.0.1:4000/acme`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Its only account.
    #[must_use]
    pub fn account(&self) -> &str {
        ACCOUNT
    }

    /// The key of that account.
    #[must_use]
    pub fn key(&self) -> &str {
        KEY
    }

    /// All that the server said so far, for the message of a test that fails.
    #[must_use]
    pub fn said(&self) -> String {
        self.process.said()
    }
}

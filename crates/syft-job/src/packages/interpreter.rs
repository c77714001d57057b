use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// What every box starts Python jobs with.
pub(super) const PYTHON: &str = "/usr/bin/python3";

const QUESTION: &str = "import platform, sys, sysconfig\n\
    print(sys.implementation.name, platform.python_version(), sysconfig.get_platform())";

/// The Python of the box. What is compiled for one fits no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Interpreter {
    /// As "cpython-3.11".
    pub(super) python: String,
    /// As "3.11.2".
    pub(super) version: String,
    /// As "linux-x86_64".
    pub(super) platform: String,
}

impl Interpreter {
    /// Asks it, with an empty environment and nothing of its user's.
    pub(super) fn of_the_box() -> Result<Self> {
        let none = |reason: String| Error::Packages { reason: format!("{PYTHON}: {reason}") };
        let answer = Command::new(PYTHON)
            .args(["-I", "-S", "-c", QUESTION])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| none(error.to_string()))?;
        let text = String::from_utf8_lossy(&answer.stdout).into_owned();
        let words: Vec<&str> = text.split_whitespace().collect();
        let [name, version, platform] = words.as_slice() else {
            return Err(none("it does not say which Python it is".to_owned()));
        };
        let minor: Vec<&str> = version.split('.').take(2).collect();
        let (version, platform) = ((*version).to_owned(), (*platform).to_owned());
        Ok(Interpreter { python: format!("{name}-{}", minor.join(".")), version, platform })
    }
}

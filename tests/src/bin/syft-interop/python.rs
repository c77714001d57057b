//! A script of the Python peer that answers line by line.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Where Python and the scripts are.
#[derive(Debug, Clone)]
pub(crate) struct Python {
    /// The interpreter that has the peer's packages.
    pub(crate) program: PathBuf,
    /// The folder of the scripts.
    pub(crate) scripts: PathBuf,
}

/// A running script. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Script {
    name: &'static str,
    child: Child,
    /// Closed first, which ends the script.
    asked: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// What a script finds around it, beside what every script finds.
#[derive(Debug, Default)]
pub(crate) struct Setting {
    /// A folder of programs that come before those of the machine.
    pub(crate) path: Option<PathBuf>,
    pub(crate) variables: Vec<(&'static str, OsString)>,
    /// Where its standard error goes, if not to the terminal.
    pub(crate) log: Option<PathBuf>,
}

impl Python {
    /// Starts a script. It gets no setting of the person who started this program,
    /// and `home` as its home.
    ///
    /// # Errors
    /// Python cannot be started.
    pub(crate) fn start(&self, name: &'static str, home: &Path) -> Result<Script, String> {
        self.start_in(name, home, &Setting::default())
    }

    /// Starts a script in a setting.
    ///
    /// # Errors
    /// Python cannot be started.
    pub(crate) fn start_in(
        &self,
        name: &'static str,
        home: &Path,
        setting: &Setting,
    ) -> Result<Script, String> {
        let failed = |error: String| format!("{} {name}: {error}", self.program.display());
        let mut command = self.command(name, home, setting.path.as_deref());
        command.envs(setting.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        if let Some(log) = &setting.log {
            let log = File::create(log).map_err(|error| failed(error.to_string()))?;
            command.stderr(log);
        }
        let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
        let asked = child.stdin.take();
        let answers = child.stdout.take().ok_or_else(|| failed("it has no output".to_owned()))?;
        Ok(Script { name, child, asked, answers: BufReader::new(answers) })
    }

    /// Runs a script to its end, with one argument, for what it prints.
    ///
    /// # Errors
    /// It cannot be run, or fails.
    pub(crate) fn run(&self, name: &'static str, folder: &Path) -> Result<String, String> {
        let failed = |error: String| format!("{} {name}: {error}", self.program.display());
        let output = self
            .command(name, folder, None)
            .arg(folder)
            .output()
            .map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            return Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        String::from_utf8(output.stdout).map_err(|error| failed(error.to_string()))
    }

    fn command(&self, name: &str, home: &Path, path: Option<&Path>) -> Command {
        let mut programs = path.map_or(OsString::new(), |path| {
            let mut programs = path.as_os_str().to_owned();
            programs.push(":");
            programs
        });
        programs.push("/usr/bin:/bin");
        let mut command = Command::new(&self.program);
        command
            .args(["-E", "-s", "-B", "-X", "utf8"])
            .arg(self.scripts.join(name))
            .env_clear()
            .env("PATH", programs)
            .env("HOME", home)
            .env("TMPDIR", home);
        command
    }
}

impl Script {
    /// Asks one question and waits for the answer.
    ///
    /// # Errors
    /// The script ended, or answered something else than was to be expected.
    pub(crate) fn ask<A: DeserializeOwned>(
        &mut self,
        question: &impl Serialize,
    ) -> Result<A, String> {
        let failed = |what: &str, error: String| format!("{}: {what}: {error}", self.name);
        let mut line =
            serde_json::to_vec(question).map_err(|error| failed("question", error.to_string()))?;
        line.push(b'\n');
        let asked = self.asked.as_mut().ok_or_else(|| failed("question", "closed".to_owned()))?;
        asked
            .write_all(&line)
            .and_then(|()| asked.flush())
            .map_err(|error| failed("question", error.to_string()))?;
        let mut answer = String::new();
        let read = self.answers.read_line(&mut answer);
        match read {
            Ok(0) => Err(failed("answer", "the script ended; what it said is above".to_owned())),
            Ok(_) => serde_json::from_str(&answer)
                .map_err(|error| failed("answer", format!("{error} in {answer}"))),
            Err(error) => Err(failed("answer", error.to_string())),
        }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.asked = None;
        // Whatever it says now, it was asked everything.
        let _ = self.child.wait();
    }
}

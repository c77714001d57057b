use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde::Deserialize;
use syft_tmux::Terminal;
use tempfile::TempDir;

use crate::ledger::Record;

/// The `syft` program of this workspace, built if it is not.
///
/// # Panics
/// If it cannot be built.
#[must_use]
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
            // As the tests themselves are built, so that nothing is built twice.
            .args(["build", "--quiet", "--locked", "--workspace", "--all-features"])
            .args(["--bin", "syft"])
            .current_dir(root())
            .status();
        assert!(built.is_ok_and(|status| status.success()), "syft cannot be built");
        // A test lies in <target>/<profile>/deps.
        let here = std::env::current_exe().unwrap_or_default();
        let profile = here.parent().and_then(Path::parent).unwrap_or(Path::new(""));
        profile.join("syft")
    })
}

/// The root of the workspace.
fn root() -> PathBuf {
    let here = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    here.canonicalize().unwrap_or(here)
}

/// People with a home each and a folder between them.
#[derive(Debug)]
pub struct People {
    folder: TempDir,
    /// What the setting up exported.
    variables: BTreeMap<String, String>,
    /// What stands, whatever a page exports.
    given: BTreeMap<String, String>,
    /// The homes whose log was held against what went.
    checked: BTreeSet<PathBuf>,
}

/// What the program writes down of what goes over the wire.
const RECORD: &str = "wire.jsonl";

/// Stands in for `cargo` while a page is set up: the program is built already, so
/// only what is typed counts.
const CARGO: &str = "#!/bin/sh\n[ \"$*\" = 'build --release' ]\n";

/// What a command did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The exit code; `None` if it was killed.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
}

/// What `job list` tells of what was seen in outputs.
#[derive(Deserialize)]
struct Jobs {
    jobs: Vec<Job>,
}

#[derive(Deserialize)]
struct Job {
    #[serde(default)]
    findings: Vec<Found>,
}

#[derive(Debug, Deserialize)]
struct Found {
    severity: String,
    #[expect(dead_code, reason = "it is shown where a test fails")]
    file: String,
}

impl People {
    /// People who have never met.
    ///
    /// # Panics
    /// If no folder can be made.
    #[must_use]
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap_or_else(|error| panic!("{error}"));
        let (variables, given) = (BTreeMap::new(), BTreeMap::new());
        let people = People { folder, variables, given, checked: BTreeSet::new() };
        std::fs::create_dir(people.file("shared")).unwrap_or_else(|error| panic!("{error}"));
        people
    }

    /// People whose store is another one than the folder of a page, and what lets them in.
    ///
    /// # Panics
    /// If no folder can be made.
    #[must_use]
    pub fn over(store: &str, login: &[(&str, &str)]) -> Self {
        let mut people = People::new();
        let all = [("STORE", store)].into_iter().chain(login.iter().copied());
        people.given = all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        people
    }

    /// Types what a page has its reader type first. What it exports is there for
    /// every later command, and nothing else is.
    ///
    /// # Panics
    /// If a line of it fails, or does not go on from here.
    pub fn set_up(&mut self, script: &str) {
        let tools = self.file("tools");
        let made = std::fs::create_dir_all(&tools).and_then(|()| {
            std::fs::write(tools.join("cargo"), CARGO)?;
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(tools.join("cargo"), mode)
        });
        made.unwrap_or_else(|error| panic!("{error}"));
        let exported = self.file("exported");
        let script = format!("set -e\n{script}\nenv -0 > '{}'", exported.display());
        let path = format!("{}:/usr/bin:/bin", tools.display());
        let run = self.shell(&script, &root(), &[("PATH", PathBuf::from(&path))]);
        assert_eq!(run.code, Some(0), "{script}\n{run:#?}");
        let exported = std::fs::read_to_string(exported).unwrap_or_default();
        let pairs = exported.split('\0').filter_map(|pair| pair.split_once('='));
        let all: BTreeMap<String, String> =
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let release = format!("{}/target/release:{path}", root().display());
        assert_eq!(all.get("PATH"), Some(&release), "the program that was built is not found");
        let kept = |name: &str| !["PATH", "PWD", "OLDPWD", "SHLVL", "HOME", "_"].contains(&name);
        self.variables.extend(all.into_iter().filter(|(name, _)| kept(name)));
    }

    /// Alice's home.
    #[must_use]
    pub fn alice(&self) -> PathBuf {
        self.place("ALICE_HOME", "alice")
    }

    /// Bob's home.
    #[must_use]
    pub fn bob(&self) -> PathBuf {
        self.place("BOB_HOME", "bob")
    }

    /// The folder between them.
    #[must_use]
    pub fn shared(&self) -> PathBuf {
        self.place("SHARED", "shared")
    }

    /// Where a page put something; without a page, in a folder of its own.
    fn place(&self, variable: &str, name: &str) -> PathBuf {
        self.variables.get(variable).map_or_else(|| self.file(name), PathBuf::from)
    }

    /// A file that both people have at hand.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a line as a person types it, at the root of the workspace, with
    /// nothing in the environment but what the setting up exported.
    ///
    /// # Panics
    /// If no shell can be started.
    #[must_use]
    pub fn types(&self, line: &str) -> Run {
        self.shell(line, &root(), &[])
    }

    /// Runs a line as one of the two types it, in a folder with the files that
    /// both have at hand; the home is the person's own.
    ///
    /// # Panics
    /// If no shell can be started.
    #[must_use]
    pub fn types_as(&self, who: &str, line: &str) -> Run {
        self.shell(line, self.folder.path(), &[("SYFTBOX_FOLDER", self.file(who))])
    }

    /// A terminal of 80 columns and 24 lines in which a person has typed a line, as by
    /// [`People::types`].
    ///
    /// # Panics
    /// If there is no tmux.
    #[must_use]
    pub fn at_a_terminal(&self, line: &str) -> Terminal {
        Terminal::start(80, 24, self.command(line, &root(), &[]))
    }

    fn shell(&self, line: &str, folder: &Path, more: &[(&str, PathBuf)]) -> Run {
        let output = self.command(line, folder, more).output();
        Run::from(output.unwrap_or_else(|error| panic!("bash: {error}")))
    }

    fn command(&self, line: &str, folder: &Path, more: &[(&str, PathBuf)]) -> Command {
        let programs = program().parent().unwrap_or(Path::new("")).display().to_string();
        let mut command = Command::new("bash");
        command
            .args(["-c", line])
            .current_dir(folder)
            .env_clear()
            .env("PATH", format!("{programs}:/usr/bin:/bin"))
            .env("HOME", self.folder.path())
            .env("SYFT_RECORD", self.file(RECORD))
            .envs(&self.variables)
            .envs(&self.given)
            .envs(more.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Everything that left a home and that came is in the audit log of that home, to the
    /// byte. Call it before a home is given up, too: its log goes with it.
    ///
    /// # Panics
    /// If a log tells anything else than what went, or cannot be read, or if nothing went.
    pub fn ledger_is_what_went(&mut self) {
        let record = Record::read(&self.file(RECORD));
        assert!(record.homes().next().is_some(), "nothing went, or nothing was recorded");
        for home in record.homes() {
            if !home.join(".syft/audit").exists() && self.checked.contains(home) {
                continue;
            }
            let traffic = format!("syft --home '{}' audit traffic --json", home.display());
            let run = self.types(&traffic);
            assert_eq!(run.code, Some(0), "{traffic}\n{run:#?}");
            let told = serde_json::from_str(&run.stdout);
            record.check(home, told.unwrap_or_else(|error| panic!("{traffic}: {error}")));
            self.checked.insert(home.to_owned());
        }
    }

    /// In no output of the jobs of these people was anything found that would hold it.
    ///
    /// # Panics
    /// If something was, or it cannot be looked up.
    pub fn no_output_is_flagged(&self) {
        for home in Record::read(&self.file(RECORD)).homes() {
            // A home that was given up has no jobs.
            if !home.join(".syft/audit").exists() {
                continue;
            }
            let list = format!("syft --home '{}' --offline job list --json", home.display());
            let run = self.types(&list);
            assert_eq!(run.code, Some(0), "{list}\n{run:#?}");
            let told: Jobs =
                serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{list}: {error}"));
            let findings = told.jobs.into_iter().flat_map(|job| job.findings);
            let doubts: Vec<Found> = findings.filter(|it| it.severity != "note").collect();
            assert!(doubts.is_empty(), "an innocent output is flagged: {doubts:#?}");
        }
    }

    /// Every file below the shared folder with its bytes.
    ///
    /// # Panics
    /// If one cannot be read.
    #[must_use]
    pub fn shared_files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let mut folders = vec![self.shared()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{error}")) {
                let path = entry.unwrap_or_else(|error| panic!("{error}")).path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{error}"));
                    files.push((path, bytes));
                }
            }
        }
        files
    }
}

impl Default for People {
    fn default() -> Self {
        People::new()
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Run {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

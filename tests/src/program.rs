use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use tempfile::TempDir;

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
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Two people with a home each and a folder between them.
#[derive(Debug)]
pub struct People {
    folder: TempDir,
}

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

impl People {
    /// Two people who have never met.
    ///
    /// # Panics
    /// If no folder can be made.
    #[must_use]
    pub fn new() -> Self {
        let people = People { folder: TempDir::new().unwrap_or_else(|error| panic!("{error}")) };
        std::fs::create_dir(people.shared()).unwrap_or_else(|error| panic!("{error}"));
        people
    }

    /// Alice's home.
    #[must_use]
    pub fn alice(&self) -> PathBuf {
        self.folder.path().join("alice")
    }

    /// Bob's home.
    #[must_use]
    pub fn bob(&self) -> PathBuf {
        self.folder.path().join("bob")
    }

    /// The folder between them.
    #[must_use]
    pub fn shared(&self) -> PathBuf {
        self.folder.path().join("shared")
    }

    /// A file that both people have at hand.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a line as a person types it, at the root of the workspace, with
    /// nothing in the environment but what a page speaks of.
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

    fn shell(&self, line: &str, folder: &Path, more: &[(&str, PathBuf)]) -> Run {
        let programs = program().parent().unwrap_or(Path::new("")).display().to_string();
        let output = Command::new("bash")
            .args(["-c", line])
            .current_dir(folder)
            .env_clear()
            .env("PATH", format!("{programs}:/usr/bin:/bin"))
            .env("HOME", self.folder.path())
            .env("ALICE_HOME", self.alice())
            .env("BOB_HOME", self.bob())
            .env("CAROL_HOME", self.file("carol"))
            .env("DAVE_HOME", self.file("dave"))
            .env("RESULTS", self.file("results"))
            .env("SHARED", self.shared())
            .envs(more.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap_or_else(|error| panic!("bash: {error}"));
        Run::from(output)
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

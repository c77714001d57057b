use std::fs;
use std::path::{Path, PathBuf};

use syft_sync::core::{Email, Entropy, SystemEntropy};
use syft_sync::crypto::Keys;
use syft_sync::job::sandbox::{IsolationLevel, Sandbox};
use syft_sync::{Config, Stores, SyftboxManager, SyncOptions};

use crate::commands::job::sandbox;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::Screen;

/// The owner of the data.
pub(super) const OWNER: &str = "alice@hospital.example.org";
/// The scientist.
pub(super) const SCIENTIST: &str = "bob@university.example.org";

pub(super) const PATIENTS: &str = include_str!("../../../demo/patients.csv");
pub(super) const PATIENTS_MOCK: &str = include_str!("../../../demo/patients_mock.csv");
pub(super) const SALARIES: &str = include_str!("../../../demo/salaries.csv");
pub(super) const SALARIES_MOCK: &str = include_str!("../../../demo/salaries_mock.csv");
pub(super) const ANALYSIS: &str = include_str!("../../../demo/analysis.sh");
pub(super) const HOSTILE: &str = include_str!("../../../demo/hostile.sh");
pub(super) const EXPECTED: &str = include_str!("../../../demo/expected.csv");

/// Where the demo plays.
#[derive(Debug)]
pub(super) struct Stage {
    screen: Screen,
    folder: PathBuf,
    /// Removed at the end, unless it is kept.
    temporary: Option<tempfile::TempDir>,
    /// The box that jobs run in.
    pub(super) level: IsolationLevel,
    /// Words that are nowhere but with the owner.
    pub(super) canaries: Canaries,
    step: usize,
}

/// Words that must never be found outside the owner's home.
#[derive(Debug)]
pub(super) struct Canaries {
    /// In the dataset that the job was not granted.
    pub(super) dataset: String,
    /// In the owner's home.
    pub(super) home: String,
    /// What the owner's network says to whoever gets through.
    pub(super) network: String,
}

/// The two who play.
#[derive(Debug)]
pub(super) struct People {
    pub(super) alice: SyftboxManager,
    pub(super) bob: SyftboxManager,
}

impl People {
    /// What opens all that the two of them sealed.
    pub(super) fn keys(&self) -> Vec<&Keys> {
        [&self.alice, &self.bob].into_iter().filter_map(|one| one.keys()).collect()
    }
}

impl Stage {
    /// A new folder: a temporary one, or the one to keep.
    pub(super) fn new(screen: &Screen, keep: Option<PathBuf>) -> Result<Self, CliError> {
        let (folder, temporary) = match keep {
            Some(folder) => (empty_folder(folder)?, None),
            None => {
                let made = tempfile::Builder::new().prefix("syft-demo-").tempdir();
                let made = made.map_err(|error| disk(&std::env::temp_dir(), &error))?;
                (made.path().to_owned(), Some(made))
            }
        };
        let folder = fs::canonicalize(&folder).map_err(|error| disk(&folder, &error))?;
        let entropy: &dyn Entropy = &SystemEntropy;
        let word = || Ok::<_, CliError>(format!("canary-{}", entropy.uuid()?));
        let canaries = Canaries { dataset: word()?, home: word()?, network: word()? };
        let (level, screen) = (IsolationLevel::L1, screen.clone());
        Ok(Stage { screen, folder, temporary, level, canaries, step: 0 })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder, if it stays.
    pub(super) fn kept_folder(&self) -> Option<String> {
        self.temporary.is_none().then(|| self.folder.display().to_string())
    }

    /// The folder that both can write.
    pub(super) fn shared(&self) -> PathBuf {
        self.folder.join("shared")
    }

    pub(super) fn home(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The box that there is.
    pub(super) fn sandbox(&self) -> Result<Box<dyn Sandbox>, CliError> {
        sandbox(&self.folder, self.allowed())
    }

    /// What an owner would allow for one run, where there is no box of the minimum.
    pub(super) fn allowed(&self) -> Option<IsolationLevel> {
        (self.level < IsolationLevel::MINIMUM).then_some(self.level)
    }

    /// Writes a file beside the homes.
    pub(super) fn file(&self, name: &str, text: &str) -> Result<PathBuf, CliError> {
        let path = self.folder.join("desk").join(name);
        write(&path, text)?;
        Ok(path)
    }

    /// Logs somebody in.
    pub(super) async fn login(
        &mut self,
        name: &str,
        email: &str,
    ) -> Result<SyftboxManager, CliError> {
        let email = Email::parse(email)?;
        let url = format!("file://{}", self.shared().display());
        let store = Stores::of(email.clone()).create(&url)?;
        let config = Config::new(email.clone(), self.home(name), store, url.clone());
        self.step(name, &format!("syft login --email {email} --transport {url}"));
        Ok(SyftboxManager::login(config).await?)
    }

    /// The first lines.
    pub(super) fn begin(&self) {
        self.say(&format!(
            "Two people, two homes, one shared folder, in {}",
            self.folder.display()
        ));
        self.say(&match self.level {
            IsolationLevel::L0 => "Jobs run without a box (level L0).\n".to_owned(),
            level => format!("Jobs run in a box of level {level}.\n"),
        });
    }

    /// One step, by the command that does the same.
    pub(super) fn step(&mut self, who: &str, command: &str) {
        self.step += 1;
        self.say(&format!("{:>2}  {who:<5}  {command}", self.step));
    }

    /// What came of a step.
    pub(super) fn screen(&self) -> &Screen {
        &self.screen
    }

    pub(super) fn note(&self, text: &str) {
        self.say(&format!("           {text}"));
    }

    /// What a person should not miss.
    pub(super) fn warn(&self, text: &str) {
        self.screen.note(text);
    }

    /// What happens is told to people, not to programs.
    fn say(&self, line: &str) {
        if !self.screen.is_json() && !self.screen.is_quiet() {
            self.screen.out(&format!("{line}\n"));
        }
    }
}

impl People {
    /// Both sync: first the one who has something to say.
    pub(super) async fn sync(
        &self,
        first: &SyftboxManager,
        second: &SyftboxManager,
    ) -> Result<(), CliError> {
        for person in [first, second] {
            if let Some(problem) = person.sync(&SyncOptions::default()).await?.store {
                return Err(CliError::new(Exit::Store, "store", problem));
            }
        }
        Ok(())
    }
}

/// Writes a file with the folders above it.
pub(super) fn write(path: &Path, text: &str) -> Result<(), CliError> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .map_err(|error| disk(path, &error))
}

/// What the disk did not do.
pub(super) fn disk(path: &Path, error: &std::io::Error) -> CliError {
    CliError::new(Exit::Store, "disk", format!("{}: {error}", path.display()))
}

fn empty_folder(folder: PathBuf) -> Result<PathBuf, CliError> {
    fs::create_dir_all(&folder).map_err(|error| disk(&folder, &error))?;
    let mut entries = fs::read_dir(&folder).map_err(|error| disk(&folder, &error))?;
    if entries.next().is_some() {
        let problem = format!("{} is not empty: the demo needs a new folder", folder.display());
        return Err(CliError::new(Exit::Conflict, "folder_not_empty", problem));
    }
    Ok(folder)
}

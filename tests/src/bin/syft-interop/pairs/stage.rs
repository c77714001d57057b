//! Two people, a Drive between them, and what is at hand for the story.

use std::fs;
use std::path::{Path, PathBuf};

use syft_drive_emulator::{DriveEmulator, FileSnapshot};

use super::native::NativePerson;
use super::pairing::{Account, Kind, Pairing};
use super::person::{Outcome, Person, Role};
use super::python::{PythonPerson, Tools};
use crate::python::Python;

pub(super) const OWNER: &str = "alice@hospital.org";
pub(super) const SCIENTIST: &str = "bob@uni.edu";

/// What people of all pairs use.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    pub(super) python: Python,
    pub(super) tools: Tools,
    pub(super) syft: PathBuf,
}

pub(super) struct Stage {
    pub(super) pairing: Pairing,
    pub(super) owner: Box<dyn Person>,
    pub(super) scientist: Box<dyn Person>,
    /// The owner on another machine.
    elsewhere: Option<Box<dyn Person>>,
    programs: Programs,
    folder: PathBuf,
    drive: DriveEmulator,
}

impl Stage {
    /// A Drive with two accounts, and their people, who have done nothing yet.
    pub(super) fn new(programs: &Programs, pairing: Pairing, folder: &Path) -> Outcome<Self> {
        let told = |error: std::io::Error| format!("{}: {error}", folder.display());
        fs::create_dir_all(folder).map_err(told)?;
        let drive = DriveEmulator::start().map_err(told)?;
        let account = |email: &str, name: &str| -> Outcome<Account> {
            let token = folder.join(format!("{name}.json"));
            let text = drive.add_user(email).token_file_json(false);
            fs::write(&token, text).map_err(told)?;
            Ok(Account {
                email: email.to_owned(),
                home: folder.join(name),
                token,
                endpoint: drive.url().to_owned(),
                sealed: pairing.sealed,
            })
        };
        let owner = start(programs, pairing.owner, account(OWNER, "owner")?, Role::Owner)?;
        let account = account(SCIENTIST, "scientist")?;
        let scientist = start(programs, pairing.scientist, account, Role::Scientist)?;
        let folder = folder.to_owned();
        let programs = programs.clone();
        Ok(Stage { pairing, owner, scientist, elsewhere: None, programs, folder, drive })
    }

    /// Takes the owner to another machine, with nothing but the keys, if there are any.
    pub(super) fn move_owner(&mut self, program: Kind) -> Outcome<&mut Box<dyn Person>> {
        let name = format!("elsewhere-{program}");
        let account = Account {
            email: OWNER.to_owned(),
            home: self.folder.join(&name),
            token: self.folder.join("owner.json"),
            endpoint: self.drive.url().to_owned(),
            sealed: self.pairing.sealed,
        };
        let mut person = start(&self.programs, program, account, Role::Owner)?;
        // A node has keys also where nothing is sealed: its peers know it by them.
        let has_keys = self.pairing.owner == Kind::Native && program == Kind::Native;
        if self.pairing.sealed || has_keys {
            let keys = self.folder.join(format!("{name}-keys.json"));
            self.owner.export_keys(&keys)?;
            person.import_keys(&keys)?;
        }
        Ok(self.elsewhere.insert(person))
    }

    /// The owner there.
    pub(super) fn elsewhere(&mut self) -> Outcome<&mut Box<dyn Person>> {
        self.elsewhere.as_mut().ok_or_else(|| "the owner is nowhere else".to_owned())
    }

    /// Ends what goes on there.
    pub(super) fn leave_elsewhere(&mut self) {
        self.elsewhere = None;
    }

    /// Writes a file that both have at hand.
    pub(super) fn put(&self, name: &str, text: &str) -> Outcome<PathBuf> {
        let path = self.folder.join(name);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }

    /// The calls of Drive since the last time that they were asked for. The parts of
    /// a batch are one call.
    pub(super) fn calls(&self) -> usize {
        let calls = self.drive.requests().iter().filter(|call| !call.batched).count();
        self.drive.forget_requests();
        calls
    }

    /// All that one has on Drive.
    pub(super) fn drive_of(&self, email: &str) -> Vec<FileSnapshot> {
        self.drive.files_of(email)
    }
}

fn start(
    programs: &Programs,
    kind: Kind,
    account: Account,
    role: Role,
) -> Outcome<Box<dyn Person>> {
    let Programs { python, tools, syft } = programs;
    Ok(match kind {
        Kind::Python => Box::new(PythonPerson::start(python, tools, account, role)?),
        Kind::Native => Box::new(NativePerson::new(syft, account, role)),
    })
}

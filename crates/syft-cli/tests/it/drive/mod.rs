//! The program over Google Drive, on an emulator of it.

mod browser;
mod login;
mod page;
mod standing;
mod story;

use syft_drive_emulator::{DriveEmulator, UserHandle};

use crate::common::{ALICE, BOB, Said, TestBox};

/// A Drive, and two people with accounts there.
pub struct OnDrive {
    pub it: TestBox,
    pub drive: DriveEmulator,
    pub alice: UserHandle,
    pub bob: UserHandle,
}

impl OnDrive {
    /// Nobody has logged in yet.
    pub fn empty() -> OnDrive {
        let drive = DriveEmulator::start().unwrap();
        let (alice, bob) = (drive.add_user(ALICE), drive.add_user(BOB));
        OnDrive { it: TestBox::empty(), drive, alice, bob }
    }

    /// Both have logged in by their token files.
    pub fn logged_in() -> OnDrive {
        let on = OnDrive::empty();
        let (alice, bob) = (on.token_of(&on.alice), on.token_of(&on.bob));
        on.alice(&login(ALICE, &["--token-path", &alice])).ok();
        on.bob(&login(BOB, &["--token-path", &bob])).ok();
        on
    }

    /// Writes the token file of an account and says where.
    pub fn token_of(&self, user: &UserHandle) -> String {
        self.it.write(&format!("{}.json", user.email()), &user.token_file_json(false))
    }

    pub fn alice(&self, args: &[&str]) -> Said {
        self.syft("alice", args, &[])
    }

    pub fn bob(&self, args: &[&str]) -> Said {
        self.syft("bob", args, &[])
    }

    /// What somebody types who is told that Google is the emulator.
    pub fn syft(&self, who: &str, args: &[&str], variables: &[(&str, &str)]) -> Said {
        let at = [("SYFT_DRIVE_ENDPOINT", self.drive.url())];
        let mut said = self.it.syft(who, args, &[&at, variables].concat());
        for text in [&mut said.stdout, &mut said.stderr] {
            *text = text.replace(self.drive.url(), "$DRIVE");
        }
        said
    }

    /// The login that a home keeps.
    pub fn kept(&self, who: &str) -> String {
        std::fs::read_to_string(self.it.path(who).join(".syft/keys/google.json")).unwrap()
    }
}

/// What is typed to log in.
pub fn login<'a>(email: &'a str, how: &[&'a str]) -> Vec<&'a str> {
    [&["login", "--email", email, "--transport", "gdrive:"], how].concat()
}

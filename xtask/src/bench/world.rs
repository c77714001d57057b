use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

pub(super) const OWNER: &str = "owner@bench.org";

/// An owner with files of 1 KiB in folders of 100, and scientists who read them
/// all, over a shared folder.
#[derive(Debug)]
pub(super) struct World {
    program: PathBuf,
    folder: TempDir,
}

impl World {
    pub(super) fn new(program: &Path, files: usize, scientists: usize) -> Result<World, String> {
        let folder = TempDir::new().map_err(|error| error.to_string())?;
        let world = World { program: program.to_owned(), folder };
        fs::create_dir(world.path("store")).map_err(|error| error.to_string())?;
        world.login(OWNER, "owner")?;
        for scientist in world.scientists(scientists) {
            world.login(&scientist, "scientist")?;
            world.done(&scientist, &["peer", "add", OWNER])?;
            world.done(OWNER, &["peer", "approve", &scientist, "--trust-first"])?;
        }
        world.write_files(files).map_err(|error| error.to_string())?;
        world.done(OWNER, &["sync"])?;
        Ok(world)
    }

    pub(super) fn scientists(&self, number: usize) -> impl Iterator<Item = String> + use<> {
        (1..=number).map(|number| format!("scientist{number}@bench.org"))
    }

    pub(super) fn home(&self, who: &str) -> PathBuf {
        self.path(who)
    }

    /// A command of somebody's, without its progress.
    pub(super) fn command(&self, who: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--home").arg(self.path(who)).args(arguments).stdin(Stdio::null());
        command
    }

    pub(super) fn done(&self, who: &str, arguments: &[&str]) -> Result<(), String> {
        let output = self.command(who, arguments).output().map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("syft {} of {who}: {}: {said}", arguments.join(" "), output.status))
    }

    fn login(&self, who: &str, role: &str) -> Result<(), String> {
        let store = format!("file://{}", self.path("store").display());
        self.done(who, &["login", "--email", who, "--transport", &store, "--role", role])
    }

    fn write_files(&self, files: usize) -> std::io::Result<()> {
        let public = self.path(OWNER).join(OWNER).join("public");
        for number in 0..files {
            let folder = public.join(format!("folder{:04}", number / 100));
            if number % 100 == 0 {
                fs::create_dir_all(&folder)?;
            }
            let line = format!("file {number}: as many bytes as a small file has\n");
            let text: String = line.chars().cycle().take(1024).collect();
            fs::write(folder.join(format!("file{number:06}.txt")), text)?;
        }
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

//! An emulated Drive that serves until it is interrupted: `cargo xtask emulator`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use syft_drive_emulator::DriveEmulator;

const USAGE: &str = "\
usage: cargo xtask emulator [--port PORT] [--tokens FOLDER] [--user EMAIL]...
A free port and a new temporary folder are taken if none is said.";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some(options) = Options::read(&words) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match start(&options) {
        Ok(_drive) => loop {
            thread::park();
        },
        Err(error) => {
            eprintln!("emulator: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What is said on the command line.
#[derive(Debug, Default)]
struct Options {
    port: u16,
    tokens: Option<PathBuf>,
    users: Vec<String>,
}

impl Options {
    fn read(words: &[String]) -> Option<Self> {
        let mut options = Options::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let value = words.next()?;
            match word.as_str() {
                "--port" => options.port = value.parse().ok()?,
                "--tokens" => options.tokens = Some(PathBuf::from(value)),
                "--user" => options.users.push(value.clone()),
                _ => return None,
            }
        }
        Some(options)
    }
}

/// Starts it and says where it is, and where each user's token file is.
fn start(options: &Options) -> io::Result<DriveEmulator> {
    let drive = DriveEmulator::start_at(options.port)?;
    println!("{}", drive.url());
    if options.users.is_empty() {
        return Ok(drive);
    }
    let folder = match &options.tokens {
        Some(folder) => folder.clone(),
        None => tempfile::Builder::new().prefix("drive-emulator-").tempdir()?.keep(),
    };
    fs::create_dir_all(&folder)?;
    for email in &options.users {
        let path = folder.join(format!("{}.json", email.replace(['/', '\\'], "_")));
        write_private(&path, &drive.add_user(email).token_file_json(false))?;
        println!("{email} {}", path.display());
    }
    Ok(drive)
}

/// Writes a file that only its owner can read.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut how = OpenOptions::new();
    how.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
    how.open(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{Options, start};

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn options_are_read() {
        let read = Options::read(&words("--port 7 --user a@b.org --user c@d.org")).unwrap();
        assert_eq!((read.port, read.users.len(), read.tokens), (7, 2, None));
        for line in ["--port", "--port x", "--user", "a@b.org", "--other 1"] {
            assert!(Options::read(&words(line)).is_none(), "{line}");
        }
    }

    #[test]
    fn each_user_gets_a_token_file() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Some(folder.path().join("new"));
        let users = vec!["a@b.org".to_owned()];
        let drive = start(&Options { port: 0, tokens, users }).unwrap();
        let text = std::fs::read_to_string(folder.path().join("new/a@b.org.json")).unwrap();
        assert!(text.contains(&format!("{}/token", drive.url())));
    }
}

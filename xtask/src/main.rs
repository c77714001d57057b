//! The chores of the project: `cargo xtask ci`, `tidy`, `interop`, `stores`, `emulator`,
//! `bench` and `dist`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

mod bench;
mod ci;
mod dist;
mod emulator;
mod environment;
mod interop;
mod stores;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const USAGE: &str = "\
usage: cargo xtask ci [--full]    all that must hold before a change goes in; --full adds more property
                                  cases, and the program as it is given out
       cargo xtask tidy [ROOT]    the rules that neither rustfmt nor clippy knows
       cargo xtask interop        compares with the Python packages, which it installs in target/; the
                                  amounts: [--seed N] [--permissions N] [--messages N]
                                  [--envelopes N] [--pairs NAME] [--keep]
       cargo xtask stores         installs in target/ the servers that tests of stores speak to: S3, Google
                                  Cloud Storage, WebDAV; with --full also Azure, by npm
       cargo xtask emulator       a Google Drive on loopback until Ctrl-C; it says where, and where the
                                  token file of each user is: [--port PORT] [--tokens FOLDER]
                                  [--user EMAIL]...
       cargo xtask bench [FILES]  what the release build costs when an owner has so many files (20000)
       cargo xtask dist           the static program, tried and packed with what belongs to it, in target/dist/";

/// The files of the bench if nothing else is said.
const FILES: usize = 20_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let good = match words.as_slice() {
        ["ci"] => ci::run(&project_root(), ci::Extent::Usual),
        ["ci", "--full"] => ci::run(&project_root(), ci::Extent::Full),
        ["tidy"] => tidy::run(&project_root()),
        ["tidy", root] => tidy::run(Path::new(root)),
        ["interop", amounts @ ..] if let Some(amount) = interop::Amount::read(amounts) => {
            interop::run(&project_root(), amount)
        }
        ["stores"] => stores::run(&project_root()),
        ["stores", "--full"] => stores::run_full(&project_root()),
        ["emulator", words @ ..] => emulator::run(&project_root(), words),
        ["bench"] => bench::run(&project_root(), FILES),
        ["bench", files] if let Ok(files) = files.parse() => bench::run(&project_root(), files),
        ["dist"] => dist::run(&project_root()),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The folder of the workspace: this package lies directly below it.
fn project_root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_path_buf()
}

/// Where cargo builds.
#[expect(clippy::disallowed_methods, reason = "where cargo builds is said in its environment")]
fn target_folder(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from)
}

/// What cargo tells a program that it runs about the program's own package.
const OF_THIS_PACKAGE: &[&str] = &[
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_MANIFEST_PATH",
    "CARGO_PKG_NAME",
    "CARGO_PKG_VERSION",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
];

/// A call of cargo in the workspace. Build scripts that look at these settings would
/// take ours for a change, and build again what was built by hand.
fn cargo(root: &Path) -> Command {
    let mut command = Command::new("cargo");
    for name in OF_THIS_PACKAGE {
        command.env_remove(name);
    }
    command.current_dir(root);
    command
}

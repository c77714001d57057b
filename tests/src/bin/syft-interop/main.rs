//! Compares this project with the Python peer, which answers through the scripts in
//! `tests/interop`. Started by `cargo xtask interop`, which has the peer installed.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

mod boxes;
mod dice;
mod drive;
mod envelopes;
mod messages;
mod options;
mod permissions;
mod python;

use std::process::ExitCode;

use options::Options;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let options = match Options::read(&words) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("syft-interop: {error}\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    match compare(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("syft-interop: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Compares everything, also after a difference; true if there is none.
fn compare(options: &Options) -> Result<bool, String> {
    let Options { python, seed, .. } = options;
    println!("interop: seed {seed}");
    let home = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let permissions = permissions::run(python, home.path(), *seed, options.permissions)?.print();
    let messages = messages::run(python, home.path(), *seed, options.messages)?.print();
    let envelopes = envelopes::run(python, home.path(), *seed, options.envelopes)?.print();
    let boxes = boxes::run(python, home.path())?.print();
    let drive = drive::run(python, home.path())?.print();
    let same = permissions && messages && envelopes && boxes && drive;
    if !same {
        println!("interop: to repeat it: cargo xtask interop --seed {seed}");
    }
    Ok(same)
}

//! What a test does where a server cannot be had.

use std::fs::{File, OpenOptions};
use std::io::Write;

use crate::{Error, Result, places};

/// The server; or none where its program is missing, and then the test has nothing to do:
/// stderr and `target/stores/not-run` say what was not run and how to have it run.
///
/// # Panics
/// If the server did not come up. If its program is missing and `SYFT_STORES` in the
/// environment is `required`.
#[track_caller]
pub fn required_or_noted<S>(started: Result<S>) -> Option<S> {
    match started {
        Ok(server) => Some(server),
        Err(error @ Error::Missing { .. }) if !is_required() => {
            note(&format!("not run: {error}\n"));
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// The same for a server that is too large for each machine: it is noted, and no failure,
/// also where servers are required.
///
/// # Panics
/// If the server did not come up.
#[track_caller]
pub fn if_there_or_noted<S>(started: Result<S>) -> Option<S> {
    match started {
        Err(error @ Error::Missing { .. }) => {
            note(&format!("not run: {error}\n"));
            None
        }
        started => required_or_noted(started),
    }
}

#[expect(clippy::disallowed_methods, reason = "who starts the tests says what must run")]
fn is_required() -> bool {
    std::env::var_os("SYFT_STORES").is_some_and(|said| said == "required")
}

/// Tells it past what the test harness keeps to itself of a test that passes.
fn note(line: &str) {
    // Nobody may be listening, and a test is not judged by that.
    let _ = std::io::stderr().write_all(line.as_bytes());
    let file = || -> std::io::Result<File> {
        std::fs::create_dir_all(places::ours())?;
        OpenOptions::new().create(true).append(true).open(places::ours().join("not-run"))
    };
    // Whole lines, in one write each: other tests append to the same file.
    let _ = file().and_then(|mut file| file.write_all(line.as_bytes()));
}

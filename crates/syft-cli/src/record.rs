//! What a home exchanges with its store, written down beside the program's own log of it,
//! for the tests that hold one against the other.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use syft_sync::transport::{Recorder, Transport, Wire};

use crate::output::Screen;

#[cfg(not(debug_assertions))]
compile_error!("the feature `record` is for tests: no release writes down what a home exchanges");

/// One line of the record.
#[derive(Debug, Serialize)]
struct Line<'a> {
    home: &'a Path,
    #[serde(flatten)]
    wire: &'a Wire,
}

/// A store of which all that goes through it is appended to a file.
pub(crate) fn recorded(
    store: Arc<dyn Transport>,
    file: PathBuf,
    home: PathBuf,
    screen: Screen,
) -> Arc<dyn Transport> {
    Arc::new(Recorder::telling(store, move |wire| {
        if let Err(error) = append(&file, &Line { home: &home, wire }) {
            screen.note(&format!("could not write {}: {error}", file.display()));
        }
    }))
}

/// In one piece: other processes append beside this one.
fn append(file: &Path, line: &Line<'_>) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    OpenOptions::new().create(true).append(true).open(file)?.write_all(&text)
}

//! Where things lie on this machine.

use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// What to type where the environment is not there.
const HOW: &str = "cargo xtask stores";

/// The folder of this package.
const PACKAGE: &str = env!("CARGO_MANIFEST_DIR");

/// Where the project keeps what belongs to these servers.
#[expect(clippy::disallowed_methods, reason = "where cargo builds is said in its environment")]
pub(crate) fn ours() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let workspace = Path::new(PACKAGE).ancestors().nth(2).unwrap_or(Path::new(PACKAGE));
    workspace.join(target).join("stores")
}

/// A program of the environment that `cargo xtask stores` makes, or that
/// `SYFT_STORES_ENV` names.
#[expect(clippy::disallowed_methods, reason = "another environment is said in the environment")]
pub(crate) fn program(store: &'static str, name: &str) -> Result<PathBuf> {
    let environment = std::env::var_os("SYFT_STORES_ENV")
        .map_or_else(|| ours().join("environment"), PathBuf::from);
    let program = environment.join("bin").join(name);
    if program.is_file() {
        return Ok(program);
    }
    let what = program.display().to_string();
    Err(Error::Missing { store, what, how_to_get_it: HOW })
}

/// A script of this package.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(PACKAGE).join("python").join(name)
}

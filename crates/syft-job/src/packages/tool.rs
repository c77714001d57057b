//! What the installers are asked, as data: a program and its arguments, never a
//! text for a shell. All paths are those of one boxed step.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use syft_core::ContentHash;

use super::interpreter::PYTHON;
use super::lock::LockedPackage;
use super::{PackageOptions, PackageSource};
use crate::sandbox::Network;
use crate::{Error, Result};

/// In the working directory: what is asked for.
pub(super) const REQUIREMENTS: &str = "requirements.txt";
/// In the outputs: what pip, and what uv, says that it resolves to.
const REPORT: &str = "report.json";
const COMPILED: &str = "lock.txt";

/// Who installs.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tool<'a> {
    Uv(&'a Path),
    Pip,
}

impl<'a> Tool<'a> {
    pub(super) fn of(options: &'a PackageOptions) -> Self {
        options.uv.as_deref().map_or(Tool::Pip, Tool::Uv)
    }

    /// Resolves [`REQUIREMENTS`] to wheels, without installing any.
    pub(super) fn lock_command(self, options: &PackageOptions, outputs: &Path) -> Vec<OsString> {
        let mut command = match self {
            Tool::Pip => {
                let mut command = pip_install();
                command.extend(words(["--dry-run", "--ignore-installed", "--report"]));
                command.push(outputs.join(REPORT).into());
                command
            }
            Tool::Uv(uv) => {
                let mut command = uv_pip(uv, "compile");
                command.extend(words(["--generate-hashes", "--no-header", "--no-annotate"]));
                command.extend(words(["--python", PYTHON, "--output-file"]));
                command.push(outputs.join(COMPILED).into());
                command
            }
        };
        command.extend(self.source(options));
        if let Tool::Pip = self {
            command.extend(words(["--requirement"]));
        }
        command.extend(words([REQUIREMENTS]));
        command
    }

    /// Installs exactly what [`REQUIREMENTS`] names, with hashes required.
    pub(super) fn install_command(self, options: &PackageOptions, target: &Path) -> Vec<OsString> {
        let mut command = match self {
            Tool::Pip => {
                let mut command = pip_install();
                command.extend(words(["--no-compile", "--no-warn-script-location"]));
                command
            }
            Tool::Uv(uv) => {
                let mut command = uv_pip(uv, "install");
                // A link would have another name in what uv keeps.
                command.extend(words(["--link-mode", "copy", "--python", PYTHON]));
                command
            }
        };
        command.extend(words(["--no-deps", "--require-hashes"]));
        command.extend(self.source(options));
        command.extend([OsString::from("--target"), target.into()]);
        command.extend(words(["--requirement", REQUIREMENTS]));
        command
    }

    fn source(self, options: &PackageOptions) -> Vec<OsString> {
        let flag = match self {
            Tool::Pip => "--index-url",
            Tool::Uv(_) => "--default-index",
        };
        match (&options.source, &options.index) {
            (PackageSource::Folder(folder), _) => {
                [words(["--no-index", "--find-links"]), vec![folder.into()]].concat()
            }
            (_, Some(index)) => words([flag, index.as_str()]),
            (_, None) => Vec::new(),
        }
    }

    /// Where this tool says what it resolved to.
    pub(super) fn answer(self) -> &'static str {
        match self {
            Tool::Pip => REPORT,
            Tool::Uv(_) => COMPILED,
        }
    }

    /// Reads what it said.
    pub(super) fn read_answer(self, bytes: &[u8]) -> Result<Vec<LockedPackage>> {
        match self {
            Tool::Pip => read_report(bytes),
            Tool::Uv(_) => read_compiled(bytes),
        }
    }

    /// What must be startable in its box.
    pub(super) fn programs(self) -> Vec<PathBuf> {
        match self {
            Tool::Pip => Vec::new(),
            Tool::Uv(uv) => vec![uv.to_owned()],
        }
    }
}

/// What this source lets an installer reach.
pub(super) fn network(source: &PackageSource) -> Network {
    match source {
        PackageSource::Index => Network::Open,
        PackageSource::None | PackageSource::Folder(_) => Network::Closed,
    }
}

/// Nothing of the user's or of the environment: `-I` is for Python, `--isolated` for
/// pip.
fn pip_install() -> Vec<OsString> {
    let mut command = words([PYTHON, "-I", "-m", "pip", "--isolated", "--no-cache-dir"]);
    command.extend(words(["--disable-pip-version-check", "--no-input", "--no-color", "--quiet"]));
    command.extend(words(["install", "--only-binary", ":all:"]));
    command
}

fn uv_pip(uv: &Path, command: &str) -> Vec<OsString> {
    let mut words_of = vec![OsString::from(uv)];
    words_of.extend(words(["pip", command, "--no-config", "--no-cache", "--quiet"]));
    words_of.extend(words(["--no-python-downloads", "--color", "never"]));
    words_of.extend(words(["--only-binary", ":all:"]));
    words_of
}

fn words<const N: usize>(words: [&str; N]) -> Vec<OsString> {
    words.map(OsString::from).to_vec()
}

#[derive(Debug, Deserialize)]
struct Report {
    install: Vec<Installed>,
}

#[derive(Debug, Deserialize)]
struct Installed {
    metadata: Metadata,
    download_info: Download,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    name: String,
    version: String,
}

#[derive(Debug, Deserialize)]
struct Download {
    archive_info: Archive,
}

#[derive(Debug, Default, Deserialize)]
struct Archive {
    hash: Option<String>,
}

fn read_report(bytes: &[u8]) -> Result<Vec<LockedPackage>> {
    let report: Report = serde_json::from_slice(bytes).map_err(|error| unread(&error))?;
    let packages = report.install.into_iter().map(|found| {
        let hash = found.download_info.archive_info.hash.unwrap_or_default();
        let hash = hash.strip_prefix("sha256=").unwrap_or_default();
        let Metadata { name, version } = found.metadata;
        LockedPackage::read(&name, &version, vec![ContentHash::parse(hash)?])
    });
    packages.collect()
}

/// Lines of `name==version`, each followed by `--hash=sha256:` and a hash, on lines
/// that a `\` joins.
fn read_compiled(bytes: &[u8]) -> Result<Vec<LockedPackage>> {
    let text = std::str::from_utf8(bytes).map_err(|error| unread(&error))?;
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(read_line).collect()
}

fn read_line(line: &str) -> Result<LockedPackage> {
    let (package, hashes) = line.split_once(" --hash=").unwrap_or((line, ""));
    // A marker says when it is needed: here, or it would not be there.
    let package = package.split_once(';').map_or(package, |(package, _)| package).trim();
    let (name, version) = package.split_once("==").ok_or_else(|| unread(&package))?;
    let hashes = hashes.split(" --hash=").map(|hash| {
        let hash = hash.trim().strip_prefix("sha256:").ok_or_else(|| unread(&line))?;
        Ok(ContentHash::parse(hash)?)
    });
    LockedPackage::read(name, version, hashes.collect::<Result<_>>()?)
}

fn unread(what: &dyn std::fmt::Display) -> Error {
    let what = syft_core::shorten(&syft_core::safe_text(&what.to_string()), 200);
    Error::Packages { reason: format!("the installer's answer cannot be read: {what}") }
}

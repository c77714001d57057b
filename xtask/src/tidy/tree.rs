//! The project as the rules see it: text files and manifests, read once.

use std::fs;
use std::io;
use std::path::Path;

/// Folders that hold nothing written for this project: build products, state of
/// tools, and files that other programs made.
const SKIPPED: &[&str] = &[".git", ".jj", "target", "fixtures", "snapshots", "node_modules"];

const TEXT: &[&str] = &["rs", "md", "toml", "sh", "py", "yaml", "yml", "json", "txt", "lock"];

/// A text file with its path below the root, parts joined by `/`.
#[derive(Debug)]
pub(super) struct TextFile {
    pub(super) path: String,
    pub(super) text: String,
}

impl TextFile {
    pub(super) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// The lines with their numbers from one.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

/// A package of the workspace.
#[derive(Debug)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: Option<String>,
    /// The folder below the root, as `crates/syft-core`.
    pub(super) folder: String,
    pub(super) manifest: toml::Table,
}

impl Package {
    pub(super) fn manifest_path(&self) -> String {
        format!("{}/Cargo.toml", self.folder)
    }
}

/// All text files and packages below a root.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) files: Vec<TextFile>,
    pub(super) packages: Vec<Package>,
    /// Every path, also of files that are no text, for checking links.
    pub(super) paths: Vec<String>,
}

impl Tree {
    /// Reads the project.
    ///
    /// # Errors
    /// What the disk says, or a manifest that is no TOML.
    pub(super) fn read(root: &Path) -> io::Result<Self> {
        let mut tree = Self { files: Vec::new(), packages: Vec::new(), paths: Vec::new() };
        tree.walk(root, "")?;
        tree.packages = tree
            .files
            .iter()
            .map(package)
            .collect::<io::Result<Vec<_>>>()?
            .into_iter()
            .flatten()
            .collect();
        Ok(tree)
    }

    /// The text of the file at `path`.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }

    /// The packages that users take: those below `crates/`.
    pub(super) fn crates(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.folder.starts_with("crates/"))
    }

    fn walk(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.paths.push(path.clone());
                if !SKIPPED.contains(&name.as_str()) {
                    self.walk(&entry.path(), &path)?;
                }
            } else if kind.is_file() {
                if is_text(&path) {
                    let text = String::from_utf8_lossy(&fs::read(entry.path())?).into_owned();
                    self.files.push(TextFile { path: path.clone(), text });
                }
                self.paths.push(path);
            }
        }
        Ok(())
    }
}

fn is_text(path: &str) -> bool {
    path.starts_with(".ci/")
        || path.rsplit_once('.').is_some_and(|(_, extension)| TEXT.contains(&extension))
}

/// The package that a file is the manifest of, if it is one.
fn package(file: &TextFile) -> io::Result<Option<Package>> {
    let Some(folder) = file.path.strip_suffix("/Cargo.toml") else { return Ok(None) };
    let manifest: toml::Table = file.text.parse().map_err(|error| {
        io::Error::new(io::ErrorKind::InvalidData, format!("{}: {error}", file.path))
    })?;
    let field = |name: &str| Some(manifest.get("package")?.get(name)?.as_str()?.to_owned());
    let Some(name) = field("name") else { return Ok(None) };
    let version = field("version");
    Ok(Some(Package { name, version, folder: folder.to_owned(), manifest }))
}

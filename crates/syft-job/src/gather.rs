use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use syft_core::codec::Limits;
use syft_core::{Content, ContentHash, DatasitePath, Email, JobName};

use crate::pysyft::{BASH_COPY, odd_package, run_sh};
use crate::script::{JobKind, Script, bash_folder_run_sh, python_run_sh, shell_word};
use crate::{Error, Result, Submission, SubmissionFields};

/// Most files of one job: a proposal holds 2,000 changes, one of them `config.yaml`.
pub(crate) const MAX_FILES: usize = 1_999;
/// Most bytes of one job as a proposal spells them.
pub(crate) const MAX_BYTES: u64 = Limits::PROPOSAL_CONTENT;

/// Folders that are made, not written: never part of a job.
const EXCLUDED: [&str; 2] = ["__pycache__", "node_modules"];

/// The files of a job, by path below the job's folder.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) kind: JobKind,
    pub(crate) entrypoint: Option<String>,
    pub(crate) is_folder: bool,
    pub(crate) left_out: Vec<String>,
    /// What the owner's Python peer installs `syft` from before the job starts.
    install_source: Option<String>,
}

impl Gathered {
    pub(crate) fn hashes(&self) -> BTreeMap<String, ContentHash> {
        self.files.iter().map(|(path, bytes)| (path.clone(), ContentHash::of(bytes))).collect()
    }

    /// The submission digest of these files as a job of this name.
    pub(crate) fn digest(
        &self,
        submitter: &Email,
        submission: &Submission,
        name: &JobName,
    ) -> Result<ContentHash> {
        SubmissionFields {
            submitter,
            owner: &submission.owner,
            name,
            datasets: &submission.datasets,
            entrypoint: self.entrypoint.as_deref(),
            dependencies: &self.all_dependencies(submission),
            files: &self.hashes(),
        }
        .digest()
    }

    /// The Python peer takes no job without a file below `code/`.
    pub(crate) fn have_code(&mut self) {
        let has_code = self.files.keys().any(|path| path.starts_with("code/"));
        if let (false, Some(script)) = (has_code, self.files.get("run.sh").cloned()) {
            self.files.insert(BASH_COPY.to_owned(), script);
        }
    }

    /// Starts a Python job as the Python peer does, in an environment of its own.
    /// What is pasted into a script unquoted there must need no quotes.
    pub(crate) fn start_with_uv(&mut self, source: String, dependencies: &[String]) -> Result<()> {
        let (JobKind::Python, Some(entrypoint)) = (self.kind, &self.entrypoint) else {
            return Ok(());
        };
        if shell_word(entrypoint) != *entrypoint {
            let reason = "the owner's Python peer starts only names of letters, digits and ._-/";
            return Err(Error::Script { what: entrypoint.clone(), reason: reason.to_owned() });
        }
        let packages: Vec<&str> =
            [source.as_str()].into_iter().chain(dependencies.iter().map(String::as_str)).collect();
        if let Some(odd) = odd_package(&packages) {
            let reason = "a package that is named like this would end the owner's quotes";
            return Err(Error::Script { what: odd.to_owned(), reason: reason.to_owned() });
        }
        let has_project = self.files.contains_key("code/pyproject.toml");
        let run_sh = run_sh(entrypoint, &packages, has_project);
        self.files.insert("run.sh".to_owned(), run_sh.into_bytes());
        self.install_source = Some(source);
        Ok(())
    }

    /// The packages that it asks for, the owner's own `syft` first where it does.
    pub(crate) fn all_dependencies(&self, submission: &Submission) -> Vec<String> {
        self.install_source.iter().chain(&submission.dependencies).cloned().collect()
    }
}

/// Reads what a submitter wants to send. `entrypoint` is relative to `code/`.
pub(crate) fn gather(
    script: &Script,
    kind: Option<JobKind>,
    entrypoint: Option<&str>,
) -> Result<Gathered> {
    let gathered = match script {
        Script::Text(text) => from_text(text, kind, entrypoint),
        Script::Path(path) => {
            let metadata = fs::metadata(path).map_err(|error| io(path, &error))?;
            if metadata.is_dir() {
                from_folder(path, kind, entrypoint)
            } else if metadata.is_file() {
                from_file(path, kind, entrypoint)
            } else {
                Err(refuse(path, "it is neither a file nor a folder"))
            }
        }
    }?;
    check_size(&gathered.files)?;
    Ok(gathered)
}

fn from_text(text: &str, kind: Option<JobKind>, entrypoint: Option<&str>) -> Result<Gathered> {
    match kind.unwrap_or(JobKind::Bash) {
        JobKind::Bash => Ok(single("run.sh", text.as_bytes().to_vec(), JobKind::Bash, None)),
        JobKind::Python => {
            let entry = python_entry(entrypoint.unwrap_or("main.py"))?;
            python(vec![(entry.clone(), text.as_bytes().to_vec())], entry)
        }
    }
}

fn from_file(path: &Path, kind: Option<JobKind>, entrypoint: Option<&str>) -> Result<Gathered> {
    let name = file_name(path)?;
    let is_python = name.ends_with(".py");
    let kind = kind.unwrap_or(if is_python { JobKind::Python } else { JobKind::Bash });
    let bytes = read(path)?;
    match kind {
        JobKind::Bash => {
            if std::str::from_utf8(&bytes).is_err() {
                return Err(refuse(path, "a script must be UTF-8 text"));
            }
            Ok(single("run.sh", bytes, JobKind::Bash, None))
        }
        JobKind::Python => {
            if entrypoint.is_some_and(|entry| entry != name) {
                return Err(refuse(path, "the entry point of a single file is that file"));
            }
            let entry = python_entry(&name)?;
            python(vec![(entry.clone(), bytes)], entry)
        }
    }
}

fn from_folder(path: &Path, kind: Option<JobKind>, entrypoint: Option<&str>) -> Result<Gathered> {
    let mut found = Found::default();
    walk(path, "", &mut found)?;
    let has_run_sh = found.files.iter().any(|(name, _)| name == "run.sh");
    let kind = kind.unwrap_or(if has_run_sh { JobKind::Bash } else { JobKind::Python });
    let mut gathered = match kind {
        JobKind::Bash if has_run_sh => {
            let mut gathered =
                single("run.sh", bash_folder_run_sh().into_bytes(), kind, Some("run.sh"));
            gathered.files.extend(below_code(found.files));
            gathered
        }
        JobKind::Bash => return Err(refuse(path, "a bash folder must hold run.sh")),
        JobKind::Python => {
            let names: Vec<&str> = found.files.iter().map(|(name, _)| name.as_str()).collect();
            let entry = find_entry(path, &names, entrypoint)?;
            python(found.files, entry)?
        }
    };
    gathered.is_folder = true;
    gathered.left_out = found.left_out;
    Ok(gathered)
}

fn single(name: &str, bytes: Vec<u8>, kind: JobKind, entrypoint: Option<&str>) -> Gathered {
    Gathered {
        files: BTreeMap::from([(name.to_owned(), bytes)]),
        kind,
        entrypoint: entrypoint.map(str::to_owned),
        is_folder: false,
        left_out: Vec::new(),
        install_source: None,
    }
}

fn python(code: Vec<(String, Vec<u8>)>, entrypoint: String) -> Result<Gathered> {
    let run_sh = python_run_sh(&entrypoint).into_bytes();
    let mut gathered = single("run.sh", run_sh, JobKind::Python, Some(&entrypoint));
    gathered.files.extend(below_code(code));
    Ok(gathered)
}

fn below_code(files: Vec<(String, Vec<u8>)>) -> impl Iterator<Item = (String, Vec<u8>)> {
    files.into_iter().map(|(name, bytes)| (format!("code/{name}"), bytes))
}

fn python_entry(entry: &str) -> Result<String> {
    DatasitePath::parse(entry)?;
    if entry.ends_with(".py") {
        Ok(entry.to_owned())
    } else {
        Err(Error::Script {
            what: entry.to_owned(),
            reason: "a Python entry point must end in .py".to_owned(),
        })
    }
}

/// The argument, else `main.py`, else the only `*.py` at the top.
fn find_entry(folder: &Path, names: &[&str], wanted: Option<&str>) -> Result<String> {
    if let Some(wanted) = wanted {
        let entry = python_entry(wanted)?;
        if names.contains(&entry.as_str()) {
            return Ok(entry);
        }
        return Err(refuse(&folder.join(wanted), "the entry point is not among the files sent"));
    }
    if names.contains(&"main.py") {
        return Ok("main.py".to_owned());
    }
    let mut top = names.iter().filter(|name| !name.contains('/') && name.ends_with(".py"));
    match (top.next(), top.next()) {
        (Some(only), None) => Ok((*only).to_owned()),
        (Some(_), Some(_)) => {
            Err(refuse(folder, "it holds several .py files and no main.py: name the entry point"))
        }
        _ => Err(refuse(folder, "it holds no .py file to start, and no run.sh")),
    }
}

#[derive(Default)]
struct Found {
    files: Vec<(String, Vec<u8>)>,
    left_out: Vec<String>,
    bytes: u64,
}

/// Reads a folder, links never followed. Dot names and made folders are left
/// out, and so is `outputs/` at the top: that is where a job's results go.
fn walk(folder: &Path, prefix: &str, found: &mut Found) -> Result<()> {
    let mut entries: Vec<fs::DirEntry> = fs::read_dir(folder)
        .and_then(Iterator::collect::<std::io::Result<_>>)
        .map_err(|error| io(folder, &error))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let name = file_name(&path)?;
        let relative = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        if name.starts_with('.') || EXCLUDED.contains(&name.as_str()) || relative == "outputs" {
            found.left_out.push(relative);
            continue;
        }
        DatasitePath::parse(&format!("code/{relative}"))?;
        let kind = entry.file_type().map_err(|error| io(&path, &error))?;
        if kind.is_symlink() {
            return Err(refuse(&path, "it is a symbolic link"));
        } else if kind.is_dir() {
            walk(&path, &relative, found)?;
        } else if !kind.is_file() {
            return Err(refuse(&path, "it is no regular file"));
        } else if name == "syft.pub.yaml" {
            return Err(refuse(&path, "a permission file cannot be part of a job"));
        } else {
            let bytes = read(&path)?;
            found.bytes += bytes.len() as u64;
            if found.bytes > MAX_BYTES {
                return Err(refuse(&path, "with it the job is larger than 60 MiB"));
            }
            found.files.push((relative, bytes));
            if found.files.len() > MAX_FILES {
                return Err(refuse(&path, "with it the job has more than 2,000 files"));
            }
        }
    }
    Ok(())
}

fn check_size(files: &BTreeMap<String, Vec<u8>>) -> Result<()> {
    let total: u64 =
        files.values().map(|bytes| Content::from_bytes(bytes.clone()).wire_len()).sum();
    if total <= MAX_BYTES {
        return Ok(());
    }
    let largest = files.iter().max_by_key(|(_, bytes)| bytes.len());
    Err(Error::Script {
        what: largest.map_or_else(|| "the job".to_owned(), |(path, _)| path.clone()),
        reason: "the job is larger than the 60 MiB that one message may hold".to_owned(),
    })
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let size = fs::metadata(path).map_err(|error| io(path, &error))?.len();
    if size > MAX_BYTES {
        return Err(refuse(path, "it is larger than 60 MiB"));
    }
    fs::read(path).map_err(|error| io(path, &error))
}

fn file_name(path: &Path) -> Result<String> {
    match path.file_name() {
        Some(name) => match name.to_str() {
            Some(name) => Ok(name.to_owned()),
            None => Err(refuse(path, "its name is not UTF-8")),
        },
        None => Err(refuse(path, "it has no file name")),
    }
}

fn refuse(path: &Path, reason: &str) -> Error {
    Error::Script { what: path.display().to_string(), reason: reason.to_owned() }
}

fn io(path: &Path, error: &std::io::Error) -> Error {
    Error::Script { what: PathBuf::from(path).display().to_string(), reason: error.to_string() }
}

use serde::Serialize;
use syft_sync::core::{DatasitePath, DirDisk, Disk, Email, HomePath, safe_text};
use syft_sync::perm::{PERMISSION_FILE, PermissionFile, Rule};

use crate::args::PermShowArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report, Table};

/// Largest permission file that is shown, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// The permission files on the way to a path; the one that decides is named.
#[derive(Debug, Serialize)]
pub(crate) struct PermShow {
    path: String,
    decides: Option<String>,
    files: Vec<FileView>,
}

/// One permission file.
#[derive(Debug, Serialize)]
struct FileView {
    file: String,
    terminal: bool,
    rules: Vec<RuleView>,
    /// Why it does not count, if so.
    problem: Option<String>,
}

/// One rule of it.
#[derive(Debug, Serialize)]
struct RuleView {
    line: Option<u32>,
    pattern: String,
    read: Vec<String>,
    write: Vec<String>,
    admin: Vec<String>,
}

pub(crate) fn run(context: &Context, args: &PermShowArgs) -> Result<PermShow, CliError> {
    let me = context.config()?.email;
    let disk = DirDisk::open(context.home())?;
    let typed = args.path.trim_end_matches('/');
    let path = (!typed.is_empty()).then(|| DatasitePath::parse(typed)).transpose()?;
    let mut files = Vec::new();
    for folder in folders(path.as_ref()) {
        files.extend(read(&disk, &me, folder.as_ref())?);
    }
    let decides = deciding(&files).map(|file| file.file.clone());
    Ok(PermShow { path: typed.to_owned(), decides, files })
}

/// The datasite, each folder on the way, and the path itself: it may be a folder.
fn folders(path: Option<&DatasitePath>) -> Vec<Option<DatasitePath>> {
    let mut folders = Vec::new();
    let mut next = path.cloned();
    while let Some(folder) = next {
        next = folder.parent();
        folders.push(Some(folder));
    }
    folders.push(None);
    folders.reverse();
    folders
}

fn read(
    disk: &dyn Disk,
    me: &Email,
    folder: Option<&DatasitePath>,
) -> Result<Option<FileView>, CliError> {
    let file = match folder {
        Some(folder) => format!("{folder}/{PERMISSION_FILE}"),
        None => PERMISSION_FILE.to_owned(),
    };
    let path = HomePath::datasite(me).join(&file)?;
    // A path below a file has no permission file; that is no error.
    let parsed = match disk.read_if_there(&path, MAX_BYTES) {
        Ok(None) => return Ok(None),
        Err(_) if folder.is_some_and(|folder| is_no_folder(disk, me, folder)) => return Ok(None),
        Ok(Some(bytes)) => PermissionFile::parse(&String::from_utf8_lossy(&bytes))
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    Ok(Some(match parsed {
        Ok(parsed) => FileView {
            file,
            terminal: parsed.terminal,
            rules: parsed.rules.into_iter().map(RuleView::from).collect(),
            problem: None,
        },
        Err(problem) => {
            FileView { file, terminal: false, rules: Vec::new(), problem: Some(problem) }
        }
    }))
}

fn is_no_folder(disk: &dyn Disk, me: &Email, folder: &DatasitePath) -> bool {
    use syft_sync::core::FileKind;
    let found = disk.metadata(&HomePath::in_datasite(me, folder));
    !matches!(found, Ok(Some(metadata)) if metadata.kind == FileKind::Folder)
}

/// The first terminal file, or the last one; a bad file counts always.
fn deciding(files: &[FileView]) -> Option<&FileView> {
    let bad = files.iter().find(|file| file.problem.is_some());
    bad.or_else(|| files.iter().find(|file| file.terminal)).or_else(|| files.last())
}

impl From<Rule> for RuleView {
    fn from(rule: Rule) -> Self {
        let line = rule.line();
        let access = rule.access;
        RuleView {
            line,
            pattern: rule.pattern,
            read: access.read,
            write: access.write,
            admin: access.admin,
        }
    }
}

impl Report for PermShow {
    const VERB: &'static str = "perm-show";

    fn write(&self, page: &mut Page) {
        for file in &self.files {
            page.gap();
            page.title(safe_text(&file.file));
            match &file.problem {
                Some(problem) => page.warning(format!("  cannot be read: {}", safe_text(problem))),
                None if file.rules.is_empty() => page.line("  no rules: only the owner may"),
                None => page.table(rules(&file.rules)),
            }
            if file.terminal {
                page.line("  terminal: files further down have no say");
            }
        }
        page.gap();
        let path = if self.path.is_empty() { "the datasite" } else { self.path.as_str() };
        page.line(match &self.decides {
            Some(file) => format!("{} is decided by {}", safe_text(path), safe_text(file)),
            None => format!("{}: no permission file, only the owner may", safe_text(path)),
        });
    }
}

fn rules(rules: &[RuleView]) -> Table {
    let mut table = Table::new(["LINE", "PATTERN", "READ", "WRITE", "ADMIN"]);
    for rule in rules {
        table.row([
            rule.line.map(|line| line.to_string()).unwrap_or_default(),
            rule.pattern.clone(),
            rule.read.join(", "),
            rule.write.join(", "),
            rule.admin.join(", "),
        ]);
    }
    table
}

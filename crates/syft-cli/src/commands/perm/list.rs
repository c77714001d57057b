use std::collections::BTreeMap;

use serde::Serialize;
use syft_sync::PathAccess;
use syft_sync::core::safe_text;
use syft_sync::perm::Level;

use crate::args::PermListArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report, Table, count};

/// Who may do what with which path.
#[derive(Debug, Serialize)]
pub(crate) struct PermList {
    paths: Vec<PathView>,
    /// The number of files of which nobody that was asked about has that much.
    others: usize,
    /// Of whom this is said, in words.
    #[serde(skip)]
    nobody: String,
}

/// One path.
#[derive(Debug, Serialize)]
struct PathView {
    path: String,
    #[serde(flatten)]
    access: AccessView,
}

/// Who may; `*` is everyone, also who is no peer yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct AccessView {
    read: Vec<String>,
    write: Vec<String>,
    admin: Vec<String>,
}

pub(crate) fn run(context: &Context, args: &PermListArgs) -> Result<PermList, CliError> {
    let all = context.open()?.readers(args.who.as_deref())?;
    let total = all.len();
    let has_level = |path: &PathAccess| match args.level {
        Level::Read => !path.read.is_empty(),
        Level::Write => !path.write.is_empty(),
        Level::Admin => !path.admin.is_empty(),
    };
    let paths: Vec<PathView> = all.into_iter().filter(has_level).map(PathView::from).collect();
    let who = args.who.as_deref().map_or_else(
        || "nobody but me may".to_owned(),
        |who| format!("{} may not", safe_text(who)),
    );
    let verb =
        if args.level == Level::Admin { "administer".to_owned() } else { args.level.to_string() };
    Ok(PermList { others: total - paths.len(), paths, nobody: format!("{who} {verb} them") })
}

impl From<PathAccess> for PathView {
    fn from(access: PathAccess) -> Self {
        let PathAccess { path, read, write, admin } = access;
        PathView { path, access: AccessView { read, write, admin } }
    }
}

impl Report for PermList {
    const VERB: &'static str = "perm-list";

    fn write(&self, page: &mut Page) {
        let mut table = Table::new(["PATH", "FILES", "READ", "WRITE", "ADMIN"]);
        for (path, files, access) in self.rows() {
            let AccessView { read, write, admin } = access;
            let [read, write, admin] = [read, write, admin].map(|who| in_words(who));
            table.row([path, files, read, write, admin]);
        }
        page.table(table);
        if self.others > 0 {
            page.gap();
            let files = count(self.others, "other file", "other files");
            page.line(format!("{files}: {}.", self.nobody));
        }
    }
}

impl PermList {
    /// A line for each folder whose files are all alike, and else for each file.
    fn rows(&self) -> Vec<(String, String, &AccessView)> {
        let mut folders: BTreeMap<&str, Vec<&PathView>> = BTreeMap::new();
        for path in &self.paths {
            // A folder stands for itself.
            let folder = match path.path.strip_suffix('/') {
                Some(_) => path.path.as_str(),
                None => path.path.rfind('/').and_then(|at| path.path.get(..=at)).unwrap_or(""),
            };
            folders.entry(folder).or_default().push(path);
        }
        let mut rows = Vec::new();
        for (folder, files) in folders {
            match files.as_slice() {
                [first, second, ..] if files.iter().all(|file| file.access == second.access) => {
                    let name = if folder.is_empty() { "./" } else { folder };
                    rows.push((name.to_owned(), files.len().to_string(), &first.access));
                }
                _ => rows.extend(
                    files.iter().map(|file| (file.path.clone(), String::new(), &file.access)),
                ),
            }
        }
        rows
    }
}

/// Everyone includes each.
fn in_words(who: &[String]) -> String {
    if who.iter().any(|user| user == "*") { "everyone".to_owned() } else { who.join(", ") }
}

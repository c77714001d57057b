//! Writing bytes to a path: what `files/upload` and the end of a session share.

use bytes::Bytes;
use syft_loopback::Millis;

use super::folder::{free, free_with, kind_of, prepare};
use super::resolve::{self, Kind, tagged};
use crate::accounts::Account;
use crate::args::Args;
use crate::error::Result;
use crate::hash::content_hash;
use crate::path::Path;
use crate::state::State;
use crate::tree::{File, Node, Tree};

/// What may be said of a write.
pub(crate) const COMMIT: &[&str] = &[
    "path",
    "mode",
    "autorename",
    "client_modified",
    "mute",
    "property_groups",
    "strict_conflict",
];

/// What is in the way of a write does not always keep it from happening.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Mode {
    Add,
    Overwrite,
    Update(String),
}

/// What is to be written, and how.
#[derive(Debug)]
pub(crate) struct Commit {
    path: Path,
    mode: Mode,
    autorename: bool,
    strict: bool,
    client_modified: Option<Millis>,
}

/// What becomes of a write.
enum Outcome {
    /// It is written there.
    Write(Path),
    /// The same bytes are there already.
    Same(Node),
    /// Something else is there: a file or a folder.
    Conflict(&'static str),
}

impl Commit {
    pub(crate) fn read(tree: &Tree, args: &Args) -> Result<Self> {
        for switch in ["mute", "autorename", "strict_conflict"] {
            args.flag(switch)?;
        }
        let mode = match args.union("mode")? {
            None | Some(("add", _)) => Mode::Add,
            Some(("overwrite", _)) => Mode::Overwrite,
            Some(("update", Some(fields))) => {
                let rev = fields.get("update").and_then(|rev| rev.as_str());
                let missing = || args.wrong("mode: missing required field 'update'");
                Mode::Update(rev.ok_or_else(missing)?.to_owned())
            }
            Some((other, _)) => {
                return Err(args.wrong(&format!("mode: invalid value '{other}'")));
            }
        };
        Ok(Commit {
            path: resolve::path(tree, args, "path", Kind::WriteOrId, &["path"])?,
            mode,
            autorename: args.flag("autorename")?,
            strict: args.flag("strict_conflict")?,
            client_modified: args.time("client_modified")?,
        })
    }

    /// Writes, unless something is in the way. An error is that of a write, below `path`.
    pub(crate) fn perform(
        self,
        state: &mut State,
        account: &Account,
        bytes: Bytes,
    ) -> Result<Node> {
        let tree = state.tree(account)?;
        let path = match self.outcome(tree, &bytes) {
            Outcome::Write(path) => path,
            Outcome::Same(node) => return Ok(node),
            Outcome::Conflict(with) => return Err(tagged(&["path"], &["conflict", with])),
        };
        if tree.space.is_some_and(|space| tree.used().saturating_add(bytes.len()) > space) {
            return Err(tagged(&["path"], &["insufficient_space"]));
        }
        let shown = prepare(state, account, &path, &["path"])?;
        let (now, rev) = (state.now(), state.new_rev());
        let file = Some(File::new(bytes, rev, self.client_modified, now));
        let there = state.tree(account)?.get(&path).cloned();
        let node = match there {
            Some(old) => Node { file, ..old },
            None => Node { id: state.new_id(), path: shown, file },
        };
        state.tree(account)?.put(node.clone());
        Ok(node)
    }

    fn outcome(&self, tree: &Tree, bytes: &Bytes) -> Outcome {
        let write = || Outcome::Write(self.path.clone());
        let Some(there) = tree.get(&self.path) else {
            // Of a file that is gone no revision is the last one.
            let lost = self.strict && matches!(self.mode, Mode::Update(_));
            return if lost { self.elsewhere(tree, "file") } else { write() };
        };
        let Some(file) = &there.file else { return self.elsewhere(tree, kind_of(there)) };
        let same = file.hash == content_hash(bytes);
        match &self.mode {
            _ if same && !self.strict => Outcome::Same(there.clone()),
            Mode::Overwrite => write(),
            Mode::Update(rev) if *rev == file.rev => write(),
            Mode::Add | Mode::Update(_) => self.elsewhere(tree, "file"),
        }
    }

    /// Another name, if one may be taken.
    fn elsewhere(&self, tree: &Tree, with: &'static str) -> Outcome {
        if !self.autorename {
            return Outcome::Conflict(with);
        }
        Outcome::Write(match self.mode {
            Mode::Add | Mode::Overwrite => free(tree, &self.path),
            Mode::Update(_) => free_with(tree, &self.path, copy_name, 1),
        })
    }
}

fn copy_name(number: u32) -> String {
    match number {
        1 => "conflicted copy".to_owned(),
        more => format!("conflicted copy {more}"),
    }
}

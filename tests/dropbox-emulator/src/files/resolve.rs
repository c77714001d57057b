//! From a path in an argument to what is meant.

use crate::args::Args;
use crate::error::{Error, Result};
use crate::path::Path;
use crate::tree::{Node, Tree};

/// What a call may be given in place of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A path, an id or a revision: something is read.
    Read,
    /// A path or an id: something is written or deleted.
    WriteOrId,
    /// A path: something is made.
    Write,
    /// A path, an id, or nothing, which is the root.
    List,
}

impl Kind {
    fn pattern(self) -> &'static str {
        match self {
            Kind::Read => r"(/(.|[\r\n])*|id:.*)|(rev:[0-9a-f]{9,})|(ns:[0-9]+(/.*)?)",
            Kind::WriteOrId => r"(/(.|[\r\n])*)|(ns:[0-9]+(/.*)?)|(id:.*)",
            Kind::Write => r"(/(.|[\r\n])*)|(ns:[0-9]+(/.*)?)",
            Kind::List => r"(/(.|[\r\n])*)?|id:.*|(ns:[0-9]+(/.*)?)",
        }
    }
}

/// The path that is meant, which may lead nowhere. `tags` are those above an error of
/// a lookup: `path` mostly.
pub(crate) fn path(
    tree: &Tree,
    args: &Args,
    name: &str,
    kind: Kind,
    tags: &[&str],
) -> Result<Path> {
    let text = args.text(name)?;
    let wrong = || {
        let pattern = kind.pattern();
        args.wrong(&format!("{name}: '{text}' did not match pattern '{pattern}'"))
    };
    let found = |node: Option<&Node>| {
        node.map(|node| node.path.clone()).ok_or_else(|| tagged(tags, &["not_found"]))
    };
    if text.starts_with("ns:") {
        return Err(args.wrong(&format!("{name}: namespaces are not emulated")));
    }
    if text.starts_with("id:") && kind != Kind::Write {
        return found(tree.by_id(text));
    }
    if let Some(rev) = text.strip_prefix("rev:")
        && kind == Kind::Read
    {
        return found(tree.by_rev(rev));
    }
    match text {
        "" if kind == Kind::List => Ok(Path::root()),
        "/" if kind == Kind::List => {
            let what = "Specify the root folder as an empty string rather than as \"/\".";
            Err(args.wrong(&format!("{name}: {what}")))
        }
        _ if !text.starts_with('/') => Err(wrong()),
        _ => Path::read(text).map_err(|_| tagged(tags, &["malformed_path"])),
    }
}

/// What is at a path.
pub(crate) fn node<'t>(tree: &'t Tree, path: &Path, tags: &[&str]) -> Result<&'t Node> {
    tree.get(path).ok_or_else(|| tagged(tags, &["not_found"]))
}

pub(crate) fn tagged(above: &[&str], tags: &[&str]) -> Error {
    Error::route(&[above, tags].concat())
}

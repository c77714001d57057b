//! What becomes of the folder of a peer that is none any more, until it is one again.

use std::fmt::Write as _;

use syft_core::{Access, Email, HomePath, yaml};
use syft_perm::PermissionFile;

use super::setup::{PERMISSION_FILE, job_rules, open_job_inbox};
use crate::node::Pass;
use crate::{Result, rights};

/// Before each line of the rules that a closed folder had.
const WAS: &str = "# was: ";

/// Closes the folders that have to do with a peer's jobs: they are mine alone from now
/// on. Rules that are not those of the first day stay there as comments, since they may
/// hold back what the ones of the first day would share.
pub(super) fn close_job_inbox(pass: &Pass<'_>, peer: &Email) -> Result<()> {
    let closed = close(pass, &job_rules(pass, peer))?;
    tell(pass, "permission.revoked", peer, &closed)
}

fn tell(pass: &Pass<'_>, action: &str, peer: &Email, written: &[HomePath]) -> Result<()> {
    if written.is_empty() {
        return Ok(());
    }
    let path = format!("{}/", pass.node.layouts.own().job_inbox(peer));
    let of = rights::Change { path: &path, user: peer.as_str() };
    rights::note(pass, action, format!("the job folder of {peer}"), of, written)
}

/// The same of folders that had these rules on the first day. Returns what was written.
pub(super) fn close(
    pass: &Pass<'_>,
    rules: &[(HomePath, PermissionFile)],
) -> Result<Vec<HomePath>> {
    let disk = &*pass.node.disk;
    let mut written = Vec::new();
    for (folder, made) in rules {
        let file = folder.join(PERMISSION_FILE)?;
        if disk.metadata(&file)?.is_none() {
            continue;
        }
        let here = match disk.read(&file, yaml::MAX_BYTES as u64) {
            Err(error @ syft_core::Error::Io { .. }) => return Err(error.into()),
            here => here.ok().and_then(|bytes| String::from_utf8(bytes).ok()),
        };
        let here = here.as_deref();
        if here.is_none_or(|here| opened(here, made).is_none()) {
            disk.write(&file, closed(here, made).as_bytes(), Access::Shared)?;
            written.push(file);
        }
    }
    Ok(written)
}

/// Opens the folders again that [`close_job_inbox`] closed.
pub(super) fn reopen_job_inbox(pass: &Pass<'_>, peer: &Email) -> Result<()> {
    let disk = &*pass.node.disk;
    let mut written = Vec::new();
    for (folder, made) in job_rules(pass, peer) {
        let file = folder.join(PERMISSION_FILE)?;
        let here = disk.read_if_there(&file, yaml::MAX_BYTES as u64)?;
        let here = here.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok());
        if let Some(opened) = here.and_then(|here| opened(here, &made)) {
            disk.write(&file, opened.as_bytes(), Access::Shared)?;
            written.push(file);
        }
    }
    tell(pass, "permission.granted", peer, &written)?;
    open_job_inbox(pass, peer)
}

/// The text of a closed folder. Of rules that cannot be kept there it says so, and is
/// then one that only the owner opens.
fn closed(here: Option<&str>, made: &PermissionFile) -> String {
    let nothing = PermissionFile::new([]).to_yaml();
    match here {
        Some(here) if here == made.to_yaml() => nothing,
        here => match here.and_then(|here| with_comments(&nothing, here)) {
            Some(text) => text,
            None => format!("{nothing}# It had other rules, which could not be kept here.\n"),
        },
    }
}

fn with_comments(nothing: &str, was: &str) -> Option<String> {
    // What ends a line for some readers of YAML would end the comment.
    let has_odd_ends = was.replace("\r\n", "").contains(['\r', '\u{85}', '\u{2028}', '\u{2029}']);
    let mut text = nothing.to_owned();
    for line in was.split('\n') {
        writeln!(text, "{WAS}{line}").ok()?;
    }
    (!has_odd_ends && text.len() <= yaml::MAX_BYTES).then_some(text)
}

/// The rules that a closed folder had; `None` for one that is not closed.
fn opened(here: &str, made: &PermissionFile) -> Option<String> {
    let rest = here.strip_prefix(PermissionFile::new([]).to_yaml().as_str())?;
    if rest.is_empty() {
        return Some(made.to_yaml());
    }
    let lines = rest.strip_suffix('\n')?.split('\n').map(|line| line.strip_prefix(WAS));
    Some(lines.collect::<Option<Vec<_>>>()?.join("\n"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use syft_perm::Rule;

    use super::*;

    fn made() -> PermissionFile {
        PermissionFile::new([Rule::new("**").read(["bob@university.org"])])
    }

    #[test]
    fn rules_of_the_first_day_leave_no_trace() {
        let nothing = PermissionFile::new([]).to_yaml();
        assert_eq!(closed(Some(&made().to_yaml()), &made()), nothing);
        assert_eq!(opened(&nothing, &made()), Some(made().to_yaml()));
        assert_eq!(opened(&made().to_yaml(), &made()), None);
    }

    #[test]
    fn a_folder_whose_rules_cannot_be_kept_is_opened_by_its_owner_alone() {
        let long = "#".repeat(yaml::MAX_BYTES);
        for was in [None, Some("rules: []\rterminal: true"), Some("a\u{2028}b"), Some(&*long)] {
            let text = closed(was, &made());
            assert!(PermissionFile::parse(&text).unwrap().rules.is_empty());
            assert_eq!(opened(&text, &made()), None, "{was:.20?}");
        }
    }

    proptest! {
        #[test]
        fn a_closed_folder_grants_nothing_and_opens_as_it_was(was in "(?s)[ -~\n]{0,80}") {
            let text = closed(Some(&was), &made());
            let read = PermissionFile::parse(&text).unwrap();
            prop_assert!(read.rules.is_empty(), "{text}");
            prop_assert_eq!(opened(&text, &made()), Some(was));
        }
    }
}

//! Names as a folder keeps them. Some systems take accents apart (Unicode's form D), so that
//! what one machine wrote under one name lies under another one on the next.

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;

use rustix::fs::Dir;
use rustix::io::Errno;
use unicode_normalization::UnicodeNormalization;

/// One name in a folder.
pub(super) enum Name {
    /// In form C, as all names of this project.
    Text(String),
    /// What is no name of an object, made readable, and why.
    Bad(String, &'static str),
}

/// The names in a folder, but for those that start with a dot: `.`, `..`, and
/// what a writer has not finished.
pub(super) fn names(folder: &OwnedFd) -> Result<Vec<Name>, Errno> {
    let (mut names, mut taken_apart) = (Vec::new(), Vec::new());
    let mut known = BTreeSet::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let raw = entry.file_name().to_bytes();
        if raw.starts_with(b".") {
            continue;
        }
        let Ok(text) = std::str::from_utf8(raw) else {
            let shown = String::from_utf8_lossy(raw).into_owned();
            names.push(Name::Bad(shown, "its name is not UTF-8"));
            continue;
        };
        let composed: String = text.nfc().collect();
        if composed == text {
            known.insert(composed);
        } else if self::taken_apart(&composed) == text {
            taken_apart.push(composed);
        } else {
            // It would be looked for under names that it does not have.
            names.push(Name::Bad(composed, "its name is in no form of Unicode that is read"));
        }
    }
    for name in taken_apart {
        if !known.insert(name.clone()) {
            names.push(Name::Bad(name, "its name is that of another file in another form"));
        }
    }
    names.extend(known.into_iter().map(Name::Text));
    Ok(names)
}

/// The name of the file that this is a second one of, if a program that synchronises folders
/// named it: Dropbox and Nextcloud (`a (conflicted copy 2026-11-28).csv`, `a (Bob's conflicted
/// copy 2026-11-28).csv`) or Syncthing (`a.sync-conflict-20261128-101500-ABCDEFG.csv`).
pub(super) fn copy_of(name: &str) -> Option<String> {
    in_brackets(name).or_else(|| of_syncthing(name))
}

fn in_brackets(name: &str) -> Option<String> {
    let (stem, rest) = name.rsplit_once(" (")?;
    let (note, end) = rest.split_once(')')?;
    let is_note = note.starts_with("conflicted copy") || note.contains("'s conflicted copy");
    is_note.then(|| format!("{stem}{end}"))
}

fn of_syncthing(name: &str) -> Option<String> {
    let (stem, rest) = name.split_once(".sync-conflict-")?;
    let mut parts = rest.splitn(3, '-');
    let mut is_number = |length| {
        parts.next().is_some_and(|part| {
            part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    if !is_number(8) || !is_number(6) {
        return None;
    }
    let end = parts.next()?.split_once('.').map(|(_, end)| format!(".{end}"));
    Some(format!("{stem}{}", end.unwrap_or_default()))
}

/// Does something with what has a name, in whichever form it lies there.
pub(super) fn in_either_form<T>(
    name: &str,
    act: impl Fn(&str) -> Result<T, Errno>,
) -> Result<T, Errno> {
    match act(name) {
        Err(Errno::NOENT) if !name.is_ascii() => act(&taken_apart(name)),
        done => done,
    }
}

/// The name in form D, if that is another one.
pub(super) fn other_form(name: &str) -> Option<String> {
    let other = taken_apart(name);
    (other != name).then_some(other)
}

fn taken_apart(name: &str) -> String {
    name.nfd().collect()
}

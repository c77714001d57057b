use std::ops::Range;
use std::os::fd::OwnedFd;

use bytes::Bytes;
use rustix::fs::{AtFlags, FileType, Stat};
use rustix::io::Errno;
use syft_core::Timestamp;

use super::create::read_full;
use super::errors::error;
use super::fs::{Root, file_type, open_file, stat, sync_folder};
use super::names::{Name, copy_of, in_either_form, names};
use crate::{Error, ListOptions, Listed, Object, ObjectName, Result, Skipped, Space};

/// How much is read in one piece.
const PIECE_BYTES: u64 = 256 * 1024;

/// A file as an object of this store.
pub(super) fn object(space: &Space, name: ObjectName, size: u64, stat: Option<&Stat>) -> Object {
    Object {
        id: format!("{space}/{name}"),
        space: space.clone(),
        name,
        size,
        version: None,
        owner: None,
        created: stat.and_then(modified),
    }
}

#[expect(clippy::cast_precision_loss, reason = "times are doubles everywhere")]
fn modified(stat: &Stat) -> Option<Timestamp> {
    Timestamp::new(stat.st_mtime as f64 + stat.st_mtime_nsec as f64 / 1e9).ok()
}

pub(super) fn list(root: &Root, space: &Space, options: &ListOptions) -> Result<Vec<Listed>> {
    let Some(folder) = root.folder("list", &space.components())? else {
        return Ok(Vec::new());
    };
    let failed = |errno| error("list", space, errno);
    let mut lines = Vec::new();
    for name in names(&folder).map_err(failed)? {
        match name {
            Name::Text(name) if options.selects(&name) => {
                lines.extend(line(&folder, space, &name).map_err(failed)?);
            }
            Name::Bad(name, why) if options.selects(&name) => {
                lines.push(Listed::Skipped(Skipped::new(&name, why)));
            }
            _ => {}
        }
    }
    Ok(lines)
}

/// `None` if the file went in the meantime.
fn line(folder: &OwnedFd, space: &Space, name: &str) -> Result<Option<Listed>, Errno> {
    let Some(stat) = stat(folder, name)? else {
        return Ok(None);
    };
    let skipped = |reason: &str| Ok(Some(Listed::Skipped(Skipped::new(name, reason))));
    if file_type(&stat) != FileType::RegularFile {
        return skipped("it is no regular file");
    }
    // An owner may have files of such names; a copy lies beside what it is a copy of.
    if let Some(of) = copy_of(name)
        && self::stat(folder, &of)?.is_some()
    {
        return skipped("a program that synchronises this folder made it: two wrote the same name");
    }
    match ObjectName::parse(name) {
        Ok(parsed) => {
            let size = u64::try_from(stat.st_size).unwrap_or(0);
            Ok(Some(Listed::Object(object(space, parsed, size, Some(&stat)))))
        }
        Err(problem) => skipped(&problem.context().detail),
    }
}

pub(super) fn remove(root: &Root, action: &'static str, objects: &[Object]) -> Result<()> {
    for object in objects {
        let Some(folder) = root.folder(action, &object.space.components())? else {
            continue;
        };
        let removed = in_either_form(object.name.as_str(), |name| {
            rustix::fs::unlinkat(&folder, name, AtFlags::empty())
        });
        match removed {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(error(action, object, errno)),
        }
        sync_folder(&folder).map_err(|errno| error(action, object, errno))?;
    }
    Ok(())
}

/// A file that is being read.
pub(super) struct Body {
    key: String,
    file: OwnedFd,
    at: u64,
    end: u64,
}

impl Body {
    pub(super) fn open(root: &Root, object: &Object, range: Option<Range<u64>>) -> Result<Self> {
        let key = object.to_string();
        let gone = || Error::not_found("get", &key, "");
        let folder = root.folder("get", &object.space.components())?.ok_or_else(gone)?;
        let opened = open_file(&folder, object.name.as_str());
        let (file, stat) = opened
            .map_err(|errno| error("get", &key, errno))?
            .ok_or_else(|| Error::permanent("get", &key, "it is no regular file"))?;
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        let range = range.unwrap_or(0..size);
        Ok(Body { key, file, at: range.start, end: range.end.min(size) })
    }

    /// The next piece; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>> {
        let wanted = self.end.saturating_sub(self.at).min(PIECE_BYTES);
        if wanted == 0 {
            return Ok(None);
        }
        let mut piece = vec![0; usize::try_from(wanted).unwrap_or(usize::MAX)];
        let read = read_full(&self.file, &mut piece, self.at)
            .map_err(|errno| error("get", &self.key, errno))?;
        if (read as u64) < wanted {
            return Err(Error::temporary("get", &self.key, "the file was cut while it was read"));
        }
        self.at += wanted;
        Ok(Some(piece.into()))
    }
}

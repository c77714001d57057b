use std::collections::BTreeSet;
use std::io::{self, Read};

use syft_core::{Access, ContentHasher, DatasitePath, Disk, HomePath, is_temporary, safe_text};

use super::{Collected, OutputFile, OutputSink, SkippedOutput};
use crate::sandbox::Limits;
use crate::{Error, Result};

/// What is remembered of what was left.
const MOST_SKIPPED: usize = 1_000;

/// Keeps what a job produced in a folder of the home, without its modes. A box
/// hands on nothing that is beyond the limits or has a reserved name; here it would
/// be an error, whatever became of the box (`threats.md` X7, R11).
#[derive(Debug)]
pub struct OutputsCollector<'a> {
    limits: &'a Limits,
    disk: &'a dyn Disk,
    to: &'a HomePath,
    collected: Collected,
    bytes: u64,
    keys: BTreeSet<String>,
}

impl<'a> OutputsCollector<'a> {
    /// Keeps at most what these limits say below the folder `to`.
    #[must_use]
    pub fn new(limits: &'a Limits, disk: &'a dyn Disk, to: &'a HomePath) -> Self {
        let (collected, bytes, keys) = Default::default();
        OutputsCollector { limits, disk, to, collected, bytes, keys }
    }

    /// What was kept and what was left.
    #[must_use]
    pub fn finish(mut self) -> Collected {
        self.collected.files.sort_by(|a, b| a.path.cmp(&b.path));
        self.collected
    }
}

impl OutputSink for OutputsCollector<'_> {
    fn file(&mut self, path: DatasitePath, body: &mut dyn Read) -> Result<()> {
        let unasked = |why: &str| Err(Error::Box(format!("it handed on {path}, {why}")));
        if is_reserved(&path) {
            return unasked("whose name is reserved");
        }
        if !self.keys.insert(path.fold_key()) {
            return unasked("whose name it had used before");
        }
        if self.collected.files.len() as u64 >= self.limits.outputs_files {
            return unasked("which is one file too many");
        }
        let left = self.limits.outputs_bytes.saturating_sub(self.bytes);
        let mut body =
            Hashing { from: body.take(left.saturating_add(1)), hasher: ContentHasher::new() };
        let target = self.to.join(path.as_str())?;
        let size = match self.disk.write_from(&target, &mut body, Access::OwnerOnly) {
            Ok(size) => size,
            Err(error) if is_of_all(&error) => return Err(error.into()),
            // The others are kept.
            Err(error) => {
                let (path, reason) = (path.to_string(), error.to_string());
                return self.skipped(SkippedOutput { path, reason });
            }
        };
        if size > left {
            self.disk.remove_file(&target)?;
            return unasked("which is larger than all outputs may be");
        }
        self.bytes += size;
        self.collected.files.push(OutputFile { path, size, sha256: body.hasher.finish() });
        Ok(())
    }

    fn skipped(&mut self, skipped: SkippedOutput) -> Result<()> {
        if self.collected.skipped.len() < MOST_SKIPPED {
            let [path, reason] = [skipped.path, skipped.reason].map(|text| safe_text(&text));
            self.collected.skipped.push(SkippedOutput { path, reason });
        }
        Ok(())
    }
}

/// Whether no other file could be written either.
fn is_of_all(error: &syft_core::Error) -> bool {
    use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let syft_core::Error::Io { source, .. } = error else { return false };
    matches!(source.kind(), StorageFull | QuotaExceeded | ReadOnlyFilesystem | PermissionDenied)
}

/// Whether an output with this path would be something else than a file to whoever
/// gets it: permissions, or the state of a node or of a version control.
pub(crate) fn is_reserved(path: &DatasitePath) -> bool {
    path.components().any(|component| {
        matches!(component, ".syft" | ".git")
            || is_temporary(component)
            || DatasitePath::parse(component).is_ok_and(|component| component.is_permission_file())
    })
}

struct Hashing<R> {
    from: R,
    hasher: ContentHasher,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.from.read(buffer)?;
        self.hasher.update(buffer.get(..length).unwrap_or_default());
        Ok(length)
    }
}

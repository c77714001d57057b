use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, DatasitePath};

/// One file that a job produced and that was collected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputFile {
    /// Where it stood below the outputs folder, and where its copy stands below
    /// the folder it was collected into.
    pub path: DatasitePath,
    /// Bytes.
    pub size: u64,
    /// The hash of its bytes.
    pub sha256: ContentHash,
}

/// Something in the outputs folder that was left where it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedOutput {
    /// Its path below the outputs folder, made safe to show.
    pub path: String,
    /// Why it was not collected.
    pub reason: String,
}

/// What was found in an outputs folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collected {
    /// The files that were copied, in code-point order of their paths.
    pub files: Vec<OutputFile>,
    /// What was left, the first thousand.
    pub skipped: Vec<SkippedOutput>,
    /// Whether a limit on size or number was the reason for any of it.
    pub limit_hit: bool,
}

#[cfg(unix)]
pub use by_handle::collect_outputs;

/// Outputs are collected by handle, which only Unix has in this form.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn collect_outputs(
    _: &std::path::Path,
    _: &crate::sandbox::Limits,
    _: &dyn syft_core::Disk,
    _: &syft_core::HomePath,
) -> crate::Result<Collected> {
    Err(crate::Error::Box("outputs can be collected on Unix only".to_owned()))
}

#[cfg(unix)]
mod by_handle {
    use std::collections::BTreeSet;
    use std::fs::File;
    use std::io::{self, Read};
    use std::os::fd::OwnedFd;
    use std::path::Path;

    use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, fstat, openat, statat};
    use syft_core::{Access, ContentHasher, DatasitePath, Disk, HomePath, safe_text};

    use super::{Collected, OutputFile, SkippedOutput};
    use crate::sandbox::Limits;
    use crate::{Error, Result};

    const MOST_SKIPPED: usize = 1_000;
    const FOLDER: OFlags =
        OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
    /// `NONBLOCK`, so that not even a FIFO put there meanwhile keeps anybody waiting.
    const FILE: OFlags =
        OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

    /// Copies what a job produced into a folder of the home, after all its
    /// processes are dead: regular files only, opened by handle and never through
    /// a link, bounded in size and number, without their modes (`threats.md` X7).
    /// Permission files are left out (R11). What was left is reported, with the reason.
    ///
    /// # Errors
    /// [`Error::Box`] if the outputs folder itself cannot be read;
    /// [`Error::Core`] if the home cannot be written.
    pub fn collect_outputs(
        outputs_dir: &Path,
        limits: &Limits,
        disk: &dyn Disk,
        to: &HomePath,
    ) -> Result<Collected> {
        let root = openat(CWD, outputs_dir, FOLDER, Mode::empty()).map_err(|error| {
            Error::Box(format!("could not read {}: {error}", outputs_dir.display()))
        })?;
        let mut collector = Collector {
            limits,
            disk,
            to,
            collected: Collected::default(),
            bytes: 0,
            entries: 0,
            keys: BTreeSet::new(),
        };
        collector.folder(&root, "")?;
        collector.collected.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(collector.collected)
    }

    struct Collector<'a> {
        limits: &'a Limits,
        disk: &'a dyn Disk,
        to: &'a HomePath,
        collected: Collected,
        bytes: u64,
        entries: u64,
        keys: BTreeSet<String>,
    }

    impl Collector<'_> {
        /// Depth is bounded by the number of components of a path.
        fn folder(&mut self, folder: &OwnedFd, prefix: &str) -> Result<()> {
            let most_entries = self.limits.outputs_files.saturating_mul(2).saturating_add(1_000);
            for name in names(folder, most_entries) {
                let shown = format!("{prefix}{}", String::from_utf8_lossy(&name));
                self.entries += 1;
                if self.entries > most_entries {
                    self.collected.limit_hit = true;
                    self.skip(prefix, "there is more in it than is looked at");
                    return Ok(());
                }
                match self.entry(folder, prefix, &name) {
                    Ok(()) => {}
                    Err(Left::Because(reason)) => self.skip(&shown, &reason),
                    Err(Left::Limit(reason)) => {
                        self.collected.limit_hit = true;
                        self.skip(&shown, &reason);
                    }
                    Err(Left::Failed(error)) => return Err(error),
                }
            }
            Ok(())
        }

        fn entry(&mut self, folder: &OwnedFd, prefix: &str, name: &[u8]) -> Result<(), Left> {
            let text = std::str::from_utf8(name).map_err(|_| because("its name is not UTF-8"))?;
            let path = DatasitePath::parse(&format!("{prefix}{text}")).map_err(because)?;
            let component = DatasitePath::parse(text).map_err(because)?;
            if component.is_permission_file() || matches!(text, ".syft" | ".git") {
                return Err(because("its name is reserved"));
            }
            let found = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).map_err(because)?;
            let kind = FileType::from_raw_mode(found.st_mode);
            if matches!(kind, FileType::Directory | FileType::RegularFile)
                && !self.keys.insert(path.fold_key())
            {
                return Err(because("another output has the same name on some systems"));
            }
            match kind {
                FileType::Directory => {
                    let below = openat(folder, name, FOLDER, Mode::empty()).map_err(because)?;
                    self.folder(&below, &format!("{path}/")).map_err(Left::Failed)
                }
                FileType::RegularFile => self.file(folder, name, path),
                FileType::Symlink => Err(because("it is a symbolic link")),
                FileType::Fifo => Err(because("it is a FIFO")),
                FileType::Socket => Err(because("it is a socket")),
                _ => Err(because("it is a device")),
            }
        }

        fn file(&mut self, folder: &OwnedFd, name: &[u8], path: DatasitePath) -> Result<(), Left> {
            let handle = openat(folder, name, FILE, Mode::empty()).map_err(because)?;
            let found = fstat(&handle).map_err(because)?;
            if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
                return Err(because("it is no regular file"));
            }
            if found.st_nlink > 1 {
                return Err(because("it is a hard link: it has another name elsewhere"));
            }
            let size = u64::try_from(found.st_size).unwrap_or(0);
            if self.bytes.saturating_add(size) > self.limits.outputs_bytes {
                let most = self.limits.outputs_bytes;
                return Err(Left::Limit(format!("with it the outputs would pass {most} bytes")));
            }
            if self.collected.files.len() as u64 >= self.limits.outputs_files {
                let most = self.limits.outputs_files;
                return Err(Left::Limit(format!("there are more than {most} files")));
            }
            let target = self.to.join(path.as_str()).map_err(failed)?;
            let mut body =
                Hashing { from: File::from(handle).take(size), hasher: ContentHasher::new() };
            let size =
                self.disk.write_from(&target, &mut body, Access::OwnerOnly).map_err(failed)?;
            self.bytes += size;
            self.collected.files.push(OutputFile { path, size, sha256: body.hasher.finish() });
            Ok(())
        }

        fn skip(&mut self, path: &str, reason: &str) {
            if self.collected.skipped.len() < MOST_SKIPPED {
                let path = safe_text(path);
                self.collected.skipped.push(SkippedOutput { path, reason: reason.to_owned() });
            }
        }
    }

    /// The names in a folder, in byte order; somewhat more than `most` at most.
    fn names(folder: &OwnedFd, most: u64) -> Vec<Vec<u8>> {
        let most = usize::try_from(most).unwrap_or(usize::MAX).saturating_add(3);
        let entries = Dir::read_from(folder).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().to_bytes().to_vec());
        let mut names: Vec<_> =
            names.take(most).filter(|name| name != b"." && name != b"..").collect();
        names.sort();
        names
    }

    /// Why an entry was not collected.
    enum Left {
        Because(String),
        Limit(String),
        Failed(Error),
    }

    fn because(reason: impl ToString) -> Left {
        Left::Because(reason.to_string())
    }

    fn failed(error: syft_core::Error) -> Left {
        Left::Failed(Error::Core(error))
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
}

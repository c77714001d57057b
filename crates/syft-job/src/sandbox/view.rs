use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{BoxedJob, Network};
use crate::warden::system;

/// The private temporary folder as a job sees it.
pub(crate) const TMP: &str = "/tmp";
/// The working copy as the warden sees it, which copies it to where the job works;
/// the job does not see it.
pub(crate) const WORK: &str = "/.work";
/// Room in a folder in memory above its limit, in which the warden sees that the
/// limit was passed and says so, before the folder is full.
const SLACK: u64 = 128 * 1024 * 1024;
/// The most that a kernel takes for the size of a file system.
const MOST_BYTES: u64 = u64::MAX >> 1;
/// Files in a folder in memory; the warden does not look at more.
const MOST_FILES: u64 = 250_000;

/// What is to be seen inside of namespaces beside the system.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct View {
    /// What stands outside, read-only.
    pub(crate) shown: Vec<Shown>,
    /// Folders in which nothing is but what of `shown` lies there; read-only.
    pub(crate) emptied: Vec<OsString>,
    /// Folders that are there for this job alone: in memory, and empty at first.
    pub(crate) fresh: Vec<Fresh>,
    /// A folder outside for copies of what the user of the job could not read.
    pub(crate) copies: OsString,
    pub(crate) network: Network,
}

/// A file or a folder with all that is in it; what is not there is not shown.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Shown {
    /// Its path outside.
    pub(crate) from: OsString,
    /// Its path inside.
    pub(crate) to: OsString,
}

/// A folder in memory.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Fresh {
    pub(crate) path: OsString,
    /// The most that it may hold.
    pub(crate) bytes: u64,
    /// The most files in it, where whoever makes it can tell the kernel.
    pub(crate) files: u64,
}

impl View {
    /// The system, and nothing else.
    pub(crate) fn of_nothing() -> Self {
        View {
            shown: Vec::new(),
            emptied: Vec::new(),
            fresh: vec![Fresh::new(TMP.into(), 0)],
            copies: OsString::new(),
            network: Network::Closed,
        }
    }

    /// What stands in a listable folder is to be seen as a whole: what may be read
    /// of it, the warden decides, as it does without namespaces. It cannot below the
    /// temporary folder, where the job may read all that is: there only what is
    /// granted is to be seen. Nothing outside is writable.
    pub(crate) fn of(job: &BoxedJob) -> Self {
        let listable = job.listable.iter().map(PathBuf::as_path);
        let (emptied, whole): (Vec<&Path>, Vec<&Path>) =
            listable.partition(|folder| folder.starts_with(TMP));
        let readable = job.readable.iter().chain(&job.programs).map(PathBuf::as_path);
        let alone = readable.filter(|path| !whole.iter().any(|folder| path.starts_with(folder)));
        let mut shown: Vec<&Path> = whole.iter().copied().chain(alone).collect();
        // What lies in another comes after it.
        shown.sort();
        shown.dedup();
        let mut shown: Vec<Shown> = shown.into_iter().map(Shown::in_place).collect();
        shown.push(Shown { from: job.work_dir.clone().into(), to: WORK.into() });
        let limits = &job.limits;
        View {
            shown,
            emptied: emptied.into_iter().map(OsString::from).collect(),
            fresh: vec![
                Fresh::new(TMP.into(), limits.scratch_bytes),
                Fresh::new(job.work_dir.clone(), limits.scratch_bytes),
                Fresh::new(job.outputs_dir.clone(), limits.outputs_bytes),
            ],
            copies: job.tmp_dir.clone().into(),
            network: job.network,
        }
    }

    /// The links that are made among the devices: not where a folder is needed for
    /// what is to be seen below it.
    pub(crate) fn device_links(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let fresh = self.fresh.iter().map(|fresh| &fresh.path);
        let places = self.shown.iter().map(|shown| &shown.to).chain(&self.emptied).chain(fresh);
        let places: Vec<&Path> = places.map(Path::new).collect();
        let is_free = move |link: &str| !places.iter().any(|place| place.starts_with(link));
        system::DEVICE_LINKS.into_iter().filter(move |(link, _)| is_free(link))
    }

    /// The folders and files outside of which something is seen.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Path> {
        self.shown.iter().map(|shown| Path::new(&shown.from))
    }
}

impl Shown {
    fn in_place(path: &Path) -> Self {
        Shown { from: path.into(), to: path.into() }
    }
}

impl Fresh {
    fn new(path: PathBuf, limit: u64) -> Self {
        let bytes = limit.saturating_add(SLACK).min(MOST_BYTES);
        Fresh { path: path.into(), bytes, files: MOST_FILES }
    }
}

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{Access, Disk, Entry, Error, HomePath, Metadata, Result};

/// A disk that fails when it is told to, and counts what is asked of it.
///
/// Mutating calls are `write_from`, `create_new`, `append`, `create_dir_all`,
/// `rename`, `remove_file` and `remove_dir_all`.
#[derive(Debug)]
pub struct FaultyDisk {
    inner: Arc<dyn Disk>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// Mutating calls that still succeed before the next fault.
    fault: Option<(u64, Fault)>,
    is_down: bool,
    /// A file that cannot be read.
    unreadable: Option<(HomePath, io::ErrorKind)>,
    /// What somebody else writes into a file as soon as it was read.
    overwritten: Option<(HomePath, Vec<u8>)>,
    counts: Counts,
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    /// The call fails without an effect.
    Fail(io::ErrorKind),
    /// This call and all later ones fail; an append leaves half of its bytes.
    Crash,
}

/// What was asked of a [`FaultyDisk`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls by name of the method, failed ones too.
    pub calls: BTreeMap<&'static str, u64>,
    /// How often each file was opened to be read, failed calls too.
    pub reads: BTreeMap<HomePath, u64>,
    /// How often each folder was listed.
    pub lists: BTreeMap<HomePath, u64>,
    /// Mutating calls that were let through.
    pub mutations: u64,
    /// Bytes handed out.
    pub bytes_read: u64,
    /// Bytes taken.
    pub bytes_written: u64,
}

impl FaultyDisk {
    /// A disk that works until it is told otherwise.
    #[must_use]
    pub fn new(inner: Arc<dyn Disk>) -> Self {
        FaultyDisk { inner, state: Arc::default() }
    }

    /// After `successes` more mutating calls the next one fails without an
    /// effect, once; `StorageFull` is a full disk.
    pub fn fail_after(&self, successes: u64, kind: io::ErrorKind) {
        self.lock().fault = Some((successes, Fault::Fail(kind)));
    }

    /// After `successes` more mutating calls the machine is down: every further
    /// call fails. If it goes down in an append, half of the bytes are there.
    pub fn crash_after(&self, successes: u64) {
        self.lock().fault = Some((successes, Fault::Crash));
    }

    /// Every read of this file fails from now on.
    pub fn fail_reads_of(&self, path: HomePath, kind: io::ErrorKind) {
        self.lock().unreadable = Some((path, kind));
    }

    /// Once this file is read, somebody else writes something else into it.
    pub fn overwrite_after_read(&self, path: HomePath, bytes: &[u8]) {
        self.lock().overwritten = Some((path, bytes.to_vec()));
    }

    /// Whether it has crashed.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.lock().is_down
    }

    /// Everything works again, and no fault is planned.
    pub fn repair(&self) {
        let mut state = self.lock();
        state.is_down = false;
        (state.fault, state.unreadable, state.overwritten) = (None, None, None);
    }

    /// What was asked so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.lock().counts.clone()
    }

    /// Counts from zero again.
    pub fn reset_counts(&self) {
        self.lock().counts = Counts::default();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self, call: &'static str, path: &HomePath) -> Result<()> {
        let mut state = self.lock();
        *state.counts.calls.entry(call).or_default() += 1;
        match call {
            "read" | "open" => *state.counts.reads.entry(path.clone()).or_default() += 1,
            "list" => *state.counts.lists.entry(path.clone()).or_default() += 1,
            _ => {}
        }
        if state.is_down {
            return Err(down(call, path));
        }
        match &state.unreadable {
            Some((file, kind)) if matches!(call, "read" | "open") && file == path => {
                Err(failed(call, path, (*kind).into()))
            }
            _ => Ok(()),
        }
    }

    /// Whether a mutating call may go ahead; `torn` leaves what a crash leaves.
    fn change(&self, call: &'static str, path: &HomePath, torn: impl FnOnce()) -> Result<()> {
        self.look(call, path)?;
        let mut state = self.lock();
        match state.fault {
            Some((0, Fault::Fail(kind))) => {
                state.fault = None;
                Err(failed(call, path, kind.into()))
            }
            Some((0, Fault::Crash)) => {
                state.is_down = true;
                torn();
                Err(down(call, path))
            }
            planned => {
                state.fault = planned.map(|(left, fault)| (left.saturating_sub(1), fault));
                state.counts.mutations += 1;
                Ok(())
            }
        }
    }

    fn wrote(&self, bytes: u64) {
        self.lock().counts.bytes_written += bytes;
    }
}

fn failed(action: &'static str, path: &HomePath, source: io::Error) -> Error {
    Error::Io { action, path: path.to_string(), source }
}

fn down(action: &'static str, path: &HomePath) -> Error {
    failed(action, path, io::Error::other("the machine is down"))
}

impl Disk for FaultyDisk {
    fn read(&self, path: &HomePath, limit: u64) -> Result<Vec<u8>> {
        self.look("read", path)?;
        let bytes = self.inner.read(path, limit)?;
        let mut state = self.lock();
        state.counts.bytes_read += bytes.len() as u64;
        if let Some((_, other)) = state.overwritten.take_if(|(file, _)| file == path) {
            self.inner.write(path, &other, Access::Shared)?;
        }
        Ok(bytes)
    }

    fn open(&self, path: &HomePath) -> Result<Box<dyn Read + Send>> {
        self.look("open", path)?;
        let body = self.inner.open(path)?;
        Ok(Box::new(Counting { body, state: Arc::clone(&self.state) }))
    }

    fn write_from(&self, path: &HomePath, body: &mut dyn Read, access: Access) -> Result<u64> {
        self.change("write_from", path, || ())?;
        let written = self.inner.write_from(path, body, access)?;
        self.wrote(written);
        Ok(written)
    }

    fn create_new(&self, path: &HomePath, bytes: &[u8], access: Access) -> Result<bool> {
        self.change("create_new", path, || ())?;
        let created = self.inner.create_new(path, bytes, access)?;
        self.wrote(if created { bytes.len() as u64 } else { 0 });
        Ok(created)
    }

    fn append(&self, path: &HomePath, bytes: &[u8]) -> Result<()> {
        self.change("append", path, || {
            let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
            // If even that fails the crash came a little earlier.
            let _ = self.inner.append(path, half);
        })?;
        self.inner.append(path, bytes)?;
        self.wrote(bytes.len() as u64);
        Ok(())
    }

    fn metadata(&self, path: &HomePath) -> Result<Option<Metadata>> {
        self.look("metadata", path)?;
        self.inner.metadata(path)
    }

    fn list(&self, folder: &HomePath) -> Result<Vec<Entry>> {
        self.look("list", folder)?;
        self.inner.list(folder)
    }

    fn create_dir_all(&self, folder: &HomePath, access: Access) -> Result<()> {
        self.change("create_dir_all", folder, || ())?;
        self.inner.create_dir_all(folder, access)
    }

    fn rename(&self, from: &HomePath, to: &HomePath) -> Result<()> {
        self.change("rename", from, || ())?;
        self.inner.rename(from, to)
    }

    fn remove_file(&self, path: &HomePath) -> Result<()> {
        self.change("remove_file", path, || ())?;
        self.inner.remove_file(path)
    }

    fn remove_dir_all(&self, folder: &HomePath) -> Result<()> {
        self.change("remove_dir_all", folder, || ())?;
        self.inner.remove_dir_all(folder)
    }

    fn unfinished(&self, folder: &HomePath, before_ns: i64, remove: bool) -> Result<u64> {
        if remove {
            self.change("unfinished", folder, || ())?;
        }
        self.inner.unfinished(folder, before_ns, remove)
    }

    fn real_path(&self, path: &HomePath) -> PathBuf {
        self.inner.real_path(path)
    }
}

struct Counting {
    body: Box<dyn Read + Send>,
    state: Arc<Mutex<State>>,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.body.read(buffer)?;
        self.state.lock().unwrap_or_else(PoisonError::into_inner).counts.bytes_read += read as u64;
        Ok(read)
    }
}

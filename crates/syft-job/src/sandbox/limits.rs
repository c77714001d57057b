use std::time::Duration;

use serde::{Deserialize, Serialize};

const MIB: u64 = 1024 * 1024;

/// What a job may use at most (`threats.md` X6). Part of what an approval binds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Time by the clock, from start to end; then everything is killed. At most
    /// [`Limits::LONGEST_WALL`] is kept.
    #[serde(with = "seconds")]
    pub wall: Duration,
    /// Processor seconds of all its processes together.
    pub cpu_seconds: u64,
    /// Bytes of address space of one process, and of resident memory of all its
    /// processes together.
    pub memory_bytes: u64,
    /// Processes and threads alive at the same time.
    pub processes: u64,
    /// Files that one process has open at the same time.
    pub open_files: u64,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes on disk in its working copy and its temporary folder together,
    /// beyond what stood there at the start, with files that it deleted and still
    /// holds open. What cannot be counted is too much; so it is for the outputs.
    pub scratch_bytes: u64,
    /// Bytes in its outputs folder, all files together.
    pub outputs_bytes: u64,
    /// Files in its outputs folder.
    pub outputs_files: u64,
    /// Bytes kept of each of its two logs, the first half from the beginning and
    /// the second from the end.
    pub log_bytes: u64,
}

impl Limits {
    /// The longest time by the clock, 30 days, that any job gets: a longer
    /// [`wall`](Limits::wall) is kept as this one.
    pub const LONGEST_WALL: Duration = Duration::from_secs(30 * 24 * 60 * 60);

    /// What a person who decides is told: time, memory, processes and outputs, and
    /// of the others those that are not the default.
    #[must_use]
    pub fn in_words(&self) -> Vec<String> {
        let usual = Limits::default();
        let told = |is: u64, usual: u64, words: String| (is != usual).then_some(words);
        let mut words = vec![
            format!("{} s", self.wall.as_secs()),
            format!("{} memory", size(self.memory_bytes)),
            format!("{} processes", self.processes),
            format!("{} of outputs", size(self.outputs_bytes)),
        ];
        let (cpu, open, files) = (self.cpu_seconds, self.open_files, self.outputs_files);
        let (one, scratch, log) = (self.file_bytes, self.scratch_bytes, self.log_bytes);
        let others = [
            told(cpu, usual.cpu_seconds, format!("{cpu} s of processor time")),
            told(open, usual.open_files, format!("{open} open files")),
            told(one, usual.file_bytes, format!("{} in one file", size(one))),
            told(scratch, usual.scratch_bytes, format!("{} of scratch space", size(scratch))),
            told(files, usual.outputs_files, format!("{files} outputs")),
            told(log, usual.log_bytes, format!("{} of each log", size(log))),
        ];
        words.extend(others.into_iter().flatten());
        words
    }

    /// Of each, the smaller one of two.
    #[must_use]
    pub fn least(&self, other: &Limits) -> Limits {
        Limits {
            wall: self.wall.min(other.wall),
            cpu_seconds: self.cpu_seconds.min(other.cpu_seconds),
            memory_bytes: self.memory_bytes.min(other.memory_bytes),
            processes: self.processes.min(other.processes),
            open_files: self.open_files.min(other.open_files),
            file_bytes: self.file_bytes.min(other.file_bytes),
            scratch_bytes: self.scratch_bytes.min(other.scratch_bytes),
            outputs_bytes: self.outputs_bytes.min(other.outputs_bytes),
            outputs_files: self.outputs_files.min(other.outputs_files),
            log_bytes: self.log_bytes.min(other.log_bytes),
        }
    }

    /// The time by the clock that a box keeps.
    pub(crate) fn wall_kept(&self) -> Duration {
        self.wall.min(Limits::LONGEST_WALL)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            wall: Duration::from_secs(300),
            cpu_seconds: 600,
            memory_bytes: 4096 * MIB,
            processes: 256,
            open_files: 1024,
            file_bytes: 1024 * MIB,
            scratch_bytes: 1024 * MIB,
            outputs_bytes: 256 * MIB,
            outputs_files: 10_000,
            log_bytes: 16 * MIB,
        }
    }
}

/// Exactly: whole MiB, or bytes.
fn size(bytes: u64) -> String {
    match bytes.is_multiple_of(MIB) {
        true => format!("{} MiB", bytes / MIB),
        false => format!("{bytes} bytes"),
    }
}

/// A duration as a number of seconds, so that the limits read well in a receipt
/// and have one canonical form in a digest.
mod seconds {
    use std::time::Duration;

    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        if value.subsec_nanos() == 0 {
            to.serialize_u64(value.as_secs())
        } else {
            to.serialize_f64(value.as_secs_f64())
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        Duration::try_from_secs_f64(f64::deserialize(from)?).map_err(D::Error::custom)
    }
}

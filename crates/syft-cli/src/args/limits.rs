use std::fmt;
use std::time::Duration;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use syft_sync::job::sandbox::{LimitHit, LimitKind, Limits};

use super::values::{Size, processor_seconds, wall};

/// What a job may use at most, where it is not the usual.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Limits of the job")]
pub(crate) struct LimitArgs {
    /// Time by the clock, as 90s, 30m, 8h or 2d; at most 30 days [default: 300s]
    #[arg(long, value_name = "D", value_parser = wall)]
    wall: Option<Duration>,
    /// Processor time of all its processes together [default: 600s]
    #[arg(long, value_name = "D", value_parser = processor_seconds)]
    cpu: Option<u64>,
    /// Memory, as 512MiB, 2GiB or 500MB [default: 4GiB]
    #[arg(long, value_name = "SIZE")]
    memory: Option<Size>,
    /// Processes and threads at the same time [default: 256]
    #[arg(long, value_name = "N", value_parser = number())]
    processes: Option<u64>,
    /// Open files of one process [default: 1024]
    #[arg(long, value_name = "N", value_parser = number())]
    open_files: Option<u64>,
    /// The size of one file [default: 1GiB]
    #[arg(long, value_name = "SIZE")]
    file_size: Option<Size>,
    /// Disk that it uses besides its outputs [default: 1GiB]
    #[arg(long, value_name = "SIZE")]
    scratch: Option<Size>,
    /// All its outputs together [default: 256MiB]
    #[arg(long, value_name = "SIZE")]
    outputs_size: Option<Size>,
    /// The number of its outputs [default: 10000]
    #[arg(long, value_name = "N", value_parser = number())]
    outputs_files: Option<u64>,
    /// What is kept of each of its two logs [default: 16MiB]
    #[arg(long, value_name = "SIZE")]
    log_size: Option<Size>,
}

/// So many processes or files that no system has more.
fn number() -> RangedU64ValueParser {
    RangedU64ValueParser::new().range(1..=1_000_000_000)
}

impl LimitArgs {
    /// These limits, with what was said in the place of theirs.
    pub(crate) fn over(&self, usual: Limits) -> Limits {
        let size = |said: Option<Size>, usual| said.map_or(usual, |size| size.0);
        Limits {
            wall: self.wall.unwrap_or(usual.wall),
            cpu_seconds: self.cpu.unwrap_or(usual.cpu_seconds),
            memory_bytes: size(self.memory, usual.memory_bytes),
            processes: self.processes.unwrap_or(usual.processes),
            open_files: self.open_files.unwrap_or(usual.open_files),
            file_bytes: size(self.file_size, usual.file_bytes),
            scratch_bytes: size(self.scratch, usual.scratch_bytes),
            outputs_bytes: size(self.outputs_size, usual.outputs_bytes),
            outputs_files: self.outputs_files.unwrap_or(usual.outputs_files),
            log_bytes: size(self.log_size, usual.log_bytes),
        }
    }

    /// What is to be said for these limits where others are usual.
    pub(crate) fn between(usual: &Limits, limits: &Limits) -> LimitArgs {
        fn other<T: PartialEq>(usual: T, wanted: T) -> Option<T> {
            (usual != wanted).then_some(wanted)
        }
        let size = |usual, wanted| other(usual, wanted).map(Size);
        LimitArgs {
            wall: other(usual.wall, limits.wall),
            cpu: other(usual.cpu_seconds, limits.cpu_seconds),
            memory: size(usual.memory_bytes, limits.memory_bytes),
            processes: other(usual.processes, limits.processes),
            open_files: other(usual.open_files, limits.open_files),
            file_size: size(usual.file_bytes, limits.file_bytes),
            scratch: size(usual.scratch_bytes, limits.scratch_bytes),
            outputs_size: size(usual.outputs_bytes, limits.outputs_bytes),
            outputs_files: other(usual.outputs_files, limits.outputs_files),
            log_size: size(usual.log_bytes, limits.log_bytes),
        }
    }

    /// What is to be said so that a job that reached these limits has twice as much.
    pub(crate) fn twice(usual: &Limits, had: &Limits, hits: &[LimitHit]) -> LimitArgs {
        let double = |limit: &mut u64| *limit = limit.saturating_mul(2);
        let mut limits = had.clone();
        for hit in hits {
            match hit.limit {
                LimitKind::Wall => limits.wall = (limits.wall * 2).min(Limits::LONGEST_WALL),
                LimitKind::Cpu => double(&mut limits.cpu_seconds),
                LimitKind::Memory => double(&mut limits.memory_bytes),
                LimitKind::Processes => double(&mut limits.processes),
                LimitKind::OpenFiles => double(&mut limits.open_files),
                LimitKind::FileSize => double(&mut limits.file_bytes),
                LimitKind::Scratch => double(&mut limits.scratch_bytes),
                LimitKind::Outputs => {
                    double(&mut limits.outputs_bytes);
                    double(&mut limits.outputs_files);
                }
                LimitKind::Log => double(&mut limits.log_bytes),
                // Of nothing, twice as much is nothing.
                LimitKind::Network => {}
            }
        }
        LimitArgs::between(usual, &limits)
    }
}

/// As it is typed, each option behind a blank.
impl fmt::Display for LimitArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut option = |name: &str, value: Option<String>| match value {
            Some(value) => write!(f, " --{name} {value}"),
            None => Ok(()),
        };
        let number = |number: Option<u64>| number.map(|number| number.to_string());
        let size = |size: Option<Size>| size.map(|size| size.to_string());
        option("wall", self.wall.map(|wall| format!("{}s", wall.as_secs())))?;
        option("cpu", self.cpu.map(|seconds| format!("{seconds}s")))?;
        option("memory", size(self.memory))?;
        option("processes", number(self.processes))?;
        option("open-files", number(self.open_files))?;
        option("file-size", size(self.file_size))?;
        option("scratch", size(self.scratch))?;
        option("outputs-size", size(self.outputs_size))?;
        option("outputs-files", number(self.outputs_files))?;
        option("log-size", size(self.log_size))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Only {
        #[command(flatten)]
        limits: LimitArgs,
    }

    fn read(line: &str) -> Result<LimitArgs, clap::Error> {
        let words = std::iter::once("syft").chain(line.split_whitespace());
        Only::try_parse_from(words).map(|only| only.limits)
    }

    const ALL: &str = " --wall 90s --cpu 3600s --memory 8GiB --processes 12 --open-files 34 \
                       --file-size 3MiB --scratch 500000000 --outputs-size 7TiB \
                       --outputs-files 56 --log-size 1KiB";

    #[test]
    fn what_is_said_is_what_is_bound_and_can_be_said_again() {
        let said = read(ALL).unwrap();
        assert_eq!(said.to_string(), ALL);
        let limits = said.over(Limits::default());
        assert_eq!(limits.wall, Duration::from_secs(90));
        assert_eq!((limits.cpu_seconds, limits.memory_bytes), (3_600, 8 << 30));
        assert_eq!((limits.processes, limits.open_files), (12, 34));
        assert_eq!((limits.file_bytes, limits.scratch_bytes), (3 << 20, 500_000_000));
        assert_eq!((limits.outputs_bytes, limits.outputs_files), (7 << 40, 56));
        assert_eq!(limits.log_bytes, 1_024);
        assert_eq!(LimitArgs::between(&Limits::default(), &limits), said);
        let nothing = LimitArgs::default();
        assert_eq!(read("").unwrap(), nothing);
        assert_eq!(nothing.over(limits.clone()), limits);
        assert_eq!(nothing.to_string(), "");
    }

    #[test]
    fn what_a_job_reached_is_doubled_and_what_it_had_stays() {
        let usual = Limits::default();
        let had = Limits { open_files: 99, ..usual.clone() };
        let hit = |limit| LimitHit { limit, detail: String::new() };
        let twice = LimitArgs::twice(&usual, &had, &[hit(LimitKind::Memory), hit(LimitKind::Wall)]);
        assert_eq!(twice.to_string(), " --wall 600s --memory 8GiB --open-files 99");
        let twice = LimitArgs::twice(&usual, &usual, &[hit(LimitKind::Outputs)]);
        assert_eq!(twice.to_string(), " --outputs-size 512MiB --outputs-files 20000");
        let longest = Limits { wall: Limits::LONGEST_WALL, ..usual };
        let twice = LimitArgs::twice(&longest, &longest, &[hit(LimitKind::Wall)]);
        assert_eq!(twice, LimitArgs::default(), "nothing runs longer");
    }

    #[test]
    fn x6_what_is_no_limit_is_refused() {
        for bad in
            ["--wall 0", "--wall 31d", "--cpu 0", "--processes 0", "--memory 0", "--memory 2PiB"]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}

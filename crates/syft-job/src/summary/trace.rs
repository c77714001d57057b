use std::collections::BTreeMap;

use super::columns::missing_column;
use super::names::told_class;
use super::{ErrorSummary, FailedRun};

/// So much of the end of a log is looked at, in bytes.
const LOOKED_AT: usize = 256 * 1024;
/// The folder that a job works in, below which Python names its files.
const WORK: &str = "work";
const HEADER: &str = "Traceback (most recent call last):";

/// A place in a file of the job.
#[derive(Debug, Clone, Copy)]
pub(super) struct OwnLine<'a> {
    pub(super) file: &'a str,
    pub(super) line: u32,
}

/// The last error that a log tells of, reduced to what may be told.
#[derive(Debug, Default)]
pub(super) struct LastError<'a> {
    pub(super) exception: Option<String>,
    pub(super) place: Option<OwnLine<'a>>,
    pub(super) column: Option<&'a str>,
}

/// Finds the last traceback of Python, or complaint of bash. The job may have printed
/// whatever it likes: a line may point anywhere, but to nothing that was not sent.
pub(super) fn last_error<'a>(run: &FailedRun<'a>) -> LastError<'a> {
    let start = run.stderr.len().saturating_sub(LOOKED_AT);
    let log = String::from_utf8_lossy(run.stderr.get(start..).unwrap_or_default());
    let own = OwnFiles::new(run.files);
    let mut last = LastError::default();
    let mut frames: Option<Option<OwnLine<'a>>> = None;
    for line in log.lines().map(outside_group) {
        if line.ends_with(HEADER) {
            frames = Some(None);
        } else if let Some((path, number)) = frame(line) {
            let deepest = frames.flatten();
            frames = Some(own.line_of_python(path, number).or(deepest));
        } else if let Some(place) = frames
            && is_end(line)
        {
            let (name, message) = line.split_once(':').unwrap_or((line, ""));
            let exception = told_class(name, run.files);
            let column = missing_column(exception, message, run.columns);
            let exception = exception.unwrap_or(ErrorSummary::OTHER_CLASS).to_owned();
            last = LastError { exception: Some(exception), place, column };
            frames = None;
        } else if frames.is_none()
            && let Some((path, number)) = complaint(line)
            && let Some(place) = own.line(path, number)
        {
            last = LastError { place: Some(place), ..LastError::default() };
        }
    }
    last
}

/// A line of a group of exceptions without the rule at its side.
fn outside_group(line: &str) -> &str {
    let rest = line.trim_start();
    rest.strip_prefix("| ").unwrap_or(line)
}

/// `  File "code/main.py", line 3, in main`
fn frame(line: &str) -> Option<(&str, u32)> {
    let rest = line.strip_prefix("  ")?.trim_start().strip_prefix("File \"")?;
    let (path, rest) = rest.rsplit_once("\", line ")?;
    Some((path, leading_number(rest)?))
}

/// `run.sh: line 3: syntax error`
fn complaint(line: &str) -> Option<(&str, u32)> {
    let (path, rest) = line.split_once(": line ")?;
    let (number, _) = rest.split_once(':')?;
    Some((path, number.parse().ok()?))
}

/// The first line below the frames that is not indented says what happened.
fn is_end(line: &str) -> bool {
    line.chars().next().is_some_and(|first| !first.is_whitespace())
}

fn leading_number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

/// The files of the job, with how many lines each has.
struct OwnFiles<'a> {
    lines: BTreeMap<&'a str, usize>,
}

impl<'a> OwnFiles<'a> {
    fn new(files: &'a BTreeMap<String, Vec<u8>>) -> Self {
        let count = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').count();
        let lines = files.iter().map(|(path, bytes)| (path.as_str(), count(bytes)));
        OwnFiles { lines: lines.collect() }
    }

    /// The same, of a path as Python names it: as it was started, or from the root.
    fn line_of_python(&self, path: &str, line: u32) -> Option<OwnLine<'a>> {
        let work = format!("/{WORK}/");
        let below = path.match_indices(&work).filter_map(|(at, _)| path.get(at + work.len()..));
        std::iter::once(path).chain(below).find_map(|path| self.line(path, line))
    }

    /// This line, if there is such a one.
    fn line(&self, path: &str, line: u32) -> Option<OwnLine<'a>> {
        let path = path.strip_prefix("./").unwrap_or(path);
        let (file, lines) = self.lines.get_key_value(path)?;
        let there = usize::try_from(line).is_ok_and(|line| (1..=*lines).contains(&line));
        there.then_some(OwnLine { file, line })
    }
}

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// What went one way: which object, how many bytes, and their hash.
type Went = (String, String, u64, String);

/// What a store was really handed and what really came from it, by home, as the program
/// was made to write it down beside its own log.
#[derive(Debug, Default)]
pub(crate) struct Record(BTreeMap<PathBuf, Vec<Went>>);

/// A line of the record.
#[derive(Debug, Deserialize)]
struct Line {
    home: PathBuf,
    wire: String,
    object: String,
    #[serde(default)]
    bytes: u64,
    #[serde(default)]
    sha256: String,
}

/// What the log tells, as `syft audit traffic --json` prints it.
#[derive(Debug, Deserialize)]
pub(crate) struct Traffic {
    entries: Vec<Transfer>,
}

#[derive(Debug, Deserialize)]
struct Transfer {
    direction: String,
    object: String,
    bytes: u64,
    sha256: String,
}

impl Record {
    /// The lines of a file; there is none where nothing went.
    pub(crate) fn read(file: &Path) -> Self {
        let mut record = Record::default();
        for line in std::fs::read_to_string(file).unwrap_or_default().lines() {
            let Line { home, wire, object, bytes, sha256 } =
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            let way = match wire.as_str() {
                "put" => "out",
                "got" => "in",
                _ => continue,
            };
            // However it was typed.
            let home = home.canonicalize().unwrap_or(home);
            record.0.entry(home).or_default().push((way.to_owned(), object, bytes, sha256));
        }
        record
    }

    /// The homes that exchanged anything.
    pub(crate) fn homes(&self) -> impl Iterator<Item = &Path> {
        self.0.keys().map(PathBuf::as_path)
    }

    /// Holds what the log of a home tells of its traffic against what is known of it here:
    /// everything that left, each time that it left, and everything that came, once.
    ///
    /// # Panics
    /// If they are not the same.
    pub(crate) fn check(&self, home: &Path, traffic: Traffic) {
        let told = traffic.entries.into_iter();
        let told = counted(told.map(|it| (it.direction, it.object, it.bytes, it.sha256)));
        let seen = counted(self.0.get(home).into_iter().flatten().cloned());
        let all = told.iter().chain(&seen);
        let differ: Vec<_> = all.filter(|(it, _)| told.get(*it) != seen.get(*it)).collect();
        let (home, told, seen) = (home.display(), told.len(), seen.len());
        assert!(
            differ.is_empty(),
            "{home}: {told} things told, {seen} seen; not both: {differ:#?}"
        );
    }
}

/// How often each thing went; what came again counts once.
fn counted(went: impl Iterator<Item = Went>) -> BTreeMap<Went, usize> {
    let mut counts = BTreeMap::new();
    for it in went {
        let came = it.0 == "in";
        let count = counts.entry(it).or_default();
        *count = if came { 1 } else { *count + 1 };
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: &str = "/nowhere/alice";

    fn record(lines: &[&str]) -> Record {
        let file = tempfile::NamedTempFile::new().unwrap();
        let line = |it: &&str| format!("{{\"home\":\"{HOME}\",{it}}}\n");
        std::fs::write(file.path(), lines.iter().map(line).collect::<String>()).unwrap();
        Record::read(file.path())
    }

    fn traffic(entries: &[&str]) -> Traffic {
        let entries = entries.iter().map(|it| format!("{{{it}}}")).collect::<Vec<_>>().join(",");
        serde_json::from_str(&format!("{{\"entries\":[{entries}]}}")).unwrap()
    }

    const PUT: &str = r#""wire":"put","object":"a","bytes":1,"sha256":"x""#;
    const GOT: &str = r#""wire":"got","object":"a","bytes":1,"sha256":"x""#;
    const GONE: &str = r#""wire":"deleted","object":"a""#;
    const OUT: &str = r#""direction":"out","object":"a","bytes":1,"sha256":"x""#;
    const IN: &str = r#""direction":"in","object":"a","bytes":1,"sha256":"x""#;

    #[test]
    fn what_came_again_is_told_once_and_what_left_again_each_time() {
        let record = record(&[PUT, GOT, GONE, PUT, GOT]);
        assert_eq!(record.homes().collect::<Vec<_>>(), [Path::new(HOME)]);
        record.check(Path::new(HOME), traffic(&[OUT, IN, OUT]));
    }

    #[test]
    #[should_panic(expected = "1 things told, 1 seen; not both")]
    fn what_left_again_and_is_not_told_shows() {
        record(&[PUT, PUT]).check(Path::new(HOME), traffic(&[OUT]));
    }

    #[test]
    #[should_panic(expected = "2 things told, 1 seen; not both")]
    fn what_is_told_and_never_went_shows() {
        record(&[PUT]).check(Path::new(HOME), traffic(&[OUT, IN]));
    }
}

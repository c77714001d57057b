//! Asks both permission engines the same questions about the same generated trees.

mod compare;
mod differences;
mod draw;
mod yaml;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize, Serializer};
use syft_perm::Level;

use crate::dice::Dice;
use crate::python::Python;
use differences::Difference;

/// Questions about one tree.
const QUESTIONS_PER_TREE: usize = 24;
/// Failures that are shown; all are counted.
const SHOWN: usize = 5;

/// Permission files, and what is asked about them.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Case {
    owner: String,
    /// Path and text.
    files: Vec<(String, String)>,
    /// Folders that exist beside those of the files.
    folders: Vec<String>,
    questions: Vec<Question>,
}

/// Path, user and level.
#[derive(Debug, Clone, Serialize)]
struct Question(String, String, #[serde(serialize_with = "in_a_word")] Level);

fn in_a_word<S: Serializer>(level: &Level, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(level)
}

/// What Python says about a case.
#[derive(Debug, Deserialize)]
struct Answers {
    files: Vec<FileAnswer>,
    loads: bool,
    answers: Vec<Answer>,
}

/// How Python reads a file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FileAnswer {
    Rules(FileRules),
    Refused(String),
}

/// A file as Python understands it.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct FileRules {
    rules: Vec<FileRule>,
    terminal: bool,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct FileRule {
    pattern: String,
    access: FileAccess,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct FileAccess {
    admin: Vec<String>,
    write: Vec<String>,
    read: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Answer {
    Said(bool),
    /// The name of the exception.
    Raised(String),
}

/// What came of a comparison.
#[derive(Debug, Default)]
pub(crate) struct Report {
    trees: usize,
    /// Datasites that Python does not load as a whole.
    unloadable: usize,
    /// Files that both read, with the same rules, and files that both refuse.
    read_alike: usize,
    both_refuse: usize,
    questions: usize,
    /// What Python says to them.
    yes: usize,
    raised: BTreeMap<String, usize>,
    /// Listed differences with how often they were seen.
    seen: BTreeMap<&'static str, usize>,
    too_much: usize,
    failures: Vec<String>,
}

/// Compares so many questions at least.
///
/// # Errors
/// The script of the peer failed.
pub(crate) fn run(python: &Python, home: &Path, seed: u64, count: usize) -> Result<Report, String> {
    let mut script = python.start("permissions.py", home)?;
    let mut report = Report::default();
    while report.questions < count {
        let number = u64::try_from(report.trees).unwrap_or(u64::MAX);
        let case = draw::case(&mut Dice::of_case(seed, number), QUESTIONS_PER_TREE);
        let answers: Answers = script.ask(&case)?;
        compare::case(&case, &answers, &mut report);
    }
    Ok(report)
}

impl Report {
    /// Prints what was compared; true if nothing differs that is not listed.
    pub(crate) fn print(&self) -> bool {
        let Report { trees, unloadable, read_alike, both_refuse, questions, yes, .. } = self;
        println!("permissions: {questions} questions about {trees} datasites");
        println!("  {read_alike} permission files are read alike, {both_refuse} refused by both");
        println!("  Python says yes {yes} times, and does not load {unloadable} datasites");
        for (exception, count) in &self.raised {
            println!("  Python raises {exception} {count} times");
        }
        println!("  we say yes where Python does not: {} times", self.too_much);
        println!("  listed differences:");
        for Difference { name, what, example, .. } in differences::LISTED {
            let seen = self.seen.get(name).copied().unwrap_or(0);
            println!("  {seen:>6} x {name}: {what} ({example})");
        }
        for failure in self.failures.iter().take(SHOWN) {
            println!("  NOT LISTED: {failure}");
        }
        if !self.failures.is_empty() {
            println!("  {} differences are not listed", self.failures.len());
        }
        self.failures.is_empty()
    }
}

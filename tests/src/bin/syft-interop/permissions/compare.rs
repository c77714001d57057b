//! Holds our answers against Python's.

use std::collections::BTreeMap;

use syft_perm::{Explanation, Level, PERMISSION_FILE, PermissionFile, Permissions};

use super::{
    Answer, Answers, Case, FileAccess, FileAnswer, FileRule, FileRules, Question, Report,
    differences,
};

/// Adds what a case shows to the report.
pub(super) fn case(case: &Case, answers: &Answers, report: &mut Report) {
    report.trees += 1;
    report.unloadable += usize::from(!answers.loads);
    let permissions = compile(case);
    let refused: BTreeMap<&str, &str> = permissions
        .problems()
        .iter()
        .map(|problem| (problem.folder.as_str(), problem.reason.as_str()))
        .collect();
    for ((path, text), answer) in case.files.iter().zip(&answers.files) {
        let ours = refused.get(folder_of(path)).copied();
        match (ours, answer) {
            (None, FileAnswer::Rules(_)) => report.read_alike += 1,
            (Some(_), FileAnswer::Refused(_)) => report.both_refuse += 1,
            _ => {}
        }
        note(report, file(text, ours, answer), || format!("{path} is {text:?}"));
    }
    for (asked, answer) in case.questions.iter().zip(&answers.answers) {
        report.questions += 1;
        report.yes += usize::from(matches!(answer, Answer::Said(true)));
        if let Answer::Raised(exception) = answer {
            *report.raised.entry(exception.clone()).or_default() += 1;
        }
        let outcome = question(case, asked, &told(&permissions, case, asked), answer);
        note(report, outcome, || format!("{asked:?} of {:?}", case.files));
    }
    if answers.answers.len() != case.questions.len() || answers.files.len() != case.files.len() {
        report.failures.push(format!("Python left out an answer: {case:?}"));
    }
}

/// What a comparison of two answers comes to.
enum Outcome {
    Same,
    /// A difference of the list.
    Listed(&'static str),
    /// We say yes and Python does not: there is no list of those.
    TooMuch,
    Failed(String),
}

fn note(report: &mut Report, outcome: Outcome, detail: impl Fn() -> String) {
    match outcome {
        Outcome::Same => {}
        Outcome::Listed(name) => *report.seen.entry(name).or_default() += 1,
        Outcome::TooMuch => {
            report.too_much += 1;
            report.fail("yes where Python does not say yes", &detail());
        }
        Outcome::Failed(what) => report.fail(&what, &detail()),
    }
}

impl Report {
    fn fail(&mut self, what: &str, detail: &str) {
        self.failures.push(format!("{what}: datasite {}: {detail}", self.trees - 1));
    }
}

/// The folder of a permission file; empty for the datasite itself.
fn folder_of(path: &str) -> &str {
    path.strip_suffix(PERMISSION_FILE).and_then(|path| path.strip_suffix('/')).unwrap_or("")
}

fn compile(case: &Case) -> Permissions {
    let files =
        case.files.iter().map(|(path, text)| (folder_of(path).to_owned(), Ok(text.clone())));
    Permissions::compile(&case.owner, files)
}

/// Our answer, with its reason. As in the node, who asks knows which path is a
/// folder on disk.
fn told(permissions: &Permissions, case: &Case, asked: &Question) -> Explanation {
    let Question(path, user, _) = asked;
    let path = if case.is_folder(path) { format!("{path}/") } else { path.clone() };
    permissions.explain(user, &path)
}

fn file(text: &str, refused: Option<&str>, theirs: &FileAnswer) -> Outcome {
    match (refused, theirs) {
        (None, FileAnswer::Refused(reason)) => {
            Outcome::Failed(format!("we read a file that Python refuses ({reason})"))
        }
        (None, FileAnswer::Rules(theirs)) => match ours(text) {
            Ok(ours) if ours == *theirs => Outcome::Same,
            ours => Outcome::Failed(format!("we read {ours:?} and Python {theirs:?}")),
        },
        (Some(_), FileAnswer::Refused(_)) => Outcome::Same,
        (Some(reason), FileAnswer::Rules(_)) => differences::of_refusal(reason)
            .map_or_else(|| Outcome::Failed(format!("we refuse ({reason})")), Outcome::Listed),
    }
}

/// A file as we read it, in Python's words.
fn ours(text: &str) -> Result<FileRules, String> {
    let file = PermissionFile::parse(text).map_err(|error| error.to_string())?;
    let rules = file.rules.into_iter().map(|rule| {
        let syft_perm::Access { admin, write, read } = rule.access;
        FileRule { pattern: rule.pattern, access: FileAccess { admin, write, read } }
    });
    Ok(FileRules { rules: rules.collect(), terminal: file.terminal })
}

fn question(case: &Case, asked: &Question, told: &Explanation, theirs: &Answer) -> Outcome {
    let Question(_, user, level) = asked;
    let ours = match level {
        Level::Read => told.read,
        Level::Write => told.write,
        Level::Admin => told.admin,
    };
    match (ours, theirs) {
        (true, Answer::Said(true)) | (false, Answer::Said(false) | Answer::Raised(_)) => {
            Outcome::Same
        }
        (true, Answer::Raised(_)) if *user == case.owner => {
            differences::of_owner().map_or(Outcome::TooMuch, Outcome::Listed)
        }
        (true, Answer::Said(false) | Answer::Raised(_)) => Outcome::TooMuch,
        (false, Answer::Said(true)) => differences::of_no(told).map_or_else(
            || Outcome::Failed("no where Python says yes".to_owned()),
            Outcome::Listed,
        ),
    }
}

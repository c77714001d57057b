use std::fmt;

use serde::Serialize;
use syft_core::{has_suspicious, safe_text};

use crate::lines::looks_like_gutter;
use crate::records::Revision;
use crate::script::{JobKind, python_run_sh, shell_word};

/// Longest line that a reviewer is expected to read, in characters.
const LONG_LINE: usize = 400;
/// Blanks in a row that push what follows out of sight.
const MANY_BLANKS: usize = 60;
/// Empty lines in a row that do the same.
const MANY_EMPTY_LINES: usize = 40;
/// Flags of one kind that are told of one file; one more says how many there are.
const MAX_FLAGS: usize = 20;
/// Longest word of the submitter's that a flag quotes, in characters.
const MAX_SHOWN: usize = 500;

/// Something that a reviewer should know before deciding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// What kind of thing.
    pub kind: FlagKind,
    /// In which file of the job, if in one.
    pub file: Option<String>,
    /// In which line, counted from 1.
    pub line: Option<usize>,
    /// What was seen; safe to show.
    pub detail: String,
}

/// What a [`Flag`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FlagKind {
    /// Characters that change how others are shown, or that show nothing.
    HiddenCharacters,
    /// A word of letters of several scripts, which may look like another word.
    MixedScripts,
    /// A line that is too long to be read.
    LongLine,
    /// So many blanks or empty lines that what follows is out of sight.
    Blanks,
    /// Text that may pass for a line of its own, as the review numbers them.
    Gutter,
    /// The entry point is not among the files.
    EntrypointMissing,
    /// `run.sh` does not start the entry point.
    EntrypointUnused,
    /// `config.yaml` says what is not so.
    Contradiction,
    /// The job cannot be run as it is.
    Unusable,
    /// A file that is no text and cannot be read by a person.
    Binary,
    /// A script that is not UTF-8: what runs may be read in another way than it is
    /// shown.
    BinaryScript,
    /// A comment by which Python reads the file in another encoding than it is shown.
    OtherEncoding,
    /// `run.sh` is another than the one that is written for such a job.
    OwnRunSh,
    /// The job asks for packages.
    Dependencies,
    /// The code names a dataset that the job does not ask for, and so cannot read.
    NamesDataset,
}

impl FlagKind {
    /// Whether it may hide something: then one key does not approve the job.
    #[must_use]
    pub fn is_suspicious(self) -> bool {
        !matches!(
            self,
            FlagKind::Binary | FlagKind::OwnRunSh | FlagKind::Dependencies | FlagKind::NamesDataset
        )
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.kind.is_suspicious() { "! " } else { "- " })?;
        if let Some(file) = &self.file {
            write!(f, "{}", safe_text(file))?;
            if let Some(line) = self.line {
                write!(f, ":{line}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.detail)
    }
}

/// Everything of note about one file that is text.
pub(crate) fn of_text(file: &str, text: &str) -> Vec<Flag> {
    let mut flags = Vec::new();
    let mut empty = 0;
    for (index, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let mut push = |kind, detail: String| {
            let file = Some(file.to_owned());
            flags.push(Flag { kind, file, line: Some(index + 1), detail });
        };
        if has_suspicious(line) {
            push(FlagKind::HiddenCharacters, format!("hidden characters: {}", hidden(line)));
        }
        if let Some(word) = mixed_word(line) {
            push(FlagKind::MixedScripts, format!("{:?} mixes letters of several scripts", word));
        }
        if index < 2
            && let Some(encoding) = declared_encoding(line)
        {
            push(FlagKind::OtherEncoding, format!("Python reads this file as {encoding}"));
        }
        let length = line.chars().count();
        if length > LONG_LINE {
            push(FlagKind::LongLine, format!("a line of {length} characters"));
        }
        if looks_like_gutter(line) {
            push(FlagKind::Gutter, "text that looks like the number of a line".to_owned());
        }
        if let Some(blanks) = blanks_before_text(line) {
            push(FlagKind::Blanks, format!("text after {blanks} blanks"));
        }
        if line.trim().is_empty() {
            empty += 1;
        } else {
            if empty >= MANY_EMPTY_LINES {
                push(FlagKind::Blanks, format!("text after {empty} empty lines"));
            }
            empty = 0;
        }
    }
    shorten(flags)
}

/// The encoding that one of the first two lines declares, as PEP 263 has it, unless it
/// is the one that the file is shown in.
fn declared_encoding(line: &str) -> Option<&str> {
    let comment = line.trim_start_matches([' ', '\t', '\x0c']).strip_prefix('#')?;
    let (_, behind) = comment.split_once("coding=").or_else(|| comment.split_once("coding:"))?;
    let name = behind.trim_start_matches([' ', '\t']);
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.'));
    let name = name.get(..end.unwrap_or(name.len())).filter(|name| !name.is_empty())?;
    let is_utf8 = matches!(name.to_ascii_lowercase().replace('_', "-").as_str(), "utf-8" | "utf8");
    (!is_utf8).then_some(name)
}

/// A file full of oddities is told of once, not drowned in.
fn shorten(flags: Vec<Flag>) -> Vec<Flag> {
    let total = flags.len();
    let mut kept: Vec<Flag> = flags.into_iter().take(MAX_FLAGS).collect();
    if let Some(last) = kept.last()
        && total > MAX_FLAGS
    {
        let detail = format!("and {} more of such lines", total - MAX_FLAGS);
        kept.push(Flag { kind: last.kind, file: last.file.clone(), line: None, detail });
    }
    kept
}

fn hidden(line: &str) -> String {
    let mut seen: Vec<String> = line
        .chars()
        .map(|c| c.to_string())
        .filter(|c| has_suspicious(c))
        .map(|c| safe_text(&c))
        .collect();
    seen.sort();
    seen.dedup();
    seen.join(" ")
}

fn blanks_before_text(line: &str) -> Option<usize> {
    let mut blanks = 0;
    for c in line.chars() {
        if c == ' ' {
            blanks += 1;
        } else if c == '\t' {
            blanks += 8;
        } else if blanks >= MANY_BLANKS {
            return Some(blanks);
        } else {
            blanks = 0;
        }
    }
    None
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ScriptOf {
    Latin,
    Lookalike,
    Other,
}

/// The first word that holds both Latin letters and letters that look like some.
pub(crate) fn mixed_word(line: &str) -> Option<&str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').find(|word| {
        let has = |script| word.chars().any(|c| script_of(c) == script);
        has(ScriptOf::Latin) && has(ScriptOf::Lookalike)
    })
}

fn script_of(c: char) -> ScriptOf {
    match u32::from(c) {
        0x41..=0x5A | 0x61..=0x7A | 0xC0..=0x24F => ScriptOf::Latin,
        0x250..=0x2AF          // phonetic letters
        | 0x370..=0x3FF        // Greek
        | 0x400..=0x52F        // Cyrillic
        | 0x531..=0x587        // Armenian
        | 0x10A0..=0x10FF      // Georgian
        | 0x13A0..=0x13FF      // Cherokee
        | 0x1D00..=0x1DBF      // phonetic extensions
        | 0x1F00..=0x1FFF      // Greek, with accents
        | 0x2100..=0x214F      // letter-like symbols
        | 0x2C60..=0x2C7F
        | 0x2C80..=0x2CFF      // Coptic
        | 0x2DE0..=0x2DFF | 0xA640..=0xA69F // Cyrillic
        | 0xA4D0..=0xA4FF      // Lisu
        | 0xA720..=0xA7FF
        | 0xAB30..=0xABBF      // further Latin and Cherokee
        | 0xFF10..=0xFF5A      // full width
        | 0x10280..=0x1031F    // Lycian, Carian, Old Italic
        | 0x1D400..=0x1D7FF    // mathematical letters and digits
        => ScriptOf::Lookalike,
        _ => ScriptOf::Other,
    }
}

/// The start of a submitter's word, safe to show.
fn shown(text: &str) -> String {
    syft_core::shorten(&safe_text(text), MAX_SHOWN)
}

/// What does not fit together in a revision (`threats.md` R8).
pub(crate) fn of_revision(revision: &Revision, run_sh: Option<&str>) -> Vec<Flag> {
    let plain = |kind, detail: String| Flag { kind, file: None, line: None, detail };
    let mut flags: Vec<Flag> = revision
        .contradictions
        .iter()
        .map(|detail| plain(FlagKind::Contradiction, shown(detail)))
        .collect();
    for file in &revision.files {
        if mixed_word(&file.path).is_some() {
            let detail = format!("the name {:?} mixes letters of several scripts", file.path);
            flags.push(plain(FlagKind::MixedScripts, detail));
        }
    }
    if let Some(entry) = &revision.entrypoint {
        let shown = shown(entry);
        if !revision.files.iter().any(|file| file.path == format!("code/{entry}")) {
            let detail = format!("the entry point {shown} is not among the files");
            flags.push(plain(FlagKind::EntrypointMissing, detail));
        }
        let run_sh = run_sh.unwrap_or_default();
        if !uses(run_sh, entry) {
            let detail = format!("run.sh does not use the entry point {shown}");
            flags.push(plain(FlagKind::EntrypointUnused, detail));
        } else if revision.kind == JobKind::Python && !is_made(revision, run_sh, entry) {
            let detail = "run.sh is not the one that syft writes for a Python job".to_owned();
            flags.push(plain(FlagKind::OwnRunSh, detail));
        }
    }
    if !revision.dependencies.is_empty() {
        let wanted = revision.dependencies.join(", ");
        let detail = format!("it asks for packages: {}", safe_text(&wanted));
        flags.push(plain(FlagKind::Dependencies, detail));
    }
    flags
}

/// Whether a Python job's `run.sh` is one that a node or a Python peer makes for it.
fn is_made(revision: &Revision, run_sh: &str, entry: &str) -> bool {
    let packages: Vec<&str> = revision.dependencies.iter().map(String::as_str).collect();
    let has_project = revision.files.iter().any(|file| file.path == "code/pyproject.toml");
    run_sh == python_run_sh(entry)
        || crate::pysyft::needs_no_quotes(entry, &packages)
            && run_sh == crate::pysyft::run_sh(entry, &packages, has_project)
}

/// Whether a line of the script that is no comment holds the entry point as a
/// word, alone or below `code/`.
fn uses(run_sh: &str, entry: &str) -> bool {
    let quoted = format!(" {}", shell_word(entry));
    let mut lines = run_sh.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.any(|line| {
        let mut words =
            line.split(|c: char| c.is_whitespace() || "\"';&|()<>`".contains(c)).map(|word| {
                let word = word.strip_prefix("./").unwrap_or(word);
                word.strip_prefix("code/").unwrap_or(word)
            });
        line.trim_end().ends_with(&quoted) || words.any(|word| word == entry)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r8_only_a_use_of_the_entry_point_counts() {
        assert!(uses("cd code && exec python3 main.py\n", "main.py"));
        assert!(uses("python3 './code/main.py'", "main.py"));
        assert!(uses("cd code && exec python3 'my main.py'\n", "my main.py"));
        assert!(!uses("# python3 main.py\npython3 evil.py", "main.py"));
        assert!(!uses("python3 evil/main.py", "main.py"));
        assert!(!uses("python3 notmain.py", "main.py"));
        assert!(!uses("", "main.py"));
    }

    #[test]
    fn r6_another_encoding_than_the_one_shown_is_found() {
        let kinds = |text: &str| of_text("a.py", text).iter().map(|f| f.kind).collect::<Vec<_>>();
        for text in
            ["# -*- coding: utf-7 -*-\n", "#!/usr/bin/python3\n# vim: set fileencoding=cp037 :"]
        {
            assert_eq!(kinds(text), [FlagKind::OtherEncoding], "{text}");
        }
        for text in ["# -*- coding: UTF-8 -*-\n", "coding = 1\n", "#\n#\n# coding: utf-7\n", ""] {
            assert_eq!(kinds(text), [], "{text}");
        }
    }

    #[test]
    fn r6_words_of_several_scripts_are_found() {
        assert_eq!(mixed_word("x = раypal + 1"), Some("раypal"));
        assert_eq!(mixed_word("naïve Größe データ привет"), None);
    }
}

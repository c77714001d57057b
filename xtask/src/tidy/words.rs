//! Words that must not be in what is committed.

use super::Finding;
use super::tree::{TextFile, Tree};

/// A word and what to do instead.
const WORDS: &[(&str, &str)] = &[
    ("TODO", "finish it, or open an issue"),
    ("FIXME", "finish it, or open an issue"),
    ("XXX", "finish it, or open an issue"),
    ("#[ignore", "a test runs or goes"),
    ("/work/", "a path of somebody's machine"),
    ("/root/", "a path of somebody's machine"),
    ("/tmp/target-", "a path of somebody's machine"),
    ("<<<<<<<", "a merge that was left half done"),
    (">>>>>>>", "a merge that was left half done"),
];

/// The one file that must spell them.
const HERE: &str = "xtask/src/tidy/words.rs";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files.iter().filter(|file| file.path != HERE).flat_map(check_file).collect()
}

fn check_file(file: &TextFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in file.lines() {
        for (word, instead) in WORDS {
            if has_word(line, word) {
                findings.push(Finding::at(&file.path, number, format!("{word:?}: {instead}")));
            }
        }
    }
    findings
}

/// Whether a line holds a word that is not part of a longer name or path.
fn has_word(line: &str, word: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (line.get(..at), line.get(at + word.len()..));
        let joined_before = before.and_then(|text| text.chars().next_back()).is_some_and(|c| {
            is_name(c) || (word.starts_with('/') && matches!(c, '.' | '-' | '~' | '}' | '>' | '*'))
        });
        let joined_after = word.ends_with(is_name)
            && after.and_then(|text| text.chars().next()).is_some_and(is_name);
        !joined_before && !joined_after
    })
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::check;

    #[test]
    fn each_word_is_found_in_code_and_text() {
        for word in ["TODO", "FIXME", "#[ignore]", "#[ignore = \"slow\"]", "/work/main/x"] {
            let text = format!("// first\n// {word}\n");
            assert_eq!(findings(check, &[("src/a.rs", &text)]).len(), 1, "{word}");
            assert_eq!(findings(check, &[(".ci/run", &text)]).len(), 1, "{word}");
            assert_eq!(findings(check, &[("docs/a.md", &text)]).len(), 1, "{word}");
        }
    }

    #[test]
    fn the_finding_names_the_place() {
        let found = findings(check, &[("src/a.rs", "\nlet x = 1; // TODO: two\n")]);
        assert_eq!(found, ["src/a.rs:2: \"TODO\": finish it, or open an issue"]);
    }

    #[test]
    fn a_part_of_a_longer_name_is_none() {
        for text in ["TODOS", "MASTODON", "runs/x/work/y", "{run}/work/", "/tmp/a.XXXXXX"] {
            assert!(findings(check, &[("a.md", text)]).is_empty(), "{text}");
        }
    }

    #[test]
    fn files_that_other_programs_made_are_left_alone() {
        assert!(findings(check, &[("tests/fixtures/a.json", "TODO")]).is_empty());
    }
}

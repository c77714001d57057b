//! `cargo xtask tidy`: the rules that neither rustfmt nor clippy knows.
//!
//! Every rule is a module with one function from the [`Tree`] to its findings
//! and with a test that shows it failing on a tiny tree of its own.

mod banned;
mod direction;
mod documents;
mod figures;
mod length;
mod links;
mod lints;
mod purity;
mod tree;
mod words;

use std::fmt;
use std::path::Path;

use tree::Tree;

/// One place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    path: String,
    line: Option<usize>,
    what: String,
}

impl Finding {
    fn at(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: Some(line), what: what.into() }
    }

    fn of(path: &str, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: None, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.what),
            None => write!(f, "{}: {}", self.path, self.what),
        }
    }
}

type Rule = fn(&Tree) -> Vec<Finding>;

const RULES: &[(&str, Rule)] = &[
    ("crate direction", direction::check),
    ("file and function length", length::check),
    ("README and CHANGELOG of each crate", documents::check),
    ("workspace lints inherited", lints::check),
    ("no printing and no environment in libraries", purity::check),
    ("words that stay out", words::check),
    ("links lead somewhere", links::check),
    ("crates that stay out", banned::check),
];

/// Checks all rules on the project at `root` and prints what it finds.
pub(crate) fn run(root: &Path) -> bool {
    let tree = match Tree::read(root) {
        Ok(tree) => tree,
        Err(error) => {
            eprintln!("tidy: {error}");
            return false;
        }
    };
    let mut count = 0;
    for (name, rule) in RULES {
        for finding in rule(&tree) {
            count += 1;
            println!("{finding} [{name}]");
        }
    }
    figures::print(&tree);
    println!("tidy: {} rules, {} files, {count} findings", RULES.len(), tree.files.len());
    count == 0
}

/// A project of a few files in a temporary folder, and what a rule says about it.
#[cfg(test)]
fn findings(rule: Rule, files: &[(&str, &str)]) -> Vec<String> {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    rule(&Tree::read(root.path()).unwrap()).iter().map(ToString::to_string).collect()
}

//! The table of names leaves none out, and each test that it names shows the name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const TABLE: &str = include_str!("../../../docs/names.md");
/// Every name of the three documents, with the places where it stands.
const NAMES: &str = include_str!("../../fixtures/names.txt");

/// The documents that have a name, by the name.
fn documents() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut documents: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in NAMES.lines() {
        let [document, _section, names] = line.split(" | ").collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        for name in names.split(", ") {
            documents.entry(name.trim_matches('"')).or_default().insert(document);
        }
    }
    documents
}

/// A row of the table.
struct Row {
    names: Vec<&'static str>,
    documents: BTreeSet<&'static str>,
    command: &'static str,
    library: &'static str,
    test: &'static str,
}

fn rows() -> Vec<Row> {
    let lines = TABLE.lines().filter(|line| line.starts_with("| `"));
    let row = |line: &'static str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [names, documents, command, library, test] = cells[..] else { panic!("{line}") };
        Row {
            names: names.split(", ").map(|name| name.trim_matches('`')).collect(),
            documents: documents.split(", ").collect(),
            command,
            library,
            test,
        }
    };
    lines.map(row).collect()
}

/// The tests of a row: each with its file, as a path from the root.
fn tests_of(row: &Row) -> Vec<(&'static str, &'static str)> {
    if row.test == "later" {
        return Vec::new();
    }
    let link = |link: &'static str| {
        let (test, file) = link.strip_prefix("[`").unwrap().split_once("`](../").unwrap();
        (file.strip_suffix(')').unwrap(), test)
    };
    row.test.split(", ").map(link).collect()
}

fn text(file: &str) -> String {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn the_table_holds_each_name_of_the_documents_and_no_other() {
    let mut in_table: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in rows() {
        for name in row.names {
            let other = in_table.insert(name, row.documents.clone());
            assert_eq!(other, None, "{name} stands twice");
        }
    }
    for (name, documents) in documents() {
        let there = in_table.remove(name);
        assert_eq!(there, Some(documents), "{name}: the table's documents, and where it stands");
    }
    assert_eq!(in_table, BTreeMap::new(), "names that no document has");
}

#[test]
fn each_test_is_there() {
    let mut missing: Vec<_> = rows().iter().flat_map(tests_of).collect();
    missing.retain(|(file, test)| !text(file).contains(&format!("fn {test}(")));
    assert_eq!(missing, []);
}

/// What stands in the library is used in the file of the test.
#[test]
fn each_test_shows_what_it_is_named_for() {
    let mut unused = Vec::new();
    for row in rows() {
        let files: String = tests_of(&row).into_iter().map(|(file, _)| text(file)).collect();
        for item in row.library.split('`').skip(1).step_by(2) {
            let used = item.rsplit("::").next().unwrap();
            if !files.contains(used) && !files.is_empty() {
                unused.push((row.names.clone(), used));
            }
        }
    }
    assert_eq!(unused, []);
}

/// What is typed on the pages, and by the tests of the command line.
fn typed() -> String {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut typed = String::new();
    for folder in ["docs", "examples/two-people", "examples/map-reduce", "crates/syft-cli/tests/it"]
    {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let is_read = path.extension().is_some_and(|ending| ending == "md" || ending == "rs");
            if is_read && !path.ends_with("names.md") {
                typed += &fs::read_to_string(path).unwrap().replace("\", \"", " ");
            }
        }
    }
    typed
}

#[test]
fn each_command_is_typed_on_a_page_or_by_a_test() {
    let typed = typed();
    let mut never = Vec::new();
    for row in rows() {
        for command in row.command.split('`').skip(1).step_by(2) {
            let words: Vec<&str> = command.trim_start_matches("syft ").split(' ').collect();
            let is_option = |word: &str| word.starts_with('-');
            // Options may stand anywhere; the words before all else belong together.
            let options = words.iter().copied().filter(|word| is_option(word));
            let first = words.iter().take_while(|word| !is_option(word) && !is_placeholder(word));
            let first = first.copied().collect::<Vec<_>>().join(" ");
            for part in options.chain([first.as_str()]) {
                if !typed.contains(part) {
                    never.push((row.names.clone(), part.to_owned()));
                }
            }
        }
    }
    assert_eq!(never, []);
}

/// Whether a word of a command stands for what a person puts there.
fn is_placeholder(word: &str) -> bool {
    !word.contains('_') && word.chars().all(|c| c.is_ascii_uppercase())
}

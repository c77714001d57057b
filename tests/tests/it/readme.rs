//! The commands of the first page, run as two people type them.

use std::fs;

use syft_tests::People;

const README: &str = include_str!("../../../README.md");
const GATE: &str = include_str!("../../../.ci/run");

const CENSUS: &str = "name,age\nAda,36\nGrace,85\nAlan,41\nRadia,53\nKen,62\nTony,28\nShafi,47\n";
const MOCK: &str = "name,age\nmade up,1\n";
const COUNT: &str = "import csv, os
rows = list(csv.DictReader(open(os.environ['SYFT_DATASET_CENSUS'])))
with open(os.path.join(os.environ['SYFT_OUTPUTS'], 'count.txt'), 'w') as out:
    print(len(rows), file=out)
";

/// The lines of the story: who, and what is typed.
fn story() -> Vec<(&'static str, &'static str)> {
    let typed = |line: &'static str| {
        let (who, command) = line.split_once("$ ")?;
        ["alice", "bob"].contains(&who).then_some((who, command))
    };
    README.lines().filter_map(typed).collect()
}

#[test]
fn the_ten_commands_work_as_they_stand() {
    let mut people = People::new();
    fs::write(people.file("census.csv"), CENSUS).unwrap();
    fs::write(people.file("census_mock.csv"), MOCK).unwrap();
    fs::write(people.file("count.py"), COUNT).unwrap();
    let story = story();
    assert!(story.len() >= 10, "{story:?}");
    for (who, command) in story {
        let command = command.replace("/mnt/shared", people.shared().to_str().unwrap());
        let run = people.types_as(who, &command);
        assert_eq!(run.code, Some(0), "{who}$ {command}\n{run:#?}");
    }
    assert_eq!(fs::read_to_string(people.file("results/count.txt")).unwrap(), "7\n");
    people.ledger_is_what_went();
    for (path, bytes) in people.shared_files() {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("Grace"), "{} holds private rows", path.display());
    }
}

#[test]
fn the_page_starts_with_the_demo_and_with_the_gate() {
    let block = README.split("```").nth(1).unwrap();
    let commands: Vec<&str> = block
        .lines()
        .skip(1)
        .map(|line| line.split('#').next().unwrap().trim())
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(commands, ["cargo run --release --package syft-cli -- demo", "cargo xtask ci"]);
    assert_eq!(GATE.lines().rfind(|line| !line.trim().is_empty()), commands.last().copied());
}

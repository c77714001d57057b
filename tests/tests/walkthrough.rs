//! The pages for people, run as they stand.
#![allow(missing_docs, reason = "tests")]

use syft_tests::{People, commands};

fn run_page(name: &str, page: &str) -> People {
    let people = People::new();
    let commands = commands(page);
    assert!(commands.len() > 5, "{name} holds no commands");
    for command in commands {
        let run = people.types(&command.text);
        assert_eq!(run.code, Some(0), "{name}:{}: {}\n{run:#?}", command.line, command.text);
    }
    people
}

#[test]
fn the_two_person_walk_through() {
    let people = run_page("README.md", include_str!("../../examples/two-people/README.md"));
    let log = people.types("syft --home \"$ALICE_HOME\" audit log --json");
    assert!(log.stdout.contains("job.released"), "{log:#?}");
}

#[test]
fn the_walk_through_with_one_of_them_away() {
    let _ = run_page("offline.md", include_str!("../../examples/two-people/offline.md"));
}

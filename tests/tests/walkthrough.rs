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

#[test]
fn the_page_of_the_manager() {
    let people = run_page("manager.md", include_str!("../../docs/manager.md"));
    assert_eq!(people.types("cat \"$RESULTS/mean_age.txt\"").stdout, "51.25\n");
    let datasite = people.alice().join("alice@hospital.org");
    assert!(!datasite.exists(), "a reset leaves no datasite");
}

#[test]
fn the_page_of_the_architecture() {
    let _ = run_page("architecture.md", include_str!("../../docs/architecture.md"));
}

#[test]
fn the_page_of_datasites() {
    let people = run_page("datasites.md", include_str!("../../docs/datasites.md"));
    let output = people.types("cat \"$RESULTS/output.csv\"").stdout;
    assert_eq!(output, "region,customers\nnorth,2\nsouth,1\n");
}

#[test]
fn three_owners_answer_one_question() {
    let people = run_page("README.md", include_str!("../../examples/map-reduce/README.md"));
    let total = "python3 examples/map-reduce/total.py \"$RESULTS\"/*/count.csv";
    assert_eq!(people.types(total).stdout, "Total customers across all owners: 12\n");
    let shared = people.shared_files();
    let leaked =
        |name: &str| shared.iter().any(|(_, bytes)| String::from_utf8_lossy(bytes).contains(name));
    assert!(!leaked("Kathleen") && !leaked("Ada"), "a customer left home");
}

#[test]
fn the_scientist_finds_the_error_and_fixes_it() {
    let people = run_page("README.md", include_str!("../../examples/debugging/README.md"));
    let log = people.types("syft --home \"$BOB_HOME\" job logs \"My Analysis\" --err");
    assert!(log.stdout.contains("KeyError: 'customer_id'"), "{log:#?}");
    let output = people.types("cat \"$RESULTS/output.csv\"").stdout;
    assert_eq!(output, "region,spent\nnorth,180\nsouth,80\n");
}

#[test]
fn one_bad_job_and_one_bad_message_stop_nothing() {
    let people = run_page("README.md", include_str!("../../examples/fail-softly/README.md"));
    assert_eq!(people.types("cat \"$RESULTS/people.txt\"").stdout, "3890000\n");
    let log = people.types("syft --home \"$BOB_HOME\" job logs endpoint --err").stdout;
    assert!(log.contains("customers_count") && log.contains("census"), "{log}");
    let away = people.types("syft --home \"$ALICE_HOME\" quarantine list").stdout;
    assert!(away.contains("bad_container"), "{away}");
}

//! What the documents say of defaults and of `verbose`, at the command line.

use crate::common::{ALICE, BOB, Said, TestBox};

#[test]
fn sync_has_the_defaults_of_the_documents() {
    let it = TestBox::new();
    let help = it.bob(&["sync", "--help"]).ok().stdout;
    let default_of = |option: &str| {
        let told = help.split(option).nth(1).unwrap_or_else(|| panic!("{option}: {help}"));
        told.split_once("[default: ").unwrap().1.split(']').next().unwrap().to_owned()
    };
    assert_eq!(default_of("--checkpoint-threshold"), "50");
    assert_eq!(default_of("--compact-threshold"), "10");
    assert!(help.contains("--no-checkpoint"), "{help}");
}

/// `verbose=True` and `verbose=False` of `add_peer` and `approve_peer_request`.
#[test]
fn verbose_tells_the_steps_and_quiet_prints_nothing_but_results() {
    for (flag, told) in [("-v", true), ("-q", false)] {
        let it = TestBox::new();
        let asked = it.bob(&[flag, "peer", "add", ALICE]).ok();
        let approved = it.alice(&[flag, "peer", "approve", BOB, "--trust-first"]).ok();
        let steps = |said: &Said, step: &str| {
            assert_eq!(said.stderr.contains(step), told, "{flag}: {}", said.stderr);
        };
        steps(&asked, &format!("note: asked {ALICE} to become a peer"));
        steps(&approved, &format!("note: {BOB} is a peer now"));
        if !told {
            // The results, without a hint of what to type next, and nothing beside them.
            assert_eq!((asked.stderr.as_str(), approved.stderr.as_str()), ("", ""));
            assert!(asked.stdout.starts_with(&format!("You asked {ALICE}")), "{}", asked.stdout);
            assert!(!approved.stdout.contains("syft "), "{}", approved.stdout);
        }
    }
}

#[test]
fn quiet_is_quiet_while_a_job_runs() {
    let it = TestBox::connected();
    it.census(BOB);
    let script = it.write("ask.sh", "echo printed by the job\n");
    it.bob(&["-q", "job", "submit", &script, "--to", ALICE, "--name", "ask"]).ok();
    it.alice(&["-q", "job", "approve", "ask"]).ok();
    let ran = it.alice(&["-q", "job", "run", "ask"]).ok();
    assert!(!ran.all().contains("printed by the job"), "{}", ran.all());
    let log = it.alice(&["-q", "job", "logs", "ask"]).ok();
    assert_eq!(log.all(), "printed by the job\n");
}

/// So much work that a person would see a bar; here a program reads along.
#[test]
fn progress_is_silent_where_no_terminal_is() {
    let it = TestBox::connected();
    for number in 0..30 {
        it.write(&format!("mock/{number}.csv"), "age\n1\n");
    }
    let mock = it.path("mock").display().to_string();
    let created = it.alice(&["dataset", "create", "many", "--mock", &mock, "--share", "any"]).ok();
    let fetched = it.bob(&["sync"]).ok();
    assert_eq!((created.stderr.as_str(), fetched.stderr.as_str()), ("", ""));
    let all = it.alice(&["reset", "--dry-run", "--json"]).ok().json();
    assert!(all["remote"].as_array().unwrap().len() > 30, "{all}");
    let deleted = it.alice(&["-v", "reset", "--yes", ALICE]).ok();
    for line in deleted.stderr.lines() {
        assert!(line.starts_with("note: "), "{line:?} of {}", deleted.stderr);
    }
    assert!(!deleted.stderr.contains(['\r', '\u{1b}', '[']), "{:?}", deleted.stderr);
}

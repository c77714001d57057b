//! A review at a terminal, key by key, in one of tmux.

use std::process::Command;

use insta::assert_snapshot;
use serde_json::Value;
use syft_tmux::Terminal;

use crate::common::{ALICE, BOB, TestBox};

/// A job of bob in alice's inbox.
fn inbox(script: &str) -> TestBox {
    let it = TestBox::connected();
    it.census(BOB);
    let script = it.write("ask.sh", script);
    let submit = ["job", "submit", &script, "--to", ALICE, "--name", "ask"];
    it.bob(&[&submit[..], &["--dataset", "alice@hospital.org/census"]].concat()).ok();
    it.alice(&["sync"]).ok();
    it
}

/// Alice at a terminal, where she has typed a command.
fn at_a_terminal(it: &TestBox, columns: u16, rows: u16, args: &[&str]) -> Terminal {
    let mut command = Command::new(env!("CARGO_BIN_EXE_syft"));
    command.args(args);
    start(it, columns, rows, command)
}

/// Alice at a terminal, where what she types is followed by a look at its settings.
fn at_a_terminal_that_is_looked_at(it: &TestBox, args: &str) -> Terminal {
    let mut command = Command::new("/bin/sh");
    let syft = env!("CARGO_BIN_EXE_syft");
    command.arg("-c").arg(format!("trap : INT; stty -a > before; {syft} {args}; stty -a > after"));
    start(it, 80, 24, command)
}

fn start(it: &TestBox, columns: u16, rows: u16, mut command: Command) -> Terminal {
    command.current_dir(it.path("."));
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("SYFTBOX_FOLDER", it.path("alice"));
    Terminal::start(columns, rows, command)
}

/// The one job, as its owner sees it.
fn job(it: &TestBox) -> Value {
    it.alice(&["job", "list", "--json"]).ok().json()["jobs"][0].clone()
}

fn is_as_before(it: &TestBox) {
    let of = |name: &str| std::fs::read_to_string(it.path(name)).unwrap();
    assert_eq!(of("after"), of("before"));
}

/// Two screens of 24 lines.
fn counts() -> String {
    let comments: String = (1..=20).map(|number| format!("# comment {number}\n")).collect();
    let writes = "printf 'sex,people\\nf,10\\nm,20\\n' > $SYFT_OUTPUTS/a.csv";
    format!("{comments}echo looked\n{writes}\n")
}

#[test]
fn a_review_goes_page_by_page_to_the_release() {
    let it = inbox(&counts());
    let terminal = at_a_terminal(&it, 80, 24, &["review"]);
    let first = terminal.until("[space] on");
    assert_snapshot!(it.shown(&first));
    assert_snapshot!(it.shown(&terminal.in_colour()));
    // What was not read is not approved.
    terminal.press(&["a"]);
    terminal.until("not read yet");
    terminal.press(&["Space"]);
    assert_snapshot!(it.shown(&terminal.until("[a]pprove")));
    terminal.press(&["a"]);
    terminal.until("now?  [y]es");
    terminal.press(&["y"]);
    assert_snapshot!(it.shown(&terminal.until("release [o]utputs")));
    terminal.press(&["o"]);
    let (end, code) = terminal.ended();
    assert!(end.contains("Released to bob@uni.org."), "{end}");
    assert_eq!(code, 0, "{end}");
    assert_eq!(job(&it)["outputs"][0]["released"], true);
}

#[test]
fn what_a_key_sends_besides_is_no_key_of_its_own() {
    let it = inbox("echo hello\n");
    let terminal = at_a_terminal(&it, 80, 24, &["review"]);
    terminal.until("[a]pprove");
    // Ctrl with an arrow on some terminals, and Alt with a letter.
    terminal.types("\u{1b}Oa");
    terminal.press(&["M-a", "F1", "Tab", "Enter", "é"]);
    terminal.press(&["q"]);
    let (end, code) = terminal.ended();
    assert!(end.ends_with("[q]uit: q"), "{end}");
    assert_eq!((code, job(&it)["status"].as_str()), (0, Some("inbox")));
}

#[test]
fn arrows_turn_pages_and_another_width_begins_anew() {
    let it = inbox(&counts());
    let terminal = at_a_terminal(&it, 80, 24, &["review"]);
    terminal.until("[space] on");
    terminal.press(&["Down"]);
    terminal.until("[a]pprove");
    terminal.press(&["PPage"]);
    terminal.until("[a]pprove");
    let lines = |screen: &str| screen.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(lines(&terminal.screen())[0].starts_with("job "), "{}", terminal.screen());
    terminal.resize(60, 24);
    terminal.press(&["NPage"]);
    let screen = terminal.until("[space] on");
    assert!(screen.contains("# comment 1\n"), "{screen}");
    terminal.press(&["a", "q"]);
    let (end, _) = terminal.ended();
    assert!(end.contains("not read yet"), "{end}");
    assert_eq!(job(&it)["status"], "inbox");
}

#[test]
fn a_small_window_is_enough() {
    let it = inbox("echo hello\n");
    let terminal = at_a_terminal(&it, 44, 9, &["review"]);
    assert_snapshot!(it.shown(&terminal.until("[space] on")));
    terminal.press(&["Space", "Space", "Space", "Space"]);
    assert_snapshot!(it.shown(&terminal.until("[a]pprove")));
}

#[test]
fn a_line_may_be_mended_while_it_is_typed_and_taken_back() {
    let it = inbox("echo hello\n");
    let terminal = at_a_terminal_that_is_looked_at(&it, "review");
    terminal.until("[a]pprove");
    terminal.press(&["r"]);
    terminal.until("Why (");
    terminal.press(&["C-d"]);
    terminal.until("Nothing was rejected.");
    terminal.press(&["r"]);
    terminal.types("zu frühx");
    terminal.press(&["BSpace", "Enter"]);
    let (end, _) = terminal.ended();
    assert!(end.contains("Rejected: it does not run."), "{end}");
    assert_eq!(
        (job(&it)["status"].as_str(), job(&it)["reason"].as_str()),
        (Some("rejected"), Some("zu früh"))
    );
    is_as_before(&it);
}

#[test]
fn ctrl_c_ends_the_job_that_runs_and_else_the_review_and_gives_the_terminal_back() {
    let it = inbox("echo started\nsleep 600\n");
    let terminal = at_a_terminal_that_is_looked_at(&it, "review --no-rehearsal");
    terminal.until("[a]pprove");
    terminal.press(&["a", "y"]);
    terminal.until("│ started");
    terminal.press(&["C-c"]);
    let (end, _) = terminal.ended();
    assert!(end.contains("It was stopped."), "{end}");
    assert_eq!(job(&it)["status"], "interrupted");
    is_as_before(&it);
    let terminal = at_a_terminal_that_is_looked_at(&it, "review --no-rehearsal");
    terminal.until("Run it again?");
    terminal.press(&["C-z", "C-c"]);
    terminal.ended();
    is_as_before(&it);
}

#[test]
fn each_file_is_asked_about_with_what_was_seen_in_it_and_the_rest_explained() {
    let it = inbox(
        "printf 'sex,people\\nf,10\\nm,20\\n' > $SYFT_OUTPUTS/a.csv\n\
         cp $SYFT_DATASET_CENSUS $SYFT_OUTPUTS/b.csv\n\
         echo 40 > $SYFT_OUTPUTS/c.txt\n",
    );
    it.write(
        "alice/alice@hospital.org/private/policy.yaml",
        "datasets:\n  census: {outputs: [csv]}\n",
    );
    let terminal = at_a_terminal(&it, 80, 50, &["review"]);
    terminal.until("[a]pprove");
    terminal.press(&["a", "y"]);
    assert_snapshot!(it.shown(&terminal.until("release [o]utputs")));
    // What a rule keeps is not released with the others.
    terminal.press(&["o", "y"]);
    terminal.until("error: c.txt cannot be released");
    terminal.press(&["f"]);
    terminal.until("Release it?");
    terminal.press(&["v"]);
    terminal.until("sex,people");
    terminal.press(&["y", "n"]);
    terminal.until("Why not the rest");
    terminal.types("b.csv holds single people");
    terminal.press(&["Enter"]);
    let (end, _) = terminal.ended();
    assert_snapshot!(it.shown(&end));
    it.bob(&["sync"]).ok();
    let theirs = it.bob(&["job", "list", "--json"]).ok().json()["jobs"][0].clone();
    assert_eq!(theirs["outputs"].as_array().unwrap().len(), 1);
    assert_eq!(theirs["comment"], "b.csv holds single people");
}

#[test]
fn what_is_printed_fits_the_window_and_is_in_colour_there_alone() {
    let it = inbox("echo hello # \u{202e}dlrow\n");
    let terminal = at_a_terminal(&it, 60, 40, &["job", "show", "ask"]);
    let (shown, code) = terminal.ended();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 60), "{shown}");
    assert!(shown.contains("\n      ┆ "), "{shown}");
    // Red, where something may hide.
    let coloured = terminal.in_colour();
    let flag = coloured.lines().find(|line| line.contains("! run.sh:1: hidden characters"));
    assert!(flag.unwrap().contains("\u{1b}[31m"), "{coloured:?}");
    assert!(!it.alice(&["job", "show", "ask"]).ok().raw.contains('\u{1b}'));
}

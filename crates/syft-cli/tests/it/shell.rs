use std::io::Write;
use std::process::{Command, Stdio};

use crate::common::TestBox;
use insta::assert_snapshot;

#[test]
fn a_shell_takes_the_script_and_completes_a_command() {
    let script = TestBox::empty().alice(&["completions", "bash"]).ok().raw;
    let ask = "COMP_WORDS=(syft che); COMP_CWORD=1; _syft syft che syft; echo \"${COMPREPLY[*]}\"";
    let words = ask.replace("che", "comple");
    let mut bash = Command::new("bash")
        .args(["--norc", "-s"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    write!(bash.stdin.take().unwrap(), "{script}\n{words}\n").unwrap();
    let answer = bash.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&answer.stdout).trim(), "completions");
}

#[test]
fn each_shell_has_its_script() {
    let it = TestBox::empty();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let said = it.alice(&["--json", "completions", shell]).ok().json();
        assert_eq!(said["schema"], "syft/completions/1");
        assert!(said["script"].as_str().unwrap().contains("quarantine"), "{shell}");
    }
    it.alice(&["completions", "cmd"]).exits(2);
}

#[test]
fn each_command_has_its_manual_page() {
    let it = TestBox::empty();
    let said = it.alice(&["man", "pages"]).ok();
    let first = said.stdout.lines().next().unwrap();
    let pages = std::fs::read_dir(it.path("pages")).unwrap().count();
    assert_eq!(first, format!("Wrote {pages} pages"));
    let run = std::fs::read_to_string(it.path("pages/syft-job-run.1")).unwrap();
    assert!(run.contains("syft\\-job\\-run") && run.contains("share\\-outputs"), "{run}");
    let top = std::fs::read_to_string(it.path("pages/syft.1")).unwrap();
    assert!(top.contains("still waiting at the deadline"), "{top}");
}

#[test]
fn pages_that_cannot_be_written_are_an_error() {
    let it = TestBox::empty();
    it.write("pages", "a file in the way");
    let said = it.alice(&["man", "pages"]).exits(5);
    assert_snapshot!(said.stderr, @"error: could not write $BOX/pages: File exists (os error 17)");
}

use std::process::Command;

use crate::common::TestBox;

/// Runs the session of the README line by line, as a person types it.
#[test]
fn the_session_in_the_readme_works() {
    let readme = include_str!("../../README.md");
    let lines: Vec<&str> = readme.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
    assert!(lines.len() > 5, "the session is there");
    let it = TestBox::empty();
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_syft")).parent().unwrap();
    let mut path = vec![program.to_owned()];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
    let output = Command::new("sh")
        .args(["-e", "-c", &lines.join("\n")])
        .current_dir(it.path(""))
        .env_clear()
        .env("PATH", std::env::join_paths(path).unwrap())
        .output()
        .unwrap();
    let (stdout, stderr) = (String::from_utf8(output.stdout), String::from_utf8(output.stderr));
    let (stdout, stderr) = (stdout.unwrap(), stderr.unwrap());
    assert!(output.status.success(), "{stdout}\n{stderr}");
    assert_eq!(stderr, "");
    let asks = "bob@uni.org asks to become a peer";
    for said in [asks, "alice@hospital.org/census", "1,f", "peer.approved"] {
        assert!(stdout.contains(said), "{said}: {stdout}");
    }
    assert!(!stdout.contains("31,f"), "the private data stays at home: {stdout}");
}

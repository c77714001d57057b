//! Permission files as text.

use syft_perm::{Level, PermissionFile, Permissions, Rule};

const PATTERN: &str = "- pattern: '**'\n";

fn refused(text: &str) -> String {
    match PermissionFile::parse(text) {
        Ok(file) => panic!("{text:?} was read as {file:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_file_is_written_as_the_peer_writes_it() {
    let file = PermissionFile::new([
        Rule::new("**").read(["*"]),
        Rule::new("d/x.txt").write(["alice@example.com"]).admin(["yes", "é"]),
    ]);
    let text = "rules:\n- access:\n    admin: []\n    read:\n    - '*'\n    write: []\n  pattern: '**'\n- access:\n    admin:\n    - 'yes'\n    - \"\\xE9\"\n    read: []\n    write:\n    - alice@example.com\n  pattern: d/x.txt\nterminal: false\n";
    assert_eq!(file.to_yaml(), text);
    assert_eq!(PermissionFile::new([]).to_yaml(), "rules: []\nterminal: false\n");
    let read = PermissionFile::parse(text).unwrap();
    let lines: Vec<_> = read.rules.iter().map(Rule::line).collect();
    assert_eq!(lines, [Some(2), Some(8)]);
    assert_eq!(read.to_yaml(), text);
}

#[test]
fn nothing_is_no_rules() {
    for text in ["", "\n", "# only a comment\n", "{}", "null", "~", "---\n", "rules: []", "a: 1"] {
        assert_eq!(PermissionFile::parse(text), Ok(PermissionFile::default()), "{text:?}");
    }
}

#[test]
fn terminal_takes_the_spellings_that_the_peer_takes() {
    for word in ["true", "yes", "ON", "'yes'", "'T'", "1", "1.0", "\"on\"", "y"] {
        let file = PermissionFile::parse(&format!("terminal: {word}\n"));
        assert!(file.is_ok_and(|file| file.terminal), "{word}");
    }
    for word in ["false", "no", "Off", "'0'", "0", "n"] {
        let file = PermissionFile::parse(&format!("terminal: {word}\n"));
        assert!(file.is_ok_and(|file| !file.terminal), "{word}");
    }
    for word in ["", "null", "2", "maybe", "[]", "{}", "2024-01-01", "'1.0'"] {
        refused(&format!("terminal: {word}\n"));
    }
}

#[test]
fn what_the_peer_does_not_load_is_refused_with_the_line() {
    for (text, reason) in [
        ("- a\n", "line 1: the file must be a mapping, not a list"),
        ("rules: null\n", "line 1: `rules` must be a list, not nothing"),
        ("rules:\n- access: {}\n", "line 2: the rule has no `pattern`"),
        ("rules:\n- pattern: 12\n  access: {}\n", "line 2: `pattern` must be text, not a number"),
        ("rules:\n- pattern: on\n  access: {}\n", "line 2: `pattern` must be text, not a truth"),
        ("rules:\n- pattern: a\n  access: null\n", "line 3: `access` must be a mapping"),
        (
            "rules:\n- pattern: a\n  access:\n    read:\n    - 2024-01-01\n",
            "line 5: a user must be text, not a date",
        ),
        ("rules:\n- pattern: a\n  access:\n    read:\n", "`read` must be a list, not nothing"),
        ("rules: []\n---\nrules: []\n", "line 2: several documents"),
        ("rules: [\n", "it is no YAML"),
        ("\n# a\n...\n---\nrules: []\n", "never began"),
    ] {
        let error = refused(text);
        assert!(error.contains(reason), "{text:?}: {error}");
    }
    for template in ["{{.UserHash}}", "{{.Year}}", "{{.Month}}", "{{.Date}}"] {
        refused(&format!("rules:\n- pattern: 'a/{template}/**'\n  access: {{}}\n"));
    }
}

#[test]
fn i14_hostile_yaml_is_refused_quickly() {
    let deep = format!("x: {}", "[".repeat(3_000));
    let seventeen = format!("x: {}{}", "[".repeat(16), "]".repeat(16));
    let long = format!("rules: []\n# {}\n", "x".repeat(64 * 1024));
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nrules: []\n";
    for (text, reason) in [
        (deep.as_str(), "recursion limit"),
        (seventeen.as_str(), "16 levels"),
        (long.as_str(), "64 KiB"),
        (bomb, "anchors and aliases"),
        ("a: {<<: {terminal: true}}\n", "`<<` must be in quotes"),
        ("<<: {terminal: true}\n", "`<<` must be in quotes"),
        ("rules: !!python/object:os.system []\n", "tags"),
        ("terminal: !!bool 'true'\n", "tags"),
        ("%YAML 1.1\n---\nrules: []\n", "directives"),
        ("rules: []\nrules: []\n", "the key `rules` is there twice"),
        ("rules: []\nx: \u{7}\n", "control character"),
        ("9999999-01-01: x\nrules: 9999999-01-01\n", "`rules` must be a list"),
        ("{[a]: b}\n", "a key must be text"),
    ] {
        let error = refused(text);
        assert!(error.contains(reason), "{text:.60}: {error}");
    }
}

#[test]
fn i14_a_bad_file_is_the_owners_alone_and_told_while_the_rest_works() {
    let good = format!("rules:\n{PATTERN}  access: {{read: ['*']}}\n");
    let files = [
        (String::new(), Ok(good.clone())),
        ("bad".to_owned(), Ok("rules: &x [*x]\n".to_owned())),
        ("bad/below".to_owned(), Ok(good)),
    ];
    let permissions = Permissions::compile("owner@example.org", files);
    let user = "eve@else.where";
    assert!(permissions.allows(user, "other/x", Level::Read));
    assert!(!permissions.allows(user, "bad/x", Level::Read));
    assert!(!permissions.allows(user, "bad/below/x", Level::Read));
    assert!(permissions.allows("owner@example.org", "bad/x", Level::Write));
    let folders: Vec<_> = permissions.problems().iter().map(|p| p.folder.as_str()).collect();
    assert_eq!(folders, ["bad"]);
}

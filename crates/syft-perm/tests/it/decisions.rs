//! Who may do what, and what is told about it.

use syft_core::DatasitePath;
use syft_perm::{Level, PERMISSION_FILE, PermissionFile, Permissions, Reason, Rule};

const OWNER: &str = "owner@example.org";
const ALICE: &str = "alice@example.com";
const EVE: &str = "eve@else.where";

fn compile(files: &[(&str, &str)]) -> Permissions {
    let files = files.iter().map(|(folder, text)| ((*folder).to_owned(), Ok((*text).to_owned())));
    Permissions::compile(OWNER, files)
}

fn file(rules: impl IntoIterator<Item = Rule>) -> String {
    PermissionFile::new(rules).to_yaml()
}

#[test]
fn p5_permission_files_need_admin_whatever_is_asked() {
    let text = file([Rule::new("**").write([ALICE])]);
    let permissions = compile(&[("", &text), ("inbox", &text)]);
    for path in [PERMISSION_FILE, "inbox/syft.pub.yaml", "inbox/new/syft.pub.yaml"] {
        for level in [Level::Read, Level::Write, Level::Admin] {
            assert!(!permissions.allows(ALICE, path, level), "{path} {level}");
        }
    }
    assert!(permissions.allows(ALICE, "inbox/new/run.sh", Level::Write));
    let told = permissions.explain(ALICE, "inbox/syft.pub.yaml");
    assert_eq!(told.reason, Reason::NeedsAdmin);

    let admin = file([Rule::new("**").admin([ALICE])]);
    let permissions = compile(&[("inbox", &admin)]);
    assert!(permissions.allows(ALICE, "inbox/d/syft.pub.yaml", Level::Write));
}

#[test]
fn p5b_a_folder_with_the_name_of_a_permission_file_needs_admin() {
    let text = file([Rule::new("**").write([ALICE])]);
    let permissions = compile(&[("inbox", &text)]);
    for path in [
        "inbox/ds/v1/syft.pub.yaml/run.sh",
        "inbox/syft.pub.yaml/",
        "inbox/syft.pub.yaml/a/b",
        "inbox/./syft.pub.yaml//x",
    ] {
        assert!(!permissions.allows(ALICE, path, Level::Write), "{path}");
        assert!(permissions.allows(OWNER, path, Level::Write), "{path}");
    }
    assert!(permissions.allows(ALICE, "inbox/not-syft.pub.yaml.d/x", Level::Write));
}

/// A folder where the permission file should be comes in as a file that could
/// not be read: it wedges its own folder and nothing else.
#[test]
fn p5b_what_cannot_be_read_closes_its_own_subtree_only() {
    let everyone = || Ok(file([Rule::new("**").read(["*"])]));
    let files = [
        (String::new(), everyone()),
        ("a/wedged".to_owned(), Err("it is a folder".to_owned())),
        ("a/wedged/deep".to_owned(), everyone()),
    ];
    let permissions = Permissions::compile(OWNER, files);
    assert_eq!(permissions.problems().len(), 1);
    assert_eq!(permissions.problems()[0].folder, "a/wedged");
    for path in ["a/wedged/x", "a/wedged/", "a/wedged", "a/wedged/deep/x"] {
        assert!(!permissions.allows(EVE, path, Level::Read), "{path}");
        assert!(permissions.allows(OWNER, path, Level::Admin), "{path}");
    }
    for path in ["x", "a/x", "a/wedged2/x"] {
        assert!(permissions.allows(EVE, path, Level::Read), "{path}");
    }
    let told = permissions.explain(EVE, "a/wedged/deep/x");
    assert_eq!(told.governing_file.as_deref(), Some("a/wedged/syft.pub.yaml"));
    assert_eq!(told.reason, Reason::BadFile("it is a folder".into()));
}

#[test]
fn a_bad_file_counts_behind_a_terminal_one() {
    let mut top = PermissionFile::new([Rule::new("**").read(["*"])]);
    top.terminal = true;
    let permissions = compile(&[("", &top.to_yaml()), ("d", "rules: 1\n")]);
    assert!(permissions.allows(EVE, "e/x", Level::Read));
    assert!(!permissions.allows(EVE, "d/x", Level::Read));
}

#[test]
fn two_files_for_one_folder_close_it() {
    let text = file([Rule::new("**").read(["*"])]);
    let permissions = compile(&[("d", &text), ("d/", &text), ("../e", &text), ("/f", &text)]);
    assert!(!permissions.allows(EVE, "d/x", Level::Read));
    assert_eq!(permissions.problems().len(), 3);
}

/// Another spelling of the reserved name is not the reserved name to this
/// engine, which folds nothing; it never comes so far, because it is no path.
#[test]
fn p4_other_spellings_of_the_reserved_name_are_no_paths() {
    for name in [
        "SYFT.PUB.YAML",
        "syft.pub.yaml.",
        "syft.pub.yaml ",
        "ſyft.pub.yaml",
        "syft\u{200C}.pub.yaml",
        "SYFTPU~1.YAM",
        "syft.pub.yaml::$DATA",
        "syft．pub．yaml",
    ] {
        assert!(DatasitePath::parse(&format!("inbox/{name}")).is_err(), "{name:?}");
        assert!(DatasitePath::parse(&format!("inbox/{name}/run.sh")).is_err(), "{name:?}");
    }
}

/// The Python peer puts a user's name into a pattern as it is. A name that would
/// be read as a pattern has no yes here, and opens no weaker rule either.
#[test]
fn s4_a_name_that_is_a_pattern_gets_nothing_from_a_template() {
    let own = Rule::new("{{.UserEmail}}/**").read(["USER"]);
    let permissions = compile(&[("", &file([own, Rule::new("**").read(["*"])]))]);
    for user in ["*", "**", "?", "[a-z]*", "a\\b", "alice@example.com/x", ""] {
        for path in ["alice@example.com/x", "*/x", "**/x", "a/x", "other", "x/y/z"] {
            assert!(!permissions.allows(user, path, Level::Read), "{user:?} {path}");
        }
    }
    assert_eq!(permissions.explain("*", "a/x").reason, Reason::UserNotPlain);
    assert!(permissions.allows(ALICE, "alice@example.com/x", Level::Read));
    assert!(permissions.allows(ALICE, "other", Level::Read));

    let inside_brackets = "rules:\n- pattern: '[{{.UserEmail}}]*'\n  access: {read: ['*']}\n";
    assert_eq!(compile(&[("", inside_brackets)]).problems().len(), 1);
}

#[test]
fn s4_lists_are_compared_letter_by_letter() {
    let permissions = compile(&[("", &file([Rule::new("**").read([ALICE])]))]);
    assert!(permissions.allows(ALICE, "a", Level::Read));
    for user in ["*", "Alice@example.com", "alice@example.com ", "аlice@example.com", "", "../"] {
        assert!(!permissions.allows(user, "a", Level::Read), "{user:?}");
    }
}

#[test]
fn paths_that_leave_the_datasite_are_the_owners_alone() {
    let rules = [
        Rule::new("**").admin(["*"]),
        Rule::new("a/../b").admin(["*"]),
        Rule::new(".*").admin(["*"]),
        Rule::new("/etc/passwd").admin(["*"]),
    ];
    let permissions = compile(&[("", &file(rules))]);
    for path in ["/etc/passwd", "..", "../x", "a/../b", "a/..", "", ".", "./", "/", "//", "a\nb"] {
        assert!(!permissions.allows(EVE, path, Level::Read), "{path:?}");
        assert_eq!(permissions.explain(EVE, path).reason, Reason::PathNotAllowed, "{path:?}");
        assert!(permissions.allows(OWNER, path, Level::Admin), "{path:?}");
    }
}

#[test]
fn readers_are_found_among_the_candidates() {
    let rules = [Rule::new("data/*").read([ALICE]), Rule::new("**").read(["*@else.where"])];
    let permissions = compile(&[("", &file(rules))]);
    let candidates = [EVE, ALICE, OWNER];
    assert_eq!(permissions.readers("data/a.csv", candidates), [ALICE, OWNER]);
    assert_eq!(permissions.readers("x", candidates), [EVE, OWNER]);
    assert_eq!(permissions.readers("../x", candidates), [OWNER]);
}

#[test]
fn an_explanation_names_file_line_pattern_and_reason() {
    let text = "# mine\nrules:\n- pattern: '**'\n  access: {read: ['*']}\n\n- access:\n    write:\n    - alice@example.com\n  pattern: inbox/*\n";
    let permissions = compile(&[("app", text)]);
    let shown = permissions.explain(EVE, "app/inbox/x").to_string();
    assert_eq!(
        shown,
        "eve@else.where on app/inbox/x\n  read: no   write: no   admin: no\n  \
         decided by: app/syft.pub.yaml, line 6, pattern `inbox/*`\n  because the rule does not \
         name this user; less specific rules do not count then"
    );
    let told = permissions.explain(ALICE, "app/inbox/x");
    assert_eq!((told.read, told.write, told.admin), (true, true, false));
    assert_eq!((told.line, told.reason), (Some(6), Reason::Listed));
    assert_eq!(permissions.explain(EVE, "app/x").line, Some(3));
    assert_eq!(permissions.explain(EVE, "elsewhere").reason, Reason::NoFile);
    assert_eq!(permissions.explain(OWNER, "elsewhere").reason, Reason::Owner);
    assert_eq!(permissions.explain(EVE, "app/.hidden").reason, Reason::NoRule);
    let hostile = permissions.explain("\u{202E}evil", "a\u{1b}[2J").to_string();
    assert!(hostile.starts_with("‹U+202E›evil on a‹U+001B›[2J"), "{hostile}");
}

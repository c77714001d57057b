//! What holds for every text, user and path.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use syft_perm::{Level, Pattern, PermissionFile, Permissions, Rule};

const LEVELS: [Level; 3] = [Level::Read, Level::Write, Level::Admin];
const OWNER: &str = "owner@example.org";

/// Text of the characters that mean something somewhere.
fn tricky() -> impl Strategy<Value = String> {
    let pieces = vec![
        "*",
        "**",
        "/",
        "a",
        "b",
        ".",
        "..",
        "?",
        "[",
        "]",
        "!",
        "-",
        "\\",
        "é",
        "{{.UserEmail}}",
        "[a-c]",
        "[!a]",
        "[[:alpha:]]",
        "syft.pub.yaml",
        "__any__",
        "\n",
        "",
        " ",
    ];
    vec(select(pieces), 0..9).prop_map(|pieces| pieces.concat())
}

/// A pattern that the reference below knows, in components.
fn simple_pattern() -> impl Strategy<Value = String> {
    let component = prop_oneof![
        select(vec!["**", "*", "?", "a", "b", ".a", ".*", "a*", "*b", "*a*b", "??", "a?"])
            .prop_map(str::to_owned),
        "[ab.*?]{1,4}",
    ];
    vec(component, 1..5).prop_map(|components| components.join("/"))
}

fn simple_path() -> impl Strategy<Value = String> {
    vec("[ab.]{1,4}", 1..6).prop_map(|components| components.join("/"))
}

/// Tries everything: the obvious definition of a glob over components.
fn reference(pattern: &[&str], path: &[&str], first: bool) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (None, Some(_)) => false,
        (Some((&"**", [])), None) => first,
        (Some((&"**", rest)), _) => {
            !rest.is_empty() && reference(rest, path, false)
                || path.split_first().is_some_and(|(component, below)| {
                    !component.starts_with('.')
                        && (rest.is_empty() && below.is_empty() || reference(pattern, below, first))
                })
        }
        (Some((p, pattern)), Some((c, path))) => {
            let hidden = c.starts_with('.') && p.starts_with(['*', '?']);
            let p: Vec<char> = p.chars().collect();
            let c: Vec<char> = c.chars().collect();
            !hidden && component_matches(&p, &c) && reference(pattern, path, false)
        }
        (Some(_), None) => false,
    }
}

fn component_matches(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), _) => {
            component_matches(rest, text)
                || text.split_first().is_some_and(|(_, left)| component_matches(pattern, left))
        }
        (Some((p, pattern)), Some((c, text))) => {
            (*p == '?' || p == c) && component_matches(pattern, text)
        }
        _ => false,
    }
}

fn answers(permissions: &Permissions, user: &str, path: &str) -> [bool; 3] {
    LEVELS.map(|level| permissions.allows(user, path, level))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_matcher_agrees_with_the_obvious_one(
        pattern in simple_pattern(),
        path in simple_path(),
    ) {
        let ours = Pattern::parse(&pattern).unwrap().matches(&path, "user");
        let expected = if pattern.contains(['*', '?']) {
            let pattern: Vec<&str> = pattern.split('/').collect();
            reference(&pattern, &path.split('/').collect::<Vec<_>>(), true)
        } else {
            pattern == path
        };
        prop_assert_eq!(ours, expected, "{} on {}", pattern, path);
    }

    #[test]
    fn no_text_breaks_the_reader(text in prop_oneof![any::<String>(), tricky()]) {
        let _ = PermissionFile::parse(&text);
        let _ = Pattern::parse(&text).map(|pattern| pattern.matches(&text, &text));
    }

    #[test]
    fn what_is_written_is_read_back(
        pattern in any::<String>(),
        users in vec(prop_oneof![any::<String>(), tricky()], 0..3),
        terminal: bool,
    ) {
        prop_assume!(Pattern::parse(&pattern).is_ok());
        let mut file = PermissionFile::new([Rule::new(pattern).read(users.clone()).admin(users)]);
        file.terminal = terminal;
        let read = PermissionFile::parse(&file.to_yaml()).unwrap();
        prop_assert_eq!(&read.rules[0].access, &file.rules[0].access);
        prop_assert_eq!(&read.rules[0].pattern, &file.rules[0].pattern);
        prop_assert_eq!(read.terminal, terminal);
    }

    #[test]
    fn levels_include_the_lower_ones_and_the_owner_has_them_all(
        files in vec((tricky(), tricky(), tricky()), 0..4),
        user in tricky(),
        path in tricky(),
    ) {
        let files = files.into_iter().map(|(folder, pattern, reader)| {
            (folder, Ok(PermissionFile::new([Rule::new(pattern).write([reader])]).to_yaml()))
        });
        let permissions = Permissions::compile(OWNER, files);
        prop_assert_eq!(answers(&permissions, OWNER, &path), [true; 3]);
        let [read, write, admin] = answers(&permissions, &user, &path);
        prop_assert!(read >= write && write >= admin, "{} {}", user, path);
        let told = permissions.explain(&user, &path);
        prop_assert_eq!([told.read, told.write, told.admin], [read, write, admin]);
    }

    #[test]
    fn a_file_elsewhere_changes_nothing_here(
        pattern in tricky(),
        elsewhere in prop_oneof![tricky(), any::<String>()],
        rest in simple_path(),
    ) {
        let here = || {
            let rule = Rule::new(pattern.clone()).read(["*"]);
            ("here".to_owned(), Ok(PermissionFile::new([rule]).to_yaml()))
        };
        let alone = Permissions::compile(OWNER, [here()]);
        let both = Permissions::compile(OWNER, [("there".to_owned(), Ok(elsewhere)), here()]);
        let path = format!("here/{rest}");
        let user = "alice@example.com";
        prop_assert_eq!(answers(&alone, user, &path), answers(&both, user, &path));
    }
}

/// Backtracking over every star would take longer than the universe has.
#[test]
fn many_stars_are_matched_in_no_time() {
    let stars = format!("{}b", "*a".repeat(2_000));
    let path = "a".repeat(4_000);
    assert!(!Pattern::parse(&stars).unwrap().matches(&path, ""));
    let depths = format!("{}b", "**/a/".repeat(500));
    let path = vec!["a"; 1_000].join("/");
    assert!(!Pattern::parse(&depths).unwrap().matches(&path, ""));
}

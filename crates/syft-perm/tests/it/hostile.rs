//! Permission files and patterns of others: every text is a file or a short reason
//! with its line, and a file that cannot be read is its owner's alone.

use proptest::collection::vec;
use proptest::prelude::*;
use syft_core::has_suspicious;
use syft_core::testing::{Damage, damaged};
use syft_core::yaml::MAX_BYTES;
use syft_perm::{Error, Level, Pattern, PermissionFile, Permissions};

const OWNER: &str = "owner@example.org";
const USER: &str = "eve@else.where";
const FILE: &str = "rules:\n- pattern: 'a/**'\n  access:\n    admin: []\n    read: ['*', \
                    \"bob@uni.org\"]\n    write:\n    - '*@lab.org'\n- pattern: \
                    '{{.UserEmail}}/*.csv'\n  access: {read: [USER]}\nterminal: false\nother: 12\n";
/// Longest reason in bytes: 500 characters of up to four, and the words around them.
const LONGEST: usize = 2_100;

fn problem(text: &str) -> Option<String> {
    PermissionFile::parse(text).err().map(|error| {
        assert!(matches!(error, Error::Malformed { line: 1.., .. }), "{error:?}");
        error.to_string()
    })
}

/// Whatever the text says, it is answered, and says the same when it is written again.
fn holds(text: &str) -> Result<(), TestCaseError> {
    let path = "a/b.csv";
    let permissions = Permissions::compile(OWNER, [(String::new(), Ok(text.to_owned()))]);
    prop_assert!(permissions.allows(OWNER, path, Level::Admin));
    let told = permissions.explain(USER, path);
    prop_assert_eq!(told.read, permissions.allows(USER, path, Level::Read));
    let Some(reason) = problem(text) else {
        let file = PermissionFile::parse(text).unwrap();
        let again = PermissionFile::parse(&file.to_yaml()).unwrap();
        let known = |file: &PermissionFile| {
            let rules = file.rules.iter().map(|rule| (rule.pattern.clone(), rule.access.clone()));
            (rules.collect::<Vec<_>>(), file.terminal)
        };
        prop_assert_eq!(known(&again), known(&file));
        return Ok(());
    };
    prop_assert!(reason.len() <= LONGEST, "{} bytes: {reason:.200}", reason.len());
    prop_assert!(!has_suspicious(&reason), "{:?}", reason);
    prop_assert!(!permissions.allows(USER, path, Level::Read), "a file that is refused opens it");
    prop_assert_eq!(permissions.problems().len(), 1);
    Ok(())
}

proptest! {
    #[test]
    fn i14_a_damaged_permission_file_is_a_file_or_a_reason(
        damages in vec(any::<Damage>(), 1..6), strange: String, bytes in vec(any::<u8>(), 0..300),
    ) {
        holds(&String::from_utf8_lossy(&damaged(FILE.as_bytes(), &damages)))?;
        holds(&strange)?;
        holds(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn i14_a_damaged_pattern_matches_or_is_refused(
        damages in vec(any::<Damage>(), 1..6), path: String,
    ) {
        let good = b"a/**/[a-c!]?[[:digit:]]\\*{{.UserEmail}}/*.csv/";
        let text = String::from_utf8_lossy(&damaged(good, &damages)).into_owned();
        match Pattern::parse(&text) {
            Ok(pattern) => drop((pattern.matches(&path, USER), pattern.matches(&text, USER))),
            Err(error) => prop_assert!(error.to_string().len() <= LONGEST, "{}", error),
        }
    }
}

#[test]
fn i14_a_full_file_of_anything_is_refused_in_short() {
    let full = |unit: &str| unit.repeat(MAX_BYTES / unit.len());
    let mut aliases = "a0: &a0 [x, x]\n".to_owned();
    for level in 1..100 {
        aliases.push_str(&format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1));
    }
    let keys: String = (0..5_000).map(|key| format!("{key:x}z:\n")).collect();
    let long = "x".repeat(MAX_BYTES - 100);
    for (what, text) in [
        ("brackets", full("[")),
        ("braces", full("{a: ")),
        ("dashes", full("- ")),
        ("question marks", full("? ")),
        ("colons", full(": ")),
        ("exclamation marks", full("!")),
        ("one text", full("x")),
        ("an open quote", format!("a: \"{}", full("\\u202e").get(10..).unwrap_or_default())),
        ("documents", full("---\n")),
        ("aliases", aliases),
        ("many keys, one of them twice", format!("{keys}1z:\n")),
        ("a long key twice", {
            let key = "k".repeat(MAX_BYTES / 3);
            format!("? {key}\n: 1\n? {key}\n: 2\n")
        }),
        ("a long number as a key", format!("{}: x\n", "1".repeat(1_000))),
        ("a long word that must be in quotes", format!("rules: [?{long}\n")),
        ("a long template", format!("rules:\n- pattern: '{{{{.Year}}}}{long}'\n  access: {{}}\n")),
        ("a long user that is none", format!("rules:\n- pattern: a\n  access: {{read: {long}}}\n")),
        ("a file that is too long", format!("{}#", full("#"))),
    ] {
        let reason = problem(&text).unwrap_or_else(|| panic!("{what} was read"));
        assert!(reason.len() <= LONGEST, "{what}: {} bytes", reason.len());
    }
}

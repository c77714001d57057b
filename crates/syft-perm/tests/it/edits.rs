//! Grants and revocations: those of the Python peer (see `fixtures/README.md`),
//! and what holds for all of them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde::Deserialize;
use syft_perm::{Error, Level, PERMISSION_FILE, PermissionFile, Permissions, Place, Rule};

const LEVELS: [Level; 3] = [Level::Read, Level::Write, Level::Admin];
const OWNER: &str = "owner@org.example";
const ALICE: &str = "alice@example.com";
const BOB: &str = "bob@corp.example";

/// The permission files of a datasite by their folders.
type Files = BTreeMap<String, String>;

#[derive(Deserialize)]
struct Case {
    name: String,
    owner: String,
    files_before: Files,
    ops: Vec<Op>,
    error: Option<String>,
    files_after: Files,
}

#[derive(Deserialize)]
struct Op {
    path: String,
    method: String,
    user: String,
}

fn compile(files: &Files) -> Permissions {
    let folder = |path: &str| path.strip_suffix(PERMISSION_FILE).unwrap().to_owned();
    let files = files.iter().map(|(path, text)| (folder(path), Ok(text.clone())));
    Permissions::compile(OWNER, files)
}

/// What a caller with a disk does; a file that stays as it was is not written.
fn edit(
    files: &mut Files,
    place: Place,
    change: impl FnOnce(&mut PermissionFile, &str) -> Result<(), Error>,
) -> Result<(), Error> {
    let Place { folder, path } = place;
    let name = if folder.is_empty() {
        PERMISSION_FILE.into()
    } else {
        format!("{folder}/{PERMISSION_FILE}")
    };
    let before = PermissionFile::parse(files.get(&name).map_or("", String::as_str))?;
    let mut after = before.clone();
    change(&mut after, &path)?;
    if after != before {
        files.insert(name, after.to_yaml());
    }
    Ok(())
}

fn grant(files: &mut Files, path: &str, level: Level, user: &str) -> Result<(), Error> {
    let place = compile(files).place(path)?;
    edit(files, place, |file, path| file.grant(path, level, user).map(drop))
}

fn revoke(files: &mut Files, path: &str, level: Level, user: &str) -> Result<(), Error> {
    for place in compile(files).places(path)? {
        edit(files, place, |file, path| file.revoke(path, level, user).map(drop))?;
    }
    Ok(())
}

/// The peer adds a rule that stands before an older one and names nobody else:
/// whoever could read by the older rule no longer can. Here a new rule takes
/// over what held until now. The rest is the peer's, byte for byte.
fn ours(name: &str, peers: &str, text: &str) -> String {
    let (new, theirs, ours) = match name {
        "uses governing parent yaml" => (
            2,
            ["read: []\n    write:\n    - alice@example.com", "read:\n    - bob@corp.example"],
            [
                "read:\n    - '*'\n    write:\n    - alice@example.com",
                "read:\n    - '*'\n    - bob@corp.example",
            ],
        ),
        // Alice could read what lies in `review/` already.
        "job setup" if peers.contains("/review/") => (
            1,
            ["    - owner@org.example\n    - alice@example.com", ""],
            ["    - alice@example.com\n    - owner@org.example", ""],
        ),
        _ => return text.to_owned(),
    };
    (0..new).fold(text.to_owned(), |text, at| {
        assert!(text.contains(theirs[at]), "{name}: {text}");
        text.replacen(theirs[at], ours[at], 1)
    })
}

#[test]
fn edits_write_what_the_peer_writes() {
    let path = format!("{}/tests/fixtures/permission_edits.json", env!("CARGO_MANIFEST_DIR"));
    let cases: Vec<Case> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(cases.len(), 10);
    for case in cases {
        assert_eq!((case.owner.as_str(), &case.error), (OWNER, &None), "{}", case.name);
        let mut files = case.files_before.clone();
        for Op { path, method, user } in &case.ops {
            let (verb, level) = method.strip_suffix("_access").unwrap().split_once('_').unwrap();
            let change = if verb == "grant" { grant } else { revoke };
            change(&mut files, path, level.parse().unwrap(), user).expect(&case.name);
        }
        let expected = case
            .files_after
            .iter()
            .map(|(path, text)| (path.clone(), ours(&case.name, path, text)));
        assert_eq!(files, expected.collect::<Files>(), "{}", case.name);
    }
}

fn one_file(rules: &[Rule]) -> Files {
    Files::from([(PERMISSION_FILE.to_owned(), PermissionFile::new(rules.to_vec()).to_yaml())])
}

#[test]
fn a_folder_that_no_rule_speaks_about_gets_a_file_of_its_own() {
    let mut files = one_file(&[Rule::new("public/**").read(["*"])]);
    grant(&mut files, "api_data/", Level::Read, BOB).unwrap();
    grant(&mut files, "public/d/", Level::Write, BOB).unwrap();
    grant(&mut files, "other/a[1].csv", Level::Read, BOB).unwrap();
    assert_eq!(files.keys().collect::<Vec<_>>(), ["api_data/syft.pub.yaml", PERMISSION_FILE]);
    let permissions = compile(&files);
    assert!(permissions.allows(BOB, "api_data/x", Level::Read));
    assert!(permissions.allows(ALICE, "public/d/x", Level::Read), "Alice keeps what she had");
    assert!(permissions.allows(BOB, "public/d/x", Level::Write));
    assert!(permissions.allows(BOB, "other/a[1].csv", Level::Read));
    assert!(!permissions.allows(BOB, "other/a1.csv", Level::Read), "a name is no pattern");
}

#[test]
fn an_edit_that_would_change_something_else_is_refused_with_the_line() {
    let csv = Rule::new("**/*.csv").read([ALICE]);
    let mut files = one_file(&[Rule::new("**").read(["*"]), csv]);
    let before = files.clone();
    let told = grant(&mut files, "d/", Level::Read, BOB).unwrap_err().to_string();
    let expected =
        "line 8: the rule for \"**/*.csv\" stands in the way: it is about other paths too";
    assert_eq!(told, expected);
    assert_eq!(revoke(&mut files, "d/", Level::Read, ALICE).unwrap_err().to_string(), expected);
    assert_eq!(files, before);
    let mut files = one_file(&[Rule::new("{{.UserEmail}}/**").read(["USER"])]);
    let told = grant(&mut files, &format!("{BOB}/x"), Level::Write, BOB).unwrap_err().to_string();
    assert!(told.contains("it decides about the path as well"), "{told}");
}

/// The file says nothing to anybody until it is mended, and is not replaced.
#[test]
fn i14_a_bad_file_is_never_edited() {
    let mut files = Files::from([("d/syft.pub.yaml".to_owned(), "rules: 7\n".to_owned())]);
    for path in ["d/", "d/x", "d/e/"] {
        let error = grant(&mut files, path, Level::Read, BOB).unwrap_err();
        assert!(matches!(&error, Error::BadFile { folder, .. } if folder == "d"), "{error:?}");
        assert!(error.to_string().contains("line 1: `rules` must be a list"), "{error}");
    }
}

#[test]
fn a_narrow_revocation_makes_an_exception_and_a_wide_one_leaves_no_hole() {
    let inner = Rule::new("d/x.txt").write([ALICE, BOB]);
    let mut files = one_file(&[Rule::new("**").read([ALICE, BOB]), inner]);
    revoke(&mut files, "e/y.txt", Level::Read, ALICE).unwrap();
    revoke(&mut files, "d/", Level::Read, ALICE).unwrap();
    let permissions = compile(&files);
    let readers = |path: &str| permissions.readers(path, [ALICE, BOB]);
    assert_eq!(readers("e/y.txt"), [BOB]);
    assert_eq!(readers("e/z.txt"), [ALICE, BOB]);
    assert_eq!(readers("d/x.txt"), [BOB]);
    assert_eq!(readers("d/other"), [BOB]);
    // A rule about names with a dot would still let her in.
    let hidden = Rule::new("**/.*").read([ALICE]);
    let mut files = one_file(&[Rule::new("d/**").read([ALICE]), hidden]);
    assert!(revoke(&mut files, "d/", Level::Read, ALICE).is_err());
}

fn user() -> impl Strategy<Value = &'static str> {
    select(vec![ALICE, BOB, "carol@corp.example", "dan@lab.org"])
}

fn entries() -> impl Strategy<Value = Vec<&'static str>> {
    let all = vec![ALICE, BOB, "carol@corp.example", "*", "*@corp.example", "USER"];
    subsequence(all, 0..3)
}

fn rule() -> impl Strategy<Value = Rule> {
    let part =
        || select(vec!["a", "b", ".h", "*", "**", "*.csv", "x.csv", "{{.UserEmail}}", ".*", ".e"]);
    (vec(part(), 1..4), entries(), entries(), entries()).prop_map(|(parts, read, write, admin)| {
        Rule::new(parts.join("/")).read(read).write(write).admin(admin)
    })
}

fn files() -> impl Strategy<Value = Files> {
    let name = select(vec!["syft.pub.yaml", "a/syft.pub.yaml", "a/b/syft.pub.yaml"]);
    let file = vec(rule(), 0..4).prop_map(|rules| PermissionFile::new(rules).to_yaml());
    btree_map(name.prop_map(str::to_owned), file, 0..3)
}

/// Files in folders up to two deep.
static PATHS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut folders = vec![String::new()];
    folders.extend(["a/", "b/", ".h/", "alice@example.com/"].map(str::to_owned));
    let below = |folder: &String| ["a", "b"].map(|part| format!("{folder}{part}/"));
    let inner: Vec<String> = folders.iter().skip(1).flat_map(below).collect();
    folders.extend(inner);
    let files = |folder: &String| ["f", "x.csv", ".e"].map(|file| format!("{folder}{file}"));
    folders.iter().flat_map(files).collect()
});

fn target() -> impl Strategy<Value = String> {
    let some = vec!["", "a/", "a/b/", "b/", ".h/", "x.csv", "a/x.csv", "b/a/x.csv", "a/.h/x.csv"];
    select(some).prop_map(str::to_owned)
}

fn is_in(path: &str, target: &str) -> bool {
    path == target || (target.is_empty() || target.ends_with('/')) && path.starts_with(target)
}

fn answers(files: &Files, users: &[&str]) -> Vec<[bool; 3]> {
    let permissions = compile(files);
    let ask = |path: &String, user: &str| LEVELS.map(|level| permissions.allows(user, path, level));
    PATHS.iter().flat_map(|path| users.iter().map(move |user| ask(path, user))).collect()
}

fn others(user: &str) -> Vec<&'static str> {
    let all = [ALICE, BOB, "carol@corp.example", "dan@lab.org", "eve@else.where"];
    all.into_iter().filter(|other| *other != user).collect()
}

proptest! {
    #[test]
    fn a_grant_is_about_its_user_and_path_alone(
        before in files(), path in target(), level in select(LEVELS.to_vec()), user in user(),
    ) {
        let mut after = before.clone();
        prop_assume!(grant(&mut after, &path, level, user).is_ok());
        let others = others(user);
        prop_assert!(answers(&before, &others) == answers(&after, &others));
        let (old, new) = (compile(&before), compile(&after));
        for asked in PATHS.iter() {
            let [had, has] = [&old, &new].map(|p| LEVELS.map(|l| p.allows(user, asked, l)));
            prop_assert!(is_in(asked, &path) || had == has, "{} changed", asked);
            prop_assert!(had <= has, "{} was lost", asked);
        }
        let is_folder = path.is_empty() || path.ends_with('/');
        prop_assert!(is_folder || new.allows(user, &path, level));
    }

    #[test]
    fn a_revocation_leaves_no_hole_and_gives_nobody_anything(
        before in files(), path in target(), level in select(LEVELS.to_vec()), user in user(),
    ) {
        let mut after = before.clone();
        prop_assume!(revoke(&mut after, &path, level, user).is_ok());
        let (old, new) = (compile(&before), compile(&after));
        for asked in PATHS.iter() {
            if is_in(asked, &path) {
                prop_assert!(!new.allows(user, asked, level), "{} is still there", asked);
            }
            for other in others("").into_iter().chain([user]) {
                let [had, has] = [&old, &new].map(|p| LEVELS.map(|l| p.allows(other, asked, l)));
                prop_assert!(has.iter().zip(had).all(|(has, had)| *has <= had), "{} {}", other, asked);
                prop_assert!(is_in(asked, &path) || had == has, "{} {}", other, asked);
            }
        }
    }

    #[test]
    fn what_was_granted_and_revoked_again_is_as_it_was(
        before in files(), path in target(), level in select(LEVELS.to_vec()), user in user(),
    ) {
        let permissions = compile(&before);
        let had = PATHS.iter().any(|p| is_in(p, &path) && permissions.allows(user, p, level));
        prop_assume!(!had);
        let mut after = before.clone();
        prop_assume!(grant(&mut after, &path, level, user).is_ok());
        // It is refused if the user had something there that no path here shows.
        prop_assume!(revoke(&mut after, &path, level, user).is_ok());
        let everybody = others("");
        prop_assert!(answers(&before, &everybody) == answers(&after, &everybody));
    }
}

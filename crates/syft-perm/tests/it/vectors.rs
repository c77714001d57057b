//! The answers of the Python peer (see `fixtures/README.md`).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use syft_perm::{Level, PERMISSION_FILE, Pattern, Permissions};

#[derive(Deserialize)]
struct Vectors {
    curated: Vec<Case>,
    generated: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    owner: String,
    files: BTreeMap<String, String>,
    #[serde(default)]
    dirs: Vec<String>,
    load_error: Option<String>,
    queries: Vec<Query>,
}

#[derive(Deserialize)]
struct Query {
    path: String,
    user: String,
    level: String,
    expect: Value,
}

fn fixture<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn cases() -> Vec<Case> {
    let vectors: Vectors = fixture("permissions.json");
    vectors.curated.into_iter().chain(vectors.generated).collect()
}

fn compile(case: &Case) -> Permissions {
    let folder = |path: &str| path.strip_suffix(PERMISSION_FILE).unwrap().to_owned();
    let files = case.files.iter().map(|(path, text)| (folder(path), Ok(text.clone())));
    Permissions::compile(&case.owner, files)
}

/// The path as this engine is asked: the caller knows what is a folder.
fn asked(case: &Case, path: &str) -> String {
    if case.dirs.iter().any(|dir| dir == path) { format!("{path}/") } else { path.to_owned() }
}

#[test]
fn every_answer_is_the_peers() {
    let mut wrong = Vec::new();
    let mut questions = 0;
    for case in cases().iter().filter(|case| case.load_error.is_none()) {
        let permissions = compile(case);
        assert_eq!(permissions.problems(), [], "{}", case.id);
        for query in &case.queries {
            questions += 1;
            let level: Level = query.level.parse().unwrap();
            let answer = permissions.allows(&query.user, &asked(case, &query.path), level);
            // Where the peer raises (c42, an absolute path) the answer is no.
            let expected = query.expect.as_bool().unwrap_or(false);
            if answer != expected {
                let Query { path, user, .. } = query;
                wrong.push(format!("{}: {user} {level} {path:?} is {answer}", case.id));
            }
        }
    }
    assert_eq!(questions, 544);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn explanations_agree_with_the_answers() {
    for case in cases() {
        let permissions = compile(&case);
        for query in &case.queries {
            let path = asked(&case, &query.path);
            let told = permissions.explain(&query.user, &path);
            for (level, verdict) in
                [(Level::Read, told.read), (Level::Write, told.write), (Level::Admin, told.admin)]
            {
                let answer = permissions.allows(&query.user, &path, level);
                assert_eq!(verdict, answer, "{}: {} {path:?} {level}", case.id, query.user);
            }
            let readers = permissions.readers(&path, [query.user.as_str()]);
            assert_eq!(!readers.is_empty(), told.read, "{}: {path:?}", case.id);
        }
    }
}

/// The peer cannot load these datasites at all; here the folder of the bad file
/// is the owner's alone, and the reason is told (`threats.md` I14).
#[test]
fn i14_files_that_the_peer_cannot_load_fail_closed() {
    let reasons = [
        ("c39", "line 2: the rule has no `access`"),
        ("c40", "line 3: `read` must be a list, not text"),
        ("c41", "the only template is {{.UserEmail}}"),
    ];
    let failing: Vec<Case> = cases().into_iter().filter(|c| c.load_error.is_some()).collect();
    assert_eq!(failing.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), ["c39", "c40", "c41"]);
    for (case, (id, reason)) in failing.iter().zip(reasons) {
        let permissions = compile(case);
        let problem = &permissions.problems()[0];
        assert!(problem.reason.contains(reason), "{id}: {}", problem.reason);
        for path in ["a", "d/e", "d/", PERMISSION_FILE] {
            assert!(!permissions.allows("alice@example.com", path, Level::Read), "{id} {path}");
            assert!(permissions.allows(&case.owner, path, Level::Admin), "{id} {path}");
        }
    }
}

#[derive(Deserialize)]
struct Globs {
    paths: Vec<String>,
    patterns: BTreeMap<String, Vec<String>>,
}

#[test]
fn globs_match_what_the_peer_matches() {
    let globs: Globs = fixture("globs.json");
    let mut wrong = Vec::new();
    for (pattern, expected) in &globs.patterns {
        let compiled = Pattern::parse(pattern).unwrap();
        for path in &globs.paths {
            if compiled.matches(path, "alice@example.com") != expected.contains(path) {
                wrong.push(format!("{pattern:?} on {path:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn specificity_is_the_peers() {
    #[derive(Deserialize)]
    struct Key {
        pattern: String,
        key: [i64; 5],
    }
    for Key { pattern, key } in fixture::<Vec<Key>>("specificity.json") {
        let s = Pattern::parse(&pattern).unwrap().specificity();
        let ours = [s.template, s.literals, s.wildcards, s.any_depth, s.components];
        assert_eq!(ours, key, "{pattern}");
    }
}

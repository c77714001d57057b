//! Paths below a datasite, by the rows of the threat list.

use crate::support::json_fixture;
use proptest::prelude::*;
use syft_core::{DatasitePath, Email, HomePath};

fn path(text: &str) -> DatasitePath {
    DatasitePath::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn assert_refused(texts: &[&str]) {
    for text in texts {
        assert!(DatasitePath::parse(text).is_err(), "{text:?}");
    }
}

/// Python repairs or keeps these; ours refuses them.
const REFUSED: &[(&str, &str)] = &[
    ("./private/x", "P9: refused, not repaired"),
    ("x/../private/y", "P1"),
    ("", "P3"),
    ("/private/x", "P2"),
];

#[test]
fn paths_equal_pythons_or_are_refused_as_listed() {
    for case in json_fixture("paths.json")["cases"].as_array().unwrap() {
        let text = case["path"].as_str().unwrap();
        let ours = DatasitePath::parse(text);
        if let Some((_, threat)) = REFUSED.iter().find(|(refused, _)| *refused == text) {
            assert!(ours.is_err(), "{text:?} ({threat})");
            continue;
        }
        let ours = ours.unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(case["normalized"], ours.as_str(), "{text:?}");
        let parts: Vec<&str> = ours.components().collect();
        assert_eq!(case["parts"], serde_json::json!(parts), "{text:?}");
    }
}

#[test]
fn p1_paths_that_lead_upwards() {
    assert_refused(&["..", "../../x", "inbox/ds/../../../../private/x", "a/..", "a/../b"]);
}

#[test]
fn p2_absolute_paths() {
    assert_refused(&["/etc/passwd", "//host/share", "\\\\host\\share", "C:\\x", "C:/x", "c:x"]);
}

#[test]
fn p3_sizes_and_empty_parts() {
    let long = "x".repeat(300);
    let cjk = "漢".repeat(86);
    let huge = ["y".repeat(100).as_str(); 50].join("/");
    let deep = ["d"; 1_000].join("/");
    let deep_by_one = ["d"; 25].join("/");
    assert_refused(&[
        "",
        ".",
        "a/.",
        "a//b",
        "a/",
        "./a",
        "a\0b",
        &long,
        &cjk,
        &huge,
        &deep,
        &deep_by_one,
    ]);
    let longest = ["z".repeat(200).as_str(); 5].join("/");
    for good in [&longest[..], &["d"; 24].join("/"), &"漢".repeat(66)] {
        path(good);
    }
}

#[test]
fn p4_other_spellings_of_reserved_names() {
    assert_refused(&[
        "SYFT.PUB.YAML",
        "a/Syft.Pub.Yaml",
        "syft.pub.yaml.",
        "syft.pub.yaml ",
        "ſyft.pub.yaml",
        "syft.pub\u{200c}.yaml",
        "SYFTPU~1.YAM",
        "syft.pub.yaml::$DATA",
        "syft.pub．yaml",
        "ｓyft.pub.yaml",
        ".GIT/hooks/x",
        ".Syft/x",
        "syft․pub․yaml",
    ]);
    assert!(path("a/b/syft.pub.yaml").is_permission_file());
    assert!(!path("a/syft.pub.yaml/b").is_permission_file());
}

#[test]
fn p4_names_that_fold_to_dots_or_slashes() {
    assert_refused(&["\u{2024}\u{2024}", "．．/x", "a／b", "\u{2100}", "…", "a/⁄/\u{2025}"]);
}

#[test]
fn folding_a_folded_name_changes_nothing() {
    // Where letters have case or compatibility forms; the rest folds to itself.
    let letters = (' '..='\u{33ff}').chain('\u{a640}'..='\u{abff}').chain('\u{f900}'..='\u{ffff}');
    let letters = letters.chain('\u{10400}'..='\u{104ff}').chain('\u{1d400}'..='\u{1d7ff}');
    for c in letters.filter(|c| DatasitePath::parse(&format!("x{c}y")).is_ok()) {
        let key = path(&format!("x{c}y")).fold_key();
        // A key may hold what no path may, as the colon that U+2A74 folds to.
        if let Ok(again) = DatasitePath::parse(&key) {
            assert_eq!(again.fold_key(), key, "{c:?} U+{:04X}", u32::from(c));
        }
    }
}

#[test]
fn p8_names_that_mislead() {
    assert_refused(&[
        "CON",
        "a/nul.txt",
        "com1",
        "LPT9.x",
        "a:b",
        "a\nb",
        "a\tb",
        "a\u{1b}[2Jb",
        "a\u{202e}b",
        "\u{feff}a",
        "a\u{200b}b",
        "a\u{ad}b",
        "-rf",
        "a/-x",
        " a",
        "a ",
        "a.",
        "a/ b",
        "a\u{7f}",
        "a\u{2028}b",
    ]);
    for good in [".hidden", "a b", "a.b.c", "naïve/漢字.txt", "console", "common", "a~b", "x-y"]
    {
        assert_eq!(path(good).as_str(), good);
    }
}

#[test]
fn p9_one_key_for_names_that_file_systems_merge() {
    assert_refused(&["e\u{301}", "a/./b", "a//b"]);
    for (a, b) in
        [("run.sh", "RUN.SH"), ("É/x", "é/x"), ("straße", "STRASSE"), ("ﬁle", "file"), ("σ", "ς")]
    {
        let (a, b) = (path(a), path(b));
        assert_eq!(a.fold_key(), b.fold_key(), "{a} and {b}");
        assert_ne!(a, b);
    }
    assert_ne!(path("a/b").fold_key(), path("a.b").fold_key());
}

#[test]
fn paths_know_their_parts() {
    let file = path("a/b/c.txt");
    assert_eq!(file.file_name(), "c.txt");
    assert_eq!(file.parent(), Some(path("a/b")));
    assert_eq!(path("a").parent(), None);
    assert_eq!(file.strip_prefix(&path("a")), Some("b/c.txt"));
    assert!(file.is_within(&path("a")) && file.is_within(&file));
    assert!(!path("ab/c").is_within(&path("a")));
    assert_eq!(path("a").join("b/c.txt").unwrap(), file);
    assert!(path("a").join("../b").is_err());
}

#[test]
fn home_paths_lead_downwards() {
    for bad in ["/", "/a", "a/", "a//b", ".", "..", "a/../b", "a\0b"] {
        assert!(HomePath::parse(bad).is_err(), "{bad:?}");
    }
    let owner = Email::parse("do@org.example").unwrap();
    let file = HomePath::in_datasite(&owner, &path("a/b"));
    assert_eq!(file.as_str(), "do@org.example/a/b");
    assert_eq!(file.parent().unwrap(), HomePath::datasite(&owner).join("a").unwrap());
    assert_eq!(HomePath::home().join("x").unwrap().parent(), Some(HomePath::home()));
    assert_eq!(HomePath::home().parent(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn an_accepted_path_is_in_bounds(text in "\\PC{0,30}|[a-zA-Zéß./ ~:-]{0,30}") {
        if let Ok(path) = DatasitePath::parse(&text) {
            prop_assert_eq!(path.as_str(), text.as_str());
            for part in path.components() {
                prop_assert!(!matches!(part, "" | "." | "..") && part.len() <= 200);
            }
            let key = path.fold_key();
            prop_assert_eq!(key.split('/').count(), path.components().count());
            prop_assert!(HomePath::parse(path.as_str()).is_ok());
            // A key is its own key, wherever it is a path at all.
            if let Ok(folded) = DatasitePath::parse(&key) {
                prop_assert_eq!(folded.fold_key(), key);
            }
        }
    }
}

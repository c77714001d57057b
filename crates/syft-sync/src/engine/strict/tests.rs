//! What passes is held against the rules of a Python client, spelled out here once more.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use syft_core::codec::{Limits, decode_events, decode_proposal};
use syft_core::testing::SeededEntropy;
use syft_core::{
    Change, Content, ContentHash, DatasitePath, Email, FileChangeEventsMessage, Layout,
    NativeLayout, ProposedFileChangesMessage, Timestamp,
};
use uuid::Uuid;

use super::super::{Draft, Due, NewFile, RoutedFile, Scene, on_route, on_submission};
use super::{NEVER_SYNCED, ToOwner, ToReader, Unfit, name_of, parents};
use crate::ledger::{CopyVersion, Fact, Proposed, RemoteEffect, State};

const GOOD_RULES: &str = "rules:\n- access:\n    read:\n    - '*'\n  pattern: '**'\n";

fn me() -> Email {
    Email::parse("bob@university.org").unwrap()
}

fn owner() -> Email {
    Email::parse("alice@hospital.org").unwrap()
}

fn path(text: &str) -> DatasitePath {
    DatasitePath::parse(text).unwrap()
}

fn content(text: &str) -> Content {
    Content::from_bytes(text.as_bytes().to_vec())
}

fn file(text: &str) -> NewFile {
    NewFile { path: path(text), content: content("x") }
}

/// The datasite of a Python client: its hash table, its files and its folders.
#[derive(Debug, Clone, Default)]
struct Python {
    /// Whether its disk tells no letter case.
    folds: bool,
    table: BTreeMap<DatasitePath, ContentHash>,
    files: BTreeMap<String, (DatasitePath, Vec<u8>)>,
    folders: BTreeSet<String>,
}

impl Python {
    fn key(&self, path: &DatasitePath) -> String {
        if self.folds { path.fold_key() } else { path.to_string() }
    }

    fn write(&mut self, path: &DatasitePath, content: &Content) -> Result<(), String> {
        let key = self.key(path);
        if self.folders.contains(&key) {
            return Err(format!("{path} is a folder"));
        }
        if let Some(file) = parents(&key).find(|folder| self.files.contains_key(*folder)) {
            return Err(format!("{file} is no folder"));
        }
        if self.files.get(&key).is_some_and(|(there, _)| there != path) {
            return Err(format!("{path} replaces another file"));
        }
        self.folders.extend(parents(&key).map(str::to_owned));
        self.files.insert(key, (path.clone(), content.as_bytes().to_vec()));
        self.table.insert(path.clone(), content.hash());
        Ok(())
    }

    fn delete(&mut self, path: &DatasitePath) -> Result<(), String> {
        let key = self.key(path);
        if self.folders.contains(&key) {
            return Err(format!("{path} is a folder and cannot be unlinked"));
        }
        self.files.remove(&key);
        self.table.remove(path);
        Ok(())
    }

    /// Reads its permission files, as before each question (g.1).
    fn load_rules(&self) -> Result<(), String> {
        if let Some(folder) = self.folders.iter().find(|folder| name_of(folder) == "syft.pub.yaml")
        {
            return Err(format!("{folder} cannot be read as a file"));
        }
        let rules = self.files.values().filter(|(path, _)| path.is_permission_file());
        let is_good = |text: &[u8]| text == GOOD_RULES.as_bytes() || says_nothing(text);
        match rules.into_iter().find(|(_, text)| !is_good(text)) {
            Some((path, _)) => Err(format!("{path} cannot be read")),
            None => Ok(()),
        }
    }

    /// What it filters, and what its rules, which let me write all but permission files
    /// of jobs, do not match.
    fn is_dropped(path: &DatasitePath) -> bool {
        let text = path.as_str();
        path.components().any(|name| NEVER_SYNCED.contains(&name) || name.starts_with('.'))
            || path.components().next() == Some("private")
            || text == "public/syft_datasets"
            || text.starts_with("public/syft_datasets/")
            || text.starts_with("jobs/") && text.ends_with("syft.pub.yaml")
    }

    fn take_proposal(
        &mut self,
        name: &str,
        message: &ProposedFileChangesMessage,
    ) -> Result<(), String> {
        check_name(name, "msgv2", 3)?;
        for change in &message.changes {
            self.load_rules()?;
            if Python::is_dropped(&change.path) {
                return Err(format!("{} is dropped", change.path));
            }
            if self.table.get(&change.path).copied() != change.old_hash {
                return Err(format!("{} is not what it was", change.path));
            }
        }
        for change in &message.changes {
            let Change::Write(content) = &change.change else {
                return Err(format!("{} has no content", change.path));
            };
            self.write(&change.path, content)?;
        }
        self.load_rules()
    }

    fn take_events(&mut self, name: &str, message: &FileChangeEventsMessage) -> Result<(), String> {
        check_name(name, "syfteventsmessagev3", 3)?;
        for event in &message.events {
            match &event.change {
                Change::Write(content) => self.write(&event.path, content)?,
                Change::Delete => self.delete(&event.path)?,
            }
        }
        Ok(())
    }
}

/// Whether YAML has nothing in it, so that it is a file without rules (g.1).
fn says_nothing(text: &[u8]) -> bool {
    let lines = text.split(|byte| matches!(byte, b'\n' | b'\r')).map(<[u8]>::trim_ascii);
    let mut lines = lines.filter(|line| !line.is_empty() && !line.starts_with(b"#"));
    let is_nothing = |line: &[u8]| [&b"~"[..], b"{}", b"---", b"..."].contains(&line);
    lines.next().is_none_or(is_nothing) && lines.next().is_none()
}

/// A name is found again if its parts give the same name (b.2).
fn check_name(name: &str, prefix: &str, parts: usize) -> Result<(), String> {
    let fields: Vec<&str> = name.split('_').collect();
    let time =
        fields.get(1).and_then(|time| time.parse().ok()).and_then(|t| Timestamp::new(t).ok());
    let (Some(time), true) = (time, fields.len() == parts) else { return Err(name.to_owned()) };
    let id = fields[2].replace(".tar.gz", "");
    let again = format!("{prefix}_{}_{id}.tar.gz", time.python_repr());
    let is_lower = Uuid::parse_str(&id).is_ok_and(|uuid| uuid.to_string() == id);
    if again == name && is_lower { Ok(()) } else { Err(format!("{name} is called {again}")) }
}

fn sent(draft: &Draft) -> (String, Vec<u8>) {
    let RemoteEffect::Put { name, blob, .. } = &draft.plan.remote[0] else { panic!("{draft:?}") };
    (name.to_string(), draft.blobs[blob].clone())
}

fn at(seconds: f64) -> Timestamp {
    Timestamp::new(seconds).unwrap()
}

fn told(state: &mut State, path: &DatasitePath, hash: Option<ContentHash>) {
    let version = CopyVersion { hash, timestamp: at(1.0) };
    state.apply(Fact::CopyIs { owner: owner(), path: path.clone(), version });
}

fn proposed(state: &mut State, path: &DatasitePath, hash: ContentHash) {
    let base = state.copies.get(&owner()).and_then(|copies| copies.get(path)?.hash);
    let message = Uuid::from_u128(7);
    let proposed = Proposed { hash, base, old: base, message, at: at(1.0) };
    state.apply(Fact::Proposed { owner: owner(), path: path.clone(), proposed });
}

/// Each rule by an example; `here` is what the owner told of, gone or not, and `sent`
/// what is on its way.
#[test]
fn what_a_python_owner_would_stop_at_or_drop_is_not_sent() {
    let in_job = |rest: &str| format!("jobs/{}/j/{rest}", me());
    let filtered = |what: &str| Unfit::Filtered(what.to_owned());
    let clash = |with: &str| Unfit::Clash(with.to_owned());
    let cases = [
        ("notes/a.txt", None),
        ("notes/a.conflict", None),
        ("private", Some(filtered("private"))),
        ("private/x", Some(filtered("private"))),
        ("notes/private/x", None),
        ("public/syft_datasets/d/x", Some(filtered("public/syft_datasets"))),
        ("public/syft_datasets2/x", None),
        ("notes/node_modules/x", Some(filtered("node_modules"))),
        ("notes/__pycache__", Some(filtered("__pycache__"))),
        ("notes/.env", Some(Unfit::Hidden(".env".to_owned()))),
        ("notes/.d/x", Some(Unfit::Hidden(".d".to_owned()))),
        ("notes/syft.pub.yaml/x", Some(Unfit::RulesFolder)),
        (&in_job("run.sh"), None),
        (&in_job("code/syft.pub.yaml"), Some(Unfit::RulesInJob)),
        (&in_job("code/mysyft.pub.yaml"), Some(Unfit::RulesInJob)),
        ("there", Some(clash("there"))),
        ("there/file.txt", None),
        ("there/File.txt", Some(clash("there/file.txt"))),
        ("There/other.txt", Some(clash("there"))),
        ("there/file.txt/x", Some(clash("there/file.txt"))),
        ("gone/file.txt", None),
        ("gone", Some(clash("gone"))),
        ("waiting/file.txt", Some(Unfit::Unanswered)),
        ("waiting/other.txt", None),
        (&in_job("waiting"), None),
        (&in_job("waiting/x"), Some(clash(&in_job("waiting")))),
        ("waiting", Some(clash("waiting"))),
        ("app_data/job/inbox", Some(clash("app_data/job/inbox"))),
        ("public", Some(clash("public"))),
    ];
    let mut state = State::default();
    told(&mut state, &path("there/file.txt"), Some(content("old").hash()));
    told(&mut state, &path("gone/file.txt"), None);
    proposed(&mut state, &path("waiting/file.txt"), content("first").hash());
    proposed(&mut state, &path(&in_job("waiting")), content("first").hash());
    for (text, expected) in cases {
        let mut to_owner = ToOwner::new(&state, &NativeLayout, &me(), &owner());
        let taken = to_owner.take(&[file(text)]);
        let expected = expected.map_or(Ok(()), |unfit| Err(vec![(path(text), unfit)]));
        assert_eq!(taken, expected, "{text}");
    }
}

#[test]
fn rules_are_sent_if_a_python_owner_can_read_them() {
    let state = State::default();
    for (text, is_fit) in [
        (GOOD_RULES, true),
        ("", true),
        ("rules: null\n", false),
        ("rules: [", false),
        ("- a list\n", false),
        ("rules:\n- pattern: '{{.UserHash}}'\n  access: {}\n", false),
    ] {
        let mut to_owner = ToOwner::new(&state, &NativeLayout, &me(), &owner());
        let files = [NewFile { path: path("notes/syft.pub.yaml"), content: content(text) }];
        assert_eq!(to_owner.take(&files).is_ok(), is_fit, "{text:?}");
    }
    let mut to_owner = ToOwner::new(&state, &NativeLayout, &me(), &owner());
    let binary = Content::from_bytes(vec![0xff, 0xfe]);
    let files = [NewFile { path: path("notes/syft.pub.yaml"), content: binary }];
    assert!(matches!(to_owner.take(&files).unwrap_err()[0].1, Unfit::BadRules(_)));
}

#[test]
fn what_is_of_use_together_alone_is_sent_together_or_not_at_all() {
    let state = State::default();
    let mut to_owner = ToOwner::new(&state, &NativeLayout, &me(), &owner());
    let all = [file("j/a"), file("j/.env"), file("j/b"), file("j/b/c")];
    let unfit: Vec<String> =
        to_owner.take(&all).unwrap_err().iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!(unfit, ["j/.env", "j/b/c"]);
    assert_eq!(to_owner.take(&[file("j/a/c")]), Ok(()), "nothing of it was taken");
    assert!(to_owner.take(&[file("j/a")]).is_err());
    assert!(to_owner.take(&[file("j/a/c")]).is_err(), "once in a pass");
}

/// What the types of a message keep out already: `protocol.md` b.2, k.2, k.3.
#[test]
fn what_no_message_can_say_is_not_sent_either() {
    for text in ["/etc/x", "../x", "a/../b", "a/..", "a\0b", "", ".", "a//b", "./a", "a/"] {
        assert!(DatasitePath::parse(text).is_err(), "{text:?}");
    }
    for uid in ["a_b", "", "a.tar.gz", "ä"] {
        assert!(syft_core::ProposalName::with_uid(at(1.0), uid).is_err(), "{uid:?}");
    }
    for time in [f64::NAN, f64::INFINITY] {
        assert!(Timestamp::new(time).is_err(), "{time}");
    }
}

#[test]
fn what_a_python_reader_would_stop_at_is_not_sent() {
    let mut state = State::default();
    let is_sent = |state: &mut State, text: &str, hash| {
        state.apply(Fact::Sent { reader: me(), path: path(text), hash });
    };
    is_sent(&mut state, "there/file.txt", Some(content("x").hash()));
    is_sent(&mut state, "gone/deep/file.txt", Some(content("x").hash()));
    is_sent(&mut state, "gone/deep/file.txt", None);
    let due = |text: &str, content: Option<Content>| Due {
        path: path(text),
        hash: content.map(|content| content.hash()),
    };
    for (text, is_fit) in [
        ("there/other.txt", true),
        ("there/file.txt", true),
        ("there/.env", true),
        ("there/syft.pub.yaml", true),
        ("there/syft.pub.yaml/x", false),
        ("there", false),
        ("there/file.txt/x", false),
        ("there/FILE.txt", false),
        ("gone/deep/file.txt", true),
        ("gone", false),
        ("gone/deep", false),
    ] {
        let mut to_reader = ToReader::new(&state, &me());
        let taken = to_reader.take(&due(text, Some(content("new"))));
        assert_eq!(taken.is_ok(), is_fit, "{text}: {taken:?}");
    }
    let mut to_reader = ToReader::new(&state, &me());
    assert_eq!(to_reader.take(&due("there/file.txt", None)), Ok(()));
    assert_eq!(to_reader.take(&due("there/file.txt/x", Some(content("new")))), Ok(()));
    assert!(to_reader.take(&due("there", Some(content("new")))).is_err(), "the folder stays");
}

fn some_path() -> impl Strategy<Value = DatasitePath> {
    let names = prop::sample::select(vec![
        "a",
        "A",
        "b",
        "c.txt",
        ".env",
        "syft.pub.yaml",
        "my-syft.pub.yaml",
        "private",
        "public",
        "syft_datasets",
        "node_modules",
        "jobs",
        "bob@university.org",
        "run.sh",
    ]);
    prop::collection::vec(names, 1..5)
        .prop_filter_map("no path", |names| DatasitePath::parse(&names.join("/")).ok())
}

/// Of few names, so that a file often stands where a folder stood.
fn crowded_path() -> impl Strategy<Value = DatasitePath> {
    let names = prop::sample::select(vec!["a", "A", "b", "syft.pub.yaml"]);
    prop::collection::vec(names, 1..4)
        .prop_filter_map("no path", |names| DatasitePath::parse(&names.join("/")).ok())
}

/// What an owner does to one file of its own.
#[derive(Debug, Clone)]
enum Edit {
    Write(DatasitePath, Content),
    /// Forgets one of those that were sent.
    Forget(usize),
}

fn some_edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (crowded_path(), some_content()).prop_map(|(path, content)| Edit::Write(path, content)),
        (0..8_usize).prop_map(Edit::Forget),
    ]
}

fn some_content() -> impl Strategy<Value = Content> {
    prop_oneof![
        Just(content(GOOD_RULES)),
        Just(content("rules: [")),
        "[a\r\n\u{feff}\u{0}é]{0,3}".prop_map(|text| content(&text)),
        prop::collection::vec(any::<u8>(), 0..4).prop_map(Content::from_bytes),
    ]
}

/// What happened before at the owner, as far as a real disk allows it.
#[derive(Debug, Clone)]
enum Before {
    Told(Option<Content>),
    /// A change of mine that the owner has not answered.
    Sent(Content),
    /// One that it dropped, as it does outside of my jobs.
    Dropped(Content),
}

fn some_past() -> impl Strategy<Value = Vec<(DatasitePath, Before)>> {
    let before = prop_oneof![
        prop::option::of(some_content()).prop_map(Before::Told),
        some_content().prop_map(Before::Sent),
        some_content().prop_map(Before::Dropped),
    ];
    prop::collection::vec((some_path(), before), 0..12)
}

fn is_my_job(path: &DatasitePath) -> bool {
    path.is_within(&NativeLayout.job_inbox(&me()))
}

fn live_through(past: Vec<(DatasitePath, Before)>, python: &mut Python, state: &mut State) {
    for (path, before) in past {
        let earlier = python.clone();
        let done = match &before {
            Before::Told(None) => python.delete(&path),
            Before::Told(Some(content)) | Before::Sent(content) => python.write(&path, content),
            Before::Dropped(_) if is_my_job(&path) => Err("it is taken".to_owned()),
            Before::Dropped(_) => Ok(()),
        };
        if done.and_then(|()| python.load_rules()).is_err() {
            *python = earlier;
            continue;
        }
        match before {
            Before::Told(content) => told(state, &path, content.map(|content| content.hash())),
            Before::Sent(content) | Before::Dropped(content) => {
                proposed(state, &path, content.hash());
            }
        }
    }
}

proptest! {
    #[test]
    fn a_python_owner_accepts_whatever_passes(
        folds in any::<bool>(), past in some_past(), now in 0.0..2e9_f64,
        groups in prop::collection::vec(
            prop::collection::btree_map(some_path(), some_content(), 1..4), 1..8
        ),
    ) {
        let mut python = Python { folds, ..Python::default() };
        let mut state = State::default();
        live_through(past, &mut python, &mut state);
        let mut to_owner = ToOwner::new(&state, &NativeLayout, &me(), &owner());
        let mut fit = Vec::new();
        for group in groups {
            let files = group.into_iter().map(|(path, content)| NewFile { path, content });
            let files: Vec<NewFile> = files.collect();
            if to_owner.take(&files).is_ok() {
                fit.extend(files);
            }
        }
        if fit.is_empty() {
            return Ok(());
        }
        let entropy = SeededEntropy::new(1);
        let my_address = me();
        let scene = Scene { me: &my_address, now: at(now), entropy: &entropy };
        let draft = on_submission(&state, &scene, &owner(), fit.clone()).unwrap();
        let (name, bytes) = sent(&draft);
        let message = decode_proposal(&bytes, &Limits::PROPOSAL).unwrap();
        prop_assert_eq!(python.take_proposal(&name, &message), Ok(()));
        for NewFile { path, content } in fit {
            let there = &python.files[&python.key(&path)];
            prop_assert_eq!(&there.1, content.as_bytes());
        }
    }

    #[test]
    fn a_python_reader_applies_whatever_passes(
        folds in any::<bool>(),
        rounds in prop::collection::vec(prop::collection::vec(some_edit(), 1..4), 1..8),
    ) {
        let mut python = Python { folds, ..Python::default() };
        let mut state = State::default();
        let entropy = SeededEntropy::new(1);
        let owner = owner();
        for (number, round) in (1_u32..).zip(rounds) {
            let mut to_reader = ToReader::new(&state, &me());
            let sent_before = state.sent.get(&me()).cloned().unwrap_or_default();
            let mut edits = BTreeMap::new();
            for edit in round {
                match edit {
                    Edit::Write(path, content) => drop(edits.insert(path, Some(content))),
                    Edit::Forget(place) => {
                        let path = sent_before.keys().cycle().nth(place);
                        edits.extend(path.map(|path| (path.clone(), None)));
                    }
                }
            }
            let files = edits.into_iter().map(|(path, content)| RoutedFile { path, content });
            let due = |file: &RoutedFile| Due {
                path: file.path.clone(),
                hash: file.content.as_ref().map(Content::hash),
            };
            let is_fit = |file: &RoutedFile| to_reader.take(&due(file)).is_ok();
            let fit: Vec<RoutedFile> = files.filter(is_fit).collect();
            if fit.is_empty() {
                continue;
            }
            let scene = Scene { me: &owner, now: at(f64::from(number)), entropy: &entropy };
            let draft = on_route(&state, &scene, &me(), fit).unwrap();
            let (name, bytes) = sent(&draft);
            let message = decode_events(&bytes, &Limits::EVENTS).unwrap();
            prop_assert_eq!(python.take_events(&name, &message), Ok(()));
            draft.plan.facts.into_iter().for_each(|fact| state.apply(fact));
        }
    }
}

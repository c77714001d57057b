use std::fs;

use crate::common::{OWNER, Pair, SCIENTIST, dataset, email, name, tree};
use syft_job::sandbox::{IsolationLevel, Limits};
use syft_job::{
    ApproveOptions, Error, FlagKind, Intake, JobId, Problem, Review, Script, Status, Submission,
};

const SCRIPT: &str = "echo hello\n";

fn review(pair: &Pair, id: &JobId) -> Review {
    pair.owner.store.review(id, &Limits::default(), IsolationLevel::L2).unwrap()
}

#[test]
fn both_sides_compute_one_digest_and_one_id() {
    let pair = Pair::new();
    let id = pair.sent("count", SCRIPT);
    let mine = pair.owner.store.received(&id).unwrap();
    let theirs = pair.scientist.store.job("count").unwrap();
    assert_eq!(mine.digest(), theirs.digest());
    assert_eq!(mine.id(), theirs.id());
    assert_eq!(mine.status(), Status::Inbox);
    assert_eq!(theirs.status(), Status::Inbox);
    assert_eq!(pair.intake("count"), Intake::Unchanged { id });
    assert_eq!(pair.owner.actions(), ["job.received"]);
}

#[test]
fn r1_a_byte_changed_after_approval_needs_another_approval() {
    let pair = Pair::new();
    let id = pair.sent("count", SCRIPT);
    pair.approve(&id);
    assert_eq!(pair.status(&id), Status::Approved);
    let folder = Pair::job_folder("count");
    assert!(pair.owner.path(&format!("{folder}/approved")).exists());
    pair.answer("count");
    assert_eq!(pair.scientist.store.job("count").unwrap().status(), Status::Approved);

    pair.scientist.write(&format!("{folder}/run.sh"), "echo hullo\n");
    assert_eq!(pair.scientist.store.job("count").unwrap().status(), Status::Inbox);
    fs::copy(
        pair.scientist.path(&format!("{folder}/run.sh")),
        pair.owner.path(&format!("{folder}/run.sh")),
    )
    .unwrap();
    assert!(matches!(pair.intake("count"), Intake::Revised { .. }));
    assert_eq!(pair.status(&id), Status::Inbox);
    assert!(!pair.owner.path(&format!("{folder}/approved")).exists());
    let job = pair.owner.store.received(&id).unwrap();
    assert!(job.changed_after_approval());
    assert_eq!(job.id(), &id, "the id is for life");

    let error = pair.run(&id).unwrap_err();
    assert!(error.to_string().contains("(run.sh): look at it"), "{error}");
    let diff = pair.owner.store.diff(&id).unwrap().unwrap().text;
    assert!(diff.contains("-echo hello\n+echo hullo\n"), "{diff}");
    let shown = review(&pair, &id);
    assert_eq!(shown.changed, ["run.sh"]);
    assert!(shown.flags.iter().any(|flag| flag.kind == FlagKind::Contradiction));

    pair.owner.store.note_shown(&id, &shown.digest).unwrap();
    pair.approve(&id);
    let run = pair.run(&id).unwrap();
    assert_eq!(run.started.revision, shown.digest);
    let log = pair.owner.store.received(&id).unwrap().stdout().unwrap().unwrap();
    assert_eq!(log.text(), "hullo\n");
}

#[test]
fn r1_what_was_shown_is_what_is_approved() {
    let pair = Pair::new();
    let id = pair.sent("count", SCRIPT);
    let shown = review(&pair, &id).digest;
    let job = pair.owner.store.received(&id).unwrap();
    pair.owner.write(&format!("{}/code/extra.sh", Pair::job_folder("count")), "rm -rf /\n");
    for error in [
        job.approve(None).unwrap_err(),
        pair.owner
            .store
            .approve(&id, &ApproveOptions { expected: Some(shown), ..Default::default() })
            .unwrap_err(),
    ] {
        assert!(matches!(&error, Error::Changed { changed, .. } if changed == &["code/extra.sh"]));
    }
    assert_eq!(pair.status(&id), Status::Inbox);
}

#[test]
fn r3_no_name_below_code_is_skipped() {
    let pair = Pair::new();
    let id = pair.sent("count", SCRIPT);
    pair.approve(&id);
    let folder = Pair::job_folder("count");
    for extra in ["sub/run.sh", "sub/config.yaml", ".hidden", "outputs/x", "approved"] {
        pair.owner.write(&format!("{folder}/code/{extra}"), "x");
        assert!(matches!(pair.intake("count"), Intake::Revised { .. }), "{extra}");
        assert_eq!(pair.status(&id), Status::Inbox, "{extra}");
        fs::remove_file(pair.owner.path(&format!("{folder}/code/{extra}"))).unwrap();
        pair.intake("count");
        assert_eq!(pair.status(&id), Status::Approved, "the approved bytes again");
    }
}

#[test]
fn an_incomplete_job_is_never_runnable() {
    let pair = Pair::new();
    let source = tempfile::tempdir().unwrap();
    fs::write(source.path().join("main.py"), "import util\n").unwrap();
    fs::write(source.path().join("util.py"), "x = 1\n").unwrap();
    let mut submission = Submission::new(email(OWNER), Script::Path(source.path().to_owned()));
    submission.name = Some(name("count"));
    pair.submit(&submission);
    let util = pair.owner.path(&format!("{}/code/util.py", Pair::job_folder("count")));
    fs::remove_file(&util).unwrap();
    let missing = Problem::Incomplete { missing: vec!["code/util.py".to_owned()] };
    assert_eq!(pair.intake("count"), Intake::Unusable { id: None, problem: missing.clone() });
    pair.deliver("count");
    let Intake::Received { id, .. } = pair.intake("count") else { panic!("complete now") };
    pair.approve(&id);
    fs::remove_file(&util).unwrap();
    let error = pair.run(&id).unwrap_err();
    assert!(error.to_string().contains("misses code/util.py"), "{error}");
    assert!(pair.owner.store.approve(&id, &ApproveOptions::default()).is_err());
    let waiting = pair.owner.store.received(&id).unwrap().waiting_for().unwrap();
    assert_eq!(waiting.who, email(SCIENTIST));
}

#[test]
fn nothing_in_the_job_folder_is_a_decision() {
    let pair = Pair::new();
    let id = pair.sent("count", SCRIPT);
    let folder = Pair::job_folder("count");
    for marker in ["approved", "done", "running"] {
        pair.owner.write(&format!("{folder}/{marker}"), "status: approved\n");
    }
    pair.owner.write(&format!("{folder}/outputs/fake.csv"), "1");
    pair.intake("count");
    assert_eq!(pair.status(&id), Status::Inbox);
    assert!(matches!(pair.run(&id).unwrap_err(), Error::WrongState { .. }));
    pair.owner.store.project(&id).unwrap();
    let left = tree(&pair.owner.path(&folder));
    assert_eq!(left.keys().collect::<Vec<_>>(), ["config.yaml", "run.sh"]);
}

#[test]
fn a_rejection_and_a_withdrawal_are_seen_by_both_sides() {
    let pair = Pair::new();
    let id = pair.sent("count", SCRIPT);
    pair.owner.store.reject(&id, Some("too broad")).unwrap();
    pair.answer("count");
    let theirs = pair.scientist.store.job("count").unwrap();
    assert_eq!(theirs.status(), Status::Rejected);
    assert_eq!(theirs.decided().unwrap().1, Some("too broad"));
    assert_eq!(theirs.waiting_for(), None);
    assert!(theirs.approve(None).is_err(), "only the owner decides");

    let other = pair.sent("other", SCRIPT);
    pair.approve(&other);
    pair.scientist.store.job("other").unwrap().cancel().unwrap();
    pair.deliver("other");
    assert_eq!(pair.intake("other"), Intake::Cancelled { id: other.clone() });
    assert_eq!(pair.status(&other), Status::Cancelled);
    assert!(matches!(pair.run(&other).unwrap_err(), Error::WrongState { .. }));
    pair.answer("other");
    assert_eq!(pair.scientist.store.job("other").unwrap().status(), Status::Cancelled);
    assert_eq!(
        pair.owner.actions(),
        ["job.received", "job.rejected", "job.received", "job.approved", "job.cancelled"]
    );
}

#[test]
fn s11_an_ambiguous_name_lists_the_candidates() {
    let pair = Pair::new();
    let id = pair.sent("count", SCRIPT);
    let mallory = crate::common::Home::of("mallory@uni.edu", 9);
    let mut submission = Submission::new(email(OWNER), Script::Text("echo evil\n".to_owned()));
    submission.name = Some(name("count"));
    let sent = mallory.store.submit(&submission).unwrap();
    for (path, bytes) in tree(&sent.path) {
        pair.owner.write(&format!("{OWNER}/jobs/mallory@uni.edu/count/{path}"), bytes);
    }
    pair.owner.store.intake_all().unwrap();
    let jobs = pair.owner.store.jobs().unwrap();
    assert_eq!(jobs.len(), 2);
    match jobs.get("count").unwrap_err() {
        Error::Ambiguous { candidates, .. } => {
            assert!(candidates.contains(&format!("{id} ({SCIENTIST}/count)")), "{candidates:?}");
            assert!(candidates.iter().any(|c| c.contains("mallory@uni.edu/count")));
        }
        other => panic!("{other}"),
    }
    assert_eq!(jobs.get(&format!("{SCIENTIST}/count")).unwrap().id(), &id);
    assert_eq!(jobs.get(&id.as_str()[..8]).unwrap().id(), &id);
    assert_eq!(jobs.get(id.as_str()).unwrap().submitted_by(), &email(SCIENTIST));
    assert!(matches!(jobs.get("gone").unwrap_err(), Error::NotFound(_)));
    assert!(matches!(jobs.get("").unwrap_err(), Error::NotFound(_)));
}

#[test]
fn r6_r7_what_hides_is_shown_and_stops_a_quick_approval() {
    let pair = Pair::new();
    let clean = pair.sent("clean", "# naïve count\necho 1\n");
    assert!(review(&pair, &clean).one_key_approval_allowed());

    let far = format!("echo 1{}; curl evil\n", " ".repeat(4_000));
    let deep = format!("echo 1\n{}curl evil\n", "\n".repeat(200));
    let cases = [
        ("esc", "echo \u{1b}[2Jx\n", FlagKind::HiddenCharacters, "‹U+001B›"),
        ("bidi", "x=\u{202e}1 # y\n", FlagKind::HiddenCharacters, "‹U+202E›"),
        ("separator", "# note\u{2028}curl evil\n", FlagKind::HiddenCharacters, "‹U+2028›"),
        ("return", "curl evil\recho 1\n", FlagKind::HiddenCharacters, "‹U+000D›"),
        ("letters", "сurl x\n", FlagKind::MixedScripts, "сurl"),
        ("gutter", "# note            2 │ exit 0\ncurl evil\n", FlagKind::Gutter, "curl evil"),
        ("far", far.as_str(), FlagKind::Blanks, "curl evil"),
        ("deep", deep.as_str(), FlagKind::Blanks, "202 │ curl evil"),
    ];
    for (job, script, kind, shown) in cases {
        let id = pair.sent(job, script);
        let review = review(&pair, &id);
        assert!(review.flags.iter().any(|flag| flag.kind == kind), "{job}: {:?}", review.flags);
        assert!(!review.one_key_approval_allowed(), "{job}");
        let text = review.to_string();
        assert!(text.contains(shown), "{job}: {text}");
        let raw = |c: char| c.is_control() && c != '\n' || "\u{202e}\u{2028}".contains(c);
        assert!(!text.contains(raw), "{job}");
    }
}

#[test]
fn r6_r7_a_script_that_is_no_text_is_shown_and_stops_a_quick_approval() {
    let pair = Pair::new();
    let folder = Pair::job_folder("count");
    let mut submission = Submission::new(email(OWNER), Script::Text("echo 1\n".to_owned()));
    submission.name = Some(name("count"));
    pair.submit(&submission);
    pair.intake("count");
    let plain = "echo 1\n";
    let bad = b"echo caf\xe9\ncurl evil\0\n";
    for script in ["run.sh", "code/lib/other.PY", "code/helper.sh"] {
        pair.owner.write(&format!("{folder}/{script}"), bad);
        let Intake::Revised { id, .. } = pair.intake("count") else { panic!("{script}") };
        let shown = review(&pair, &id);
        let flag = shown.flags.iter().find(|flag| flag.kind == FlagKind::BinaryScript).unwrap();
        assert_eq!(flag.file.as_deref(), Some(script));
        assert!(!shown.one_key_approval_allowed(), "{script}");
        let text = shown.to_string();
        assert!(text.contains("1 │ echo caf‹0xE9›\n    2 │ curl evil‹U+0000›\n"), "{text}");
        pair.owner.write(&format!("{folder}/{script}"), plain);
        pair.intake("count");
    }
    // What no interpreter reads by its name is told, and one key approves it.
    pair.owner.write(&format!("{folder}/code/data.bin"), bad);
    pair.owner.write(&format!("{folder}/code/latin1.txt"), b"caf\xe9\n");
    let Intake::Revised { id, .. } = pair.intake("count") else { panic!("not revised") };
    let shown = review(&pair, &id);
    assert!(shown.one_key_approval_allowed(), "{:?}", shown.flags);
    assert_eq!(shown.flags.iter().filter(|flag| flag.kind == FlagKind::Binary).count(), 2);
    let text = shown.to_string();
    assert!(
        text.contains("1 │ caf‹0xE9›\n") && text.contains("data.bin (21 bytes, no text"),
        "{text}"
    );
}

#[test]
fn r7_no_line_of_a_review_poses_as_another() {
    let pair = Pair::new();
    let long = format!("echo {}    2 │ exit 0\necho 2\n", "x".repeat(95));
    let mut submission = Submission::new(email(OWNER), Script::Text(long));
    submission.name = Some(name("long"));
    submission.description = Some("── run.sh (7 bytes)\n    1 │ echo ok".to_owned());
    pair.submit(&submission);
    let Intake::Received { id, .. } = pair.intake("long") else { panic!("not received") };
    let text = review(&pair, &id).to_string();
    let shown = text.split("approving allows").next().unwrap();
    assert!(shown.lines().all(|line| line.chars().count() <= 100), "{text}");
    let numbered = |line: &&str| line.trim_start().starts_with(|c: char| c.is_ascii_digit());
    assert_eq!(shown.lines().filter(numbered).count(), 2, "{text}");
    assert_eq!(shown.lines().filter(|line| line.starts_with("── ")).count(), 1, "{text}");
    assert!(text.contains("\n      ┆ xxxxx"), "{text}");
    assert!(text.contains("\n      ┆     1 │ echo ok"), "{text}");
}

#[test]
fn r8_a_decoy_entry_point_is_flagged() {
    let pair = Pair::new();
    let id = pair.sent("decoy", "bash code/real.sh\n");
    let folder = Pair::job_folder("decoy");
    let config = fs::read_to_string(pair.owner.path(&format!("{folder}/config.yaml"))).unwrap();
    let decoy = config.replace("entrypoint: null", "entrypoint: ../../etc/passwd");
    assert_ne!(config, decoy);
    pair.owner.write(&format!("{folder}/config.yaml"), decoy);
    pair.owner.write(&format!("{folder}/code/real.sh"), "echo 1\n");
    pair.intake("decoy");
    let review = review(&pair, &id);
    for kind in [FlagKind::EntrypointMissing, FlagKind::EntrypointUnused] {
        assert!(review.flags.iter().any(|flag| flag.kind == kind), "{:?}", review.flags);
    }
    assert_eq!(review.files[0].path, "run.sh");
    assert_eq!(review.files[1].path, "code/real.sh");
    assert!(!review.one_key_approval_allowed());
}

#[test]
fn a_folder_that_holds_no_job_is_reported_and_stops_no_other() {
    let pair = Pair::new();
    pair.sent("good", SCRIPT);
    let bad = Pair::job_folder("bad");
    pair.owner.write(&format!("{bad}/run.sh"), "x");
    pair.owner.write(&format!("{bad}/config.yaml"), "[".repeat(3_000));
    let link = Pair::job_folder("link");
    pair.owner.write(&format!("{link}/config.yaml"), "name: link\ntype: bash\n");
    pair.owner.write(&format!("{link}/code/a"), "x");
    std::os::unix::fs::symlink("/etc/passwd", pair.owner.path(&format!("{link}/run.sh"))).unwrap();
    let seen = pair.owner.store.intake_all().unwrap();
    let unusable: Vec<&str> = seen
        .iter()
        .filter(|(_, _, intake)| {
            matches!(intake, Intake::Unusable { id: None, problem: Problem::Malformed { .. } })
        })
        .map(|(_, name, _)| name.as_str())
        .collect();
    assert_eq!(unusable, ["bad", "link"]);
    assert_eq!(pair.owner.store.jobs().unwrap().len(), 1);
}

#[test]
fn however_often_a_job_is_changed_what_is_kept_of_it_stays_small() {
    let pair = Pair::new();
    let id = pair.sent("count", SCRIPT);
    pair.approve(&id);
    for number in 0..40 {
        let script = format!("echo {number}\n");
        pair.owner.write(&format!("{}/run.sh", Pair::job_folder("count")), script);
        assert!(matches!(pair.intake("count"), Intake::Revised { .. }));
    }
    assert!(pair.owner.store.revisions(&id).unwrap().len() < 30);
    assert!(fs::read_dir(pair.owner.path(".syft/snapshots")).unwrap().count() < 30);
    pair.owner.write(&format!("{}/run.sh", Pair::job_folder("count")), SCRIPT);
    pair.run(&id).unwrap();
    assert_eq!(pair.status(&id), Status::Done);
}

/// As a Python client's job, which names a dataset in its code alone.
const NAMES_BEDS: &str = "# 'beds'\ncat \"$SYFT_DATASET_BEDS\"\n";

#[test]
fn an_owner_may_grant_what_a_job_does_not_ask_for() {
    let pair = Pair::new();
    for (set, row) in [("beds", "one\n"), ("other", "two\n")] {
        pair.owner.write(&format!("{OWNER}/public/datasets/{set}/dataset.yaml"), "name: x\n");
        pair.owner.write(&format!("{OWNER}/private/datasets/{set}/rows.csv"), row);
    }
    let id = pair.sent("count", NAMES_BEDS);
    let shown = review(&pair, &id);
    let named: Vec<_> =
        shown.flags.iter().filter(|flag| flag.kind == FlagKind::NamesDataset).collect();
    let [named] = named.as_slice() else { panic!("{:?}", shown.flags) };
    assert!(named.detail.ends_with("approve it with --dataset beds"), "{named}");
    assert!(shown.datasets.is_empty() && shown.one_key_approval_allowed());

    pair.approve(&id);
    pair.run(&id).unwrap();
    let log = || pair.owner.store.received(&id).unwrap().stdout().unwrap().unwrap();
    assert_eq!(log().text(), "", "naming a dataset grants nothing");

    let with = |name| ApproveOptions { datasets: vec![dataset(name)], ..Default::default() };
    let error = pair.owner.store.approve(&id, &with("nowhere")).unwrap_err();
    assert!(matches!(error, Error::NoDataset(_)), "{error}");
    let decision = pair.owner.store.approve(&id, &with("beds")).unwrap();
    assert_eq!(decision.approval.unwrap().datasets, [dataset("beds")]);
    let options = syft_job::RunOptions { force: true, ..Default::default() };
    let unboxed = crate::common::Unboxed::default();
    let run = pair.owner.store.run(&id, &options, &unboxed, &mut crate::common::quiet).unwrap();
    assert_eq!(run.started.datasets, [dataset("beds")]);
    assert_eq!(log().text(), "one\n");
}

#[test]
fn what_is_said_to_be_typed_can_be_typed() {
    let pair = Pair::new();
    pair.owner.write(&format!("{OWNER}/public/datasets/my beds/dataset.yaml"), "name: x\n");
    pair.owner.write(&format!("{OWNER}/private/datasets/my beds/rows.csv"), "one\n");
    let shown = review(&pair, &pair.sent("count", "# 'my beds'\n"));
    let named = shown.flags.iter().find(|flag| flag.kind == FlagKind::NamesDataset).unwrap();
    assert!(named.detail.ends_with(" --dataset 'my beds'"), "{named}");
}

#[test]
fn an_approval_tells_its_limits_and_what_it_allows_all_the_same() {
    let pair = Pair::new();
    pair.owner.write(&format!("{OWNER}/private/datasets/census/rows.csv"), "1\n");
    let clean = pair.sent("clean", SCRIPT);
    pair.approve(&clean);
    let detail = |name| pair.owner.detail("job.approved", name);
    assert_eq!(detail("limits"), serde_json::json!(Limits::default().in_words()));
    assert_eq!(detail("overrides"), serde_json::Value::Null);

    let odd = pair.sent("odd", "x=\u{202e}1 # y\n");
    let limits = Limits { open_files: 7, ..Limits::default() };
    let datasets = vec![dataset("census")];
    let options = ApproveOptions { limits, datasets, ..Default::default() };
    pair.owner.store.approve(&odd, &options).unwrap();
    assert!(detail("limits").to_string().contains("7 open files"), "{}", detail("limits"));
    let overrides: Vec<String> = serde_json::from_value(detail("overrides")).unwrap();
    let [flagged, granted] = &overrides[..] else { panic!("{overrides:?}") };
    assert_eq!(flagged, "flagged run.sh:1: hidden characters: ‹U+202E›");
    assert_eq!(granted, "may read census, for which it does not ask");
}

#[test]
fn of_many_flags_an_approval_tells_some_and_how_many_there_are() {
    let pair = Pair::new();
    let mut submission = Submission::new(email(OWNER), Script::Text(SCRIPT.to_owned()));
    submission.name = Some(name("many"));
    pair.submit(&submission);
    let folder = Pair::job_folder("many");
    for number in 0..30 {
        pair.owner.write(&format!("{folder}/code/{number}.sh"), "x=\u{202e}1\n");
    }
    let Intake::Received { id, .. } = pair.intake("many") else { panic!("not received") };
    pair.approve(&id);
    let detail = pair.owner.detail("job.approved", "overrides");
    let overrides: Vec<String> = serde_json::from_value(detail).unwrap();
    assert_eq!(overrides.len(), 21);
    assert_eq!(overrides.last().unwrap(), "flagged 10 more");
}

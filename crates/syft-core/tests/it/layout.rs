//! Where things stand, and what travels.

use serde::Deserialize;
use syft_core::{
    DatasetName, DatasitePath, Email, JobName, JobPath, JobPlace, Layout, LayoutKind, Layouts,
    NativeLayout, NodePaths, PysyftLayout,
};

fn path(text: &str) -> DatasitePath {
    DatasitePath::parse(text).unwrap()
}

fn bob() -> Email {
    Email::parse("bob@uni.edu").unwrap()
}

#[test]
fn jobs_stand_below_their_submitter() {
    let job = JobName::parse("survival analysis").unwrap();
    let folder = path("jobs/bob@uni.edu/survival analysis");
    let place = JobPlace { submission: folder.clone(), results: folder };
    assert_eq!(NativeLayout.job(&bob(), &job), place);
    assert_eq!(NativeLayout.job_places(&bob(), &job), std::slice::from_ref(&place));
    assert_eq!(NativeLayout.job_inbox(&bob()), path("jobs/bob@uni.edu"));
    assert_eq!(NativeLayout.job_folders(&bob()), [path("jobs/bob@uni.edu")]);
    assert_eq!(NativeLayout.jobs(), path("jobs"));
    assert_eq!(NativeLayout.job_inboxes(), path("jobs"));
    let parsed = |text: &str| NativeLayout.parse_job(text);
    let expected = |rest: &str| {
        let (submitter, name, rest) = (bob(), job.clone(), rest.to_owned());
        Some(JobPath { submitter, name, rest, in_results: false })
    };
    assert_eq!(parsed(place.submission.as_str()), expected(""));
    assert_eq!(parsed("jobs/bob@uni.edu/survival analysis/code/a.py"), expected("code/a.py"));
    for other in [
        "jobs",
        "jobs/bob@uni.edu",
        "jobs/syft.pub.yaml",
        "jobs/bob@uni.edu/v1/x",
        "jobs/not an address/job/run.sh",
        "jobs2/bob@uni.edu/job",
        "public/jobs/bob@uni.edu/job",
    ] {
        assert_eq!(parsed(other), None, "{other}");
    }
}

#[test]
fn a_permission_file_beside_the_jobs_is_no_job() {
    assert_eq!(NativeLayout.parse_job("jobs/bob@uni.edu/syft.pub.yaml"), None);
    assert_eq!(PysyftLayout.parse_job("app_data/job/inbox/bob@uni.edu/syft.pub.yaml"), None);
    assert!(JobName::parse("syft.pub.yaml").is_err());
}

#[test]
fn datasets_have_a_mock_and_a_private_half() {
    let census = DatasetName::parse("census").unwrap();
    assert_eq!(NativeLayout.mock(&census), path("public/datasets/census"));
    assert_eq!(NativeLayout.real_data(&census), path("private/datasets/census"));
    assert!(NativeLayout.real_data(&census).is_within(&NativeLayout.private()));
    assert!(NativeLayout.mock(&census).is_within(&NativeLayout.mocks()));
    let v1 = |folder: &str| Some(path(&format!("{folder}/syft_datasets/v1/census")));
    assert_eq!(PysyftLayout.mock(&census), path("public/syft_datasets/census"));
    assert_eq!(PysyftLayout.other_mock(&census), v1("public"));
    assert_eq!(PysyftLayout.real_data(&census), path("private/syft_datasets/census"));
    assert_eq!(PysyftLayout.other_real_data(&census), v1("private"));
}

#[test]
fn a_layout_has_one_name() {
    for kind in LayoutKind::ALL {
        assert_eq!(kind.layout().kind(), kind);
        assert_eq!(kind.as_str().parse::<LayoutKind>().unwrap(), kind);
    }
    let unknown = "nested".parse::<LayoutKind>().unwrap_err();
    assert!(unknown.to_string().contains("there are native and pysyft"), "{unknown}");
}

#[test]
fn a_peer_has_the_layout_that_it_said_and_else_mine() {
    let (alice, bob) = (Email::parse("alice@hospital.org").unwrap(), bob());
    let layouts = Layouts::new(alice.clone(), LayoutKind::Pysyft);
    assert_eq!(layouts.of(&bob).kind(), LayoutKind::Pysyft);
    layouts.clone().learn(&bob, LayoutKind::Native, Some("syft==0.10.0"));
    assert_eq!(layouts.of(&bob).kind(), LayoutKind::Native);
    assert_eq!(layouts.install_source_of(&bob).as_deref(), Some("syft==0.10.0"));
    assert_eq!(layouts.install_source_of(&alice), None);
    // Nobody says it for me.
    layouts.learn(&alice, LayoutKind::Native, None);
    assert_eq!(layouts.of(&alice).kind(), LayoutKind::Pysyft);
}

#[test]
fn jobs_of_the_python_peer_have_two_sides_and_two_protocols() {
    let job = JobName::parse("a job").unwrap();
    let inbox = |below: &str| path(&format!("app_data/job/inbox/bob@uni.edu/{below}"));
    let review = |below: &str| path(&format!("app_data/job/review/bob@uni.edu/{below}"));
    let place = |below: &str| JobPlace { submission: inbox(below), results: review(below) };
    assert_eq!(PysyftLayout.job(&bob(), &job), place("v1/a job"));
    assert_eq!(PysyftLayout.job_places(&bob(), &job), [place("v1/a job"), place("a job")]);
    let folders = [inbox("v1"), path("app_data/job/inbox/bob@uni.edu")];
    assert_eq!(PysyftLayout.job_folders(&bob()), folders);
    assert!(PysyftLayout.job_inbox(&bob()).is_within(&PysyftLayout.jobs()));
    let parsed = |text: &str| {
        let found = PysyftLayout.parse_job(text)?;
        assert_eq!((&found.submitter, &found.name), (&bob(), &job), "{text}");
        Some((found.rest.clone(), found.is_submitters()))
    };
    let cases = [
        ("app_data/job/inbox/bob@uni.edu/v1/a job", Some(("", false))),
        ("app_data/job/inbox/bob@uni.edu/v1/a job/run.sh", Some(("run.sh", true))),
        ("app_data/job/inbox/bob@uni.edu/a job/code/x.py", Some(("code/x.py", true))),
        ("app_data/job/inbox/bob@uni.edu/v1/a job/state.yaml", Some(("state.yaml", false))),
        ("app_data/job/review/bob@uni.edu/v1/a job/run.sh", Some(("run.sh", false))),
        ("app_data/job/review/bob@uni.edu/a job/state.yaml", Some(("state.yaml", false))),
        ("app_data/job/inbox/bob@uni.edu/v1", None),
        ("app_data/job/inbox/bob@uni.edu/v2/a job/run.sh", None),
        ("app_data/job/other/bob@uni.edu/v1/a job", None),
        ("app_data/job", None),
        ("app_data/jobs/inbox/bob@uni.edu/v1/a job", None),
        ("jobs/bob@uni.edu/a job/run.sh", None),
    ];
    for (text, expected) in cases {
        let expected = expected.map(|(rest, own): (&str, bool)| (rest.to_owned(), own));
        assert_eq!(parsed(text), expected, "{text}");
    }
}

#[test]
fn what_is_private_or_a_dataset_does_not_travel() {
    let verdicts = [
        ("syft.pub.yaml", true),
        ("public/a.txt", true),
        ("public/syft.pub.yaml", true),
        ("public/datasets", false),
        ("public/datasets/census/mock.csv", false),
        ("public/datasets2/a", true),
        ("jobs/bob@uni.edu/job/run.sh", true),
        ("jobs/bob@uni.edu/job/approved", true),
        ("private", false),
        ("private/datasets/census/real.csv", false),
        ("privateer/x", true),
        ("public/.syft-tmp-0123", false),
        ("a/.syft/x", false),
    ];
    for (text, travels) in verdicts {
        assert_eq!(NativeLayout.travels(&path(text)), travels, "{text}");
    }
}

#[test]
fn p4_another_spelling_of_private_does_not_travel() {
    for text in ["Private/x", "PRIVATE/x", "ｐrivate/x", "Public/DataSets/x"] {
        if let Ok(path) = DatasitePath::parse(text) {
            assert!(!NativeLayout.travels(&path), "{text}");
        }
    }
}

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    path: String,
    collections_path: Option<String>,
    syncable: bool,
}

/// The sync filter of the Python peer, where it speaks of a path that can be a
/// datasite path: whole in its own layout, and in the native one where that means
/// the same. Ours lets nothing pass that the peer's holds back.
#[test]
fn the_sync_filter_agrees_with_the_python_peer() {
    let vectors: Vectors = serde_json::from_str(include_str!("../fixtures/paths.json")).unwrap();
    // P4: `private` in any spelling is private; this node's own folder never travels.
    let stricter = ["Private/x", ".syft/x"];
    let mut compared = 0;
    for case in vectors.cases {
        let Ok(path) = DatasitePath::parse(&case.path) else {
            continue;
        };
        if case.collections_path.as_deref() == Some("public") {
            continue;
        }
        for layout in LayoutKind::ALL.map(LayoutKind::layout) {
            if layout.kind() == LayoutKind::Native && path.as_str().contains("syft_datasets") {
                continue;
            }
            let travels = layout.travels(&path);
            if stricter.contains(&path.as_str()) {
                assert!(case.syncable && !travels, "{path}");
            } else {
                assert_eq!(travels, case.syncable, "{path} in the layout {}", layout.kind());
            }
            compared += 1;
        }
    }
    assert!(compared >= 30, "only {compared} cases compared");
}

#[test]
fn this_nodes_own_state_stands_in_one_folder() {
    let all = [
        NodePaths::config(),
        NodePaths::keys(),
        NodePaths::decisions(),
        NodePaths::audit(),
        NodePaths::journal(),
        NodePaths::runs(),
        NodePaths::run("0123").unwrap(),
        NodePaths::snapshots(),
        NodePaths::quarantine(),
        NodePaths::cache(),
        NodePaths::staging(),
        NodePaths::queue(),
        NodePaths::lock(),
    ];
    let root = NodePaths::root();
    assert!(all.iter().all(|path| path.components().next() == Some(root.as_str())));
    assert_eq!(NodePaths::config().as_str(), ".syft/config.yaml");
    for bad in ["", "..", "a/b", "/"] {
        assert!(NodePaths::run(bad).is_err(), "{bad}");
    }
}

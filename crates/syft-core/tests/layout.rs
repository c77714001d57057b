#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

//! Where things stand, and what travels.

use serde::Deserialize;
use syft_core::{
    DatasetName, DatasitePath, Email, JobName, JobPath, Layout, NativeLayout, NodePaths,
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
    let folder = NativeLayout.job(&bob(), &job);
    assert_eq!(folder, path("jobs/bob@uni.edu/survival analysis"));
    assert_eq!(NativeLayout.job_inbox(&bob()), path("jobs/bob@uni.edu"));
    assert_eq!(NativeLayout.jobs(), path("jobs"));
    let parsed = |text: &str| NativeLayout.parse_job(&path(text));
    let expected =
        |rest: &str| Some(JobPath { submitter: bob(), name: job.clone(), rest: rest.to_owned() });
    assert_eq!(NativeLayout.parse_job(&folder), expected(""));
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
    assert_eq!(NativeLayout.parse_job(&path("jobs/bob@uni.edu/syft.pub.yaml")), None);
    assert!(JobName::parse("syft.pub.yaml").is_err());
}

#[test]
fn datasets_have_a_mock_and_a_private_half() {
    let census = DatasetName::parse("census").unwrap();
    assert_eq!(NativeLayout.mock(&census), path("public/datasets/census"));
    assert_eq!(NativeLayout.real_data(&census), path("private/datasets/census"));
    assert!(NativeLayout.real_data(&census).is_within(&NativeLayout.private()));
    assert!(NativeLayout.mock(&census).is_within(&NativeLayout.mocks()));
    assert_eq!(NativeLayout.name(), "native");
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
/// datasite path and that means the same in the native layout. Ours lets
/// nothing pass that the peer's holds back.
#[test]
fn the_sync_filter_agrees_with_the_python_peer() {
    let vectors: Vectors = serde_json::from_str(include_str!("fixtures/paths.json")).unwrap();
    // P4: `private` in any spelling is private; this node's own folder never travels.
    let stricter = ["Private/x", ".syft/x"];
    let mut compared = 0;
    for case in vectors.cases {
        let Ok(path) = DatasitePath::parse(&case.path) else {
            continue;
        };
        if case.collections_path.as_deref() == Some("public")
            || path.as_str().contains("syft_datasets")
        {
            continue;
        }
        let travels = NativeLayout.travels(&path);
        if stricter.contains(&path.as_str()) {
            assert!(case.syncable && !travels, "{path}");
        } else {
            assert_eq!(travels, case.syncable, "{path}");
        }
        compared += 1;
    }
    assert!(compared >= 14, "only {compared} cases compared");
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

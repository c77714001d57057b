//! `submit_python_job`, `submit_bash_job`.

use syft_job::Script;
use syft_sync::{Error, SubmitOptions};

use super::{Cast, alice, bob, hello};

#[tokio::test]
async fn submit_a_python_job() {
    let cast = Cast::connected().await;
    let script = cast.ds_client.source("analysis.py", "print('mean age')\n");
    let options = SubmitOptions {
        description: Some("Analyze medical data".to_owned()),
        ..SubmitOptions::default()
    };
    let script = script.to_str().unwrap();
    let submitted = cast.ds_client.submit_python_job(&alice(), script, options).await.unwrap();
    assert!(submitted.name.as_str().starts_with("Job - "));
    let jobs = cast.do_client.jobs().await.unwrap();
    let job = jobs.get(submitted.id.as_str()).unwrap();
    assert_eq!(job.description(), Some("Analyze medical data"));
    assert_eq!(job.submitted_by(), &bob());
    let file = |name: &str| std::fs::read_to_string(job.location().join(name)).unwrap();
    assert_eq!(file("code/analysis.py"), "print('mean age')\n");
    assert!(file("run.sh").ends_with("cd code && exec python3 analysis.py\n"));
}

#[tokio::test]
async fn submit_a_bash_job() {
    let cast = Cast::connected().await;
    let script = cast.ds_client.source("process.sh", "wc -l data\n");
    let options = SubmitOptions {
        description: Some("Process data files".to_owned()),
        ..SubmitOptions::default()
    };
    cast.ds_client.submit_bash_job(&alice(), &*script, options).await.unwrap();
    let jobs = cast.do_client.jobs().await.unwrap();
    let job = jobs.iter().next().unwrap();
    assert_eq!(job.description(), Some("Process data files"));
    let run_sh = std::fs::read_to_string(job.location().join("run.sh")).unwrap();
    assert_eq!((run_sh.as_str(), jobs.len()), ("wc -l data\n", 1));
}

#[tokio::test]
async fn a_bash_script_may_be_its_text() {
    let cast = Cast::connected().await;
    let text = "set -e\necho 1 > outputs/one.txt\n";
    cast.ds_client.submit_bash_job(&alice(), text, SubmitOptions::default()).await.unwrap();
    let jobs = cast.do_client.jobs().await.unwrap();
    let job = jobs.iter().next().unwrap();
    assert_eq!(std::fs::read_to_string(job.location().join("run.sh")).unwrap(), text);
}

#[tokio::test]
async fn a_script_that_is_not_there_is_said_to_be_missing() {
    let cast = Cast::connected().await;
    let options = SubmitOptions::default();
    let missing = cast.ds_client.submit_python_job(&alice(), "analysis.py", options).await;
    assert!(matches!(missing.unwrap_err(), Error::Job(_)));
    assert!(cast.ds_client.jobs().await.unwrap().is_empty());
}

#[tokio::test]
async fn sync_false_leaves_it_to_the_next_sync() {
    let cast = Cast::connected().await;
    let later = SubmitOptions { sync: false, ..SubmitOptions::default() };
    cast.ds_client.submit_bash_job(&alice(), "echo 1", later).await.unwrap();
    assert!(cast.do_client.jobs().await.unwrap().is_empty());
    cast.ds_client.pre_sync().await.unwrap();
    assert_eq!(cast.do_client.jobs().await.unwrap().len(), 1);
}

#[tokio::test]
async fn force_submission_skips_the_version_check_for_this_job_alone() {
    let mut cast = Cast::in_the_open().await;
    cast.say(bob(), alice(), hello(&alice(), 77));
    let owner = alice();
    let submit = |force_submission| {
        let options = SubmitOptions { force_submission, ..SubmitOptions::default() };
        cast.ds_client.submit_bash_job(&owner, "echo 1", options)
    };
    let refused = submit(false).await.unwrap_err();
    assert!(matches!(refused, Error::Incompatible { .. }), "{refused}");
    let forced = submit(true).await.unwrap();
    assert_eq!(cast.ds_client.audited("submission.forced"), 1);
    let waiting = cast.ds_client.job_store().queued().unwrap();
    assert!(waiting.is_empty(), "it lies in her inbox");
    // What is forced is a call and not the peer.
    assert!(matches!(submit(false).await.unwrap_err(), Error::Incompatible { .. }));
    let jobs = cast.do_client.jobs().await.unwrap();
    assert_eq!(jobs.len(), 1);
    assert!(jobs.get(forced.id.as_str()).is_ok());
    // Also while the store is away: then it goes with the next sync.
    cast.ds_client.unplug();
    let submission = syft_job::Submission::new(alice(), Script::from("echo away"));
    cast.ds_client.submit_job(&submission, true).await.unwrap();
    cast.ds_client.plug_in(&cast.store);
    cast.say(bob(), alice(), hello(&alice(), 1));
    cast.ds_client.pre_sync().await.unwrap();
    assert_eq!(cast.do_client.jobs().await.unwrap().len(), 2);
}

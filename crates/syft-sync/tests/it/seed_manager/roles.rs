//! What the reference calls "Data Owner only" and "Data Scientist only".

use syft_dataset::Audience;
use syft_job::sandbox::{LogStream, PlainSandbox};
use syft_job::{ApproveOptions, JobId, ReleaseFiles, RunOptions};
use syft_sync::{CreateOptions, Error, ProcessOptions, Role};

use super::{Cast, alice, bob, named};

/// The call was refused, since it is for the other role.
fn only_for<T: std::fmt::Debug>(role: &str, result: Result<T, Error>) {
    match result {
        Err(Error::Role { needed, role: mine }) => {
            assert_eq!(needed, role);
            assert_ne!(mine, Role::Both);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn data_owner_only() {
    let Cast { ds_client: client, .. } = Cast::connected().await;
    let owner = |result| only_for("data owner", result);
    owner(client.approve_peer_request(&alice(), true).await.map(drop));
    owner(client.reject_peer_request(&alice()).await.map(drop));
    let new = client.data("census");
    owner(client.create_dataset(new, CreateOptions::default()).await.map(drop));
    let name = named("census");
    owner(client.share_dataset(&name, Audience::Any, true).await.map(drop));
    owner(client.unshare_dataset(&name, &Audience::Any, true).await.map(drop));
    owner(client.delete_dataset(&name, true).await);
    owner(client.restore_private().await.map(drop));
    let mut log = |_: LogStream, _: &[u8]| {};
    let options = ProcessOptions::default();
    owner(client.process_approved_jobs(&options, &PlainSandbox, &mut log).await.map(drop));
    let id = JobId::of(&syft_core::ContentHash::of(b"a job"));
    owner(
        client
            .process_jobs(std::slice::from_ref(&id), &options, &PlainSandbox, &mut log)
            .await
            .map(drop),
    );
    owner(client.run_job(&id, &RunOptions::default(), &PlainSandbox, &mut log).map(drop));
    owner(client.approve_job(&id, &ApproveOptions::default()).map(drop));
    owner(client.reject_job(&id, None).map(drop));
    owner(client.release_job(&id, None, &ReleaseFiles::All, true).map(drop));
}

#[tokio::test]
async fn data_scientist_only() {
    let Cast { do_client: client, .. } = Cast::connected().await;
    let scientist = |result| only_for("data scientist", result);
    let options = Default::default;
    scientist(client.submit_python_job(&bob(), "print(1)\n", options()).await.map(drop));
    scientist(client.submit_bash_job(&bob(), "echo 1", options()).await.map(drop));
    let name = syft_core::JobName::parse("mine").unwrap();
    scientist(client.cancel_job(&bob(), &name));
}

#[tokio::test]
async fn the_error_says_who_can_and_who_is_logged_in() {
    let Cast { ds_client: client, .. } = Cast::connected().await;
    let error = client.delete_dataset(&named("census"), true).await.unwrap_err();
    let expected = "only a data owner can do this, and this home is logged in as scientist";
    assert_eq!(error.to_string(), expected);
}

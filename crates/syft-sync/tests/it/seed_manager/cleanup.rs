//! `delete_syftbox`.

use syft_dataset::{Audience, NewDataset};
use syft_sync::{DeleteOptions, Notice, SyncOptions};

use super::{Cast, alice};

const NOTES: &str = "alice@hospital.org/public/notes.txt";

/// Bob has copies of a file and of a mock of Alice's.
async fn with_copies() -> Cast {
    let cast = Cast::connected().await;
    cast.do_client.write(NOTES, "for peers");
    let new = NewDataset { users: Audience::Any, ..cast.do_client.data("census") };
    cast.do_client.create_dataset(new, Default::default()).await.unwrap();
    cast.ds_client.pre_sync().await.unwrap();
    assert_eq!(cast.ds_client.file(NOTES).as_deref(), Some("for peers"));
    cast.do_client.heard();
    cast
}

/// What Alice put into the store.
fn hers(cast: &Cast) -> usize {
    let objects = cast.store.objects().into_iter();
    objects.filter(|object| object.owner.as_ref() == Some(&alice())).count()
}

/// `client.delete_syftbox(verbose=True)`
#[tokio::test]
async fn full_cleanup_with_event_broadcasting() {
    let cast = with_copies().await;
    let report = cast.do_client.delete_syftbox(&DeleteOptions::default()).await.unwrap();
    assert_eq!(report.broadcast.len(), 1, "Bob is told");
    let told = cast.do_client.heard();
    assert!(told.iter().any(|notice| matches!(notice, Notice::Progress { .. })), "{told:?}");
    assert!(!cast.do_client.home.path().join("alice@hospital.org").exists());
    cast.ds_client.sync(&SyncOptions::default()).await.unwrap();
    assert_eq!(cast.ds_client.file(NOTES), None);
    assert!(cast.ds_client.list_datasets().unwrap().is_empty());
}

/// `client.delete_syftbox(broadcast_delete_events=False)`
#[tokio::test]
async fn quick_cleanup_without_broadcasting() {
    let cast = with_copies().await;
    let quick = DeleteOptions { broadcast_delete_events: false, ..DeleteOptions::default() };
    let report = cast.do_client.delete_syftbox(&quick).await.unwrap();
    assert_eq!(report.broadcast.len(), 0, "nobody is told");
    assert_eq!(hers(&cast), 0, "not even a message to peers is left");
    assert!(!cast.do_client.home.path().join("alice@hospital.org").exists());
    cast.ds_client.sync(&SyncOptions::default()).await.unwrap();
    assert_eq!(cast.ds_client.file(NOTES).as_deref(), Some("for peers"), "his copy stays");
}

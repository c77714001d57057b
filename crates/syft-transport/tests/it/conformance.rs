//! The suite over every backend of this crate, bare and inside its layers.

use std::sync::Arc;

use async_trait::async_trait;
use syft_core::Email;
use syft_transport::conformance::{self, Cast, Outcome, Setup};
use syft_transport::{FolderTransport, MemoryStore, Metered, Mirror, Result, Retry, Transport};

const PEOPLE: [&str; 3] = ["alice@example.org", "bob@example.org", "eve@example.org"];

struct Store {
    folder: Option<tempfile::TempDir>,
    layered: bool,
}

#[async_trait]
impl Setup for Store {
    async fn cast(&self) -> Result<Cast> {
        let memory = MemoryStore::new();
        let fresh = self.folder.as_ref().map(|folder| {
            let count = std::fs::read_dir(folder.path()).unwrap().count();
            folder.path().join(count.to_string())
        });
        Ok(Cast::new(PEOPLE.map(|email| {
            let email = Email::parse(email).unwrap();
            let bare: Arc<dyn Transport> = match &fresh {
                Some(root) => Arc::new(FolderTransport::create(root, email).unwrap()),
                None => Arc::new(memory.user(email)),
            };
            if !self.layered {
                return bare;
            }
            Arc::new(Mirror::new(Arc::new(Retry::new(Arc::new(Metered::new(bare))))))
        })))
    }
}

/// Runs the suite and returns the promises that the store does not claim.
async fn not_claimed(folder: bool, layered: bool) -> Vec<&'static str> {
    let folder = folder.then(|| tempfile::tempdir().unwrap());
    let report = conformance::run(&Store { folder, layered }).await;
    let report = report.into_result().unwrap_or_else(|report| panic!("{report}"));
    let open = report.outcomes.iter().filter(|(_, o)| matches!(o, Outcome::NotClaimed(_)));
    open.map(|(name, _)| *name).collect()
}

const FOLDER_LACKS: [&str; 8] = [
    "taking_a_place_again_changes_nothing",
    "what_takes_the_place_of_nothing_is_created",
    "the_place_of_a_third_object_is_not_taken",
    "the_place_of_what_is_not_mine_is_not_taken",
    "the_feed_shows_what_took_a_place",
    "reading_what_is_not_shared_is_denied",
    "the_provider_states_who_put_an_object",
    "changes_name_what_happened_since_the_cursor",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_keeps_every_promise_it_can_make() {
    assert_eq!(not_claimed(true, false).await, FOLDER_LACKS);
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_keeps_every_promise() {
    assert!(not_claimed(false, false).await.is_empty());
}

#[tokio::test]
async fn a_folder_inside_layers_is_the_same() {
    assert_eq!(not_claimed(true, true).await, FOLDER_LACKS);
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_inside_layers_is_the_same() {
    assert!(not_claimed(false, true).await.is_empty());
}

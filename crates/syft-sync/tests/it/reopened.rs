//! A store that was away when a program began is used once it is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::common::{Member, alice, in_space, log_of, scratch};
use syft_core::Email;
use syft_sync::{StoreKind, Stores};
use syft_transport::{Error, FolderTransport, MemoryStore, Transport};
use url::Url;

#[derive(Debug, Default)]
struct Mail {
    store: MemoryStore,
    is_there: AtomicBool,
    tries: AtomicUsize,
}

impl StoreKind for Mail {
    fn scheme(&self) -> &'static str {
        "mail"
    }

    fn open(
        &self,
        address: &Url,
        identity: Email,
        _: bool,
    ) -> syft_transport::Result<Arc<dyn Transport>> {
        self.tries.fetch_add(1, Ordering::Relaxed);
        match self.is_there.load(Ordering::Relaxed) {
            true => Ok(Arc::new(self.store.user(identity))),
            false => Err(Error::temporary("open", address.as_str(), "it is night")),
        }
    }
}

#[tokio::test]
async fn a_store_is_opened_again_once_in_a_pass_until_it_is_there() {
    let mail = Arc::new(Mail::default());
    let mut owner = Member::join(alice(), Arc::new(mail.store.user(alice())), 1).await;
    let stores = Stores::of(alice()).with_kind(mail.clone());
    owner.restart(stores.open("mail:///var/mail").unwrap());
    let tries = || mail.tries.load(Ordering::Relaxed);
    assert_eq!(tries(), 1);
    owner.write(&format!("{}/public/news.txt", alice()), "news");
    for passes in 1..=3 {
        let report = owner.sync().await;
        assert!(report.store.unwrap().contains("it is night"));
        assert_eq!(tries(), 1 + passes);
    }
    let before = in_space(&mail.store, &log_of(alice())).len();
    mail.is_there.store(true, Ordering::Relaxed);
    owner.sync().await;
    let report = owner.sync().await;
    assert_eq!((report.store, report.queued_out), (None, 0));
    assert!(in_space(&mail.store, &log_of(alice())).len() > before);
    // It is there, and is not opened any more.
    assert_eq!(tries(), 5);
}

#[tokio::test]
async fn a_drive_that_is_mounted_later_is_used() {
    let shared = scratch();
    let root = shared.path().join("mnt");
    let address = format!("file://{}", root.display());
    let store = FolderTransport::create(&root, alice()).unwrap();
    let mut owner = Member::join(alice(), Arc::new(store), 1).await;
    let elsewhere = shared.path().join("elsewhere");
    std::fs::rename(&root, &elsewhere).unwrap();
    owner.restart(Stores::of(alice()).open(&address).unwrap());
    let report = owner.sync().await;
    assert!(report.store.unwrap().contains("is its drive mounted?"));
    assert!(owner.manager.store_info().name.starts_with("folder "));
    std::fs::rename(&elsewhere, &root).unwrap();
    owner.sync().await;
    assert_eq!(owner.sync().await.store, None);
    assert!(owner.manager.store_info().capabilities.arrives_in_parts);
}

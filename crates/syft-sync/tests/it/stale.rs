//! A store whose listings lag: late is late, and never lost.

use std::sync::Arc;

use crate::common::{Member, Trio, alice, bob, carol, events_in, fold, log_of};
use proptest::prelude::*;
use syft_core::Email;
use syft_transport::{MemoryStore, Stale};

fn stale(store: &MemoryStore, who: Email, lag: u64, seed: u64) -> Arc<Stale> {
    Arc::new(Stale::new(Arc::new(store.user(who)), lag).uneven(seed))
}

/// Everybody sees the store as it was a while ago, each in another order.
async fn lagging(lag: u64, seed: u64) -> Trio {
    let mut trio = Trio::sealed().await;
    let store = trio.store.clone();
    trio.pair.alice.restart(stale(&store, alice(), lag, seed));
    trio.pair.bob.restart(stale(&store, bob(), lag, seed + 1));
    trio.carol.restart(stale(&store, carol(), lag, seed + 2));
    trio
}

async fn settle(trio: &Trio, lag: u64) {
    for _ in 0..=lag {
        trio.settle().await;
    }
}

fn has_the_shared_part(trio: &Trio, reader: &Member) {
    let copy = reader.tree(alice().as_str());
    for (path, bytes) in trio.alice.tree(&format!("{}/public", alice())) {
        if path.ends_with("syft.pub.yaml") {
            // For those who administer, and nobody else.
            continue;
        }
        let path = format!("public/{path}");
        assert_eq!(copy.get(&path), Some(&bytes), "{path} of {}", reader.email);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, max_shrink_iters: 8, ..ProptestConfig::default() })]

    #[test]
    fn f3_what_shows_up_late_is_not_lost(seed in any::<u32>(), lag in 1..3_u64) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let trio = lagging(lag, u64::from(seed)).await;
            for n in 0..3 {
                trio.alice.write(&format!("{}/public/{n}.txt", alice()), &format!("text {n}"));
                trio.alice.write(&format!("{}/public/same.txt", alice()), &format!("text {n}"));
                trio.alice.sync().await;
                trio.bob.submit("echo hi", &format!("bobs-{n}")).await;
                trio.carol.submit("echo hi", &format!("carols-{n}")).await;
                trio.bob.sync().await;
                trio.carol.sync().await;
            }
            settle(&trio, lag).await;
            has_the_shared_part(&trio, &trio.pair.bob);
            has_the_shared_part(&trio, &trio.carol);
            let jobs = trio.alice.manager.job_store().jobs().unwrap();
            assert_eq!(jobs.iter().count(), 6, "each job is there, and once");
            for member in [&trio.pair.alice, &trio.pair.bob, &trio.carol] {
                assert!(member.audit("message.quarantined").is_empty());
                assert!(member.audit("proposal.refused").is_empty());
            }
            let log = fold(&events_in(&trio.store, &log_of(alice())));
            for (path, bytes) in trio.alice.tree(&format!("{}/jobs", alice())) {
                assert_eq!(log.get(&format!("jobs/{path}")), Some(&bytes), "{path}");
            }
        });
    }
}

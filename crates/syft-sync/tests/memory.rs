//! What a pass may cost when peers send bombs. One test, since it counts what its
//! whole process has in use.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

#[allow(dead_code, reason = "it has more than this program needs")]
#[path = "it/common/mod.rs"]
mod common;
#[path = "../../syft-core/tests/memory/counting.rs"]
mod counting;
#[path = "../../syft-core/tests/memory/gzips.rs"]
mod gzips;

use common::{Pair, alice, bob, forge, inbox, outbox};
use counting::{Counting, peak_of};
use gzips::megabyte_of;
use tokio::runtime::Builder;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MIB: usize = 1 << 20;

#[test]
fn i11_a_pass_over_bombs_costs_less_than_64_mib() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let pair = runtime.block_on(Pair::connected());
    let member = |size: u64| forge::header(forge::MEMBER, size).as_bytes().to_vec();
    let zeros = vec![0; MIB];
    let list = [member(1 << 30).as_slice(), b"["].concat();
    let bombs = [
        megabyte_of(&member(1 << 30), &zeros, &[]),
        megabyte_of(&member(64 << 20), &zeros, &[]),
        megabyte_of(&list, "0,".repeat(MIB / 2).as_bytes(), &[]),
        megabyte_of(&forge::tar_of(&[(forge::header(forge::MEMBER, 2), b"{}")]), &zeros, &[]),
    ];
    for (number, bomb) in (1..).zip(&bombs) {
        let name = forge::name(number);
        pair.store.plant(&inbox(alice(), bob()), &name, bomb.clone(), Some(bob()));
        let name = format!("syfteventsmessagev3_1.5_{}.tar.gz", forge::message_id(number));
        pair.store.plant(&outbox(alice(), bob()), &name, bomb.clone(), Some(alice()));
    }
    for node in [&pair.alice, &pair.bob] {
        let (report, peak) = peak_of(|| runtime.block_on(node.sync()));
        let put_away: usize = report.peers.iter().map(|peer| peer.quarantined).sum();
        assert_eq!(put_away, bombs.len(), "{report:?}");
        assert!(peak < 64 * MIB, "{}: {peak} bytes", node.email);
    }
}

use std::collections::BTreeSet;

use syft_core::Email;

use crate::Result;
use crate::node::Pass;
use crate::peers::PeerTable;
use crate::report::SyncReport;

/// Tells who of those that may have a dataset cannot get one out of the store in which they
/// are.
pub(super) fn tell_of_unreached(
    pass: &Pass<'_>,
    readers: &BTreeSet<Email>,
    report: &mut SyncReport,
) -> Result<()> {
    let (Some(ring), routes) = (&pass.node.ring, &pass.node.routes) else { return Ok(()) };
    let store = routes.datasets_info();
    let is_own = !routes.is_home(routes.datasets_at());
    let table = PeerTable::load(&*pass.node.disk)?;
    for reader in readers {
        let seals = ring.with(reader)?.is_ok_and(|found| found.seals);
        let why = if is_own && !store.capabilities.profiles && table.is_python(reader) {
            format!("it runs PySyft, which does not look for them in {}", store.name)
        } else if store.must_seal && !seals {
            format!("it does not seal, and nothing goes in the open to {}", store.name)
        } else {
            continue;
        };
        report.notes.push(format!("{reader} does not get your datasets: {why}"));
    }
    Ok(())
}

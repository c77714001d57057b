//! The data scientist's side of sync.

mod changes;
mod propose;
mod pull;

use std::collections::BTreeSet;

use syft_core::Email;

use crate::Result;
use crate::node::{Node, Pass};
use crate::owner::note_problem;
use crate::perform::Outgoing;
use crate::report::SyncReport;

/// Sends what is new below my jobs in the copies of other datasites, and keeps
/// those copies as their owners tell.
#[derive(Debug)]
pub struct DatasiteWatcherSyncer<'n> {
    node: &'n Node,
}

impl<'n> DatasiteWatcherSyncer<'n> {
    pub(crate) fn new(node: &'n Node) -> Self {
        DatasiteWatcherSyncer { node }
    }

    /// One pass: my proposals first, then what the owners sent.
    pub(crate) async fn sync(
        &self,
        pass: &mut Pass<'_>,
        owners: &BTreeSet<Email>,
        report: &mut SyncReport,
    ) -> Result<()> {
        let mut outgoing = Outgoing::default();
        for owner in owners {
            if let Err(error) = self.propose(pass, owner, &mut outgoing, report) {
                note_problem(report, owner, error)?;
            }
        }
        pass.send(&mut outgoing, report).await?;
        self.pull(pass, owners, report).await
    }
}

use syft_core::{Content, Email};
use syft_perm::Permissions;

use super::DatasiteOwnerSyncer;
use super::local::MESSAGE_BYTES;
use crate::Result;
use crate::batch::Batch;
use crate::engine::{Due, RoutedFile, due, on_route};
use crate::node::Pass;
use crate::report::SyncReport;

impl DatasiteOwnerSyncer<'_> {
    /// Sends a reader what is due.
    pub(super) async fn route(
        &self,
        pass: &mut Pass<'_>,
        permissions: &Permissions,
        reader: &Email,
        report: &mut SyncReport,
    ) -> Result<()> {
        let due = due(pass.ledger.state(), &*self.node.layout, permissions, reader);
        let mut batch = Batch::new(MESSAGE_BYTES);
        for Due { path, hash } in due {
            let content = match hash {
                None => None,
                // Edited since the walk, or gone: the next pass sees what is there.
                Some(hash) => match self.read(&path)?.filter(|content| content.hash() == hash) {
                    Some(content) => Some(content),
                    None => continue,
                },
            };
            let size = content.as_ref().map_or(0, Content::wire_len);
            if let Some(full) = batch.add(RoutedFile { path, content }, size) {
                self.send(pass, reader, full, report).await?;
            }
        }
        let rest = batch.take();
        if !rest.is_empty() {
            self.send(pass, reader, rest, report).await?;
        }
        Ok(())
    }

    async fn send(
        &self,
        pass: &mut Pass<'_>,
        reader: &Email,
        files: Vec<RoutedFile>,
        report: &mut SyncReport,
    ) -> Result<()> {
        report.peer(reader).sent += files.len();
        let draft = on_route(pass.ledger.state(), &self.node.scene(), reader, files)?;
        pass.carry_out(draft).await
    }
}

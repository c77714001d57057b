use std::collections::BTreeSet;

use syft_core::{Content, ContentHash, DatasitePath, Email};
use syft_perm::Permissions;

use super::local::MESSAGE_BYTES;
use super::look::Look;
use super::{DatasiteOwnerSyncer, note_problem};
use crate::Result;
use crate::batch::Batch;
use crate::engine::{Due, RoutedFile, ToReader, due, on_route};
use crate::ledger::State;
use crate::node::Pass;
use crate::peers::PeerTable;
use crate::perform::Outgoing;
use crate::report::SyncReport;

impl DatasiteOwnerSyncer<'_> {
    /// Sends each reader what is due: all of it is journalled first, and then goes
    /// out to all of them at once.
    pub(super) async fn route(
        &self,
        pass: &mut Pass<'_>,
        look: &mut Look<'_>,
        permissions: &Permissions,
        readers: &BTreeSet<Email>,
        report: &mut SyncReport,
    ) -> Result<()> {
        let mut outgoing = Outgoing::default();
        let table = PeerTable::load(&*self.node.disk)?;
        for (reader, due) in due(pass.ledger.state(), self.node.layouts.own(), permissions, readers)
        {
            let due = match table.is_python(reader) {
                true => fit(pass.ledger.state(), reader, due, report),
                false => due,
            };
            if let Err(error) = self.prepare(pass, look, reader, due, &mut outgoing, report) {
                note_problem(report, reader, error)?;
            }
        }
        pass.send(&mut outgoing, report).await?;
        Ok(())
    }

    /// Messages with what is due to one reader.
    fn prepare(
        &self,
        pass: &mut Pass<'_>,
        look: &mut Look<'_>,
        reader: &Email,
        due: Vec<Due>,
        outgoing: &mut Outgoing,
        report: &mut SyncReport,
    ) -> Result<()> {
        let room = self.node.room_to(reader);
        let mut batch = Batch::new(room.within(MESSAGE_BYTES));
        for Due { path, hash } in due {
            let content = match hash {
                None => None,
                // Edited since the walk, or gone: the next pass sees what is there.
                Some(hash) => match self.holding(look, &path, hash)? {
                    Some(content) => Some(content),
                    None => continue,
                },
            };
            let size = content.as_ref().map_or(0, Content::wire_len);
            let beyond = content.as_ref().and_then(|content| room.beyond(&path, content));
            if let Some(size) = beyond {
                let what = format_args!("{path} is not sent to {reader}: it");
                report.notes.push(room.lack(what, size));
                continue;
            }
            if let Some(full) = batch.add(RoutedFile { path, content }, size) {
                self.address(pass, reader, full, outgoing, report)?;
            }
        }
        self.address(pass, reader, batch.take(), outgoing, report)
    }

    /// A file of mine, if it holds these bytes.
    fn holding(
        &self,
        look: &mut Look<'_>,
        path: &DatasitePath,
        hash: ContentHash,
    ) -> Result<Option<Content>> {
        if let Some(content) = look.contents.holding(path, hash) {
            return Ok(Some(content));
        }
        let content = self.read(path)?.filter(|content| content.hash() == hash);
        // The next reader gets the same.
        if let (Some(content), Some(metadata)) = (&content, look.walk.files.get(path)) {
            look.contents.keep(path, metadata, hash, content);
        }
        Ok(content)
    }

    fn address(
        &self,
        pass: &mut Pass<'_>,
        reader: &Email,
        files: Vec<RoutedFile>,
        outgoing: &mut Outgoing,
        report: &mut SyncReport,
    ) -> Result<()> {
        if files.is_empty() {
            return Ok(());
        }
        report.peer(reader).sent += files.len();
        let draft = on_route(pass.ledger.state(), &self.node.scene(), reader, files)?;
        outgoing.extend(reader, pass.begin(draft)?);
        Ok(())
    }
}

/// What a Python client can apply of what it is due; the rest is told.
fn fit(state: &State, reader: &Email, due: Vec<Due>, report: &mut SyncReport) -> Vec<Due> {
    if due.is_empty() {
        return due;
    }
    let mut to_reader = ToReader::new(state, reader);
    let is_fit = |due: &Due| match to_reader.take(due) {
        Ok(()) => true,
        Err(unfit) => {
            report.notes.push(format!("{}: not sent to {reader}, {unfit}", due.path));
            false
        }
    };
    due.into_iter().filter(is_fit).collect()
}

use std::collections::BTreeSet;

use super::SyftboxManager;
use crate::ledger::Ledger;
use crate::node::Pass;
use crate::peers::PeerTable;
use crate::reset::{
    DeleteOptions, DeleteReport, Kept, Left, broadcast, clear_local, clear_remote, due, finish,
    forget_store, gather, local_items, note_emptying,
};
use crate::{Error, Notice, Result, collections};

impl SyftboxManager {
    /// Deletes everything of this identity: looks for it in the store by the
    /// records and by its names, tells the peers to forget what they were sent,
    /// takes it out of the store, and clears caches, datasites and state here.
    /// This cannot be undone: all datasets, jobs and the history of sync are gone.
    /// The messages that tell the peers stay in the store, so that they arrive.
    ///
    /// What others put there, and what in the home is not of this program, is
    /// left and listed, and so is a store beside that of the home that is away. A call that was
    /// cut short is finished by repeating it.
    /// After `local` the manager is of no more use; a login starts anew.
    ///
    /// # Errors
    /// [`RunnerBusy`](syft_job::Error::RunnerBusy) if `local` and a job of this home runs
    /// or is rehearsed; [`Error::Transport`] if `remote` and the store is away,
    /// before anything is touched; [`Error::Refused`] if peers are to be told and the journal is
    /// damaged; the disk, the lock.
    pub async fn delete_syftbox(&self, options: &DeleteOptions) -> Result<DeleteReport> {
        let lock = self.node.lock()?;
        if options.local && !options.dry_run {
            self.jobs.check_idle()?;
        }
        let tells = options.broadcast_delete_events && options.remote && self.role.is_owner();
        let disk = self.node.disk.clone();
        let mut report = DeleteReport::default();
        let mut pass = match Ledger::open(disk.clone()) {
            Ok(ledger) => Ok(Pass::new(&self.node, ledger, lock)?),
            Err(error) if tells || !options.local => return Err(damaged(error)),
            // Without a journal all is found by its name.
            Err(_) => Err(lock),
        };
        let mut kept = Kept::load(&*disk).unwrap_or_default();
        if options.remote {
            let table = PeerTable::load(&*disk).unwrap_or_default();
            let (lost, away) = self.node.lead_where_there(&table).await;
            if let (false, Ok(pass)) = (options.dry_run, &pass) {
                collections::clear_left(pass, |url| away.contains_key(url)).await?;
            }
            let ledger = pass.as_ref().ok().map(|pass| &*pass.ledger);
            let gathered = gather(&self.node, ledger, &table).await?;
            report.left.clone_from(&gathered.left);
            report.left.extend(away.into_values().map(Left::away));
            if let (true, Ok(pass)) = (tells, &mut pass) {
                report.broadcast = due(pass.ledger.state(), &lost);
                if !options.dry_run {
                    finish(pass, &kept).await?;
                    broadcast(pass, &mut kept, &lost).await?;
                    self.tell_step("the peers are told");
                }
            }
            let stays = if options.broadcast_delete_events {
                kept.objects.clone()
            } else {
                BTreeSet::new()
            };
            if options.dry_run {
                report.remote = gathered.items(&stays);
            } else {
                if let (false, Ok(pass)) = (options.local, &mut pass) {
                    note_emptying(pass).await?;
                }
                clear_remote(&self.node, &gathered, &stays, options.local, &mut report).await?;
                self.tell_step("the store is cleared");
            }
            report.kept = stays.into_iter().collect();
            if let (false, false, Ok(pass)) = (options.dry_run, options.local, &mut pass) {
                forget_store(pass).await?;
                if !options.broadcast_delete_events {
                    Kept::forget(&*disk)?;
                }
            }
        }
        if options.local {
            let table = PeerTable::load(&*disk).unwrap_or_default();
            let ledger = pass.as_ref().ok().map(|pass| &*pass.ledger);
            let (items, left) = local_items(&*disk, |email| {
                *email == self.node.email
                    || table.peers.contains_key(email)
                    || ledger.is_some_and(|ledger| ledger.state().knows(email))
            })?;
            report.left.extend(left);
            if !options.dry_run {
                // A job that runs would go on to write into the home that was cleared;
                // a rehearsal may have begun meanwhile.
                let _no_runs = self.jobs.hold_runs()?;
                self.node.audit.reset();
                clear_local(&self.node, &items)?;
                self.tell_step("this home is cleared");
            }
            report.local = items;
        }
        Ok(report)
    }

    fn tell_step(&self, step: &str) {
        self.node.notices.notice(&Notice::Done(step.to_owned()));
    }
}

fn damaged(error: Error) -> Error {
    match error {
        Error::Core(syft_core::Error::Corrupt { .. }) => Error::Refused(format!(
            "{error}: nobody can be told what to forget; without a broadcast all is deleted"
        )),
        other => other,
    }
}

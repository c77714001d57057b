use super::SyftboxManager;
use crate::health::{
    CheckUp, Verdict, clear_leftovers, look_at_audit, look_at_channels, look_at_decisions,
    look_at_files, look_at_home, look_at_journal, look_at_moves, look_at_other_stores,
    look_at_permissions, look_at_sizes, look_at_store, look_for_leftovers, repair_indexes,
    repair_permissions,
};
use crate::ledger::Ledger;
use crate::node::Pass;
use crate::peers::{PeerState, PeerTable};
use crate::{Error, Result, evidence};

impl SyftboxManager {
    /// Looks at everything that this node stands on: the home, the store and its
    /// clock (with `store`), the journal, the audit log, decisions, permission
    /// files, and every file against the index. With `repair` it first puts right
    /// what can be put right without losing anything: finishes what was begun,
    /// drops a damaged cache, removes what unfinished writes left, makes missing
    /// permission files of peers again. With `store` it also goes on where a peer or the
    /// store does not fit what was known, and has the backup put there anew if it is gone. It
    /// deletes no data of this home, and leaves a damaged record as it is.
    ///
    /// # Errors
    /// The lock; a disk that cannot be read at all.
    pub async fn check_up(&self, store: bool, repair: bool) -> Result<CheckUp> {
        let node = &self.node;
        let mut found = CheckUp::default();
        let mut lock = node.lock()?;
        let mut ledger = Ledger::open(node.disk.clone());
        if repair {
            found.repaired.extend(clear_leftovers(node)?);
            found.repaired.extend(repair_indexes(node)?);
            if let Ok(open) = ledger {
                let mut pass = Pass::new(node, open, lock)?;
                found.repaired.extend(self.finish_all(&mut pass, store).await?);
                if store {
                    found.repaired.extend(self.go_on(&mut pass).await?);
                }
                drop(pass);
                lock = node.lock()?;
                ledger = Ledger::open(node.disk.clone());
            }
        }
        found.checks.push(look_at_home(node));
        let audit = look_at_audit(node);
        if store {
            // An audit log that was changed takes no entries, so nothing may leave.
            let write = audit.verdict == Verdict::Good;
            found.checks.extend(look_at_store(node, write).await);
            found.checks.extend(look_at_other_stores(node).await);
        }
        found.checks.push(look_at_journal(&ledger));
        found.checks.push(look_at_channels(&ledger));
        if let (true, Ok(ledger)) = (self.role.is_owner(), &ledger) {
            // What cannot be read is told by the other checks.
            let large = self.owner_syncer().too_large(ledger.state()).unwrap_or_default();
            found.checks.push(look_at_sizes(&large));
        }
        found.checks.push(look_at_decisions(node, &self.jobs));
        found.checks.extend(look_at_moves(node));
        found.checks.push(audit);
        let permissions = self.permissions()?;
        // What cannot be read of a job is told by the check of the decisions.
        let held_back = self.first_held_back(&permissions).unwrap_or_default();
        let is_owner = self.role.is_owner();
        let permissions = look_at_permissions(node, &permissions, held_back, is_owner)?;
        found.checks.push(permissions);
        found.checks.push(look_at_files(node)?);
        found.checks.push(look_for_leftovers(node)?);
        drop(lock);
        Ok(found)
    }

    /// Goes on in spite of what does not fit in what the store and the peers show.
    async fn go_on(&self, pass: &mut Pass<'_>) -> Result<Vec<String>> {
        let table = PeerTable::load(&*self.node.disk)?;
        let peers = table.in_state(PeerState::Accepted).cloned().collect();
        match evidence::repair(pass, &peers).await {
            // What cannot be asked now is told by the check of the store.
            Err(Error::Transport(_)) => Ok(Vec::new()),
            done => done,
        }
    }

    /// What an earlier pass or a crash left to be done.
    async fn finish_all(&self, pass: &mut Pass<'_>, store: bool) -> Result<Vec<String>> {
        let mut done = Vec::new();
        self.datasets.recover()?;
        let interrupted = self.jobs.recover_runs()?;
        done.extend(interrupted.iter().map(|job| format!("job {job} is marked as interrupted")));
        if self.role.is_owner() {
            done.extend(repair_permissions(pass)?);
        }
        let before = pass.ledger.pending().len();
        if store && before > 0 {
            // What the store still refuses is told by the check of the journal.
            if let Err(error @ Error::Core(_)) = pass.finish_pending().await {
                return Err(error);
            }
            match before - pass.ledger.pending().len() {
                0 => {}
                1 => done.push("finished 1 step that was begun".to_owned()),
                n => done.push(format!("finished {n} steps that were begun")),
            }
        }
        Ok(done)
    }
}

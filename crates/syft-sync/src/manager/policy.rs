use syft_core::Email;
use syft_job::JobId;
use syft_job::policy::{
    AddedRule, Explanation, PeerStanding, Policy, RemovedRule, RuleName, RuleRequest,
};

use super::SyftboxManager;
use syft_transport::{Identities, Space};

use crate::Result;
use crate::node::Pass;
use crate::peers::{Connections, PeerState, PeerTable};
use crate::report::SyncReport;

impl SyftboxManager {
    /// My rules: which jobs and which peers are accepted without a look, and what of a
    /// dataset never leaves.
    ///
    /// # Errors
    /// [`Error::Role`](crate::Error::Role); as
    /// [`JobStore::policy`](syft_job::JobStore::policy).
    pub fn policy(&self) -> Result<Policy> {
        self.need_owner()?;
        Ok(self.jobs.policy()?)
    }

    /// What my rules say of a job that was sent to me, and why.
    ///
    /// # Errors
    /// [`Error::Role`](crate::Error::Role); as
    /// [`JobStore::explain_policy`](syft_job::JobStore::explain_policy); the lock.
    pub fn explain_policy(&self, id: &JobId) -> Result<Explanation> {
        self.need_owner()?;
        let _pass = self.node.pass()?;
        let table = PeerTable::load(&*self.node.disk)?;
        Ok(self.jobs.explain_policy(id, &|peer| standing(&table, peer))?)
    }

    /// Adds a rule that is made from a job which I approved.
    ///
    /// # Errors
    /// [`Error::Role`](crate::Error::Role); as
    /// [`JobStore::add_rule`](syft_job::JobStore::add_rule); the lock.
    pub fn add_policy_rule(&self, request: &RuleRequest) -> Result<AddedRule> {
        self.need_owner()?;
        let _pass = self.node.pass()?;
        Ok(self.jobs.add_rule(request)?)
    }

    /// Cuts a rule out, by its name or its number.
    ///
    /// # Errors
    /// [`Error::Role`](crate::Error::Role); as
    /// [`JobStore::remove_rule`](syft_job::JobStore::remove_rule); the lock.
    pub fn remove_policy_rule(&self, which: &str) -> Result<RemovedRule> {
        self.need_owner()?;
        let _pass = self.node.pass()?;
        Ok(self.jobs.remove_rule(which)?)
    }
}

impl SyftboxManager {
    /// Accepts the requests that my rules accept: of addresses of their domains, where
    /// the store proves whose they are, or the rule does without. What was decided about
    /// somebody once stays so.
    pub(super) async fn accept_by_rule(
        &self,
        pass: &mut Pass<'_>,
        connections: &mut Connections,
        report: &mut SyncReport,
    ) -> Result<()> {
        let policy = match self.jobs.noted_policy() {
            Err(error @ syft_job::Error::PolicyFile { .. }) => {
                report.notes.push(error.to_string());
                return Ok(());
            }
            policy => policy?,
        };
        let is_proven = |email: &Email| {
            let inbox = Space::Inbox { owner: self.node.email.clone(), sender: email.clone() };
            self.node.transport.info_of(&inbox).identities == Identities::Proven
        };
        let asked = connections.heard.iter().filter(|(email, heard)| {
            heard.hello.is_ok() && connections.table.state(email).is_none()
        });
        let rule =
            |email: &Email| policy.accepts(email, is_proven(email)).map(|rule| rule.name.clone());
        let due: Vec<(Email, RuleName)> =
            asked.filter_map(|(email, _)| Some((email.clone(), rule(email)?))).collect();
        for (email, rule) in due {
            self.accept(pass, connections, &email, Some(&rule), false)?;
            report.notes.push(format!("{email} is a peer now, by rule {rule}"));
            self.settle(pass, &mut connections.table, &email).await?;
        }
        match &pass.node.ring {
            Some(ring) => connections.look_at_keys(ring),
            None => Ok(()),
        }
    }
}

/// Whether jobs of a peer may be approved without a look.
pub(crate) fn standing(table: &PeerTable, peer: &Email) -> PeerStanding {
    let record = table.peers.get(peer);
    let Some(record) = record.filter(|record| record.state == PeerState::Accepted) else {
        return PeerStanding::Doubtful(format!("{peer} is no peer of this datasite"));
    };
    match table.alarm_of(peer) {
        Some(reason) => PeerStanding::Doubtful(reason),
        None => PeerStanding::Good(record.key.map(|key| key.fingerprint.to_string())),
    }
}

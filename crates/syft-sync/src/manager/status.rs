use serde::Serialize;
use syft_core::Email;

/// Who must act next, since when, and what this person types.
pub use syft_job::WaitingFor;

use super::SyftboxManager;
use crate::Result;
use crate::peers::PeerState;

/// One screen on where everything stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// Whose node it is.
    pub email: Email,
    /// Its home.
    pub home: String,
    /// The store.
    pub transport: String,
    /// How many peers there are.
    pub peers: PeerCounts,
    /// Those of them that are reached over stores of their own.
    pub elsewhere: Vec<Elsewhere>,
    /// What waits for somebody.
    pub waiting: Vec<Waiting>,
    /// Objects that wait for the store.
    pub queued_out: usize,
    /// Changes of mine that were refused.
    pub refused: usize,
    /// Messages that were put away.
    pub quarantined: usize,
    /// Jobs with outputs that are not released.
    pub unreleased: usize,
}

/// A peer that is reached over a store of its own.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Elsewhere {
    /// Who.
    pub email: Email,
    /// The store between the two; of several the first.
    pub transport: String,
}

/// Peers by what they wait for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PeerCounts {
    /// Connected.
    pub accepted: usize,
    /// Asked, by either side.
    pub pending: usize,
    /// Connected, and all that is exchanged is sealed.
    pub sealed: usize,
}

/// Something that waits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Waiting {
    /// What it is, in a few words.
    pub what: String,
    /// The job, if it is one.
    pub job: Option<String>,
    /// Who must act.
    pub waiting_for: WaitingFor,
}

impl SyftboxManager {
    /// Where everything stands. Looks in the store for new requests, and goes by
    /// what is known here if the store is away.
    ///
    /// # Errors
    /// The disk, the lock.
    pub async fn status(&self) -> Result<Status> {
        let mut pass = self.node.pass()?;
        let connections = self.look(&mut pass).await?;
        let peers = self.list(&connections);
        let count =
            |states: &[PeerState]| peers.iter().filter(|peer| states.contains(&peer.state)).count();
        let me = &self.node.email;
        let now = self.node.clock.now();
        let mut waiting = Vec::new();
        for peer in &peers {
            let what = match peer.state {
                PeerState::RequestedByPeer if self.role.is_owner() => "asks to become a peer",
                PeerState::RequestedByMe => "has not answered yet",
                PeerState::Accepted => "has not come along to the other store yet",
                _ => continue,
            };
            let Some(waiting_for) = peer.waits_for(me, now) else { continue };
            let what = format!("{} {what}", peer.email);
            waiting.push(Waiting { what, job: None, waiting_for });
        }
        let mut unreleased = 0;
        for job in &self.jobs.jobs()? {
            // What ran in PySyft is shared by its permission files.
            let ran_here = job.owner() == me && job.run().is_some();
            let held = ran_here && job.outputs()?.iter().any(|output| !output.released);
            unreleased += usize::from(held);
            if let Some(waiting_for) = job.waiting_for() {
                let what =
                    format!("job {} of {} is {}", job.name(), job.submitted_by(), job.status());
                waiting.push(Waiting { what, job: Some(job.id().to_string()), waiting_for });
            }
        }
        let unsent = if self.role.is_owner() { self.owner_syncer().unsent(&pass)? } else { 0 };
        if unsent > 0 && count(&[PeerState::Accepted]) > 0 {
            let what = format!("{unsent} of your own changes were not sent yet");
            let command = "syft sync".to_owned();
            let waiting_for = WaitingFor { who: me.clone(), since: now, command };
            waiting.push(Waiting { what, job: None, waiting_for });
        }
        let state = pass.ledger.state();
        let large =
            if self.role.is_owner() { self.owner_syncer().too_large(state)? } else { Vec::new() };
        for what in large {
            let command = "syft doctor".to_owned();
            let waiting_for = WaitingFor { who: me.clone(), since: now, command };
            waiting.push(Waiting { what, job: None, waiting_for });
        }
        Ok(Status {
            email: me.clone(),
            home: self.node.home.display().to_string(),
            transport: self.node.transport.info().name.clone(),
            peers: PeerCounts {
                accepted: count(&[PeerState::Accepted]),
                pending: count(&[PeerState::RequestedByPeer, PeerState::RequestedByMe]),
                sealed: peers
                    .iter()
                    .filter(|peer| peer.state == PeerState::Accepted && peer.sealed)
                    .count(),
            },
            elsewhere: peers
                .iter()
                .filter(|peer| !peer.via.is_empty())
                .map(|peer| Elsewhere {
                    email: peer.email.clone(),
                    transport: peer.transport.clone(),
                })
                .collect(),
            waiting,
            queued_out: pass.ledger.queued_out() + connections.table.ungreeted(),
            refused: state.refused.values().map(|refused| refused.len()).sum(),
            quarantined: self.quarantine().list()?.len(),
            unreleased,
        })
    }
}

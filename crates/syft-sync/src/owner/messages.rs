use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use syft_core::codec::{Limits, decode_proposal};
use syft_core::{DatasitePath, Email, JobName};
use syft_job::DueJobs;
use syft_perm::Permissions;
use syft_transport::{Listing, Object, Space};

use super::{DatasiteOwnerSyncer, note_odd, note_problem};
use crate::Result;
use crate::channels::{Arrival, Arrivals, Body, list_all};
use crate::engine::{Draft, OwnerRules, contradiction_in, is_held, is_repeated, on_proposal};
use crate::inbox::odd;
use crate::ledger::{Fact, LocalEffect};
use crate::node::Pass;
use crate::peers::PeerTable;
use crate::perform::Outgoing;
use crate::report::SyncReport;
use crate::router::proposal_order;

/// Messages that are taken before what follows from them is sent.
const SENT_AFTER: usize = 64;

impl DatasiteOwnerSyncer<'_> {
    /// Deals with the messages of these peers: those of one in the order of the
    /// sender's times, the peers in turn. `listed` are the inboxes that were looked
    /// into already. A peer whose messages or folder are bad stops nobody else. Returns
    /// what is still to be sent, and the peers of whom a message waits until a job that
    /// they sent was looked at.
    pub(super) async fn take_messages(
        &self,
        pass: &mut Pass<'_>,
        permissions: &Permissions,
        jobs: &DueJobs,
        peers: &BTreeSet<Email>,
        mut listed: BTreeMap<Email, Listing>,
        report: &mut SyncReport,
    ) -> Result<(Outgoing, BTreeSet<Email>)> {
        let inbox = |peer: &Email| {
            let (owner, sender) = (self.node.email.clone(), peer.clone());
            Space::Inbox { owner, sender }
        };
        let missing = peers.iter().filter(|peer| !listed.contains_key(*peer));
        let missing = missing.map(|peer| (peer.clone(), inbox(peer))).collect();
        for (peer, _, listing) in list_all(&*self.node.transport, missing).await {
            match listing {
                Ok(listing) => drop(listed.insert(peer, listing)),
                Err(error) => note_problem(report, &peer, error.into())?,
            }
        }
        let mut channels = Vec::new();
        for peer in peers {
            let Some(listing) = listed.remove(peer) else { continue };
            note_odd(report, peer, &odd(&listing, proposal_order));
            let objects = pass.new_objects(&inbox(peer), listing.objects, proposal_order);
            if !objects.is_empty() {
                channels.push((peer.clone(), objects));
            }
        }
        let table = PeerTable::load(&*self.node.disk)?;
        let asked = RefCell::new(BTreeMap::new());
        let frozen = |submitter: &Email, name: &JobName| {
            // A job that cannot be looked up keeps its bytes.
            let look = || self.jobs.is_frozen_among(jobs, submitter, name).unwrap_or(true);
            let job = (submitter.clone(), name.clone());
            *asked.borrow_mut().entry(job).or_insert_with(look)
        };
        let rules = OwnerRules {
            layout: self.node.layouts.own(),
            permissions,
            frozen: &frozen,
            answers: true,
        };
        let limit = |_: &Object| Limits::PROPOSAL.packed_bytes;
        let mut arrivals = Arrivals::new(&self.node.transport, channels, limit);
        let mut outgoing = Outgoing::default();
        let (mut written, mut waiting) = (BTreeSet::new(), BTreeSet::new());
        while let Some(arrival) = arrivals.next().await {
            let peer = arrival.peer.clone();
            let rules = OwnerRules { answers: !table.is_python(&peer), ..rules };
            match self.take(pass, &rules, arrival, &mut written, &mut outgoing, report) {
                Ok(true) if pass.ledger.state().contradiction_with(&peer).is_some() => {
                    arrivals.stop(&peer);
                }
                Ok(true) => {}
                Ok(false) => {
                    arrivals.stop(&peer);
                    waiting.insert(peer);
                }
                Err(error) => {
                    arrivals.stop(&peer);
                    note_problem(report, &peer, error)?;
                }
            }
            if outgoing.len() >= SENT_AFTER {
                for peer in pass.send(&mut outgoing, report).await? {
                    arrivals.stop(&peer);
                }
            }
        }
        Ok((outgoing, waiting))
    }

    /// One message: decided, journalled and done here; what is due in the store
    /// goes out later. `false` for one that would change a file of a job which an
    /// earlier one has `written` just now: each revision of a job is looked at, since
    /// the first one gives it its id.
    fn take(
        &self,
        pass: &mut Pass<'_>,
        rules: &OwnerRules<'_>,
        arrival: Arrival,
        written: &mut BTreeSet<DatasitePath>,
        outgoing: &mut Outgoing,
        report: &mut SyncReport,
    ) -> Result<bool> {
        let Arrival { peer: from, object, body, .. } = arrival;
        let (from, object) = (&from, &object);
        let draft = match body {
            Body::Gone => return Ok(true),
            Body::Unfinished => {
                report.unfinished(from, object.name.as_str());
                return Ok(true);
            }
            Body::Failed(error) => return Err(error.into()),
            // It stays there, and is told of until the sender or the store puts it right.
            Body::Refused(reject, _) if reject.code.is_forgery() => {
                report.forged(from, object, &reject);
                pass.note_forged(object, from, &reject)?;
                return Ok(true);
            }
            Body::Refused(reject, foreign) => {
                // A stranger's file is no word of the peer, so the peer gets no answer.
                let answers = rules.answers && !foreign;
                pass.put_away(object, from, &reject, answers, true)?
            }
            Body::Bytes(bytes) => {
                let decoded = decode_proposal(&bytes, &Limits::PROPOSAL);
                let arriving = &self.node.arriving;
                if decoded.is_err() && arriving.awaits_container(object, &bytes, &Limits::PROPOSAL)
                {
                    report.unfinished(from, object.name.as_str());
                    return Ok(true);
                }
                let state = pass.ledger.state();
                on_proposal(state, &self.node.scene(), rules, from, object, &bytes, decoded)?
            }
        };
        if let Some(contradiction) = contradiction_in(&draft) {
            report.alarm(from, contradiction.reason.clone());
            pass.begin(draft)?;
            return Ok(true);
        }
        let files = self.job_files(&draft);
        if files.iter().any(|file| written.contains(file)) {
            return Ok(false);
        }
        written.extend(files);
        if is_held(&draft) {
            report.notes.push(format!("a message of {from} waits for one that was sent before it"));
        } else if is_quarantine(&draft) {
            report.peer(from).quarantined += 1;
        } else if !is_repeated(&draft) {
            report.peer(from).received += 1;
        }
        outgoing.extend(from, pass.begin(draft)?);
        Ok(true)
    }

    /// The files of jobs that a message writes, but for what is no revision.
    fn job_files(&self, draft: &Draft) -> Vec<DatasitePath> {
        let of_revision = |path: &DatasitePath| {
            let job = self.node.layouts.own().parse_job(path.as_str());
            job.is_some_and(|job| job.is_submitters() && job.rest != "cancel")
        };
        let files = draft.plan.facts.iter().filter_map(|fact| match fact {
            Fact::FileIs { path, .. } | Fact::FileGone { path } => Some(path),
            _ => None,
        });
        files.filter(|path| of_revision(path)).cloned().collect()
    }
}

pub(crate) fn is_quarantine(draft: &Draft) -> bool {
    draft.plan.local.iter().any(|effect| matches!(effect, LocalEffect::Quarantine { .. }))
}

use syft_core::{Access, NodePaths};
use syft_job::JobStore;

use super::{Check, Verdict, count};
use crate::ledger::Ledger;
use crate::node::Node;
use crate::peers::{PeerTable, goes_on_by};
use crate::{Error, Result};

/// A blob is read back whole up to so many bytes.
const BLOB_LIMIT: u64 = 4 << 30;

/// Whether the home can be written.
pub(crate) fn look_at_home(node: &Node) -> Check {
    let tried = NodePaths::staging().join("probe").and_then(|path| {
        node.disk.write(&path, b"probe", Access::OwnerOnly)?;
        let back = node.disk.read(&path, 16)?;
        node.disk.remove_file(&path)?;
        Ok(back == b"probe")
    });
    match tried {
        Ok(true) => Check::good("home", "can be written"),
        Ok(false) => Check::bad("home", Verdict::Damaged, "the disk gives back other bytes"),
        Err(error) => Check::bad("home", Verdict::Away, error.to_string()),
    }
}

/// Whether the journal can be read, with the bytes of what is still to be done.
pub(crate) fn look_at_journal(ledger: &Result<Ledger>) -> Check {
    let ledger = match ledger {
        Ok(ledger) => ledger,
        Err(error) => return Check::bad("journal", Verdict::Damaged, error.to_string()),
    };
    let pending = ledger.pending();
    for blob in pending.iter().flat_map(|(_, pending)| pending.plan.blobs()) {
        if let Err(error) = ledger.blobs().read(&blob, BLOB_LIMIT) {
            let detail = format!("what is still to be done cannot be: {error}");
            return Check::bad("journal", Verdict::Damaged, detail);
        }
    }
    Check::good(
        "journal",
        match pending.len() {
            0 => "can be read, and all is done".to_owned(),
            n => format!("can be read; {} for the store", waits(n)),
        },
    )
}

fn waits(number: usize) -> String {
    if number == 1 { "1 step waits".to_owned() } else { format!("{number} steps wait") }
}

/// Whether what peers send fits what they sent before.
pub(crate) fn look_at_channels(ledger: &Result<Ledger>) -> Check {
    let Ok(ledger) = ledger else {
        return Check::bad("channels", Verdict::Damaged, "the journal cannot be read");
    };
    match ledger.state().contradictions.values().next() {
        None => Check::good("channels", "what peers send fits what they sent before"),
        Some(contradiction) => {
            Check::bad("channels", Verdict::Damaged, contradiction.reason.clone())
        }
    }
}

/// Whether all that is to go fits into the stores over which it goes.
pub(crate) fn look_at_sizes(too_large: &[String]) -> Check {
    let Some((first, others)) = too_large.split_first() else {
        return Check::good("sizes", "all that is to be sent fits into the store");
    };
    let more = match others.len() {
        0 => String::new(),
        n => format!(" (and {n} more)"),
    };
    Check::bad("sizes", Verdict::Odd, format!("{first}{more}"))
}

/// Whether each move of a peer goes on; `None` where nobody is being moved.
pub(crate) fn look_at_moves(node: &Node) -> Option<Check> {
    let table = PeerTable::load(&*node.disk).ok()?;
    let mut moving = 0;
    for (email, record) in &table.peers {
        let Some(on_the_way) = &record.moving else { continue };
        moving += 1;
        if let (Some(why), Some(via)) = (&on_the_way.held_up, record.via.first()) {
            let command = goes_on_by(email, via);
            let detail = format!(
                "{email} is not moved yet: {why}; if the older store is gone for good: {command}"
            );
            return Some(Check::bad("moves", Verdict::Away, detail));
        }
    }
    (moving > 0).then(|| Check::good("moves", format!("{} on the way", count(moving, "peer"))))
}

/// Whether the audit log is whole.
pub(crate) fn look_at_audit(node: &Node) -> Check {
    let report = match node.verify_audit() {
        Ok(report) => report,
        Err(error) => return Check::bad("audit log", Verdict::Damaged, error.to_string()),
    };
    match report.problem {
        None => {
            let entries = format!("{} entries, whole and unchanged", report.entries);
            Check::good("audit log", entries)
        }
        Some(problem) => {
            let detail = format!("line {}: {}", problem.line, problem.detail);
            Check::bad("audit log", Verdict::Damaged, detail)
        }
    }
}

/// Whether every decision on peers and jobs can be read.
pub(crate) fn look_at_decisions(node: &Node, jobs: &JobStore) -> Check {
    match read_decisions(node, jobs) {
        Ok((peers, decided)) => {
            let detail =
                format!("{} and {} can be read", count(peers, "peer"), count(decided, "job"));
            Check::good("decisions", detail)
        }
        Err(error) => Check::bad("decisions", Verdict::Damaged, error.to_string()),
    }
}

fn read_decisions(node: &Node, jobs: &JobStore) -> Result<(usize, usize), Error> {
    let peers = PeerTable::load(&*node.disk)?.peers.len();
    let mut read = 0;
    for job in jobs.jobs()?.iter().filter(|job| *job.owner() == node.email) {
        jobs.decisions(job.id())?;
        jobs.revisions(job.id())?;
        read += 1;
    }
    Ok((peers, read))
}

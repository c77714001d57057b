//! Puts the record as a whole.

use syft_core::{ContentHash, canonical_json};
use syft_job::JobStore;
use syft_transport::{Object, TransportExt};

use super::backed_up::BackedUp;
use super::{Body, LIMIT, change, log_of, name_of, space_of};
use crate::channels::patiently;
use crate::checkpoints::is_mine;
use crate::engine::Draft;
use crate::ledger::Fact;
use crate::node::Pass;
use crate::peers::{PYTHON_PEERS, PeerTable};
use crate::{Error, Result, bodies};

/// Puts peers and decisions into the store, so that another machine of mine can
/// know them; not into a store that others can read. Written under a name of its
/// own, since a store need not be able to replace; the older one goes at the end of a pass
/// once the new one was read back (`threats.md` F13).
///
/// # Errors
/// [`Error::Refused`] for a record that could not be read back for its size, and
/// [`Error::Integrity`] if the store gives back something else: the older one stays
/// then. The store; the disk.
pub(crate) async fn back_up(pass: &mut Pass<'_>, table: &PeerTable, jobs: &JobStore) -> Result<()> {
    if !pass.node.is_guarded() {
        return Ok(());
    }
    let outline = Body::outline(pass, table);
    let seen = BackedUp::now(pass, &outline, jobs)?;
    if seen.is_some() && seen == BackedUp::load(&*pass.node.disk) {
        return Ok(());
    }
    let mut body = outline.complete(pass, jobs)?;
    let (_, hash) = body.content()?;
    if pass.ledger.state().backup == Some(hash) {
        return BackedUp::save(&*pass.node.disk, seen);
    }
    let log = pass.ledger.state().emitted.get(&log_of(&pass.node.email).to_string());
    body.log = log.map(|head| head.seq);
    let bytes = canonical_json(&body)?;
    check_size(bytes.len() as u64)?;
    let record = ContentHash::of(&bytes);
    change::keep_base(&*pass.node.disk, &bytes)?;
    replace(pass, bytes, record).await?;
    let mut draft = Draft::default();
    draft.fact(Fact::BackedUp { hash, record: Some(record) });
    pass.carry_out(draft).await
}

fn check_size(size: u64) -> Result<()> {
    if size <= LIMIT {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "what is recorded of your peers and jobs takes {} MiB, and no machine would read back more \
         than {} MiB: the older record stays in the store, without what changed since",
        size >> 20,
        LIMIT >> 20
    )))
}

/// Every step can be repeated, and is, until all of it is done.
async fn replace(pass: &mut Pass<'_>, body: Vec<u8>, hash: ContentHash) -> Result<()> {
    let transport = pass.node.transport.clone();
    let transport = &*transport;
    let space = space_of(pass);
    let name = name_of(hash)?;
    let size = body.len() as u64;
    let put = async {
        transport.open(&space).await?;
        transport.put_bytes(&space, &name, body).await
    };
    // Not believed, unless the store shows that it has it: it is read back, also where the listing does not show it yet.
    let put = match patiently(&space, size, put).await {
        Ok(object) => Some(object),
        Err(syft_transport::Error::AlreadyExists { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let listed = patiently(&space, 0, transport.list_all(&space)).await?;
    let is_record =
        |object: &Object| object.name.as_str() != PYTHON_PEERS && is_mine(object, &pass.node.email);
    let listed = listed.into_iter().filter(is_record);
    let (new, older): (Vec<Object>, Vec<Object>) = listed.partition(|object| object.name == name);
    let is_checked = transport.info_of(&space).capabilities.checked_puts;
    let is_there = match put.as_ref().or(new.first()) {
        Some(_) if put.is_some() && is_checked => true,
        Some(object) => bodies::holds(transport, object, hash).await?,
        None => false,
    };
    if is_there {
        pass.superseded(older);
        return Ok(());
    }
    patiently(&space, 0, transport.delete(&new)).await?;
    Err(Error::Integrity(format!(
        "the store does not give {name} back as it was put there: the older record of your peers \
         and jobs stays, and the next sync puts it anew"
    )))
}

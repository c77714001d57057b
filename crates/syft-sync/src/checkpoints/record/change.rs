//! What changed in the record since it was put as a whole.

use serde_json::Value;
use syft_core::{Access, ContentHash, Disk, HomePath, NodePaths, RecordChange};

use super::Body;
use crate::Result;
use crate::node::Pass;
use crate::peers::PeerTable;

/// Larger changes go nowhere along, in bytes: the record is put as a whole once more.
const CHANGE_BYTES: usize = 16 << 10;
/// Changes of a larger record are not looked for, in bytes.
const BASE_BYTES: u64 = 8 << 20;

impl Pass<'_> {
    /// What is recorded beside what was put as a whole, for the next object of the log.
    /// `None` if nothing was put, or the change is large or is that of the layout.
    pub(crate) fn record_change(&self) -> Result<Option<RecordChange>> {
        if !self.node.is_guarded() {
            return Ok(None);
        }
        let disk = &*self.node.disk;
        let Some(base) = self.ledger.state().record else { return Ok(None) };
        let Some(before) = base_of(disk, base)? else { return Ok(None) };
        let table = PeerTable::load(disk)?;
        let now = Body::now(self, &table, &self.node.jobs)?;
        // A restore asks for the layout before it fetches anything else.
        if now.layout != before.layout {
            return Ok(None);
        }
        let (content, hash) = now.content()?;
        let patch = json_patch::diff(&before.content()?.0, &content);
        let patch = serde_json::to_string(&patch).map_err(super::unwritable)?;
        Ok((patch.len() <= CHANGE_BYTES).then_some(RecordChange { base, hash, patch }))
    }
}

/// The record after a change, or what is wrong with it.
pub(super) fn apply(body: &Body, change: &RecordChange) -> std::result::Result<Body, String> {
    let patch: json_patch::Patch =
        serde_json::from_str(&change.patch).map_err(|error| error.to_string())?;
    let mut changed: Value = serde_json::to_value(body).map_err(|error| error.to_string())?;
    json_patch::patch(&mut changed, &patch).map_err(|error| error.to_string())?;
    let changed: Body = serde_json::from_value(changed).map_err(|error| error.to_string())?;
    match changed.content() {
        Ok((_, hash)) if hash == change.hash => Ok(changed),
        Ok(_) => Err("it comes out as another one than was recorded".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Keeps what is put as a whole: changes are told against it. A cache; without it the next
/// record is put as a whole.
pub(super) fn keep_base(disk: &dyn Disk, bytes: &[u8]) -> Result<()> {
    Ok(disk.write(&path()?, bytes, Access::OwnerOnly)?)
}

fn base_of(disk: &dyn Disk, base: ContentHash) -> Result<Option<Body>> {
    // What cannot be read is not there.
    let Ok(bytes) = disk.read(&path()?, BASE_BYTES) else { return Ok(None) };
    let is_base = ContentHash::of(&bytes) == base;
    Ok(serde_json::from_slice(&bytes).ok().filter(|_| is_base))
}

fn path() -> Result<HomePath> {
    Ok(NodePaths::cache().join("record.json")?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_message_more_is_a_small_change_however_many_came_before() {
        let id = |at: u128| uuid::Uuid::from_u128(at << 96).to_string();
        let body = |last: u128| -> Body {
            // As it was written before.
            let ids: Vec<String> = (1..=last).map(|at| id(at * 0x9e37_79b9 % (1 << 32))).collect();
            let arrived = json!({"syft-1/inbox/a@b.org/c@d.org": {"ids": ids, "head": null}});
            serde_json::from_value(json!({
                "schema": "syft/state/1", "email": "a@b.org", "peers": {}, "arrived": arrived,
            }))
            .unwrap()
        };
        let (before, after) = (body(600), body(601));
        let (old, new) = (before.content().unwrap().0, after.content().unwrap());
        let patch = serde_json::to_string(&json_patch::diff(&old, &new.0)).unwrap();
        assert!(patch.len() < 1024, "{} bytes", patch.len());
        let change = RecordChange { base: new.1, hash: new.1, patch };
        assert_eq!(apply(&before, &change).unwrap().content().unwrap(), new);
    }
}

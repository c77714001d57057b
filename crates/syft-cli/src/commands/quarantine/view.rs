use serde::Serialize;
use syft_sync::Quarantined;
use syft_sync::core::{Email, RejectCode, Timestamp};

use crate::output::iso;

/// A message that was put away, as programs read it.
#[derive(Debug, Serialize)]
pub(super) struct ItemView {
    pub(super) id: String,
    pub(super) from: Email,
    pub(super) channel: String,
    pub(super) name: String,
    pub(super) code: RejectCode,
    pub(super) detail: String,
    pub(super) at: String,
    #[serde(skip)]
    pub(super) when: Timestamp,
}

impl From<Quarantined> for ItemView {
    fn from(item: Quarantined) -> Self {
        ItemView {
            id: item.id,
            from: item.from,
            channel: item.channel,
            name: item.name,
            code: item.code,
            detail: item.detail,
            at: iso(item.at),
            when: item.at,
        }
    }
}

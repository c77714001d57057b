use syft_core::{ContentHash, DatasitePath, Email, HomePath};

use super::Draft;
use crate::ledger::Fact;

/// An edit in the copy of another datasite that is to be proposed, wherever it
/// lies. `here` is what stands there now, and `content` what is to stand there.
pub(crate) fn on_meant(
    owner: &Email,
    path: &DatasitePath,
    here: Option<ContentHash>,
    content: Option<&[u8]>,
) -> Draft {
    let mut draft = Draft::default();
    if let Some(content) = content {
        draft.write(HomePath::in_datasite(owner, path), content, here);
    }
    draft.fact(Fact::Meant { owner: owner.clone(), path: path.clone() });
    draft
}

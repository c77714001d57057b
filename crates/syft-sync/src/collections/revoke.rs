use syft_core::{DatasetName, Email};
use syft_transport::CollectionKind;

use super::form::Form;
use super::publish::{granted, note, withdraw, withdraw_all};
use crate::Result;
use crate::ledger::Published;
use crate::node::Pass;

/// Takes every grant of mine back from somebody. Returns the datasets that the
/// peer could read, which it may have fetched.
pub(crate) async fn revoke_from(pass: &mut Pass<'_>, peer: &Email) -> Result<Vec<DatasetName>> {
    let published = pass.ledger.state().published.iter();
    let readable: Vec<(DatasetName, Published)> = published
        .filter(|(_, published)| published.readers.contains(peer))
        .map(|(name, published)| (name.clone(), published.clone()))
        .collect();
    let mut names = Vec::new();
    for (name, mut published) in readable {
        published.readers.remove(peer);
        published.sealed.remove(peer);
        if let Some(key) = published.apart.remove(peer)
            && let Some(form) = Form::apart(pass, &name, &published.hash, (peer, key))?
        {
            withdraw(pass, form.space()).await?;
        }
        if published.readers.is_empty() {
            withdraw_all(pass, &name, &published).await?;
        } else {
            for hash in published.older.iter().chain([&published.hash]) {
                for form in Form::all(pass, CollectionKind::Mock, &name, hash)? {
                    // An older one may never have been opened, or be gone.
                    if !granted(pass, form.space()).await?.contains(&peer.into()) {
                        continue;
                    }
                    match form.readers(&published).is_empty() {
                        true => withdraw(pass, form.space()).await?,
                        false => form.revoke(pass, peer).await?,
                    }
                }
            }
            note(pass, &name, Some(published), "dataset.revoked").await?;
        }
        names.push(name);
    }
    Ok(names)
}

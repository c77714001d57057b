use syft_core::{Access, Email, HomePath, JobName, NodePaths};

use crate::{JobStore, Result};

/// What is noted of a job that waits for its owner.
const FOR_OWNER: &[u8] = b"owner";

/// What a job waits for that was not sent yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queued {
    /// The next sync.
    ForSync,
    /// Its owner, who has not shown a key yet.
    ForOwner,
}

impl JobStore {
    /// Notes that a job is to be sent; it waits for its submitter until it is.
    pub(crate) fn enqueue(&self, owner: &Email, name: &JobName) -> Result<()> {
        Ok(self.disk.write(&place(owner, name)?, b"", Access::OwnerOnly)?)
    }

    /// What a job of mine waits for; `None` if it was sent.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn queued_for(&self, owner: &Email, name: &JobName) -> Result<Option<Queued>> {
        let noted = self.disk.read_if_there(&place(owner, name)?, FOR_OWNER.len() as u64)?;
        Ok(noted.map(|noted| match noted == FOR_OWNER {
            true => Queued::ForOwner,
            false => Queued::ForSync,
        }))
    }

    /// Notes what the jobs wait for that were not sent yet, by their owners.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn note_queued(&self, waits: impl Fn(&Email) -> Queued) -> Result<()> {
        for (owner, name) in self.queued()? {
            let waits = waits(&owner);
            let bytes = if waits == Queued::ForOwner { FOR_OWNER } else { b"" };
            if self.queued_for(&owner, &name)? != Some(waits) {
                self.disk.write(&place(&owner, &name)?, bytes, Access::OwnerOnly)?;
            }
        }
        Ok(())
    }

    /// The jobs of mine that were not sent yet.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn queued(&self) -> Result<Vec<(Email, JobName)>> {
        let mut queued = Vec::new();
        for owner in self.folders(&queue()?, |name| Email::parse(name).ok())? {
            for entry in self.disk.list(&queue()?.join(owner.as_str())?)? {
                let name = entry.name.ok().and_then(|name| JobName::existing(&name).ok());
                queued.extend(name.map(|name| (owner.clone(), name)));
            }
        }
        Ok(queued)
    }

    /// Notes that a job of mine lies in its owner's inbox now.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn delivered(&self, owner: &Email, name: &JobName) -> Result<()> {
        Ok(self.disk.remove_file(&place(owner, name)?)?)
    }
}

fn queue() -> Result<HomePath> {
    Ok(NodePaths::queue().join("jobs")?)
}

fn place(owner: &Email, name: &JobName) -> Result<HomePath> {
    Ok(queue()?.join(owner.as_str())?.join(name.as_str())?)
}

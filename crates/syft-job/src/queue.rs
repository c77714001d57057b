use syft_core::{Access, Email, HomePath, JobName, NodePaths};

use crate::{JobStore, Result};

impl JobStore {
    /// Notes that a job is to be sent; it waits for its submitter until it is.
    pub(crate) fn enqueue(&self, owner: &Email, name: &JobName) -> Result<()> {
        Ok(self.disk.write(&place(owner, name)?, b"", Access::OwnerOnly)?)
    }

    pub(crate) fn is_queued(&self, owner: &Email, name: &JobName) -> Result<bool> {
        Ok(self.disk.metadata(&place(owner, name)?)?.is_some())
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

use std::fmt;

use uuid::Uuid;

use crate::{Error, Result};

/// Randomness, behind a trait so that a test can repeat itself.
pub trait Entropy: fmt::Debug + Send + Sync {
    /// Fills a buffer with random bytes.
    ///
    /// # Errors
    /// `Io` if the system gives none.
    fn fill(&self, buffer: &mut [u8]) -> Result<()>;
}

impl dyn Entropy + '_ {
    /// A random (version 4) UUID.
    ///
    /// # Errors
    /// As [`Entropy::fill`].
    pub fn uuid(&self) -> Result<Uuid> {
        let mut bytes = [0; 16];
        self.fill(&mut bytes)?;
        Ok(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }
}

/// The system's random generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        getrandom::fill(buffer).map_err(|error| Error::Io {
            action: "read",
            path: "the system's random generator".to_owned(),
            source: std::io::Error::other(error.to_string()),
        })
    }
}

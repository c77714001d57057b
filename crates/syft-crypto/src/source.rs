use zeroize::Zeroizing;

use syft_core::Email;

use crate::{KeyFile, Keys, RecoveryKey, Result};

/// Where somebody's keys come from, as a file holds it: a recovery key, or where that is
/// not known, a key file.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// All of it.
    Recovery(RecoveryKey),
    /// The keys alone, as the Python peer keeps them.
    KeyFile(Box<KeyFile>),
}

impl KeySource {
    /// Reads the file of `email`, whichever of both it is.
    ///
    /// # Errors
    /// As [`RecoveryKey::parse`] and [`KeyFile::parse`].
    pub fn parse(text: &str, email: &Email) -> Result<Self> {
        match text.trim_start().starts_with('{') {
            true => Ok(KeySource::KeyFile(Box::new(KeyFile::parse(text, email)?))),
            false => Ok(KeySource::Recovery(RecoveryKey::parse(text)?)),
        }
    }

    /// The keys of `email`.
    ///
    /// # Errors
    /// [`Error::OtherIdentity`](crate::Error) for a key file of somebody else.
    pub fn keys(&self, email: &Email) -> Result<Keys> {
        match self {
            KeySource::Recovery(recovery) => recovery.keys(email),
            KeySource::KeyFile(file) if file.keys.email() == email => Ok(file.keys.clone()),
            KeySource::KeyFile(file) => Err(crate::Error::OtherIdentity {
                owner: file.keys.email().to_string(),
                asked: email.clone(),
            }),
        }
    }

    /// The file: words below a comment that says what they are, or the key file.
    ///
    /// # Errors
    /// As [`KeyFile::to_json`].
    pub fn to_text(&self, email: &Email) -> Result<Zeroizing<String>> {
        match self {
            KeySource::Recovery(recovery) => Ok(Zeroizing::new(format!(
                "# The recovery key of {email}. Whoever has these words is {email}.\n{}\n",
                *recovery.words()
            ))),
            KeySource::KeyFile(file) => file.to_json(),
        }
    }
}

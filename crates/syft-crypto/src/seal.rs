use std::io::{Read, Write};

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use syft_core::Entropy;
use syft_crypto_protocol::KeyError;
use syft_crypto_protocol::encryption::{
    EncryptionRecipient, StreamOptions, encrypt_message, encrypt_stream,
};
use zeroize::Zeroizing;

use crate::{Error, Keys, Party, Result};

/// What has at most so many bytes is sealed in one piece, as the Python peer does it.
pub(crate) const ONE_PIECE: u64 = 1024 * 1024;

/// Pieces of larger ones, in bytes.
const SEGMENT: usize = 1024 * 1024;

/// So many threads work on them; each holds two pieces.
pub(crate) const THREADS: usize = 4;

pub(crate) fn seal(
    keys: &Keys,
    recipients: &[Party<'_>],
    label: Option<&str>,
    (size, plain): (u64, &mut dyn Read),
    sealed: &mut dyn Write,
    entropy: &dyn Entropy,
) -> Result<u64> {
    let mut seed = Zeroizing::new([0; 32]);
    entropy.fill(&mut *seed)?;
    let mut random = StdRng::from_seed(*seed);
    let to: Vec<EncryptionRecipient<'_>> = recipients
        .iter()
        .map(|to| EncryptionRecipient { identity: to.email.as_str(), bundle: to.bundle.public() })
        .collect();
    let (me, private) = (keys.email().as_str(), keys.private());
    if size > ONE_PIECE {
        let options =
            StreamOptions { segment_size: SEGMENT, parallelism: THREADS, filename_hint: label };
        let mut plain = plain;
        let mut sealed = sealed;
        let sealing =
            encrypt_stream(me, private, &to, size, &mut plain, &mut sealed, &options, &mut random);
        return sealing.map_err(not_made);
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1));
    plain.take(size + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != size {
        let reason = format!("{size} bytes were to be sealed, and it has another number");
        return Err(Error::NotMade { reason });
    }
    let envelope = encrypt_message(me, private, &to, &bytes, label, &mut random);
    let envelope = envelope.map_err(not_made)?;
    sealed.write_all(&envelope)?;
    sealed.flush()?;
    Ok(envelope.len() as u64)
}

fn not_made(error: KeyError) -> Error {
    match error {
        KeyError::StorageError(error) => Error::Io(error),
        error => Error::NotMade { reason: error.to_string() },
    }
}

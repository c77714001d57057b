use std::io::{Cursor, Read, Write};

use syft_core::{Email, safe_text, shorten};
use syft_crypto_protocol::KeyError;
use syft_crypto_protocol::encryption::{FILE_CIPHER_SUITE, SegmentLayout, decrypt_stream};
use syft_crypto_protocol::envelope::{
    MAGIC, PRELUDE_PAD, ParsedEnvelopeHeader, parse_envelope_header, verify_header_signature,
};

use crate::seal::THREADS;
use crate::{Error, Keys, Opened, Party, Result};

/// Magic, version and the length of what follows.
const START: usize = 4 + 1 + 4;

/// After what is in the open: the length of the signature, and the signature.
const SIGNATURE: usize = 2 + 64;

/// Longest foreign text that an error quotes, in characters.
const SHOWN: usize = 120;

/// What a reader takes of an envelope that a stranger may have made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// What is in the open, in bytes: 1,000 recipients have about 600 KiB.
    pub open_bytes: u64,
    /// What is sealed, in bytes.
    pub sealed_bytes: u64,
    /// What is sealed in one piece, in bytes: so much is held in memory, twice.
    pub one_piece: u64,
    /// Each of several pieces, in bytes; eight are held in memory.
    pub segment: u64,
    /// How much there is of the envelope, in bytes, if that is known: one that says that it
    /// is longer is not opened.
    pub there: Option<u64>,
}

impl Default for Limits {
    /// 1 MiB in the open, 64 MiB in one piece, 4 MiB in each of several, of any number.
    fn default() -> Self {
        Limits {
            open_bytes: 1024 * 1024,
            sealed_bytes: u64::MAX,
            one_piece: 64 * 1024 * 1024,
            segment: 4 * 1024 * 1024,
            there: None,
        }
    }
}

/// Whether bytes start as an envelope does. Whether it is one, only opening it tells.
#[must_use]
pub fn is_envelope(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Whether bytes are too few to tell, and may start as an envelope does once more of them
/// are there.
#[must_use]
pub fn may_become_envelope(bytes: &[u8]) -> bool {
    MAGIC.starts_with(bytes)
}

pub(crate) fn open(
    keys: &Keys,
    sender: Party<'_>,
    limits: &Limits,
    sealed: &mut dyn Read,
    plain: &mut dyn Write,
) -> Result<Opened> {
    let start = read_header(limits, sealed)?;
    let header = parse_envelope_header(&mut start.as_slice()).map_err(damaged)?;
    check_sender(&header, sender)?;
    check_recipient(&header, keys.email())?;
    check_size(&header, limits)?;
    check_whole(&header, start.len(), limits)?;
    let (me, private) = (keys.email().as_str(), keys.private());
    let mut whole = Cursor::new(start).chain(sealed);
    let mut plain = plain;
    let from = sender.bundle.public();
    let bytes =
        decrypt_stream(me, private, from, &mut whole, &mut plain, THREADS).map_err(damaged)?;
    let label = header.prelude.public_meta.and_then(|open| open.filename_hint);
    Ok(Opened { label, sealed_at: header.prelude.created_at, bytes })
}

/// All before the sealed bytes, as soon as it is known to be no more than is taken.
fn read_header(limits: &Limits, sealed: &mut dyn Read) -> Result<Vec<u8>> {
    let mut header = Vec::with_capacity(START);
    sealed.take(START as u64).read_to_end(&mut header)?;
    if !is_envelope(&header) {
        return Err(if may_become_envelope(&header) { Error::Cut } else { Error::NotSealed });
    }
    let Some((_, [a, b, c, d])) = header.split_last_chunk::<4>().filter(|_| header.len() == START)
    else {
        return Err(Error::Cut);
    };
    let length = u32::from_le_bytes([*a, *b, *c, *d]);
    if u64::from(length) > limits.open_bytes {
        return Err(Error::TooLarge { limit: limits.open_bytes });
    }
    let block = PRELUDE_PAD as u64;
    let padded = u64::from(length).div_ceil(block).max(1) * block;
    let rest = padded + SIGNATURE as u64;
    match sealed.take(rest).read_to_end(&mut header)? as u64 == rest {
        true => Ok(header),
        false => Err(Error::Cut),
    }
}

/// What is signed says how long the whole is.
fn check_whole(header: &ParsedEnvelopeHeader, start: usize, limits: &Limits) -> Result<()> {
    let whole = header.prelude.cipher.ciphertext_len.saturating_add(start as u64);
    match limits.there.is_some_and(|there| there < whole) {
        true => Err(Error::Cut),
        false => Ok(()),
    }
}

/// The one whose channel it came by, the one who signed, and the one whom it names.
fn check_sender(header: &ParsedEnvelopeHeader, sender: Party<'_>) -> Result<()> {
    let forged = |reason: String| Error::Forged { sender: sender.email.clone(), reason };
    let key = &sender.bundle.public().identity_signing_public_key;
    if verify_header_signature(header, key).is_err() {
        return Err(forged("its signature is not of the key that is known".to_owned()));
    }
    let named = &header.prelude.sender.identity;
    if named != sender.email.as_str() {
        let named = shorten(&safe_text(named), SHOWN);
        return Err(forged(format!("it says that it is from {named}")));
    }
    Ok(())
}

fn check_recipient(header: &ParsedEnvelopeHeader, me: &Email) -> Result<()> {
    let mut recipients = header.prelude.recipients.iter();
    match recipients.any(|to| to.identity.as_deref() == Some(me.as_str())) {
        true => Ok(()),
        false => Err(Error::NotForMe { recipient: me.clone() }),
    }
}

/// What it says of its size is believed by the one who opens it, who makes room for it.
fn check_size(header: &ParsedEnvelopeHeader, limits: &Limits) -> Result<()> {
    let cipher = &header.prelude.cipher;
    let too_large = |limit: u64| Err(Error::TooLarge { limit });
    if cipher.ciphertext_len > limits.sealed_bytes {
        return too_large(limits.sealed_bytes);
    }
    if cipher.suite == FILE_CIPHER_SUITE {
        return match cipher.ciphertext_len > limits.one_piece {
            true => too_large(limits.one_piece),
            false => Ok(()),
        };
    }
    let (count, last) = (cipher.segment_count, cipher.last_segment_bytes);
    let layout = SegmentLayout::from_cipher_info(count, last, cipher.ciphertext_len);
    match layout.map_err(damaged)?.segment_size as u64 > limits.segment {
        true => too_large(limits.segment),
        false => Ok(()),
    }
}

fn damaged(error: KeyError) -> Error {
    match error {
        KeyError::StorageError(error) => Error::Io(error),
        error => Error::Damaged { reason: shorten(&safe_text(&error.to_string()), SHOWN) },
    }
}

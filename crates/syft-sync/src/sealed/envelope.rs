//! Bytes into an envelope and out of it. Both are work for a processor, and are done where
//! no other call waits for it.

use std::io::{Read, Write};
use std::sync::Arc;

use bytes::Bytes;
use syft_core::{Reject, RejectCode};
use syft_crypto::{
    Bundle, Error as CryptoError, Keys, Limits, Opened, Party, Sealer, is_envelope,
    may_become_envelope,
};
use syft_transport::{Error, Object, Result};

use super::{Correspondent, KeyRing};
use crate::arriving::Arriving;

/// That the rest of an object is still on its way.
#[derive(Debug, thiserror::Error)]
#[error("it has not arrived whole yet")]
struct Unfinished;

/// Whether an error is that the rest of an object is still on its way.
pub(crate) fn is_unfinished(error: &Error) -> bool {
    matches!(error, Error::Temporary { source: Some(cause), .. } if cause.is::<Unfinished>())
}

/// So many bytes are sealed or opened at once, rather than where other work goes on.
const SMALL: usize = 64 * 1024;

/// What is sealed in one piece is held in memory, twice: more of it, in bytes, is not opened
/// where memory is bounded.
const ONE_PIECE: u64 = 8 << 20;

/// An envelope of mine for these, with a label.
pub(crate) async fn seal(
    ring: &Arc<KeyRing>,
    to: Vec<Correspondent>,
    label: String,
    plain: Bytes,
) -> Result<Vec<u8>> {
    let ring = ring.clone();
    let size = plain.len();
    let work = move || {
        let parties = parties(&to);
        let mut sealed = Vec::with_capacity(plain.len() + plain.len() / 1024 + 8 * 1024);
        let body = (plain.len() as u64, &mut &*plain as &mut dyn Read);
        ring.keys()
            .seal(&parties, Some(&label), body, &mut sealed, ring.entropy())
            .map(|_| sealed)
            .map_err(|error| Error::permanent("seal", &label, error.to_string()))
    };
    aside(size, work).await?
}

/// Those to whom something is sealed.
pub(crate) fn parties(to: &[Correspondent]) -> Vec<Party<'_>> {
    let mut parties = Vec::new();
    for one in to {
        parties.extend(one.bundle.as_ref().map(|bundle| Party { email: &one.email, bundle }));
    }
    parties
}

/// What an object holds that this one must have put there, for whoever has these keys. What
/// may still be arriving is an error that [says so](is_unfinished).
pub(crate) async fn open(
    keys: &Keys,
    arriving: &Arc<Arriving>,
    from: Correspondent,
    object: &Object,
    bytes: Vec<u8>,
) -> Result<Vec<u8>> {
    if !is_envelope(&bytes) {
        if !from.seals {
            return Ok(bytes);
        }
        if may_become_envelope(&bytes) && arriving.awaits_rest(object) {
            return Err(unfinished(object));
        }
        let detail = format!("{} seals all that they write, and this is in the open", from.email);
        return Err(refused(object, RejectCode::NotSealed, detail));
    }
    // A reader of what is in the open refuses it as what it is.
    let Some(bundle) = from.bundle.clone() else { return Ok(bytes) };
    let (keys, of, arriving) = (keys.clone(), object.clone(), arriving.clone());
    aside(bytes.len(), move || open_now(&keys, &arriving, &from, &bundle, &of, &bytes)).await?
}

fn open_now(
    keys: &Keys,
    arriving: &Arriving,
    from: &Correspondent,
    bundle: &Bundle,
    object: &Object,
    bytes: &[u8],
) -> Result<Vec<u8>> {
    let sender = Party { email: &from.email, bundle };
    let limits = Limits { there: Some(bytes.len() as u64), ..Limits::default() };
    let mut plain = Vec::with_capacity(bytes.len());
    let opened = keys.open(sender, &limits, &mut &*bytes, &mut plain);
    checked(opened, arriving, from, object).map(|()| plain)
}

/// The same of a large object that comes and is written piece by piece. What was written is
/// what it holds only if this is no error; memory is bounded.
pub(crate) fn open_through(
    keys: &Keys,
    arriving: &Arriving,
    from: &Correspondent,
    object: &Object,
    sealed: &mut dyn Read,
    plain: &mut dyn Write,
) -> Result<()> {
    let Some(bundle) = &from.bundle else {
        let detail = format!("the keys of {} are not known", from.email);
        return Err(refused(object, RejectCode::NotSealed, detail));
    };
    let sender = Party { email: &from.email, bundle };
    let limits = Limits { there: Some(object.size), one_piece: ONE_PIECE, ..Limits::default() };
    checked(keys.open(sender, &limits, sealed, plain), arriving, from, object)
}

/// Whether an object was opened that its sender put where it lies.
fn checked(
    opened: syft_crypto::Result<Opened>,
    arriving: &Arriving,
    from: &Correspondent,
    object: &Object,
) -> Result<()> {
    let opened = opened.map_err(|error| match error {
        CryptoError::Cut if arriving.awaits_rest(object) => unfinished(object),
        CryptoError::TooLarge { .. } => refused(object, RejectCode::TooLarge, error.to_string()),
        CryptoError::NotSealed => refused(object, RejectCode::NotSealed, error.to_string()),
        error => refused(object, RejectCode::Forged, error.to_string()),
    })?;
    match opened.label {
        None if from.is_unlabelled => Ok(()),
        Some(label) if label == object.to_string() => Ok(()),
        Some(label) => {
            let detail = format!("{} sealed it for another place: {label}", from.email);
            Err(refused(object, RejectCode::Forged, detail))
        }
        None => Err(refused(object, RejectCode::Forged, "it does not say where it belongs")),
    }
}

fn unfinished(object: &Object) -> Error {
    Error::temporary("open", object, Unfinished.to_string()).because(Unfinished)
}

async fn aside<T: Send + 'static>(
    size: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    if size <= SMALL {
        return Ok(work());
    }
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::permanent("seal", "a message", error.to_string()))
}

/// That bytes are not what they should be, as what becomes of a message.
pub(crate) fn refused(object: &Object, code: RejectCode, detail: impl AsRef<str>) -> Error {
    let reject = Reject::new(code, detail);
    let error = Error::permanent("open", object, reject.to_string());
    error.because(syft_core::Error::Rejected(reject))
}

/// Why bytes are not what they should be, if that is what is wrong.
pub(crate) fn reject_of(error: &Error) -> Option<&Reject> {
    let Error::Permanent { source: Some(cause), .. } = error else { return None };
    match cause.downcast_ref() {
        Some(syft_core::Error::Rejected(reject)) => Some(reject),
        _ => None,
    }
}

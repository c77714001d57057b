//! What a participant says of its program: `SYFT_version.json` (`protocol.md` d).

use jiff::civil;
use serde::{Deserialize, Serialize, Serializer};

use crate::codec::{Limits, read_json, write_json};
use crate::{Error, Reject, RejectCode, Result, Timestamp};

/// The version of the Python client that a node stands for: owners of that client
/// answer this very version, and others of it with the same first two numbers
/// (`protocol.md` d.2).
pub const COMPAT_VERSION: &str = "0.10.0";
/// The version of the Python client's protocol; said, and never compared.
const PROTOCOL_VERSION: &str = "1.0.0";
/// An epoch number beyond this one counts milliseconds, as pydantic reads it.
const MILLISECONDS_FROM: f64 = 2e10;

/// A version advert (`protocol.md` d.1). The two `min_*` numbers and the protocol
/// version are shown at most: a comparison looks at [`version`](Self::version) alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Advert {
    /// `syft_client_version`: any text, which [`VersionStatus::between`] compares.
    pub version: String,
    /// `min_supported_syft_client_version`.
    pub min_version: String,
    /// `protocol_version`.
    pub protocol: String,
    /// `min_supported_protocol_version`.
    pub min_protocol: String,
    /// What a job installs to get this client, as `syft==0.10.0`.
    pub install_source: Option<String>,
    /// When it was written; `None` if it does not say.
    pub updated_at: Option<Timestamp>,
    /// What an enclave proves itself with.
    pub attestation_token: Option<String>,
}

impl Advert {
    /// An advert is never larger, in bytes.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// The advert of a node that stands for this version of the Python client,
    /// usually [`COMPAT_VERSION`].
    #[must_use]
    pub fn of(version: &str, now: Timestamp) -> Self {
        Advert {
            version: version.to_owned(),
            min_version: version.to_owned(),
            protocol: PROTOCOL_VERSION.to_owned(),
            min_protocol: PROTOCOL_VERSION.to_owned(),
            install_source: Some(format!("syft=={version}")),
            updated_at: Some(now),
            attestation_token: None,
        }
    }

    /// The exact bytes that a Python client writes for the same advert.
    ///
    /// # Errors
    /// [`Error::Encode`]; none in practice.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        write_json(self, true)
    }

    /// Reads an advert as a Python client does: the first four keys are required, keys
    /// that it does not know are ignored. It is stricter in the grammar alone: no key
    /// stands twice.
    ///
    /// # Errors
    /// [`Reject`] for more than [`MAX_BYTES`](Self::MAX_BYTES), for anything that is
    /// no JSON, and for a key that is missing or holds another kind of value.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Reject> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(Reject::new(RejectCode::TooLarge, "it is larger than 64 KiB"));
        }
        let wire: AdvertIn = read_json(bytes, &Limits::PROPOSAL)?;
        let updated_at = wire.updated_at.map(Moment::into_time).transpose();
        Ok(Advert {
            version: wire.syft_client_version,
            min_version: wire.min_supported_syft_client_version,
            protocol: wire.protocol_version,
            min_protocol: wire.min_supported_protocol_version,
            install_source: wire.syft_client_install_source,
            updated_at: updated_at
                .map_err(|error| Reject::new(RejectCode::BadJson, error.to_string()))?,
            attestation_token: wire.attestation_token,
        })
    }
}

impl Serialize for Advert {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wire = AdvertOut {
            syft_client_version: &self.version,
            min_supported_syft_client_version: &self.min_version,
            protocol_version: &self.protocol,
            min_supported_protocol_version: &self.min_protocol,
            syft_client_install_source: self.install_source.as_deref(),
            updated_at: self.updated_at.map(spell),
            attestation_token: self.attestation_token.as_deref(),
        };
        wire.serialize(serializer)
    }
}

#[derive(Serialize)]
struct AdvertOut<'a> {
    syft_client_version: &'a str,
    min_supported_syft_client_version: &'a str,
    protocol_version: &'a str,
    min_supported_protocol_version: &'a str,
    syft_client_install_source: Option<&'a str>,
    // A null there is refused by the reader, so that an advert without it has no key.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
    attestation_token: Option<&'a str>,
}

#[derive(Deserialize)]
struct AdvertIn {
    syft_client_version: String,
    min_supported_syft_client_version: String,
    protocol_version: String,
    min_supported_protocol_version: String,
    #[serde(default)]
    syft_client_install_source: Option<String>,
    #[serde(default, deserialize_with = "present")]
    updated_at: Option<Moment>,
    #[serde(default)]
    attestation_token: Option<String>,
}

/// A key that may be absent, and is no null.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Moment>, D::Error> {
    Moment::deserialize(from).map(Some)
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a time must be a number or an ISO 8601 text")]
enum Moment {
    Number(f64),
    Text(String),
}

impl Moment {
    fn into_time(self) -> Result<Timestamp> {
        match self {
            Moment::Number(number) if number.abs() > MILLISECONDS_FROM => {
                Timestamp::new(number / 1000.0)
            }
            Moment::Number(number) => Timestamp::new(number),
            // A text without an offset means the writer's own clock; it is only shown.
            Moment::Text(text) => match text.parse::<civil::DateTime>() {
                Ok(_) if !has_offset(&text) => Timestamp::from_rfc3339(&format!("{text}Z")),
                _ => Timestamp::from_rfc3339(&text),
            },
        }
    }
}

fn has_offset(text: &str) -> bool {
    let time = text.get("2026-03-14".len()..).unwrap_or_default();
    time.contains(['Z', 'z', '+', '-'])
}

/// As pydantic spells a time: microseconds, or none if it is a whole second.
fn spell(time: Timestamp) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "saturating, and checked by jiff")]
    let micros = (time.seconds() * 1e6).round() as i64;
    let whole = micros.rem_euclid(1_000_000) == 0;
    let format = if whole { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S.%6fZ" };
    match jiff::Timestamp::from_microsecond(micros) {
        Ok(time) => time.strftime(format).to_string(),
        Err(_) => time.to_rfc3339(),
    }
}

/// The three numbers of a version, as a Python client compares them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The first.
    pub major: i64,
    /// The second.
    pub minor: i64,
    /// The third.
    pub patch: i64,
}

impl Version {
    /// Reads the first three parts between dots, each as Python's `int()` reads it:
    /// with blanks around, a sign, leading zeros and single underscores. Parts beyond
    /// the third are not looked at.
    ///
    /// # Errors
    /// [`Error::Invalid`] for fewer than three parts, a part that is no number, and
    /// one that is beyond 64 bits or not written in ASCII.
    pub fn parse(text: &str) -> Result<Self> {
        let mut parts = text.split('.').map(int);
        let mut next = || parts.next().flatten();
        match (next(), next(), next()) {
            (Some(major), Some(minor), Some(patch)) => Ok(Version { major, minor, patch }),
            _ => Err(Error::invalid("version", text, "it must begin with X.Y.Z, three numbers")),
        }
    }
}

/// Python's `int()` of a text.
fn int(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.split('_').any(|run| run.is_empty() || !run.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    text.replace('_', "").parse().ok()
}

/// How the version that a peer advertises stands to the own one (`protocol.md` d.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VersionStatus {
    /// The same text.
    Same,
    /// The first two numbers agree.
    PatchDiff,
    /// The first or second number differs.
    Incompatible,
    /// The peer advertises nothing that can be read.
    Unknown,
}

impl VersionStatus {
    /// Compares the own version with the one that a peer advertises, if any.
    ///
    /// # Errors
    /// [`Error::Invalid`] if they differ and one of them has no three numbers.
    pub fn between(own: &str, peer: Option<&str>) -> Result<Self> {
        let Some(peer) = peer else { return Ok(VersionStatus::Unknown) };
        if own == peer {
            return Ok(VersionStatus::Same);
        }
        let (own, peer) = (Version::parse(own)?, Version::parse(peer)?);
        let is_same_line = (own.major, own.minor) == (peer.major, peer.minor);
        Ok(if is_same_line { VersionStatus::PatchDiff } else { VersionStatus::Incompatible })
    }

    /// The status as a word, the Python client's.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            VersionStatus::Same => "same",
            VersionStatus::PatchDiff => "patch_diff",
            VersionStatus::Incompatible => "incompatible",
            VersionStatus::Unknown => "unknown",
        }
    }
}

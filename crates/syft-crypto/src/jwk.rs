//! Secret keys as text.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use syft_crypto_protocol::SyftPrivateKeys;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use crate::{Error, Result};

/// The three secret keys, as the Python peer writes them (`protocol.md` c.3).
#[derive(Serialize, Deserialize)]
pub(crate) struct KeySet {
    identity_dh: Jwk,
    identity_key: Jwk,
    signed_prekey: Jwk,
}

/// One of them; what is not needed to know it is written and not read.
#[derive(Serialize, Deserialize)]
struct Jwk {
    #[serde(skip_deserializing)]
    crv: &'static str,
    d: Zeroizing<String>,
    #[serde(skip_deserializing)]
    kid: &'static str,
    #[serde(skip_deserializing)]
    kty: &'static str,
    #[serde(rename = "use", skip_deserializing)]
    used_to: &'static str,
    x: String,
}

impl KeySet {
    pub(crate) fn of(keys: &SyftPrivateKeys) -> Self {
        let identity = keys.identity();
        KeySet {
            identity_dh: Jwk::agreement("identity-dh", keys.identity_dh()),
            identity_key: Jwk {
                crv: "Ed25519",
                d: secret(&Zeroizing::new(identity.to_bytes())),
                kid: "identity-key",
                kty: "OKP",
                used_to: "sig",
                x: URL_SAFE_NO_PAD.encode(identity.verifying_key().as_bytes()),
            },
            signed_prekey: Jwk::agreement("signed-prekey", keys.signed_pre_key()),
        }
    }

    /// The keys, each of whose halves must belong together.
    pub(crate) fn keys(&self) -> Result<SyftPrivateKeys> {
        let identity = SigningKey::from_bytes(&*self.identity_key.secret("identity_key")?);
        let public = identity.verifying_key();
        self.identity_key.check("identity_key", public.as_bytes())?;
        Ok(SyftPrivateKeys::new(
            identity,
            self.identity_dh.agreement_key("identity_dh")?,
            self.signed_prekey.agreement_key("signed_prekey")?,
        ))
    }
}

impl Jwk {
    fn agreement(kid: &'static str, key: &StaticSecret) -> Self {
        Jwk {
            crv: "X25519",
            d: secret(&Zeroizing::new(key.to_bytes())),
            kid,
            kty: "OKP",
            used_to: "enc",
            x: URL_SAFE_NO_PAD.encode(PublicKey::from(key).as_bytes()),
        }
    }

    fn agreement_key(&self, name: &str) -> Result<StaticSecret> {
        let key = StaticSecret::from(*self.secret(name)?);
        self.check(name, PublicKey::from(&key).as_bytes())?;
        Ok(key)
    }

    fn secret(&self, name: &str) -> Result<Zeroizing<[u8; 32]>> {
        let mut bytes = Zeroizing::new([0; 32]);
        let read = URL_SAFE_NO_PAD.decode_slice(self.d.as_bytes(), &mut *bytes);
        match read {
            Ok(32) => Ok(bytes),
            _ => Err(invalid(format!("{name} has no secret of 32 bytes"))),
        }
    }

    fn check(&self, name: &str, public: &[u8; 32]) -> Result<()> {
        match URL_SAFE_NO_PAD.decode(&self.x).is_ok_and(|said| said == public) {
            true => Ok(()),
            false => Err(invalid(format!("the two halves of {name} do not belong together"))),
        }
    }
}

fn secret(bytes: &[u8; 32]) -> Zeroizing<String> {
    Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes))
}

fn invalid(reason: String) -> Error {
    Error::Invalid { what: "key file", reason }
}

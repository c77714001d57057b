use syft_sync::Error;
use syft_sync::core::Email;

use super::CliError;
use crate::exit::Exit;

/// How one logs in, with what only the person knows left to fill in.
const LOGIN: &str = "syft login --email YOU@EXAMPLE.ORG --transport file:///SHARED/FOLDER";

/// How one logs in at Google anew.
pub(crate) const GOOGLE_LOGIN: &str = "syft login --credentials FILE";

/// How a key is compared with its owner.
pub(crate) fn verify(peer: &Email) -> String {
    format!("syft peer verify {peer}")
}

impl From<Error> for CliError {
    fn from(error: Error) -> Self {
        let (exit, code) = match &error {
            Error::NotLoggedIn { .. } => (Exit::Usage, "not_logged_in"),
            Error::OtherIdentity { .. } => (Exit::Usage, "other_identity"),
            Error::Role { .. } => (Exit::Refused, "role"),
            Error::UnknownPeer(_) => (Exit::NotFound, "peer_not_found"),
            Error::PeerState { .. } => (Exit::Conflict, "peer_state"),
            Error::Incompatible { .. } => (Exit::Refused, "incompatible"),
            Error::Permissions { .. } => (Exit::Conflict, "permission_file"),
            Error::SharedAsDataset(_) => (Exit::Refused, "dataset"),
            Error::NotFound(_) => (Exit::NotFound, "not_found"),
            Error::KeyChanged { .. } => (Exit::Integrity, "key_changed"),
            Error::OtherWords { .. } => (Exit::Integrity, "other_words"),
            Error::KeysExposed { .. } => (Exit::Refused, "keys_exposed"),
            Error::LoginExposed { .. } => (Exit::Refused, "login_exposed"),
            Error::MustSeal { .. } => (Exit::Refused, "must_seal"),
            Error::NoGoogleLogin => (Exit::Usage, "no_google_login"),
            Error::OtherKeys { .. } => (Exit::Conflict, "other_keys"),
            Error::Refused(_) => (Exit::Refused, "refused"),
            Error::Integrity(_) => (Exit::Integrity, "integrity"),
            Error::Config(_) => (Exit::Usage, "bad_setting"),
            _ => (Exit::Bug, "unforeseen"),
        };
        let told = CliError::from_source(exit, code, &error);
        match error {
            Error::Core(error) => error.into(),
            Error::Transport(error) => error.into(),
            Error::Dataset(error) => error.into(),
            Error::Job(error) => error.into(),
            Error::Crypto(error) => error.into(),
            Error::KeyChanged { peer, .. } => told.then(verify(&peer)),
            Error::KeysExposed { path } | Error::LoginExposed { path } => {
                told.then(format!("chmod go-rwx {path}"))
            }
            Error::OtherKeys { .. } => told.then("syft keys import FILE --replace"),
            Error::MustSeal { .. } => told.then("syft login --encrypt auto"),
            Error::NoGoogleLogin => told.then(GOOGLE_LOGIN),
            Error::NotLoggedIn { .. } => told.then(LOGIN),
            Error::OtherIdentity { .. } => told.then("syft --home DIR whoami"),
            Error::Role { .. } => told.then(format!("{LOGIN} --role both")),
            Error::UnknownPeer(peer) => told.then(format!("syft peer add {peer}")),
            Error::PeerState { .. } => told.then("syft peer list"),
            _ => told,
        }
    }
}

//! How a participant proves to Google who they are: what they bring
//! ([`Credentials`]), how they log in ([`LoopbackLogin`]), and the tokens that the calls of Drive carry ([`Tokens`]).
//!
//! Nothing here reads the environment or a file: the caller brings the bytes.

mod answer;
mod bearer;
mod client_secrets;
mod credentials;
mod document;
mod endpoints;
mod http;
mod login;
mod metadata;
mod service_account;
mod source;
mod store;
mod token_file;
mod tokens;

pub use bearer::Bearer;
pub use client_secrets::ClientSecrets;
pub use credentials::Credentials;
pub use endpoints::Endpoints;
pub(super) use endpoints::parse as secure_address;
pub use http::{HttpClient, http_client};
pub use login::LoopbackLogin;
pub use store::{TokenStatus, TokenStore};
pub use token_file::TokenFile;
pub use tokens::Tokens;

/// The scope that every call of Drive here needs: all files of the account.
pub const DRIVE_SCOPE: &str = "https://www.googleapis.com/auth/drive";

/// The store in the words of an error.
const DRIVE: &str = "Google Drive";

//! Google's OAuth endpoints: consent, tokens, and taking them back.

mod consent;
mod grant;
mod service;
mod token;

pub(crate) use consent::consent;
pub(crate) use grant::{Issued, issue};
pub(crate) use service::key_file;
pub(crate) use token::{info, revoke, token};

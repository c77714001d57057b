//! The page of consent, and the tokens that come of it.

mod consent;
mod grant;
mod token;

pub(crate) use consent::consent;
pub(crate) use grant::{Issued, issue};
pub(crate) use token::token;

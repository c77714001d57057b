//! What the emulators of services have in common: HTTP on loopback, rules for what
//! goes wrong, a clock that can be stopped, and dice that fall the same way each time.

mod clock;
mod cut;
mod dice;
mod message;
mod range;
mod rules;
mod server;
mod shared;

pub use clock::{Clock, Millis, from_system, from_text, millis, to_system, to_text};
pub use dice::Dice;
pub use hyper::{HeaderMap, Method, StatusCode, Uri, header};
pub use message::{Params, Request, Response};
pub use range::read_range;
pub use rules::{Rule, Strikes, judge};
pub use server::Server;
pub use shared::{Answer, Service, Shared};

/// The example of the README is run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;

//! The decisions of sync, without any I/O: from the state and one input follows
//! a [`Draft`], which the driver journals and carries out. Crashes, reordering
//! and clock steps are therefore values in a test.

mod chain;
mod draft;
mod hold;
mod inbound;
mod judge;
mod local;
mod meant;
mod proposal;
mod routing;
mod strict;
mod submission;
mod too_large;

pub(crate) use chain::contradiction_in;
pub(crate) use draft::{Draft, Scene};
pub(crate) use hold::{is_held, waits_on};
pub(crate) use inbound::{on_events, on_refusal};
pub(crate) use local::{LocalChange, LocalEdit, on_local_changes};
pub(crate) use meant::on_meant;
pub(crate) use proposal::{OwnerRules, is_repeated, on_proposal, refuse_unread, unknown_id};
pub(crate) use routing::{Due, RoutedFile, due, on_route};
pub(crate) use strict::{ToOwner, ToReader, Unfit};
pub(crate) use submission::{NewFile, on_submission};
pub(crate) use too_large::on_too_large;

//! The subset of YAML that a permission file needs, read as a YAML 1.1 reader
//! reads it, with the line of every node. `syft_core::yaml` maps a document onto
//! a type and forgets both the line and whether a scalar was quoted; here the
//! first is shown to people and the second decides between text and number.

mod read;
mod scalar;
mod write;

pub(crate) use read::{Node, Value, read};
pub(crate) use scalar::Scalar;
pub(crate) use write::{list, scalar as write_scalar};

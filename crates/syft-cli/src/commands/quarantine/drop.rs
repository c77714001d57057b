use serde::Serialize;

use super::not_there;
use crate::args::QuarantineItemArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report};

/// A message that is gone for good.
#[derive(Debug, Serialize)]
pub(crate) struct QuarantineDropped {
    id: String,
}

pub(crate) fn run(
    context: &Context,
    args: QuarantineItemArgs,
) -> Result<QuarantineDropped, CliError> {
    context.open()?.drop_quarantined(&args.id).map_err(not_there)?;
    Ok(QuarantineDropped { id: args.id })
}

impl Report for QuarantineDropped {
    const VERB: &'static str = "quarantine-drop";

    fn write(&self, page: &mut Page) {
        page.line(format!("Dropped {}.", self.id));
    }
}

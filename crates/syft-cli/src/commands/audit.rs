//! What was decided, what ran, what left.

mod export;
mod log;
mod receipt;
mod traffic;
mod verify;

use super::show as print;
use crate::args::{AuditCommand, AuditVerifyArgs};
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;

pub(super) fn run(context: &Context, command: AuditCommand) -> Result<Exit, CliError> {
    match command {
        AuditCommand::Export(args) => export::run(context, &args),
        AuditCommand::Log(args) => print(context, log::run(context, &args)),
        AuditCommand::Traffic(args) => print(context, traffic::run(context, &args)),
        AuditCommand::Verify(AuditVerifyArgs { receipt: None }) => {
            print(context, verify::run(context))
        }
        AuditCommand::Verify(AuditVerifyArgs { receipt: Some(file) }) => {
            print(context, receipt::run(context, &file))
        }
    }
}

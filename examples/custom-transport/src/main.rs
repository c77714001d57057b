//! The command `syft`, with mail folders beside all stores that it knows.

use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    syft_cli::main_with(vec![Arc::new(syft_mail::MailKind)])
}

//! The program `syft`.

use std::process::ExitCode;

fn main() -> ExitCode {
    syft_cli::main_with(Vec::new())
}

//! A warden and nothing else, for the tests of this crate.

use std::process::ExitCode;

fn main() -> ExitCode {
    syft_job::warden::main()
}

//! Jobs as the Python peer writes and reads them (`protocol.md` f.4, i.1).

mod config;
mod identity;
mod run_sh;
mod state;

pub(crate) use config::{ConfigText, check_config};
pub use identity::Protocol;
pub(crate) use run_sh::{BASH_COPY, needs_no_quotes, odd_package, run_sh};
pub use state::{PythonState, PythonStatus};

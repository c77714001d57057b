use std::collections::BTreeSet;

use serde::Serialize;
use syft_sync::core::{Email, LayoutKind};
use syft_sync::dataset::Audience;
use syft_sync::job::PackageSource;
use syft_sync::{Encrypt, NO_STORE, Role};

use super::dataset::write_for_readers;
use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report};

/// Whose home this is.
#[derive(Debug, Serialize)]
pub(crate) struct Whoami {
    email: Email,
    home: String,
    datasite: String,
    role: Role,
    transport: String,
    /// The store of my datasets, if they have one of their own.
    data: Option<String>,
    /// What those type who are to find them.
    reader_commands: BTreeSet<String>,
    layout: LayoutKind,
    encrypt: Encrypt,
    packages: PackageSource,
}

pub(crate) fn run(context: &Context) -> Result<Whoami, CliError> {
    let config = context.config()?;
    let reader_commands = match config.data {
        Some(_) => context.open()?.commands_for_readers(&Audience::Any)?,
        None => BTreeSet::new(),
    };
    let home = context.home();
    Ok(Whoami {
        datasite: home.join(config.email.as_str()).display().to_string(),
        home: home.display().to_string(),
        email: config.email,
        role: config.role,
        transport: config.transport,
        data: config.data,
        reader_commands,
        layout: config.layout,
        encrypt: config.encrypt,
        packages: config.packages,
    })
}

impl Report for Whoami {
    const VERB: &'static str = "whoami";

    fn write(&self, page: &mut Page) {
        page.title(&self.email);
        let store = match self.transport.as_str() {
            NO_STORE => "none: nobody has logged in here",
            store => store,
        };
        page.fields([
            ("home", self.home.clone()),
            ("datasite", self.datasite.clone()),
            ("role", self.role.to_string()),
            ("store", store.to_owned()),
            ("datasets", self.data.clone().unwrap_or_default()),
            ("layout", self.layout.to_string()),
            ("sealing", self.encrypt.to_string()),
            ("packages", self.packages.to_string()),
        ]);
        write_for_readers(page, &self.reader_commands);
    }
}

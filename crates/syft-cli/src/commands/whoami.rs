use serde::Serialize;
use syft_sync::core::{Email, LayoutKind};
use syft_sync::job::PackageSource;
use syft_sync::{Encrypt, NO_STORE, Role};

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
    layout: LayoutKind,
    encrypt: Encrypt,
    packages: PackageSource,
}

pub(crate) fn run(context: &Context) -> Result<Whoami, CliError> {
    let config = context.config()?;
    let home = context.home();
    Ok(Whoami {
        datasite: home.join(config.email.as_str()).display().to_string(),
        home: home.display().to_string(),
        email: config.email,
        role: config.role,
        transport: config.transport,
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
            ("layout", self.layout.to_string()),
            ("sealing", self.encrypt.to_string()),
            ("packages", self.packages.to_string()),
        ]);
    }
}

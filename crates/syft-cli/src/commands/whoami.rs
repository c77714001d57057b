use serde::Serialize;
use syft_sync::Role;
use syft_sync::core::Email;

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
    layout: String,
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
    })
}

impl Report for Whoami {
    const VERB: &'static str = "whoami";

    fn write(&self, page: &mut Page) {
        page.title(&self.email);
        page.fields([
            ("home", self.home.clone()),
            ("datasite", self.datasite.clone()),
            ("role", self.role.to_string()),
            ("store", self.transport.clone()),
        ]);
    }
}

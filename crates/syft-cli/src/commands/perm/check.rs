use serde::Serialize;
use syft_sync::core::safe_text;

use crate::args::PermCheckArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::{Page, Report};

/// Yes or no.
#[derive(Debug, Serialize)]
pub(crate) struct PermCheck {
    path: String,
    user: String,
    level: String,
    allowed: bool,
}

pub(crate) fn run(context: &Context, args: PermCheckArgs) -> Result<PermCheck, CliError> {
    let PermCheckArgs { path, user, level } = args;
    let allowed = context.open()?.permissions()?.allows(&user, &path, level);
    Ok(PermCheck { path, user, level: level.to_string(), allowed })
}

impl Report for PermCheck {
    const VERB: &'static str = "perm-check";

    fn write(&self, page: &mut Page) {
        let word = if self.allowed { "yes" } else { "no" };
        let (user, path) = (safe_text(&self.user), safe_text(&self.path));
        let may = if self.allowed { "may" } else { "may not" };
        page.line(format!("{word}: {user} {may} {} {path}", self.level));
    }

    fn exit(&self) -> Exit {
        if self.allowed { Exit::Done } else { Exit::Refused }
    }
}

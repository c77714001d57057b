use serde::Serialize;
use syft_sync::perm::Explanation;

use crate::args::PermExplainArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report};

/// Which rule decides, and why.
#[derive(Debug, Serialize)]
pub(crate) struct PermExplain {
    path: String,
    user: String,
    read: bool,
    write: bool,
    admin: bool,
    file: Option<String>,
    line: Option<u32>,
    pattern: Option<String>,
    reason: String,
    #[serde(skip)]
    in_words: String,
}

pub(crate) fn run(context: &Context, args: &PermExplainArgs) -> Result<PermExplain, CliError> {
    let told = context.open()?.permissions()?.explain(&args.user, &args.path);
    let in_words = told.to_string();
    let Explanation { user, path, admin, write, read, governing_file, line, pattern, reason } =
        told;
    Ok(PermExplain {
        path,
        user,
        read,
        write,
        admin,
        file: governing_file,
        line,
        pattern,
        reason: reason.to_string(),
        in_words,
    })
}

impl Report for PermExplain {
    const VERB: &'static str = "perm-explain";

    fn write(&self, page: &mut Page) {
        page.line(&self.in_words);
    }
}

use serde::Serialize;
use syft_sync::core::{DirDisk, Disk, NodePaths};

use super::not_there;
use super::view::ItemView;
use crate::args::QuarantineItemArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report};

/// One message that was put away.
#[derive(Debug, Serialize)]
pub(crate) struct QuarantineShown {
    #[serde(flatten)]
    item: ItemView,
    /// Where its bytes are kept; nothing if it was too large to be fetched.
    path: Option<String>,
}

pub(crate) fn run(
    context: &Context,
    args: &QuarantineItemArgs,
) -> Result<QuarantineShown, CliError> {
    let item = context.open()?.quarantine().get(&args.id).map_err(not_there)?;
    let disk = DirDisk::open(context.home())?;
    let kept = NodePaths::quarantine().join(&format!("{}.bin", item.id))?;
    let is_there = disk.metadata(&kept)?.is_some();
    let path = is_there.then(|| context.home().join(kept.as_str()).display().to_string());
    Ok(QuarantineShown { item: item.into(), path })
}

impl Report for QuarantineShown {
    const VERB: &'static str = "quarantine-show";

    fn write(&self, page: &mut Page) {
        let item = &self.item;
        page.title(&item.id);
        page.fields([
            ("from", item.from.to_string()),
            ("channel", item.channel.clone()),
            ("name", item.name.clone()),
            ("when", item.at.clone()),
            ("reason", item.code.to_string()),
            ("detail", item.detail.clone()),
            ("kept at", self.path.clone().unwrap_or_else(|| "not kept".to_owned())),
        ]);
        page.hint("To drop it for good:", &format!("syft quarantine drop {}", item.id));
    }
}

use serde::Serialize;

use super::view::ItemView;
use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report, Table};

/// What was put away, oldest first.
#[derive(Debug, Serialize)]
pub(crate) struct QuarantineList {
    items: Vec<ItemView>,
}

pub(crate) fn run(context: &Context) -> Result<QuarantineList, CliError> {
    let items = context.open()?.quarantine().list()?;
    Ok(QuarantineList { items: items.into_iter().map(ItemView::from).collect() })
}

impl Report for QuarantineList {
    const VERB: &'static str = "quarantine-list";

    fn write(&self, page: &mut Page) {
        if self.items.is_empty() {
            page.line("Nothing is in quarantine.");
            return;
        }
        let mut table = Table::new(["ID", "FROM", "WHEN", "REASON", "DETAIL"]);
        for item in &self.items {
            table.row([
                item.id.clone(),
                item.from.to_string(),
                page.ago(item.when),
                item.code.to_string(),
                item.detail.clone(),
            ]);
        }
        page.table(table);
    }
}

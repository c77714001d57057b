use std::borrow::Cow;

use syft_sync::core::safe_text;
use syft_sync::job::{Job, JobOutput, ShownLine};

use super::session::Session;
use crate::commands::dataset::bytes;
use crate::errors::CliError;

/// Most lines of an output that are paged through.
const MOST_LINES: usize = 10_000;

impl Session<'_> {
    /// All that came out, page by page.
    pub(super) fn view(&mut self, job: &Job) -> Result<(), CliError> {
        let mut texts = Vec::new();
        for output in job.outputs()? {
            texts.push((output.path.to_string(), job.output(&output.path)?));
        }
        for (name, log) in [("stdout", job.stdout()?), ("stderr", job.stderr()?)] {
            texts.extend(log.map(|log| (name.to_owned(), log.bytes)));
        }
        self.show(job, &texts)
    }

    /// One output, page by page.
    pub(super) fn view_one(&mut self, job: &Job, output: &JobOutput) -> Result<(), CliError> {
        let text = (output.path.to_string(), job.output(&output.path)?);
        self.show(job, &[text])
    }

    fn show(&mut self, job: &Job, texts: &[(String, Vec<u8>)]) -> Result<(), CliError> {
        let command = format!("syft job outputs {} -o DIR", job.id());
        self.page_through(&|columns| {
            let lines = texts.iter().map(|(name, content)| {
                let title = format!("{} ({})", safe_text(name), bytes(content.len() as u64));
                ShownLine::of_file(&title, &text_of(content, &command), columns)
            });
            lines.flatten().collect()
        })
    }
}

/// The text of an output as far as a person reads it in pages, and how to see the rest.
fn text_of<'c>(content: &'c [u8], command: &str) -> Cow<'c, str> {
    let Ok(text) = std::str::from_utf8(content) else {
        return Cow::Owned(format!("no text: look at it with `{command}`"));
    };
    match text.match_indices('\n').nth(MOST_LINES - 1) {
        Some((end, _)) if end + 1 < text.len() => {
            let (shown, rest) = text.split_at(end);
            let rest = rest.lines().count() - 1;
            Cow::Owned(format!("{shown}\nand {rest} lines more: `{command}`"))
        }
        _ => Cow::Borrowed(text),
    }
}

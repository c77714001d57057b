use serde::Serialize;

use super::Page;
use crate::exit::Exit;

/// What a command has to say. Serialized it is the fields of the JSON object;
/// fields are only ever added.
pub(crate) trait Report: Serialize {
    /// The verb in the schema: `peer-list` of `syft/peer-list/1`.
    const VERB: &'static str;

    /// Writes it for a person. Foreign text goes through `safe_text`.
    fn write(&self, page: &mut Page);

    /// How the command ends that has this to say.
    fn exit(&self) -> Exit {
        Exit::Done
    }
}

/// The object that a program reads.
#[derive(Debug, Serialize)]
pub(super) struct Envelope<'a, T> {
    schema: String,
    // Written, never read back: nothing is guessed from the flattened fields.
    #[serde(flatten)]
    body: &'a T,
}

impl<'a, R: Report> Envelope<'a, R> {
    pub(super) fn of(report: &'a R) -> Self {
        Envelope { schema: schema(R::VERB), body: report }
    }
}

pub(super) fn schema(verb: &str) -> String {
    format!("syft/{verb}/1")
}

//! What is printed: a page for a person, or with `--json` one object for a
//! program. Results go to stdout; notes and errors go to stderr.

mod page;
mod progress;
mod report;
mod screen;
mod style;
mod time;

pub(crate) use page::{Page, Table, count};
pub(crate) use report::Report;
pub(crate) use screen::{Screen, quoted, usage};
pub(crate) use style::{keys_in, prompt, shown};
pub(crate) use time::{ago, iso};

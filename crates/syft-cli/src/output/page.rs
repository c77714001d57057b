use std::fmt::Display;

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, ContentArrangement};
use syft_sync::core::{SystemClock, Timestamp, safe_text};
use syft_sync::job::ShownLine;
use textwrap::{Options, wrap};

use super::style::{COMMAND, FAINT, STRONG, WARNING, shown, styled};
use super::{Screen, ago};

/// What a person reads, line by line.
#[derive(Debug)]
pub(crate) struct Page {
    text: String,
    screen: Screen,
    now: Timestamp,
}

/// A table without borders.
#[derive(Debug)]
pub(crate) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with these columns.
    pub(crate) fn new<const N: usize>(header: [&'static str; N]) -> Self {
        Table { header: header.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; its cells are made safe to show.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.iter().map(|cell| safe_text(cell)).collect());
    }

    /// Whether there is no row.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl Page {
    pub(super) fn new(screen: Screen) -> Self {
        use syft_sync::core::Clock;
        Page { text: String::new(), screen, now: SystemClock.now() }
    }

    pub(super) fn into_text(self) -> String {
        let text = self.text.trim_end_matches('\n');
        if text.is_empty() { String::new() } else { format!("{text}\n") }
    }

    /// Whether more is asked for.
    pub(crate) fn is_verbose(&self) -> bool {
        self.screen.is_verbose()
    }

    /// How long ago a time is.
    pub(crate) fn ago(&self, then: Timestamp) -> String {
        ago(self.now, then)
    }

    /// A line of text.
    pub(crate) fn line(&mut self, line: impl Display) {
        self.text.push_str(&format!("{line}\n"));
    }

    /// Lines in the styles of their meanings, as long as the screen allows; 100 columns where
    /// there is none.
    pub(crate) fn shown(&mut self, lines: impl FnOnce(usize) -> Vec<ShownLine>) {
        let columns = self.screen.columns().unwrap_or(100);
        lines(columns).iter().for_each(|line| self.line(shown(line)));
    }

    /// A sentence, indented, with its words in as many lines as the screen asks for.
    pub(crate) fn sentence(&mut self, indent: &str, text: &str) {
        let text = safe_text(text);
        let Some(columns) = self.screen.columns() else {
            return self.line(format!("{indent}{text}"));
        };
        let options = Options::new(columns).initial_indent(indent).subsequent_indent(indent);
        wrap(&text, options).iter().for_each(|line| self.line(line));
    }

    /// An empty line, unless the page begins here.
    pub(crate) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A line that stands out.
    pub(crate) fn title(&mut self, line: impl Display) {
        self.line(styled(STRONG, line));
    }

    /// A line that one may skip.
    pub(crate) fn faint(&mut self, line: impl Display) {
        self.line(styled(FAINT, line));
    }

    /// A line that needs attention.
    pub(crate) fn warning(&mut self, line: impl Display) {
        self.line(styled(WARNING, line));
    }

    /// Names and values, aligned and indented; values are made safe to show, and
    /// those that are empty are left out.
    pub(crate) fn fields<const N: usize>(&mut self, fields: [(&str, String); N]) {
        let fields = fields.iter().filter(|(_, value)| !value.is_empty());
        let width = fields.clone().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, value) in fields {
            let name = styled(FAINT, format!("{name:width$}"));
            self.line(format!("  {name}  {}", safe_text(value)));
        }
    }

    /// A table, or nothing if it is empty.
    pub(crate) fn table(&mut self, table: Table) {
        if table.is_empty() {
            return;
        }
        let mut drawn = comfy_table::Table::new();
        drawn.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        drawn.set_header(table.header.iter().map(Cell::new));
        drawn.add_rows(table.rows);
        for (index, column) in drawn.column_iter_mut().enumerate() {
            column.set_padding((if index == 0 { 0 } else { 1 }, 1));
        }
        for (index, line) in drawn.lines().enumerate() {
            let line = line.trim_end();
            if index == 0 { self.faint(line) } else { self.line(line) }
        }
    }

    /// A command of mine that can be typed next, in a line of its own.
    pub(crate) fn command(&mut self, command: &str) {
        let command = self.screen.my_command(command);
        self.others_command(&command);
    }

    /// A command that somebody else types, in a line of its own.
    pub(crate) fn others_command(&mut self, command: &str) {
        self.line(format!("    {}", styled(COMMAND, safe_text(command))));
    }

    /// What may be done next and the command for it; not with `--quiet`.
    pub(crate) fn hint(&mut self, what: &str, command: &str) {
        if self.screen.is_quiet() {
            return;
        }
        self.gap();
        self.line(what);
        self.command(command);
    }
}

/// `1 file`, `2 files`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

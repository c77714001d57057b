use super::asking::Asking;
use crate::errors::CliError;
use crate::output::{count, keys_in};
use crate::terminal::{Key, size};

/// A text that is read page by page. Each of its lines takes one line of the screen.
pub(super) struct Reading<'t> {
    /// The lines for a screen of so many columns.
    text: &'t dyn Fn(usize) -> Vec<String>,
    lines: Vec<String>,
    columns: usize,
    /// Where the page begins that is on the screen, and where the next one does.
    page: (usize, usize),
    /// How many lines were on the screen, from the first one on.
    read: usize,
}

/// What may be done about a text: each key stands in brackets, and nothing else is one.
pub(super) struct Menu {
    /// While there are lines that were not read.
    pub(super) before: &'static str,
    /// When all were.
    pub(super) after: &'static str,
}

impl<'t> Reading<'t> {
    pub(super) fn new(text: &'t dyn Fn(usize) -> Vec<String>) -> Self {
        Reading { text, lines: Vec::new(), columns: 0, page: (0, 0), read: 0 }
    }

    /// Whether every line was on the screen.
    pub(super) fn is_read(&self) -> bool {
        self.columns > 0 && self.unread() == 0
    }

    fn unread(&self) -> usize {
        self.lines.len() - self.read
    }

    /// Shows what is shown first, the next page, or the one before.
    fn turn(&mut self, asking: &Asking<'_>, prompt: &str, forward: bool) {
        let size = size();
        if size.columns != self.columns {
            // In a window of another width, lines break elsewhere, and what was read may
            // have passed for something else.
            *self = Reading { columns: size.columns, ..Reading::new(self.text) };
            self.lines = (self.text)(size.columns);
        }
        let fit =
            size.rows.saturating_sub((prompt.chars().count() + 2).div_ceil(size.columns)).max(1);
        let begin = if forward { self.page.1 } else { self.page.0.saturating_sub(fit) };
        let end = self.lines.len().min(begin + fit);
        self.page = (begin, end);
        self.read = self.read.max(end);
        let lines = self.lines.get(begin..end).unwrap_or_default();
        asking.out(&lines.iter().map(|line| format!("{line}\n")).collect::<String>());
    }

    /// Shows the text page by page, and asks until one of the keys of the menu was pressed;
    /// `None` at the end.
    pub(super) fn choose(
        &mut self,
        asking: &mut Asking<'_>,
        menu: &Menu,
    ) -> Result<Option<char>, CliError> {
        if self.columns == 0 {
            self.turn(asking, menu.before, true);
        }
        loop {
            let prompt = match self.unread() {
                0 => menu.after.to_owned(),
                _ => self.position(menu.before),
            };
            let is_key = |key| keys_in(&prompt).any(|it| it == key);
            let is_one = |key| match key {
                Key::Char(key) => is_key(key) || keys_in(menu.after).any(|it| it == key),
                key => self.turns(key),
            };
            match asking.key(&prompt, is_one)? {
                None => return Ok(None),
                Some(Key::Char(key)) if is_key(key) => {
                    asking.echo(&prompt, key);
                    return Ok(Some(key));
                }
                Some(Key::Char(_)) => {
                    let unread = count(self.unread(), "line is", "lines are");
                    asking.say(&format!("{unread} not read yet: the space bar shows them."));
                }
                Some(key) => self.turn(asking, &prompt, key == Key::Forward),
            }
        }
    }

    /// Shows the text page by page, to its end or as far as it is wanted.
    pub(super) fn page_through(&mut self, asking: &mut Asking<'_>) -> Result<(), CliError> {
        const KEYS: &str = "[q]uit reading";
        self.turn(asking, KEYS, true);
        while self.page.1 < self.lines.len() {
            let prompt = self.position(KEYS);
            let is_one = |key| key == Key::Char('q') || self.turns(key);
            match asking.key(&prompt, is_one)? {
                Some(Key::Char(_)) | None => break,
                Some(key) => self.turn(asking, &prompt, key == Key::Forward),
            }
        }
        Ok(())
    }

    /// Whether there is a page to turn to.
    fn turns(&self, key: Key) -> bool {
        match key {
            Key::Forward => self.page.1 < self.lines.len(),
            Key::Back => self.page.0 > 0,
            _ => false,
        }
    }

    fn position(&self, keys: &str) -> String {
        format!("{}/{}  [space] on  {keys}", self.page.1, self.lines.len())
    }
}

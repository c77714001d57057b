use std::fmt;

/// A page of Markdown that is run as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What is to be typed, from top to bottom.
    pub steps: Vec<Step>,
    /// The blocks that show something, from top to bottom: what they are marked as,
    /// and what stands in them.
    pub shown: Vec<(String, String)>,
}

/// One thing that a page has its reader type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The line of the page, from 1.
    pub line: usize,
    /// What is typed.
    pub text: String,
    /// The exit code that it has to end with.
    pub code: i32,
    /// How it is typed.
    pub how: How,
}

/// How something is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// As the setting up, whose exports count from there on.
    SetUp,
    /// As a command.
    Command,
    /// As a command at a terminal, and then key by key: [`Step::keys`].
    Keys,
}

/// What stands behind a command that is to be refused, before the exit code. To a
/// shell it is a comment.
const REFUSED: &str = "# exits ";

impl Page {
    /// Reads a page. A block marked `sh` is a step as a whole, the setting up; in one
    /// marked `console` each line with a `$ ` prompt is one. One marked `keys` is a step:
    /// its first line is a command, and each other one begins with the name of a key. A line that ends in a
    /// backslash goes on in the next, and `# exits 4` behind a command says that it
    /// ends with that code, and not with 0. Every other block shows something.
    ///
    /// # Panics
    /// If the notation of an exit code cannot be read.
    #[must_use]
    pub fn read(page: &str) -> Page {
        let mut read = Page { steps: Vec::new(), shown: Vec::new() };
        let mut block: Option<(usize, &str, Vec<&str>)> = None;
        for (index, line) in page.lines().enumerate() {
            match (line.strip_prefix("```"), block.take()) {
                (Some(mark), None) => block = Some((index + 1, mark, Vec::new())),
                (Some(_), Some((start, mark, lines))) => read.add(start, mark, &lines),
                (None, Some((start, mark, mut lines))) => {
                    lines.push(line);
                    block = Some((start, mark, lines));
                }
                (None, None) => {}
            }
        }
        read
    }

    fn add(&mut self, start: usize, mark: &str, lines: &[&str]) {
        match mark {
            "sh" => self.steps.push(Step {
                line: start,
                text: lines.join("\n"),
                code: 0,
                how: How::SetUp,
            }),
            "keys" => self.steps.push(Step {
                line: start,
                text: lines.join("\n"),
                code: 0,
                how: How::Keys,
            }),
            "console" => self.steps.extend(commands(start, lines)),
            _ => self.shown.push((mark.to_owned(), lines.join("\n"))),
        }
    }
}

impl Step {
    /// The command, and the names of the keys that are pressed then.
    #[must_use]
    pub fn keys(&self) -> (&str, Vec<&str>) {
        let mut lines = self.text.lines();
        let command = lines.next().unwrap_or_default();
        let keys = lines.filter_map(|line| line.split_whitespace().next());
        (command.strip_prefix("$ ").unwrap_or(command), keys.collect())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.text)
    }
}

/// What is typed in the lines of a block that starts after line `start`.
fn commands(start: usize, lines: &[&str]) -> Vec<Step> {
    let mut commands: Vec<Step> = Vec::new();
    let mut goes_on = false;
    for (place, line) in lines.iter().enumerate() {
        let text = line.strip_suffix('\\').unwrap_or(line);
        if let Some(typed) = text.strip_prefix("$ ") {
            let line = start + place + 1;
            commands.push(Step { line, text: typed.to_owned(), code: 0, how: How::Command });
        } else if let (true, Some(last)) = (goes_on, commands.last_mut()) {
            last.text.push_str(text.trim_start_matches("> "));
        }
        goes_on = line.ends_with('\\');
    }
    for command in &mut commands {
        if let Some((typed, code)) = command.text.rsplit_once(REFUSED) {
            let code = code.trim().parse();
            command.code = code.unwrap_or_else(|error| panic!("{command}: {error}"));
            command.text = typed.trim_end().to_owned();
        }
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(line: usize, text: &str, code: i32, how: How) -> Step {
        Step { line, text: text.to_owned(), code, how }
    }

    #[test]
    fn a_page_is_what_is_typed_and_what_is_shown() {
        let page = "$ not this\n```sh\nmake\nexport A=1\n```\n```console\n$ one\nanswer\n\
                    $ two \\\n> more\n$ three  # exits 4\n```\n```keys\n$ four\nSpace  on\nq\n```\n```text\n$ shown\n```\n";
        let read = Page::read(page);
        assert_eq!(
            read.steps,
            [
                step(2, "make\nexport A=1", 0, How::SetUp),
                step(7, "one", 0, How::Command),
                step(9, "two more", 0, How::Command),
                step(11, "three", 4, How::Command),
                step(13, "$ four\nSpace  on\nq", 0, How::Keys),
            ]
        );
        assert_eq!(read.steps[4].keys(), ("four", vec!["Space", "q"]));
        assert_eq!(read.shown, [("text".to_owned(), "$ shown".to_owned())]);
    }

    #[test]
    #[should_panic(expected = "invalid digit")]
    fn an_exit_code_is_a_number() {
        let _ = Page::read("```console\n$ one # exits badly\n```\n");
    }
}

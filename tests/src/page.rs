/// One command of a page, with where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The line of the page, from 1.
    pub line: usize,
    /// What is typed.
    pub text: String,
}

/// The commands of a Markdown page: the lines with a `$ ` prompt in its blocks
/// marked `console`. A line that ends in a backslash goes on in the next.
#[must_use]
pub fn commands(page: &str) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    let mut inside = false;
    let mut goes_on = false;
    for (index, line) in page.lines().enumerate() {
        if line.starts_with("```") {
            inside = line == "```console";
            goes_on = false;
            continue;
        }
        if !inside {
            continue;
        }
        let text = line.strip_suffix('\\').unwrap_or(line);
        if let Some(typed) = text.strip_prefix("$ ") {
            commands.push(Command { line: index + 1, text: typed.to_owned() });
        } else if let (true, Some(last)) = (goes_on, commands.last_mut()) {
            last.text.push_str(text.trim_start_matches("> "));
        }
        goes_on = line.ends_with('\\');
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_typed_in_console_blocks_is_a_command() {
        let page = "$ not this\n```sh\n$ nor this\n```\n```console\n$ one\nanswer\n$ two \\\n> more\n```\n";
        let found: Vec<(usize, String)> =
            commands(page).into_iter().map(|c| (c.line, c.text)).collect();
        assert_eq!(found, [(6, "one".to_owned()), (8, "two more".to_owned())]);
    }
}

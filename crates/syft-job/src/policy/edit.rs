//! Adding and cutting out rules in the owner's own words: all other lines stay as
//! they are, comments too. The result is read again, and counts only if it says what
//! it was meant to say.

use syft_core::yaml;

use super::file::unreadable;
use super::{JobRule, Policy, RuleName};
use crate::Result;

const HEAD: &str =
    "# Who may run what on my data without my being asked. Without this file, nobody.\n";

/// The file with one more rule about jobs at the end of `jobs`.
pub(super) fn add(text: &str, policy: &Policy, rule: &JobRule) -> Result<String> {
    let lines: Vec<&str> = text.lines().collect();
    let written = yaml::to_string(&[rule])?;
    let edited = match List::find(&lines, "jobs") {
        Some(list) => {
            let indent = " ".repeat(list.items.last().map_or(0, |item| item.indent));
            let mut new: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            if list.items.is_empty()
                && let Some(head) = new.get_mut(list.head)
            {
                *head = "jobs:".to_owned();
            }
            let at = list.items.last().map_or(list.head + 1, |item| item.end);
            new.splice(at..at, written.lines().map(|line| format!("{indent}{line}")));
            new.join("\n") + "\n"
        }
        None => {
            let before = match text.is_empty() {
                true => HEAD.to_owned(),
                false => text.trim_end_matches('\n').to_owned() + "\n",
            };
            format!("{before}jobs:\n{written}")
        }
    };
    confirmed(edited, &policy.with_job(rule.clone()))
}

/// The file without one rule, wherever it stands.
pub(super) fn remove(text: &str, policy: &Policy, name: &RuleName) -> Result<String> {
    let at = |key: &'static str, position: Option<usize>| position.map(|index| (key, index));
    let job = policy.jobs().iter().position(|rule| rule.name() == name);
    let peer = policy.peers().iter().position(|rule| &rule.name == name);
    let lines: Vec<&str> = text.lines().collect();
    let found = at("jobs", job).or_else(|| at("peers", peer)).and_then(|(key, index)| {
        let list = List::find(&lines, key)?;
        list.items.get(index).map(|item| (item.start, item.end))
    });
    let (start, end) = found.ok_or_else(by_hand)?;
    let kept = lines.iter().enumerate().filter(|(at, _)| *at < start || *at >= end);
    let edited: String = kept.map(|(_, line)| format!("{line}\n")).collect();
    confirmed(edited, &policy.without(name))
}

fn confirmed(edited: String, meant: &Policy) -> Result<String> {
    match Policy::parse(&edited) {
        Ok(policy) if policy.says_the_same(meant) => Ok(edited),
        _ => Err(by_hand()),
    }
}

fn by_hand() -> crate::Error {
    unreadable(
        "it is written in a way that is not edited from here: write `jobs:` and each rule in \
         lines of its own that begin with `- `, or edit it by hand",
    )
}

/// A list at the top of the file, in lines that begin with a dash.
struct List {
    /// The line of its key.
    head: usize,
    items: Vec<Item>,
}

/// The lines of one item: from its dash to the last line that holds something of it.
struct Item {
    start: usize,
    end: usize,
    indent: usize,
}

impl List {
    fn find(lines: &[&str], key: &str) -> Option<List> {
        let is_head =
            |line: &&str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
        let head = lines.iter().position(is_head)?;
        let mut items: Vec<Item> = Vec::new();
        for (at, line) in lines.iter().enumerate().skip(head + 1) {
            let body = line.trim_start();
            let indent = line.len() - body.len();
            let dash = body == "-" || body.starts_with("- ");
            if body.is_empty() || (body.starts_with('#') && indent <= first_indent(&items)) {
                continue;
            }
            match items.last_mut() {
                None if dash => items.push(Item { start: at, end: at + 1, indent }),
                Some(last) if dash && indent == last.indent => {
                    items.push(Item { start: at, end: at + 1, indent });
                }
                Some(last) if indent > last.indent => last.end = at + 1,
                _ => break,
            }
        }
        Some(List { head, items })
    }
}

fn first_indent(items: &[Item]) -> usize {
    items.first().map_or(0, |item| item.indent)
}

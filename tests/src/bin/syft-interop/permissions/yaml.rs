//! Spells permission files as people, programs and attackers spell them.

use std::fmt::Write;

use syft_perm::PermissionFile;

use crate::dice::Dice;

/// A rule as it is meant.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) pattern: String,
    pub(super) admin: Vec<String>,
    pub(super) write: Vec<String>,
    pub(super) read: Vec<String>,
}

/// Files that say something at all only to some readers.
const WHOLE: &[&str] = &[
    "",
    "\n",
    "# nothing\n",
    "{}\n",
    "null\n",
    "~\n",
    "false\n",
    "0\n",
    "[]\n",
    "text\n",
    "- 1\n",
    "rules:\n",
    "rules: []\n",
    "rules: {}\n",
    "rules: text\n",
    "rules:\n- text\n",
    "rules: [oops\n",
    "terminal: true\n",
    "terminal:\n",
    "other: 1\n",
    "---\n---\nrules: []\n",
    "rules: []\n---\nrules: []\n",
    "---\nrules: []\n...\n",
    "...\nrules: []\n",
    "%YAML 1.1\n---\nrules: []\n",
    "rules: &a []\n",
    "? rules\n: []\n",
    "rules: []\nrules:\n- pattern: '**'\n  access: {read: ['*']}\n",
    "rules: !!seq []\n",
    "!!map {rules: []}\n",
    "rules: [{pattern: '**', access: {read: ['*']}},]\n",
    "{rules: [{pattern: '**', access: {read: ['*']}}], terminal: on}\n",
    "{\"rules\": [{\"pattern\": \"**\", \"access\": {\"read\": [\"*\"]}}]}",
    "{\"rules\":[{\"pattern\":\"**\",\"access\":{\"read\":[\"*\"]}}]}",
    "rules:\n- pattern: '**'\n",
    "rules:\n- access: {read: ['*']}\n",
    "rules:\n- pattern: '**'\n  access:\n",
    "rules:\n- pattern: '**'\n  access: {}\n",
    "rules:\n- pattern: '**'\n  access: {read: '*'}\n",
    "rules:\n- pattern: '**'\n  access: {read: ['*'], write: }\n",
    "rules:\n- pattern: '**'\n  access: {read: [5]}\n",
    "rules:\n- pattern: '**'\n  access: {read: [yes]}\n",
    "rules:\n- pattern: 5\n  access: {read: ['*']}\n",
    "rules:\n- pattern: **\n  access: {read: ['*']}\n",
    "rules:\n- pattern: '**'\n  access: {read: [*]}\n",
    "rules:\n- pattern: '{{.Year}}/*'\n  access: {read: ['*']}\n",
    "rules:\n- pattern: '{{.UserHash}}'\n  access: {read: ['*']}\n",
    "rules:\n- pattern: '**'\n  access: {read: ['*'], read: []}\n",
    "rules:\n- pattern: '**'\n  pattern: 'b'\n  access: {read: ['*']}\n",
    "rules:\n- &r\n  pattern: '**'\n  access: {read: ['*']}\n- *r\n",
    "rules:\n- <<: {pattern: '**'}\n  access: {read: ['*']}\n",
    "rules:\n- pattern: !!str **\n  access: {read: ['*']}\n",
    "rules:\n\t- pattern: '**'\n",
    "rules:\n- pattern:\t'**'\n  access: {read: ['*']}\n",
    "\u{feff}rules:\n- pattern: '**'\n  access: {read: ['*']}\n",
    "rules:\n- pattern: |-\n    **\n  access: {read: ['*']}\n",
    "rules:\n- pattern: |\n    **\n  access: {read: ['*']}\n",
    "rules:\n- pattern: >-\n    a\n    b\n  access: {read: ['*']}\n",
    "rules:\n- pattern: \"a\\\n    b\"\n  access: {read: ['*']}\n",
    "rules:\n- pattern: 'a\n    b'\n  access: {read: ['*']}\n",
    "rules:\n- pattern: a\n    b\n  access: {read: ['*']}\n",
    "rules:\n  - pattern: '**'\n    access:\n      read:\n      - '*'\n",
    "rules:\n- pattern: '**'\n  access:\n    read:\n      - '*'\n      -\n",
    "rules:\n- pattern: 'a''b'\n  access: {read: ['*']}\n",
    "rules:\n- pattern: \"\\x2a\\u002a\"\n  access: {read: ['*']}\n",
    "rules:\n- pattern: \"a\\/b\"\n  access: {read: ['*']}\n",
    "rules:\n- pattern: '**'\n  access: {read: ['*']} # all\n",
    "rules:\n- pattern: a#b\n  access: {read: ['*']}\n",
    "rules:\n- pattern: a #b\n  access: {read: ['*']}\n",
    "rules:\n- pattern: a: b\n  access: {read: ['*']}\n",
];

/// Texts that must not be written without quotes, or not even as they are in them.
const ODD_TEXTS: &[&str] = &[
    "",
    " ",
    "-",
    "- a",
    "? a",
    ": a",
    "a: b",
    "a #b",
    "#",
    "'",
    "\"",
    "\\",
    "yes",
    "null",
    "~",
    "1e3",
    "0x1f",
    "1_0",
    "1:30",
    "2024-01-31",
    ".inf",
    "=",
    "<<",
    "!a",
    "&a",
    "%a",
    "@a",
    "`a",
    "|",
    ">",
    "[a]",
    "{a}",
    "a,b",
    "\n",
    "a\nb",
    "\r",
    "\t",
    "\0",
    "\u{1}",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{2028}",
    "\u{feff}",
    "\u{fffe}",
    "é",
    "🜁",
    " a",
    "a ",
    "---",
    "...",
    "*",
    "a\\nb",
];

const TERMINALS: &[&str] = &[
    "true", "True", "yes", "on", "y", "'true'", "\"YES\"", "1", "'1'", "1.0", "false", "no", "off",
    "0", "'n'", "\"OFF\"", "0.0", "t", "F", "null", "", "2", "'maybe'", "[]", "tRUE", "'yEs'",
    "01", "0x1", "+1", "-0", "1.", "0b1", "1_", "'1.0'", "1e0", "0.", "-0.0", "''",
];

/// A file of up to five rules, drawn one by one, in some spelling.
pub(super) fn file(dice: &mut Dice, rule: impl FnMut(&mut Dice) -> Rule) -> String {
    if dice.chance(4) {
        return dice.pick(WHOLE).to_owned();
    }
    let rules = dice.several(0, 5, rule);
    if dice.chance(12) {
        return as_we_write(dice, rules);
    }
    let text = spell(dice, &rules);
    match dice.below(100) {
        0..3 => scratched(dice, &text),
        3 => text.replace('\n', "\r\n"),
        5 => format!("---\n{text}"),
        6 => format!("# who may what\n\n{text}\n\n# the end"),
        7 => format!("owner: somebody\n{text}"),
        _ => text,
    }
}

/// The file as this project writes it, with users of all characters.
fn as_we_write(dice: &mut Dice, rules: Vec<Rule>) -> String {
    let ours = rules.into_iter().map(|Rule { pattern, admin, write, read }| {
        let odd = if dice.chance(20) { Some(dice.pick(ODD_TEXTS).to_owned()) } else { None };
        syft_perm::Rule::new(pattern).admin(admin).write(write).read(read.into_iter().chain(odd))
    });
    let mut file = PermissionFile::new(ours);
    file.terminal = dice.chance(15);
    file.to_yaml()
}

fn spell(dice: &mut Dice, rules: &[Rule]) -> String {
    let is_flow = dice.chance(15);
    let terminal = dice.chance(25).then(|| {
        let odd = if dice.chance(25) { TERMINALS } else { &["true", "true", "false"] };
        dice.pick(odd)
    });
    let first = dice.chance(50);
    let mut text = String::new();
    let end = |text: &mut String, now: bool| {
        if let (true, Some(terminal)) = (now, terminal) {
            // Writing to a text does not fail.
            let _ = writeln!(text, "terminal: {terminal}");
        }
    };
    end(&mut text, first);
    if rules.is_empty() {
        text.push_str("rules: []\n");
    } else if is_flow {
        let rules: Vec<String> = rules.iter().map(|rule| flow_rule(dice, rule)).collect();
        let _ = writeln!(text, "rules: [{}]", rules.join(",\n  "));
    } else {
        text.push_str("rules:\n");
        let indent = dice.pick(&["", "", "  "]);
        for rule in rules {
            block_rule(dice, rule, indent, &mut text);
        }
    }
    end(&mut text, !first);
    text
}

fn flow_rule(dice: &mut Dice, rule: &Rule) -> String {
    let Rule { pattern, admin, write, read } = rule;
    let pattern = scalar(dice, pattern);
    let lists = [("admin", admin), ("write", write), ("read", read)];
    let lists: Vec<String> =
        lists.iter().map(|(level, users)| format!("{level}: {}", flow_list(dice, users))).collect();
    format!("{{pattern: {pattern}, access: {{{}}}}}", lists.join(", "))
}

fn flow_list(dice: &mut Dice, users: &[String]) -> String {
    let users: Vec<String> = users.iter().map(|user| scalar(dice, user)).collect();
    format!("[{}]", users.join(", "))
}

fn block_rule(dice: &mut Dice, rule: &Rule, indent: &str, text: &mut String) {
    let pattern = format!("pattern: {}", scalar(dice, &rule.pattern));
    let access = block_access(dice, rule, indent);
    let (first, second) = if dice.chance(50) { (pattern, access) } else { (access, pattern) };
    let _ = writeln!(text, "{indent}- {first}\n{indent}  {second}");
    if dice.chance(4) {
        let _ = writeln!(text, "{indent}  note: 'of no meaning'");
    }
}

fn block_access(dice: &mut Dice, rule: &Rule, indent: &str) -> String {
    let mut text = "access:".to_owned();
    let mut empty = true;
    for (level, users) in [("read", &rule.read), ("admin", &rule.admin), ("write", &rule.write)] {
        if users.is_empty() && dice.chance(70) {
            continue;
        }
        empty = false;
        let _ = write!(text, "\n{indent}    {level}:");
        if users.is_empty() || dice.chance(40) {
            let _ = write!(text, " {}", flow_list(dice, users));
        } else {
            for user in users {
                let _ = write!(text, "\n{indent}    - {}", scalar(dice, user));
            }
        }
    }
    if empty { "access: {}".to_owned() } else { text }
}

/// A text in one of YAML's spellings, now and then in one that means something else.
fn scalar(dice: &mut Dice, text: &str) -> String {
    match dice.below(300) {
        0 => text.to_owned(),
        1..50 if is_plain(text) => text.to_owned(),
        1..160 => double_quoted(dice, text),
        _ => format!("'{}'", text.replace('\'', "''")),
    }
}

fn double_quoted(dice: &mut Dice, text: &str) -> String {
    let as_numbers = dice.chance(20);
    let mut quoted = "\"".to_owned();
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            _ if !c.is_ascii() && as_numbers => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a text surely means itself without quotes.
fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "@./_*".contains(c))
        && !["y", "n", "yes", "no", "on", "off", "true", "false", "null"].contains(&text)
}

/// One letter of the text taken away, doubled or replaced.
fn scratched(dice: &mut Dice, text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let at = dice.below(letters.len());
    let other = dice.pick(&[
        "'", "\"", ":", "-", " ", "\n", "#", "{", "}", "[", "]", ",", "&", "*", "!", "|", ">", "%",
        "@", "`", "\t", "\r", "?", "\\", "\u{85}", "\u{2028}", "\u{1}", "\u{feff}", "~", "=", "<",
    ]);
    let kept = if dice.chance(50) { 1 } else { 0 };
    if at < letters.len() {
        letters.splice(at..at + kept, other.chars());
    }
    letters.into_iter().collect()
}

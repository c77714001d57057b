//! Draws datasites and questions. Patterns are mostly made from the paths that are
//! asked, so that many match.

use syft_perm::{Level, PERMISSION_FILE};

use super::{Case, Question, yaml};
use crate::dice::Dice;

const OWNERS: &[&str] = &["owner@example.org", "alice@example.com", "o.x@sub.corp.example"];

/// Who asks: addresses, and what is none but could be taken for one.
const USERS: &[&str] = &[
    "alice@example.com",
    "alice@example.com",
    "bob@corp.example",
    "bob@corp.example",
    "eve@else.where",
    "x@sub.corp.example",
    "Alice@Example.com",
    "OWNER@example.org",
    "owner@example.org ",
    "é@example.com",
    ".dot@example.com",
    "a{b}@example.com",
    "!not@example.com",
    "-dash^@example.com",
    "a\"b@example.com",
];

/// Names that mean something in a pattern or a path.
const ODD_USERS: &[&str] = &[
    "",
    "*",
    "**",
    "USER",
    "{{.UserEmail}}",
    "a*@example.com",
    "al?ce@example.com",
    "[ab]ob@corp.example",
    "al/ice@example.com",
    "..",
    "a\\b@example.com",
    "]@example.com",
    "a\nb@example.com",
];

const FOLDERS: &[&str] = &[
    "a",
    "b",
    "d",
    "a/b",
    "a/b/d",
    "a/b/d/e",
    ".h",
    "d/.h",
    "d/.h/a",
    "é",
    "A",
    "a b",
    "[x]",
    "inbox",
    "inbox/alice@example.com",
    "app_data/job/inbox/bob@corp.example",
    "app_data/job/review/bob@corp.example/v1",
    "public/syft_datasets/beds",
];

const NAMES: &[&str] = &[
    "a",
    "b",
    "d",
    "e",
    "a",
    "b",
    "x",
    "z",
    "A",
    "a.txt",
    "a.csv",
    "b.csv",
    "file1.txt",
    "data",
    "alice@example.com",
    "bob@corp.example",
    "run.sh",
    "v1",
    "secret",
    "ab",
    "aXb",
];

const ODD_NAMES: &[&str] = &[
    ".hidden",
    ".h",
    "..a",
    "...",
    "a b",
    "é",
    "e\u{301}",
    "漢",
    "[x]",
    "{a,b}",
    "!(x)",
    "a*b",
    "*",
    "?",
    "~",
    "\\",
    "a\\b",
    "#x",
    "x:y",
    "-",
    "__any__",
    "USER",
    "{{.UserEmail}}",
    "@(a)",
    "|",
    "]",
    "a]",
    "^a",
    "!a",
    PERMISSION_FILE,
    "mysyft.pub.yaml",
    "syft.pub.yaml.txt",
];

/// Pieces of patterns that nobody would write, and somebody may.
const SHARDS: &[&str] = &[
    "*",
    "**",
    "***",
    "/",
    "/",
    "a",
    "b",
    ".",
    "..",
    "?",
    "[",
    "]",
    "!",
    "^",
    "-",
    "\\",
    "é",
    "{{.UserEmail}}",
    "[a-c]",
    "[!a]",
    "[^b]",
    "[]a]",
    "[a-]",
    "[z-a]",
    "[[:alpha:]]",
    "[[:upper:]x]",
    "[![:digit:]]",
    "[[:nope:]]",
    "[a/b]",
    "syft.pub.yaml",
    "__any__",
    "{a,b}",
    "!(x)",
    "@(a|b)",
    "+(a)",
    "~",
    "|",
    " ",
    ",",
    "\\*",
    "\\\\",
];

/// Entries of the lists of users.
const GRANTS: &[&str] = &[
    "*",
    "*",
    "USER",
    "USER",
    "alice@example.com",
    "alice@example.com",
    "bob@corp.example",
    "bob@corp.example",
    "*@example.com",
    "*@corp.example",
    "*@*.corp.example",
    "al?ce@example.com",
    "[ab]*@corp.example",
    "[!a]*",
    "*[!m]",
    "[ab]ob@corp.example",
    "Alice@Example.com",
    "user",
    "?*",
    "*[",
    "[*",
    "[]a]*",
    "[!]a]*",
    "[a-c]?b@*",
    "[z-a]*",
    "*\\*",
    "",
    "é*",
    "{{.UserEmail}}",
    "*@example.com ",
    "eve@else.where",
    "**",
    ".*",
];

/// A datasite and questions about it.
pub(super) fn case(dice: &mut Dice, questions: usize) -> Case {
    let owner = dice.pick(OWNERS).to_owned();
    let folders = dice.several(0, 5, |dice| dice.pick(FOLDERS).to_owned());
    let paths = dice.several(8, 14, |dice| path(dice, &folders));
    let mut places: Vec<&str> = vec![""];
    if dice.chance(8) {
        places.clear();
    }
    let further = dice.several(0, 3, |dice| dice.pick(FOLDERS));
    places.extend(further);
    places.sort_unstable();
    places.dedup();
    let files = places.iter().map(|folder| {
        let place = if folder.is_empty() {
            PERMISSION_FILE.to_owned()
        } else {
            format!("{folder}/{PERMISSION_FILE}")
        };
        (place, yaml::file(dice, |dice| rule(dice, folder, &paths)))
    });
    let files = files.collect();
    let questions = (0..questions).map(|_| question(dice, &owner, &paths)).collect();
    Case { owner, files, folders, questions }
}

impl Case {
    /// Whether this path, without a `/` at its end, is a folder of the datasite.
    pub(super) fn is_folder(&self, path: &str) -> bool {
        let wanted: Vec<&str> = path.split('/').filter(|p| !p.is_empty() && *p != ".").collect();
        let files = self.files.iter().map(|(file, _)| file.rsplit_once('/').map_or("", |f| f.0));
        let all = files.chain(self.folders.iter().map(String::as_str));
        let mut parts = all.map(|folder| folder.split('/').collect::<Vec<_>>());
        !path.starts_with('/') && parts.any(|parts| parts.starts_with(&wanted))
    }
}

fn question(dice: &mut Dice, owner: &str, paths: &[String]) -> Question {
    let path = dice.one_of(paths).cloned().unwrap_or_default();
    let path = if dice.chance(12) { bend(dice, &path) } else { path };
    let user = match dice.below(100) {
        0..6 => owner,
        6..16 => dice.pick(ODD_USERS),
        _ => dice.pick(USERS),
    };
    let levels = [Level::Read, Level::Read, Level::Write, Level::Admin];
    Question(path, user.to_owned(), dice.one_of(&levels).copied().unwrap_or(Level::Read))
}

fn component(dice: &mut Dice) -> String {
    if dice.chance(15) { dice.pick(ODD_NAMES) } else { dice.pick(NAMES) }.to_owned()
}

/// A path as a node has it, often in one of the folders.
fn path(dice: &mut Dice, folders: &[String]) -> String {
    let mut parts = dice.several(1, 3, component);
    if dice.chance(60) {
        let folder = dice.one_of(folders).map_or_else(|| dice.pick(FOLDERS), String::as_str);
        parts.insert(0, folder.to_owned());
        if dice.chance(12) {
            parts.truncate(1);
        }
    }
    if dice.chance(8) {
        parts.push(PERMISSION_FILE.to_owned());
    }
    parts.join("/")
}

/// The path as somebody may spell it who wants to be taken for somebody else.
fn bend(dice: &mut Dice, path: &str) -> String {
    let (before, behind) = path.split_once('/').unwrap_or((path, ""));
    match dice.below(12) {
        0 | 1 => format!("{path}/"),
        2 => format!("{before}//{behind}"),
        3 => format!("./{path}"),
        4 => format!("{before}/../{path}"),
        5 => format!("../{path}"),
        6 => format!("/{path}"),
        7 => format!("{path}\n"),
        8 => format!("{path}\0x"),
        9 => format!("{path}/{PERMISSION_FILE}/x"),
        10 => dice.pick(&["", ".", "..", "/", "//", "./.", "a/..", "\n"]).to_owned(),
        _ => format!("{path}/."),
    }
}

fn rule(dice: &mut Dice, folder: &str, paths: &[String]) -> yaml::Rule {
    let mut grants = |most| dice.several(0, most, |dice| dice.pick(GRANTS).to_owned());
    let (admin, write, read) = (grants(1), grants(2), grants(3));
    yaml::Rule { pattern: pattern(dice, folder, paths), admin, write, read }
}

fn pattern(dice: &mut Dice, folder: &str, paths: &[String]) -> String {
    let pattern = match dice.below(100) {
        0..12 => dice.several(1, 6, |dice| dice.pick(SHARDS).to_owned()).concat(),
        12..20 => dice.pick(&["**", "*", "**/*", "*.csv", "**/*.csv", ".*", "**/.*"]).to_owned(),
        20..24 => {
            dice.pick(&["{{.UserEmail}}/**", "{{.UserEmail}}/*", "{{.UserEmail}}"]).to_owned()
        }
        _ => {
            let inside = |path: &&String| {
                folder.is_empty()
                    || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
            };
            let inside: Vec<&String> = paths.iter().filter(inside).collect();
            let path = dice.one_of(&inside).map_or("a/b", |path| path.as_str());
            let relative = path.strip_prefix(folder).unwrap_or(path).trim_start_matches('/');
            widened(dice, relative)
        }
    };
    match dice.below(60) {
        0 => format!("/{pattern}"),
        1 => format!("./{pattern}"),
        2 => format!("{pattern}/"),
        3 => pattern.replacen('/', "//", 1),
        _ => pattern,
    }
}

/// A pattern that is about the path, more or less.
fn widened(dice: &mut Dice, path: &str) -> String {
    let mut parts: Vec<String> = path.split('/').map(|part| widened_part(dice, part)).collect();
    if dice.chance(25) {
        let keep = dice.below(parts.len() + 1);
        parts.truncate(keep);
        parts.push("**".to_owned());
    } else if dice.chance(15) {
        let skip = dice.below(parts.len());
        parts.drain(..skip);
        parts.insert(0, "**".to_owned());
    }
    parts.join("/")
}

fn widened_part(dice: &mut Dice, part: &str) -> String {
    let mut letters = part.chars();
    let Some(first) = letters.next() else { return part.to_owned() };
    let rest = letters.as_str();
    match dice.below(32) {
        0..3 => "*".to_owned(),
        3..5 => "**".to_owned(),
        5 => "?".repeat(part.chars().count()),
        6 => format!("{first}*"),
        7 => format!("*{rest}"),
        8 => format!("?{rest}"),
        9 => format!("[{first}]{rest}"),
        10 => format!("[!{first}]{rest}"),
        11 => format!("[^q]{rest}"),
        12 => format!("[[:alpha:]]{rest}"),
        13 => format!("[a-m]{rest}"),
        14 => format!("\\{part}"),
        15 => format!("{part}*"),
        16 => format!("{part}**"),
        17 => "***".to_owned(),
        18 => format!(".{rest}"),
        19 | 20 if part.contains('@') => "{{.UserEmail}}".to_owned(),
        21 => format!("{part}{{{{.UserEmail}}}}"),
        _ => part.to_owned(),
    }
}

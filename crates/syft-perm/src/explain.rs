use std::fmt;

use syft_core::safe_text;

use crate::decide::Decision;
use crate::permissions::{CompiledRule, Permissions};
use crate::question::{Governor, Question};
use crate::{Level, PERMISSION_FILE};

/// Who may do what with a path, and why. Shown, it is a few lines for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The user as asked.
    pub user: String,
    /// The path as asked.
    pub path: String,
    /// May change who may do what.
    pub admin: bool,
    /// May propose changes.
    pub write: bool,
    /// May read.
    pub read: bool,
    /// The permission file that decides, relative to the datasite.
    pub governing_file: Option<String>,
    /// The line of the rule that decides, counted from 1.
    pub line: Option<u32>,
    /// The pattern of that rule.
    pub pattern: Option<String>,
    /// Why.
    pub reason: Reason,
}

/// Why a user may or may not do something.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The datasite is the user's own.
    Owner,
    /// The path leaves the datasite, is no relative path, or is the datasite itself.
    PathNotAllowed,
    /// There is no permission file in any folder on the way.
    NoFile,
    /// The permission file on the way cannot be read: this says why.
    BadFile(String),
    /// The nearest permission file has no rule about the path.
    NoRule,
    /// The rule names the user, or everyone.
    Listed,
    /// The rule does not name the user.
    NotListed,
    /// The path is a permission file, and the rule does not make the user an admin.
    NeedsAdmin,
    /// The rule is about each user's own path, and the user's name holds
    /// characters that would be read as a pattern.
    UserNotPlain,
}

impl Permissions {
    /// Why a user may or may not do something with a path; it always agrees
    /// with [`allows`](Self::allows).
    #[must_use]
    pub fn explain(&self, user: &str, path: &str) -> Explanation {
        let mut told = Explanation {
            user: user.to_owned(),
            path: path.to_owned(),
            admin: self.allows(user, path, Level::Admin),
            write: self.allows(user, path, Level::Write),
            read: self.allows(user, path, Level::Read),
            governing_file: None,
            line: None,
            pattern: None,
            reason: Reason::PathNotAllowed,
        };
        if self.is_owner(user) {
            told.reason = Reason::Owner;
            return told;
        }
        let Some(question) = Question::new(self, path) else {
            return told;
        };
        match question.governor(self) {
            Governor::Nobody => told.reason = Reason::NoFile,
            Governor::Bad { folder, reason } => {
                told.governing_file = Some(file_in(folder));
                told.reason = Reason::BadFile(reason.to_owned());
            }
            Governor::File { folder, file, path } => {
                told.governing_file = Some(file_in(folder));
                match file.decide(path, user) {
                    Decision::NoRule => told.reason = Reason::NoRule,
                    Decision::NoPlainUser(rule) => told.by(rule, Reason::UserNotPlain),
                    Decision::Rule(rule) => {
                        let would_read = rule.grants(user, Level::Read);
                        let reason = match (told.read, would_read) {
                            (true, _) => Reason::Listed,
                            (false, true) => Reason::NeedsAdmin,
                            (false, false) => Reason::NotListed,
                        };
                        told.by(rule, reason);
                    }
                }
            }
        }
        told
    }
}

impl Explanation {
    fn by(&mut self, rule: &CompiledRule, reason: Reason) {
        self.line = rule.line;
        self.pattern = Some(rule.text.clone());
        self.reason = reason;
    }
}

fn file_in(folder: &str) -> String {
    if folder.is_empty() {
        PERMISSION_FILE.to_owned()
    } else {
        format!("{folder}/{PERMISSION_FILE}")
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |may: bool| if may { "yes" } else { "no" };
        let (user, path) = (safe_text(&self.user), safe_text(&self.path));
        let path = if path.is_empty() { "the datasite itself" } else { path.as_str() };
        writeln!(f, "{user} on {path}")?;
        let (read, write, admin) = (word(self.read), word(self.write), word(self.admin));
        writeln!(f, "  read: {read}   write: {write}   admin: {admin}")?;
        if let Some(file) = &self.governing_file {
            write!(f, "  decided by: {}", safe_text(file))?;
            if let Some(line) = self.line {
                write!(f, ", line {line}")?;
            }
            if let Some(pattern) = &self.pattern {
                write!(f, ", pattern `{}`", safe_text(pattern))?;
            }
            writeln!(f)?;
        }
        write!(f, "  because {}", self.reason)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Owner => "the datasite belongs to this user",
            Reason::PathNotAllowed => "only the owner may ask for a path that is absolute, holds `..` or a line break, or is the datasite itself",
            Reason::NoFile => "no folder on the way has a permission file: only the owner may",
            Reason::BadFile(reason) => {
                return write!(
                    f,
                    "the permission file cannot be read ({}): only the owner may until it is mended",
                    safe_text(reason)
                );
            }
            Reason::NoRule => "the nearest permission file has no rule about this path; files further up do not count then",
            Reason::Listed => "the rule names this user, or everyone",
            Reason::NotListed => "the rule does not name this user; less specific rules do not count then",
            Reason::NeedsAdmin => "permission files need admin, and the rule does not make this user an admin",
            Reason::UserNotPlain => "the rule is about each user's own path, and this user's name would be read as a pattern",
        })
    }
}

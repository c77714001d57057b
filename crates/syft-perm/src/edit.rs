//! Editing a permission file: each edit is about its path and nothing else.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::grant::Grant;
use crate::pattern::{self, Pattern, Reach};
use crate::{Access, Error, Level, PermissionFile, Result, Rule};

/// What an edit is about, in the words of the file that it changes.
#[derive(Debug)]
struct Target<'p> {
    /// Without a slash at the end; empty for the folder of the file.
    path: &'p str,
    is_folder: bool,
    /// How a rule says it.
    text: String,
    pattern: Pattern,
}

/// A rule of the file and its place in it.
#[derive(Debug)]
struct Ranked {
    index: usize,
    pattern: Pattern,
    reach: Reach,
}

impl PermissionFile {
    /// Gives a user a level on a path, relative to the folder of this file; a
    /// folder ends in `/`, and the empty path is all below the file. Returns the
    /// pattern of the rule that says so now.
    ///
    /// The user is an address, `*` or a pattern of addresses, taken as it is. A
    /// rule of its own is made where there is none, and takes over what held for
    /// the path until now: no other user gains or loses anything. Rules about
    /// less than the path go on deciding about that.
    ///
    /// # Errors
    /// [`Error::Edit`] if it cannot be said without changing something else, or
    /// would have no effect; [`Error::Pattern`] for a path that no pattern can
    /// name. The file is then as it was.
    pub fn grant(&mut self, path: &str, level: Level, user: &str) -> Result<String> {
        let target = Target::of(path)?;
        let ranked = self.ranked(&target, user)?;
        let known = self.rules.iter().position(|rule| rule.pattern == target.text);
        let own = target.pattern.specificity();
        let mut inherited = Access::default();
        for rule in &ranked {
            if Some(rule.index) == known {
                break;
            }
            let decides_before = rule.pattern.specificity() >= own;
            match rule.reach {
                Reach::Nothing => {}
                Reach::All if decides_before => {
                    return Err(self.refuse(rule.index, "it decides about the path as well"));
                }
                _ if decides_before || known.is_some() => {}
                Reach::Part => return Err(self.refuse(rule.index, OTHERS_TOO)),
                Reach::All => {
                    inherited = self.access(rule.index);
                    break;
                }
            }
        }
        let index = known.unwrap_or_else(|| self.add(&target, inherited));
        if let Some(rule) = self.rules.get_mut(index) {
            let users = rule.access.list_mut(level);
            if !users.iter().any(|known| known == user) {
                users.push(user.to_owned());
            }
        }
        Ok(target.text)
    }

    /// Takes a level, and those that include it, from a user on a path; see
    /// [`grant`](Self::grant) for what a path is. Returns the entries that went:
    /// a wildcard that covers the user cannot leave one out, so it goes, and
    /// with it everybody else that it covered there.
    ///
    /// Rules about less than the path lose the user too: afterwards nothing in
    /// this file gives the user that level on the path or below. A rule about
    /// more than the path stays, and a new one makes the exception.
    ///
    /// # Errors
    /// As [`grant`](Self::grant).
    pub fn revoke(&mut self, path: &str, level: Level, user: &str) -> Result<BTreeSet<String>> {
        let target = Target::of(path)?;
        let mut edited = self.clone();
        let removed = edited.take_away(&target, level, user)?;
        *self = edited;
        Ok(removed)
    }

    fn take_away(
        &mut self,
        target: &Target<'_>,
        level: Level,
        user: &str,
    ) -> Result<BTreeSet<String>> {
        let mut removed = BTreeSet::new();
        // An exception would stand before this rule, for everybody.
        let mut overruled = None;
        // Some rule has spoken about all of the target, names with a dot apart.
        let mut is_settled = false;
        for Ranked { index, pattern, reach } in self.ranked(target, user)? {
            let is_lower = pattern.specificity() < target.pattern.specificity();
            let mut access = self.access(index);
            let entries = access.withdraw(level, user);
            if reach == Reach::Nothing || is_settled && !self.speaks_of_hidden(target, index) {
                continue;
            } else if target.contains(&pattern) {
                removed.extend(entries);
                if let Some(rule) = self.rules.get_mut(index) {
                    rule.access = access;
                }
            } else if !entries.is_empty() {
                let may_except = reach == Reach::All && is_lower && !is_settled;
                if !may_except || overruled.is_some() {
                    return Err(self.refuse(overruled.unwrap_or(index), OTHERS_TOO));
                }
                removed.extend(entries);
                self.add(target, access);
            } else if reach == Reach::Part && is_lower {
                overruled = Some(index);
            }
            is_settled |= reach == Reach::All;
        }
        Ok(removed)
    }

    /// Whether a rule names files whose names begin with a dot, of which a rule
    /// about all below a folder says nothing.
    fn speaks_of_hidden(&self, target: &Target<'_>, index: usize) -> bool {
        let is_hidden = |part: &str| part.trim_start_matches('\\').starts_with('.');
        let rule = self.rules.get(index);
        target.is_folder && rule.is_some_and(|rule| rule.pattern.split('/').any(is_hidden))
    }

    /// The rules in the order in which they are asked.
    fn ranked(&self, target: &Target<'_>, user: &str) -> Result<Vec<Ranked>> {
        let mut ranked = Vec::new();
        for (index, rule) in self.rules.iter().enumerate() {
            let pattern = Pattern::parse(&rule.pattern)?;
            let reach = target.reach_of(&pattern, user);
            ranked.push(Ranked { index, pattern, reach });
        }
        ranked.sort_by_key(|rule| Reverse(rule.pattern.specificity()));
        Ok(ranked)
    }

    fn access(&self, index: usize) -> Access {
        self.rules.get(index).map(|rule| rule.access.clone()).unwrap_or_default()
    }

    /// Adds a rule about the target and says where it stands.
    fn add(&mut self, target: &Target<'_>, access: Access) -> usize {
        let mut rule = Rule::new(target.text.clone());
        rule.access = access;
        self.rules.push(rule);
        self.rules.len() - 1
    }

    fn refuse(&self, index: usize, reason: &'static str) -> Error {
        let rule = self.rules.get(index);
        Error::Edit {
            line: rule.and_then(Rule::line),
            pattern: rule.map(|rule| rule.pattern.clone()).unwrap_or_default(),
            reason,
        }
    }
}

const OTHERS_TOO: &str = "it is about other paths too";

impl<'p> Target<'p> {
    fn of(path: &'p str) -> Result<Self> {
        let is_folder = path.is_empty() || path.ends_with('/');
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut text = pattern::literal_text(path)?;
        if is_folder {
            text.push_str(if path.is_empty() { "**" } else { "/**" });
        }
        Ok(Target { path, is_folder, pattern: Pattern::parse(&text)?, text })
    }

    fn reach_of(&self, pattern: &Pattern, user: &str) -> Reach {
        match (self.is_folder, pattern.matches(self.path, user)) {
            (true, _) => pattern.reach_below(self.path, user),
            (false, true) => Reach::All,
            (false, false) => Reach::Nothing,
        }
    }

    /// Whether a rule that reaches the target is about nothing else.
    fn contains(&self, pattern: &Pattern) -> bool {
        if self.is_folder { pattern.is_within(self.path) } else { pattern.is_only(self.path) }
    }
}

impl Access {
    fn list_mut(&mut self, level: Level) -> &mut Vec<String> {
        match level {
            Level::Read => &mut self.read,
            Level::Write => &mut self.write,
            Level::Admin => &mut self.admin,
        }
    }

    /// Removes every entry that gives a user this level, and returns them.
    fn withdraw(&mut self, level: Level, user: &str) -> BTreeSet<String> {
        let mut removed = BTreeSet::new();
        for list in [Level::Read, Level::Write, Level::Admin].into_iter().filter(|l| *l >= level) {
            self.list_mut(list).retain(|entry| {
                let goes = Grant::parse(entry).covers(user);
                if goes {
                    removed.insert(entry.clone());
                }
                !goes
            });
        }
        removed
    }
}

use crate::permissions::{CompiledFile, CompiledRule, Permissions};
use crate::question::{Governor, Question};
use crate::{Level, pattern};

/// What the rules of a file have to say about a user and a path.
#[derive(Debug)]
pub(crate) enum Decision<'a> {
    /// This rule decides.
    Rule(&'a CompiledRule),
    /// No rule is about the path.
    NoRule,
    /// A rule for each user comes first, and this user's name cannot be put into it.
    NoPlainUser(&'a CompiledRule),
}

impl Decision<'_> {
    fn grants(&self, user: &str, level: Level) -> bool {
        match self {
            Decision::Rule(rule) => rule.grants(user, level),
            Decision::NoRule | Decision::NoPlainUser(_) => false,
        }
    }
}

impl CompiledFile {
    /// The first rule that is about the path. A name that would be read as a
    /// pattern ends the search with a no: neither taking the name by the letter
    /// nor passing the rule over is sure to grant less than another reader of
    /// the same file would (`threats.md` S4).
    pub(crate) fn decide(&self, path: &str, user: &str) -> Decision<'_> {
        for rule in &self.rules {
            if rule.pattern.has_template() && !pattern::is_plain_user(user) {
                return Decision::NoPlainUser(rule);
            }
            if rule.pattern.matches(path, user) {
                return Decision::Rule(rule);
            }
        }
        Decision::NoRule
    }

    /// The decision where it is the same for everybody: no rule that is about each
    /// user in turn comes before it.
    fn decide_for_all(&self, path: &str) -> Option<Decision<'_>> {
        for rule in &self.rules {
            if rule.pattern.has_template() {
                return None;
            }
            if rule.pattern.matches(path, "") {
                return Some(Decision::Rule(rule));
            }
        }
        Some(Decision::NoRule)
    }
}

impl Permissions {
    /// Whether a user may do something with a path relative to the datasite.
    ///
    /// A folder is asked with a `/` at its end and is answered as its content
    /// is. The owner may do everything; nobody else has a yes for an absolute
    /// path or one with `..`, and permission files need [`Level::Admin`]
    /// whatever is asked (`threats.md` P5, P5b).
    #[must_use]
    pub fn allows(&self, user: &str, path: &str, level: Level) -> bool {
        self.is_owner(user)
            || Question::new(self, path).is_some_and(|question| {
                let governor = question.governor(self);
                answer(&question, &governor, user, level)
            })
    }

    /// Those of the candidates who may read a path, in their order. The rules
    /// are looked up once for all of them.
    pub fn readers<'u>(
        &self,
        path: &str,
        candidates: impl IntoIterator<Item = &'u str>,
    ) -> Vec<&'u str> {
        let question = Question::new(self, path);
        let governor = question.as_ref().map(|question| question.governor(self));
        let needed =
            question.as_ref().map_or(Level::Admin, |question| question.needed(Level::Read));
        let governed = match &governor {
            Some(Governor::File { file, path, .. }) => Some((file, path)),
            _ => None,
        };
        let for_all = governed.and_then(|(file, path)| file.decide_for_all(path));
        let may_read = |user: &&str| {
            self.is_owner(user)
                || match (&for_all, governed) {
                    (Some(decision), _) => decision.grants(user, needed),
                    (None, Some((file, path))) => file.decide(path, user).grants(user, needed),
                    (None, None) => false,
                }
        };
        candidates.into_iter().filter(may_read).collect()
    }

    pub(crate) fn is_owner(&self, user: &str) -> bool {
        !user.is_empty() && user == self.owner
    }
}

fn answer(question: &Question<'_>, governor: &Governor<'_, '_>, user: &str, level: Level) -> bool {
    let Governor::File { file, path, .. } = governor else {
        return false;
    };
    file.decide(path, user).grants(user, question.needed(level))
}

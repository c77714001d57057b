//! Every difference between the two engines, with its reason. Whatever is not here
//! fails; and none of them is a yes of ours where Python says no.

use syft_perm::{Explanation, PERMISSION_FILE, Reason};

/// A difference that is meant.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) name: &'static str,
    /// What we do that Python does not, and why.
    pub(super) what: &'static str,
    pub(super) example: &'static str,
    shows: Shows,
}

/// How a difference is recognised.
#[derive(Debug)]
enum Shows {
    /// We refuse a file, with one of these in the reason.
    Refusal(&'static [&'static str]),
    /// We answer no, for a reason that fits.
    No(fn(&Explanation) -> bool),
    /// The owner gets a yes, and Python raises.
    OwnerOutside,
}

/// The list.
pub(super) const LISTED: &[Difference] = &[
    Difference {
        name: "yaml-references",
        what: "anchors, aliases, tags, directives and merge keys are refused: what a file says \
               must stand where it is read",
        example: "rules: &a []",
        shows: Shows::Refusal(&[
            "anchors and aliases are not",
            "tags are not",
            "directives are not",
            "`<<` must be in quotes",
        ]),
    },
    Difference {
        name: "yaml-key-twice",
        what: "a key that stands twice is refused: Python takes the last one, a person the first",
        example: "{rules: [], rules: [{pattern: '**', access: {read: ['*']}}]}",
        shows: Shows::Refusal(&["is there twice"]),
    },
    Difference {
        name: "yaml-characters",
        what: "tabs, lone carriage returns and characters that nobody sees are refused: readers \
               differ about where a line ends",
        example: "rules: []\\r# all",
        shows: Shows::Refusal(&["tab or another control character", "carriage return"]),
    },
    Difference {
        name: "yaml-grammar",
        what: "text in the corners of YAML's grammar is refused where parsers differ",
        example: "rules: [{pattern: a?b, access: {}}]",
        shows: Shows::Refusal(&["must be in quotes", "it is no YAML", "it ends a document"]),
    },
    Difference {
        name: "yaml-nothing",
        what: "a value that Python takes for nothing, because it counts as false, is no rule file",
        example: "[]",
        shows: Shows::Refusal(&["the file must be a mapping"]),
    },
    Difference {
        name: "yaml-terminal",
        what: "a truth value is a word or 0 or 1, no other spelling of a number",
        example: "terminal: 0x1",
        shows: Shows::Refusal(&["`terminal` must be"]),
    },
    Difference {
        name: "pattern-without-a-safe-meaning",
        what: "patterns are refused whose meaning follows from how Python's matcher is made",
        example: "a\\/*",
        shows: Shows::Refusal(&[
            "a backslash before a slash",
            "a range cannot end in a character class",
            "{{.UserEmail}} inside brackets",
        ]),
    },
    Difference {
        name: "closed-below",
        what: "a file that is refused closes its folder and all below; Python loads nothing then, \
               and is asked here as if the file had no rules",
        example: "d/syft.pub.yaml is bad, d/e/syft.pub.yaml is good: d/e/f",
        shows: Shows::No(|told| matches!(told.reason, Reason::BadFile(_))),
    },
    Difference {
        name: "path-not-allowed",
        what: "nobody but the owner has a yes for the datasite itself, a path that goes upwards, \
               or one with a line break or NUL",
        example: "a/b\\n",
        shows: Shows::No(|told| told.reason == Reason::PathNotAllowed && is_odd(&told.path)),
    },
    Difference {
        name: "below-a-permission-file",
        what: "what lies below the name of a permission file needs admin as that file does",
        example: "d/syft.pub.yaml/x",
        shows: Shows::No(|told| {
            told.reason == Reason::NeedsAdmin && !told.path.ends_with(PERMISSION_FILE)
        }),
    },
    Difference {
        name: "user-as-pattern",
        what: "a user whose name would be a pattern gets no rule that is about each user",
        example: "{{.UserEmail}}/** for a*@example.com",
        shows: Shows::No(|told| told.reason == Reason::UserNotPlain),
    },
    Difference {
        name: "owner-outside",
        what: "the owner has a yes for every text; Python raises for a path outside the datasite",
        example: "/etc/passwd",
        shows: Shows::OwnerOutside,
    },
];

/// The difference that a refusal of a file belongs to.
pub(super) fn of_refusal(reason: &str) -> Option<&'static str> {
    find(|shows| match shows {
        Shows::Refusal(words) => words.iter().any(|words| reason.contains(words)),
        _ => false,
    })
}

/// The difference that a no of ours belongs to, which was told like this.
pub(super) fn of_no(told: &Explanation) -> Option<&'static str> {
    find(|shows| matches!(shows, Shows::No(fits) if fits(told)))
}

/// The difference that a yes for the owner belongs to.
pub(super) fn of_owner() -> Option<&'static str> {
    find(|shows| matches!(shows, Shows::OwnerOutside))
}

fn find(is_it: impl Fn(&Shows) -> bool) -> Option<&'static str> {
    LISTED.iter().find(|difference| is_it(&difference.shows)).map(|difference| difference.name)
}

/// Whether the path is the datasite, absolute or upwards, or holds what no path does.
fn is_odd(path: &str) -> bool {
    path.starts_with('/')
        || path.contains(['\n', '\0'])
        || path.split('/').any(|part| part == "..")
        || path.split('/').all(|part| part.is_empty() || part == ".")
}

#[cfg(test)]
mod tests {
    use syft_perm::{Level, PermissionFile, Permissions};

    use super::*;

    fn told(text: &str, user: &str, path: &str) -> Option<&'static str> {
        let permissions = Permissions::compile("o@x.org", [("d".to_owned(), Ok(text.to_owned()))]);
        assert!(!permissions.allows(user, path, Level::Read), "{user} {path}");
        of_no(&permissions.explain(user, path))
    }

    #[test]
    fn each_reason_for_a_no_has_its_name() {
        let all = "rules:\n- pattern: '**'\n  access: {read: ['*']}\n";
        let own = "rules:\n- pattern: '{{.UserEmail}}/**'\n  access: {read: [USER]}\n";
        for (text, user, path, name) in [
            ("[]", "a@x.org", "d/x", Some("closed-below")),
            (all, "a@x.org", "d/x\n", Some("path-not-allowed")),
            (all, "a@x.org", "d/../x", Some("path-not-allowed")),
            (all, "a@x.org", "./", Some("path-not-allowed")),
            (all, "a@x.org", "d/syft.pub.yaml/x", Some("below-a-permission-file")),
            (own, "a*@x.org", "d/a*@x.org/x", Some("user-as-pattern")),
            // Whatever else is no, Python must say no to it as well.
            (all, "a@x.org", "d/syft.pub.yaml", None),
            (all, "a@x.org", "e", None),
            (own, "a@x.org", "d/b@x.org/x", None),
        ] {
            assert_eq!(told(text, user, path), name, "{user} {path:?} {text}");
        }
    }

    #[test]
    fn the_refusals_of_the_list_are_those_of_the_engine() {
        for difference in LISTED {
            if !matches!(difference.shows, Shows::Refusal(_)) {
                continue;
            }
            let text = match difference.example {
                pattern if pattern.starts_with("a\\/") => {
                    format!("rules:\n- pattern: '{pattern}'\n  access: {{}}\n")
                }
                text => text.replace("\\r", "\r"),
            };
            let error = PermissionFile::parse(&text).expect_err(difference.name).to_string();
            assert_eq!(of_refusal(&error), Some(difference.name), "{error}");
        }
        assert_eq!(of_refusal("the disk is full"), None);
    }
}

use serde::{Deserialize, Serialize};

/// Longest name of a rule, in characters.
const LONGEST: usize = 64;

/// What its owner calls a rule: letters, digits, `-`, `_` and `.`, with a letter
/// among them, so that it is not taken for the number of a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RuleName(String);

impl RuleName {
    /// Reads a name.
    ///
    /// # Errors
    /// A sentence about what a name is.
    pub fn parse(text: &str) -> Result<RuleName, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let fits = text.len() <= LONGEST
            && text.chars().all(allowed)
            && text.chars().any(|c| c.is_ascii_alphabetic());
        match fits {
            true => Ok(RuleName(text.to_owned())),
            false => Err(format!(
                "the name of a rule has at most {LONGEST} letters, digits, '-', '_' and '.', \
                 and a letter among them"
            )),
        }
    }

    /// The name that comes closest to what something else is called.
    #[must_use]
    pub fn like(text: &str) -> RuleName {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let kept: String = text.chars().take(LONGEST - 8).map(plain).collect();
        let kept = kept.trim_matches('-');
        match kept.chars().any(|c| c.is_ascii_alphabetic()) {
            true => RuleName(kept.to_owned()),
            false => RuleName(format!("job-{kept}").trim_end_matches('-').to_owned()),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RuleName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for RuleName {
    type Error = String;

    fn try_from(text: String) -> Result<RuleName, String> {
        RuleName::parse(&text)
    }
}

impl From<RuleName> for String {
    fn from(name: RuleName) -> String {
        name.0
    }
}

use crate::yaml::{self, Node, Scalar, Value};
use crate::{Error, Pattern, Result};

/// One `syft.pub.yaml`: who may do what in its folder and below.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PermissionFile {
    /// The rules in the order of the file. Which one decides is a matter of
    /// their [`Specificity`](crate::Specificity), the order only breaks ties.
    pub rules: Vec<Rule>,
    /// Whether permission files further down have no say.
    pub terminal: bool,
}

/// Paths, and who may do what with them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rule {
    /// Which paths, relative to the folder of the file; see [`Pattern`].
    pub pattern: String,
    /// Who may do what.
    pub access: Access,
    line: Option<u32>,
}

/// Users by level: an address, `*` for everyone, `*@example.org` and the like,
/// or `USER`, the user that a `{{.UserEmail}}` in the pattern stands for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    /// Who may do everything.
    pub admin: Vec<String>,
    /// Who may write and read.
    pub write: Vec<String>,
    /// Who may read.
    pub read: Vec<String>,
}

impl PermissionFile {
    /// A file of these rules, not terminal.
    #[must_use]
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        PermissionFile { rules: rules.into_iter().collect(), terminal: false }
    }

    /// Reads a file. Unknown keys are ignored; everything else that a Python
    /// peer refuses is refused, and so are aliases, tags, directives, a key
    /// twice, more than 64 KiB and more than 16 levels (`threats.md` I14).
    ///
    /// # Errors
    /// [`Error::Malformed`] with the line and the reason.
    pub fn parse(text: &str) -> Result<Self> {
        let mut file = PermissionFile::default();
        let Some(root) = yaml::read(text)? else {
            return Ok(file);
        };
        if matches!(root.value, Value::Scalar(Scalar::Null)) {
            return Ok(file);
        }
        for (key, node) in mapping(root, "the file")? {
            match key.as_str() {
                "rules" => {
                    file.rules =
                        list(node, "`rules`")?.into_iter().map(rule).collect::<Result<_>>()?;
                }
                "terminal" => file.terminal = truth(&node)?,
                _ => {}
            }
        }
        Ok(file)
    }

    /// The file as text, in block style with sorted keys.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let mut out = String::from(if self.rules.is_empty() { "rules: []\n" } else { "rules:\n" });
        for rule in &self.rules {
            out.push_str("- access:\n");
            yaml::list(&mut out, "    ", "admin", &rule.access.admin);
            yaml::list(&mut out, "    ", "read", &rule.access.read);
            yaml::list(&mut out, "    ", "write", &rule.access.write);
            out.push_str("  pattern: ");
            out.push_str(&yaml::write_scalar(&rule.pattern));
            out.push('\n');
        }
        out.push_str(if self.terminal { "terminal: true\n" } else { "terminal: false\n" });
        out
    }
}

impl Rule {
    /// A rule that grants nothing yet. A pattern that cannot be read shows when
    /// the file is parsed or compiled.
    #[must_use]
    pub fn new(pattern: impl Into<String>) -> Self {
        Rule { pattern: pattern.into(), ..Rule::default() }
    }

    /// Adds users who may read.
    #[must_use]
    pub fn read<U: Into<String>>(mut self, users: impl IntoIterator<Item = U>) -> Self {
        self.access.read.extend(users.into_iter().map(Into::into));
        self
    }

    /// Adds users who may write and read.
    #[must_use]
    pub fn write<U: Into<String>>(mut self, users: impl IntoIterator<Item = U>) -> Self {
        self.access.write.extend(users.into_iter().map(Into::into));
        self
    }

    /// Adds users who may do everything.
    #[must_use]
    pub fn admin<U: Into<String>>(mut self, users: impl IntoIterator<Item = U>) -> Self {
        self.access.admin.extend(users.into_iter().map(Into::into));
        self
    }

    /// The line of the file where the rule starts, counted from 1; `None` if it
    /// was not read from a file.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        self.line
    }
}

fn rule(node: Node) -> Result<Rule> {
    let line = node.line;
    let mut pattern = None;
    let mut access = None;
    for (key, node) in mapping(node, "a rule")? {
        match key.as_str() {
            "pattern" => {
                let line = node.line;
                let text = text(node, "`pattern`")?;
                Pattern::parse(&text).map_err(|e| Error::malformed(line, e.to_string()))?;
                pattern = Some(text);
            }
            "access" => access = Some(access_of(node)?),
            _ => {}
        }
    }
    let missing = |key: &str| Error::malformed(line, format!("the rule has no `{key}`"));
    Ok(Rule {
        pattern: pattern.ok_or_else(|| missing("pattern"))?,
        access: access.ok_or_else(|| missing("access"))?,
        line: Some(line),
    })
}

fn access_of(node: Node) -> Result<Access> {
    let mut access = Access::default();
    for (key, node) in mapping(node, "`access`")? {
        let (users, name) = match key.as_str() {
            "admin" => (&mut access.admin, "`admin`"),
            "write" => (&mut access.write, "`write`"),
            "read" => (&mut access.read, "`read`"),
            _ => continue,
        };
        *users = list(node, name)?
            .into_iter()
            .map(|user| text(user, "a user"))
            .collect::<Result<_>>()?;
    }
    Ok(access)
}

fn wrong(line: u32, name: &str, must: &str, value: &Value) -> Error {
    Error::malformed(line, format!("{name} must be {must}, not {}", value.kind()))
}

fn mapping(node: Node, name: &str) -> Result<Vec<(String, Node)>> {
    match node.value {
        Value::Mapping(entries) => Ok(entries),
        other => Err(wrong(node.line, name, "a mapping", &other)),
    }
}

fn list(node: Node, name: &str) -> Result<Vec<Node>> {
    match node.value {
        Value::List(items) => Ok(items),
        other => Err(wrong(node.line, name, "a list", &other)),
    }
}

fn text(node: Node, name: &str) -> Result<String> {
    match node.value {
        Value::Scalar(Scalar::Text(text)) => Ok(text),
        other => Err(wrong(node.line, name, "text", &other)),
    }
}

/// A truth value in the spellings that a Python peer takes.
fn truth(node: &Node) -> Result<bool> {
    let spelled = match &node.value {
        Value::Scalar(Scalar::Bool(value)) => return Ok(*value),
        Value::Scalar(Scalar::Text(text)) => text.to_ascii_lowercase(),
        Value::Scalar(Scalar::Number(number)) => number.trim_end_matches(".0").to_owned(),
        _ => String::new(),
    };
    match spelled.as_str() {
        "1" | "t" | "true" | "y" | "yes" | "on" => Ok(true),
        "0" | "f" | "false" | "n" | "no" | "off" => Ok(false),
        _ => Err(wrong(node.line, "`terminal`", "`true` or `false`", &node.value)),
    }
}

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What a job is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Script {
    /// A file or folder of the submitter's; a folder goes to `code/` as it is.
    Path(PathBuf),
    /// The text of a script.
    Text(String),
}

impl From<PathBuf> for Script {
    fn from(path: PathBuf) -> Self {
        Script::Path(path)
    }
}

impl From<&Path> for Script {
    fn from(path: &Path) -> Self {
        Script::Path(path.to_owned())
    }
}

/// A path if something is there, a script's text otherwise: what has a line
/// break or a blank, or names no file. A word with a dot or a slash that leads
/// nowhere stays a path, so that a mistyped one is said to be missing and is not
/// sent as a command.
impl From<&str> for Script {
    fn from(word: &str) -> Self {
        let path = Path::new(word);
        let looks_like_path = !word.contains(char::is_whitespace) && word.contains(['.', '/']);
        let is_path = !word.contains('\n') && (looks_like_path || path.exists());
        if is_path { Script::Path(path.to_owned()) } else { Script::Text(word.to_owned()) }
    }
}

/// Which interpreter a job asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobKind {
    /// `run.sh` is the submitter's.
    Bash,
    /// `run.sh` starts the entry point with Python.
    #[default]
    Python,
}

impl JobKind {
    /// The word that is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            JobKind::Bash => "bash",
            JobKind::Python => "python",
        }
    }
}

/// The `run.sh` of a bash folder, which holds its own `run.sh`.
pub(crate) fn bash_folder_run_sh() -> String {
    "#!/bin/bash\nset -euo pipefail\ncd code && exec bash run.sh\n".to_owned()
}

/// The `run.sh` of a Python job.
pub(crate) fn python_run_sh(entrypoint: &str) -> String {
    format!("#!/bin/bash\nset -euo pipefail\ncd code && exec python3 {}\n", shell_word(entrypoint))
}

/// One word for a POSIX shell, whatever the text holds (`threats.md` R5).
#[must_use]
pub fn shell_word(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._/+-@%".contains(&b);
    if !text.is_empty() && !text.starts_with('-') && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_path_or_a_script() {
        let is_text = |word: &str| matches!(Script::from(word), Script::Text(_));
        assert!(!is_text(env!("CARGO_MANIFEST_DIR")));
        assert!(!is_text("analysis.py") && !is_text("no/such/script"));
        assert!(is_text("echo hello > outputs/a.txt") && is_text("ls"));
        assert!(is_text("./a\n./b") && is_text("Cargo.toml\n"));
    }

    #[test]
    fn r5_a_shell_word_stays_one_word() {
        assert_eq!(shell_word("sub/main-2.py"), "sub/main-2.py");
        assert_eq!(shell_word("my script.py"), "'my script.py'");
        assert_eq!(shell_word("a';touch x;'.py"), r"'a'\'';touch x;'\''.py'");
        assert_eq!(shell_word("$(id).py"), "'$(id).py'");
        assert_eq!(shell_word("-c"), "'-c'");
        assert_eq!(shell_word(""), "''");
    }
}

//! Permission files, compiled once for as long as none changes.

use std::sync::{Arc, Mutex, PoisonError};

use syft_core::{ContentHash, ContentHasher, Email};
use syft_perm::Permissions;

/// A permission file: its folder, and its text or why that could not be had.
pub(crate) type RuleFile = (String, std::result::Result<String, String>);

/// The rules that were compiled last.
#[derive(Debug, Clone, Default)]
pub(crate) struct CompiledRules(Arc<Mutex<Option<Compiled>>>);

/// Compiled files, under the hash of their texts.
#[derive(Debug)]
struct Compiled {
    hash: ContentHash,
    permissions: Arc<Permissions>,
}

impl CompiledRules {
    /// The compiled files; compiles only if they are not those of the last call.
    pub(crate) fn compile(&self, owner: &Email, files: Vec<RuleFile>) -> Arc<Permissions> {
        let hash = hash(&files);
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = last.as_ref().filter(|known| known.hash == hash) {
            return known.permissions.clone();
        }
        let permissions = Arc::new(Permissions::compile(owner.as_str(), files));
        *last = Some(Compiled { hash, permissions: permissions.clone() });
        permissions
    }
}

fn hash(files: &[RuleFile]) -> ContentHash {
    let mut hasher = ContentHasher::new();
    let mut feed = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    for (folder, text) in files {
        feed(folder);
        feed(if text.is_ok() { "read" } else { "unreadable" });
        feed(text.as_ref().map_or_else(String::as_str, String::as_str));
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> RuleFile {
        ("public".to_owned(), Ok(text.to_owned()))
    }

    #[test]
    fn rules_are_compiled_again_only_if_one_reads_otherwise() -> Result<(), syft_core::Error> {
        let owner = Email::parse("alice@hospital.org")?;
        let rules = CompiledRules::default();
        let first = rules.compile(&owner, vec![file("rules: []\n")]);
        assert!(Arc::ptr_eq(&first, &rules.compile(&owner, vec![file("rules: []\n")])));
        let unreadable = ("public".to_owned(), Err("rules: []\n".to_owned()));
        let others = [
            vec![],
            vec![file("rules: []\n# more\n")],
            vec![("private".to_owned(), Ok("rules: []\n".to_owned()))],
            vec![file("rules: []\n"), file("rules: []\n")],
            vec![unreadable],
        ];
        for other in others {
            let before = rules.compile(&owner, vec![file("rules: []\n")]);
            assert!(!Arc::ptr_eq(&before, &rules.compile(&owner, other.clone())), "{other:?}");
        }
        Ok(())
    }
}

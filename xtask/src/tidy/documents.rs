//! Every crate says what it is and what changed for its users.

use super::Finding;
use super::tree::{Package, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.crates()
        .flat_map(|package| [readme(tree, package), changelog(tree, package)])
        .flatten()
        .collect()
}

fn readme(tree: &Tree, package: &Package) -> Option<Finding> {
    let path = format!("{}/README.md", package.folder);
    let what = match tree.text(&path) {
        None => "missing",
        Some(text) if !text.contains("```") => "has no example",
        Some(_) => return None,
    };
    Some(Finding::of(&path, what))
}

fn changelog(tree: &Tree, package: &Package) -> Option<Finding> {
    let path = format!("{}/CHANGELOG.md", package.folder);
    let Some(text) = tree.text(&path) else { return Some(Finding::of(&path, "missing")) };
    let version = package.version.as_deref()?;
    let headed = text.lines().any(|line| line.starts_with("## ") && line.contains(version));
    (!headed).then(|| Finding::of(&path, format!("has no section for version {version}")))
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::check;

    const MANIFEST: (&str, &str) =
        ("crates/a/Cargo.toml", "[package]\nname = 'a'\nversion = '0.2.0'\n");
    const README: (&str, &str) = ("crates/a/README.md", "# a\n\n```rust\na();\n```\n");
    const CHANGELOG: (&str, &str) = ("crates/a/CHANGELOG.md", "# Changelog\n\n## [0.2.0]\n");

    #[test]
    fn a_crate_with_both_passes() {
        assert!(findings(check, &[MANIFEST, README, CHANGELOG]).is_empty());
    }

    #[test]
    fn a_crate_without_readme_is_found() {
        assert_eq!(findings(check, &[MANIFEST, CHANGELOG]), ["crates/a/README.md: missing"]);
    }

    #[test]
    fn a_readme_without_example_is_found() {
        let bare = ("crates/a/README.md", "# a\n");
        assert_eq!(
            findings(check, &[MANIFEST, bare, CHANGELOG]),
            ["crates/a/README.md: has no example"]
        );
    }

    #[test]
    fn a_crate_without_changelog_is_found() {
        assert_eq!(findings(check, &[MANIFEST, README]), ["crates/a/CHANGELOG.md: missing"]);
    }

    #[test]
    fn a_changelog_must_know_the_version() {
        let old = ("crates/a/CHANGELOG.md", "# Changelog\n\n## [0.1.0]\n");
        assert_eq!(
            findings(check, &[MANIFEST, README, old]),
            ["crates/a/CHANGELOG.md: has no section for version 0.2.0"]
        );
    }
}

//! Every package inherits the lints of the workspace.

use super::Finding;
use super::tree::{Package, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.packages
        .iter()
        .filter(|package| !inherits(package))
        .map(|package| {
            Finding::of(&package.manifest_path(), "does not say `[lints] workspace = true`")
        })
        .collect()
}

fn inherits(package: &Package) -> bool {
    let lints = package.manifest.get("lints").and_then(|lints| lints.get("workspace"));
    lints.and_then(toml::Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::check;

    #[test]
    fn a_package_with_lints_of_its_own_is_found() {
        let good = ("crates/a/Cargo.toml", "[package]\nname = 'a'\n[lints]\nworkspace = true\n");
        let none = ("crates/b/Cargo.toml", "[package]\nname = 'b'\n");
        let own = ("xtask/Cargo.toml", "[package]\nname = 'c'\n[lints.clippy]\nall = 'allow'\n");
        let expected = ["crates/b/Cargo.toml", "xtask/Cargo.toml"]
            .map(|path| format!("{path}: does not say `[lints] workspace = true`"));
        assert_eq!(findings(check, &[good, none, own]), expected);
    }
}

//! Crates depend downwards only, on the layers that `ARCHITECTURE.md` draws.

use super::Finding;
use super::tree::{Package, Tree};

/// Each crate with the crates of this project that it may depend on.
const ALLOWED: &[(&str, &[&str])] = &[
    ("syft-core", &[]),
    ("syft-perm", &["syft-core"]),
    ("syft-transport", &["syft-core"]),
    ("syft-crypto", &["syft-core"]),
    ("syft-dataset", &["syft-core", "syft-perm"]),
    ("syft-disclosure", &["syft-core"]),
    ("syft-job", &["syft-core", "syft-perm", "syft-disclosure"]),
    (
        "syft-sync",
        &["syft-core", "syft-perm", "syft-transport", "syft-crypto", "syft-dataset", "syft-job"],
    ),
    ("syft-cli", &["syft-sync"]),
    // What somebody else would write.
    ("syft-mail", &["syft-transport", "syft-sync", "syft-cli"]),
    // They stand in for somebody else, and know nothing of this project.
    ("syft-test-stores", &[]),
    ("syft-loopback", &[]),
    ("syft-drive-emulator", &["syft-loopback"]),
    ("syft-dropbox-emulator", &["syft-loopback"]),
    ("syft-tmux", &[]),
];

/// Packages that look at the whole and that nothing may depend on.
const ON_TOP: &[&str] = &["syft-tests", "xtask"];

/// Packages that any package may use for its tests, and none otherwise.
const FOR_TESTS: &[&str] =
    &["syft-drive-emulator", "syft-dropbox-emulator", "syft-test-stores", "syft-tmux"];

const TESTS: &str = "dev-dependencies";

const TABLES: &[&str] = &["dependencies", TESTS, "build-dependencies"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.packages
        .iter()
        .filter(|package| !ON_TOP.contains(&package.name.as_str()))
        .flat_map(check_package)
        .collect()
}

fn check_package(package: &Package) -> Vec<Finding> {
    let path = package.manifest_path();
    let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == package.name) else {
        let what = format!("{} has no place in the graph of crates", package.name);
        return vec![Finding::of(&path, what)];
    };
    dependencies(&package.manifest)
        .into_iter()
        .filter(|(table, name)| *table != TESTS || !FOR_TESTS.contains(&name.as_str()))
        .map(|(_, name)| name)
        // A crate may name itself in order to switch a feature on for its own tests.
        .filter(|name| *name != package.name)
        .filter(|name| is_ours(name) && !allowed.contains(&name.as_str()))
        .map(|name| Finding::of(&path, format!("{} must not depend on {name}", package.name)))
        .collect()
}

fn is_ours(name: &str) -> bool {
    ON_TOP.contains(&name) || ALLOWED.iter().any(|(ours, _)| *ours == name)
}

/// The names of all packages that a manifest asks for, on any platform, each with
/// the table that it stands in.
fn dependencies(manifest: &toml::Table) -> Vec<(&'static str, String)> {
    let platforms = manifest.get("target").and_then(toml::Value::as_table);
    let platforms = platforms.into_iter().flat_map(toml::Table::values);
    let scopes = platforms.filter_map(toml::Value::as_table).chain([manifest]);
    let tables = scopes.flat_map(|scope| {
        TABLES.iter().filter_map(|table| Some((*table, scope.get(*table)?.as_table()?)))
    });
    tables
        .flat_map(|(table, lines)| lines.iter().map(move |(key, value)| (table, key, value)))
        .map(|(table, key, value)| {
            let name = value.get("package").and_then(toml::Value::as_str).unwrap_or(key);
            (table, name.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::check;

    fn of(path: &str, manifest: &str) -> Vec<String> {
        findings(check, &[(path, manifest)])
    }

    #[test]
    fn a_crate_may_use_the_layers_below() {
        let manifest = "[package]\nname = 'syft-job'\n[dependencies]\nsyft-core.workspace = true\n\
                        serde = '1'\nsyft-crypto-protocol = '1'\n\
                        [dev-dependencies]\nsyft-job = { path = '.', features = ['x'] }\n";
        assert!(of("crates/syft-job/Cargo.toml", manifest).is_empty());
    }

    #[test]
    fn a_crate_must_not_look_up_or_sideways() {
        for table in [
            "dependencies",
            "dev-dependencies",
            "build-dependencies",
            "target.'cfg(unix)'.dependencies",
        ] {
            let manifest = format!(
                "[package]\nname = 'syft-perm'\n[{table}]\nsyft-transport.workspace = true\n"
            );
            assert_eq!(
                of("crates/syft-perm/Cargo.toml", &manifest),
                ["crates/syft-perm/Cargo.toml: syft-perm must not depend on syft-transport"]
            );
        }
    }

    #[test]
    fn another_name_hides_nothing() {
        let manifest = "[package]\nname = 'syft-core'\n[dependencies]\n\
                        innocent = { package = 'syft-sync', version = '1' }\n";
        assert_eq!(of("crates/syft-core/Cargo.toml", manifest).len(), 1);
    }

    #[test]
    fn a_new_crate_needs_its_place() {
        assert_eq!(of("crates/syft-new/Cargo.toml", "[package]\nname = 'syft-new'\n").len(), 1);
    }

    #[test]
    fn an_emulator_is_for_tests_alone() {
        let of = |table: &str| {
            let manifest = format!(
                "[package]\nname = 'syft-core'\n[{table}]\nsyft-drive-emulator.workspace = true\n"
            );
            of("crates/syft-core/Cargo.toml", &manifest).len()
        };
        assert_eq!((of("dev-dependencies"), of("dependencies")), (0, 1));
        let manifest =
            "[package]\nname = 'syft-drive-emulator'\n[dev-dependencies]\nsyft-core = '0.1'\n";
        assert_eq!(super::super::findings(check, &[("tests/e/Cargo.toml", manifest)]).len(), 1);
    }

    #[test]
    fn nothing_depends_on_the_tests() {
        let manifest = "[package]\nname = 'syft-cli'\n[dev-dependencies]\nsyft-tests = '0.1'\n";
        assert_eq!(of("crates/syft-cli/Cargo.toml", manifest).len(), 1);
    }
}

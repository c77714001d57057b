//! The Python packages that are compared with are those that the fixtures came from.

use std::collections::BTreeMap;

#[test]
fn the_packages_are_those_that_the_fixtures_came_from() {
    let made_with: BTreeMap<String, String> =
        serde_json::from_str(include_str!("../../fixtures/versions.json")).unwrap();
    let pins: BTreeMap<&str, &str> = include_str!("../../interop/requirements.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.trim().split_once("=="))
        .collect();
    let normal = |name: &str| name.to_lowercase().replace('_', "-");
    let pin = |package: &str| pins.iter().find(|(name, _)| normal(name) == normal(package));
    // The interpreter is the machine's; the keys are not asked.
    let apart = ["python", "syft-crypto-python"];
    for (package, version) in made_with.iter().filter(|(name, _)| !apart.contains(&name.as_str())) {
        match pin(package) {
            Some((_, pinned)) => assert_eq!(pinned, version, "{package}"),
            None => assert_eq!(package, "syft-rds", "{package} is not asked"),
        }
    }
}

//! The crates that `deny.toml` bans are not in `Cargo.lock`.
//!
//! `cargo deny` checks more, but is not on every machine.

use super::Finding;
use super::tree::Tree;

const POLICY: &str = "deny.toml";
const LOCK: &str = "Cargo.lock";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(policy) = table(tree, POLICY) else {
        return vec![Finding::of(POLICY, "missing or no TOML")];
    };
    let Some(lock) = table(tree, LOCK) else {
        return vec![Finding::of(LOCK, "missing or no TOML")];
    };
    let banned: Vec<&str> = entries(policy.get("bans").and_then(|bans| bans.get("deny")), "crate");
    entries(lock.get("package"), "name")
        .into_iter()
        .filter(|name| banned.contains(name))
        .map(|name| Finding::of(LOCK, format!("{name} is banned by {POLICY}")))
        .collect()
}

fn table(tree: &Tree, path: &str) -> Option<toml::Table> {
    tree.text(path)?.parse().ok()
}

/// One field of each table in an array.
fn entries<'a>(array: Option<&'a toml::Value>, field: &str) -> Vec<&'a str> {
    let array = array.and_then(toml::Value::as_array);
    array.into_iter().flatten().filter_map(|entry| entry.get(field)?.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::check;

    const POLICY: (&str, &str) =
        ("deny.toml", "[bans]\ndeny = [{ crate = 'bad-sys', reason = 'bad' }]\n");

    #[test]
    fn a_banned_crate_is_found() {
        let good = ("Cargo.lock", "[[package]]\nname = 'good'\n");
        let bad = ("Cargo.lock", "[[package]]\nname = 'good'\n[[package]]\nname = 'bad-sys'\n");
        assert!(findings(check, &[POLICY, good]).is_empty());
        assert_eq!(findings(check, &[POLICY, bad]), ["Cargo.lock: bad-sys is banned by deny.toml"]);
    }

    #[test]
    fn both_files_must_be_there() {
        assert_eq!(findings(check, &[POLICY]).len(), 1);
        assert_eq!(findings(check, &[("Cargo.lock", "")]).len(), 1);
    }
}

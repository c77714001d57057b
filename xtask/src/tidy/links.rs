//! Links between documents lead to files that are there.

use super::Finding;
use super::tree::{TextFile, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let documents = tree.files.iter().filter(|file| file.path.ends_with(".md"));
    documents.flat_map(|file| check_file(tree, file)).collect()
}

fn check_file(tree: &Tree, file: &TextFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut in_code = false;
    for (number, line) in file.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for target in targets(line) {
            let there = resolve(&file.path, target)
                .is_some_and(|path| path.is_empty() || tree.paths.contains(&path));
            if !there {
                findings.push(Finding::at(&file.path, number, format!("{target} is not there")));
            }
        }
    }
    findings
}

/// What the inline links of a line point to, without anchors and addresses of the web.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let links = line.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
    links
        .map(|link| link.split_once('#').map_or(link, |(path, _)| path))
        .filter(|path| !path.is_empty() && !path.contains("://") && !path.starts_with("mailto:"))
}

/// The path below the root that a link in `file` means; `None` if it leaves the root.
fn resolve(file: &str, target: &str) -> Option<String> {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::check;

    #[test]
    fn links_that_lead_somewhere_pass() {
        let text = "[a](../b.md#part) [c](deep/) [w](https://example.org/x) [h](#here)\n\
                    ```\n[code](nowhere)\n```\n";
        let files = [("docs/a.md", text), ("b.md", "x"), ("docs/deep/c.png", "x")];
        assert!(findings(check, &files).is_empty());
    }

    #[test]
    fn dead_links_are_found() {
        let files = [("docs/a.md", "ok\n[b](b.md) and [up](../../../etc/passwd)\n")];
        assert_eq!(
            findings(check, &files),
            ["docs/a.md:2: b.md is not there", "docs/a.md:2: ../../../etc/passwd is not there"]
        );
    }
}

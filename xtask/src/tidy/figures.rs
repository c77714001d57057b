//! How long files and functions are, beside the lengths that the project aims at.

use super::length::functions;
use super::tree::Tree;

/// Prints medians and 90th percentiles; information, no rule.
pub(super) fn print(tree: &Tree) {
    let rust = || tree.files.iter().filter(|file| file.is_rust());
    let files: Vec<usize> = rust().map(|file| file.text.lines().count()).collect();
    let functions: Vec<usize> =
        rust().filter_map(|file| functions(file).ok()).flatten().map(|f| f.lines).collect();
    println!("{}", figure("files", files, 170, 500));
    println!("{}", figure("functions", functions, 10, 40));
}

fn figure(what: &str, mut lines: Vec<usize>, median_goal: usize, ninth_goal: usize) -> String {
    lines.sort_unstable();
    let at = |percent: usize| {
        lines.get((lines.len() * percent / 100).min(lines.len().saturating_sub(1))).copied()
    };
    let (median, ninth) = (at(50).unwrap_or(0), at(90).unwrap_or(0));
    format!(
        "{} {what}: median {median} lines (goal {median_goal}), 90th percentile {ninth} (goal {ninth_goal})",
        lines.len()
    )
}

#[cfg(test)]
mod tests {
    use super::figure;

    #[test]
    fn median_and_ninetieth_percentile() {
        assert_eq!(
            figure("files", (1..=100).rev().collect(), 170, 500),
            "100 files: median 51 lines (goal 170), 90th percentile 91 (goal 500)"
        );
        assert!(figure("files", Vec::new(), 1, 1).starts_with("0 files: median 0"));
    }
}

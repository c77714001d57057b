use super::USER_TEMPLATE;

/// The rank of a pattern (protocol.md, section g.2): a pattern for one user
/// before others, then more literal components, then more components with
/// wildcards, then fewer `**`, then more components. Greater decides first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Specificity {
    /// 1 if the pattern holds the user template, else 0.
    pub template: i64,
    /// Components without `*`, `?`, `[` and `{`.
    pub literals: i64,
    /// Components with `*`, `?` or `[`, other than `**`.
    pub wildcards: i64,
    /// The number of `**` components, negative.
    pub any_depth: i64,
    /// All components.
    pub components: i64,
}

impl Specificity {
    pub(crate) fn of(pattern: &str) -> Self {
        let mut rank = Specificity {
            template: i64::from(pattern.contains(USER_TEMPLATE)),
            literals: 0,
            wildcards: 0,
            any_depth: 0,
            components: 0,
        };
        for component in pattern.split('/') {
            rank.components += 1;
            if component == "**" {
                rank.any_depth -= 1;
            } else if component.contains(['*', '?', '[']) {
                rank.wildcards += 1;
            } else if !component.contains('{') {
                rank.literals += 1;
            }
        }
        rank
    }
}

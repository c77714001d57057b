//! Files stay below 800 lines and functions below 100.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::Finding;
use super::tree::{TextFile, Tree};

const FILE_LINES: usize = 800;
const FUNCTION_LINES: usize = 100;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files.iter().filter(|file| file.is_rust()).flat_map(check_file).collect()
}

fn check_file(file: &TextFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lines = file.text.lines().count();
    if lines > FILE_LINES {
        findings.push(Finding::of(&file.path, format!("{lines} lines, at most {FILE_LINES}")));
    }
    match functions(file) {
        Ok(functions) => {
            findings.extend(functions.iter().filter(|f| f.lines > FUNCTION_LINES).map(|f| {
                let what = format!("fn {} has {} lines, at most {FUNCTION_LINES}", f.name, f.lines);
                Finding::at(&file.path, f.start, what)
            }));
        }
        Err(error) => findings.push(Finding::of(&file.path, format!("cannot be parsed: {error}"))),
    }
    findings
}

/// A function with a body: from its signature to its closing brace, without
/// attributes and documentation.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) start: usize,
    pub(super) lines: usize,
}

/// The functions of a Rust file, methods and nested ones included.
///
/// # Errors
/// The file is no Rust.
pub(super) fn functions(file: &TextFile) -> syn::Result<Vec<Function>> {
    let mut visitor = Functions(Vec::new());
    visitor.visit_file(&syn::parse_file(&file.text)?);
    Ok(visitor.0)
}

#[derive(Debug)]
struct Functions(Vec<Function>);

impl Functions {
    fn add(&mut self, signature: &syn::Signature, end: Span) {
        let start = signature.span().start().line;
        let lines = end.end().line - start + 1;
        self.0.push(Function { name: signature.ident.to_string(), start, lines });
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add(&item.sig, item.block.span());
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(&item.sig, item.block.span());
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(body) = &item.default {
            self.add(&item.sig, body.span());
        }
        visit::visit_trait_item_fn(self, item);
    }
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::check;

    fn function(lines: usize) -> String {
        format!("fn long() {{\n{}}}\n", "    step();\n".repeat(lines - 2))
    }

    fn of(text: &str) -> Vec<String> {
        findings(check, &[("src/a.rs", text)])
    }

    #[test]
    fn a_file_may_have_800_lines() {
        assert!(of(&"// line\n".repeat(800)).is_empty());
        assert_eq!(of(&"// line\n".repeat(801)), ["src/a.rs: 801 lines, at most 800"]);
    }

    #[test]
    fn a_function_may_have_100_lines() {
        assert!(of(&format!("/// Says\n/// much.\n#[inline]\n{}", function(100))).is_empty());
        assert_eq!(of(&function(101)), ["src/a.rs:1: fn long has 101 lines, at most 100"]);
    }

    #[test]
    fn methods_count_too() {
        assert_eq!(of(&format!("impl A {{\n{}}}\n", function(101))).len(), 1);
        assert_eq!(of(&format!("trait A {{\n{}}}\n", function(101))).len(), 1);
        assert_eq!(of(&format!("mod a {{\n{}}}\n", function(101))).len(), 1);
    }

    #[test]
    fn a_file_that_is_no_rust_is_reported() {
        assert_eq!(of("fn {").len(), 1);
    }
}

//! Libraries neither print nor look at the environment: their caller does.
//!
//! Clippy's `print_stdout` and `disallowed_methods` say the same, but can be
//! switched off by an attribute. This cannot.

use syn::visit::{self, Visit};

use super::Finding;
use super::tree::{TextFile, Tree};

/// The crates that are programs.
const PROGRAMS: &[&str] = &["crates/syft-cli/"];

const PRINTING: &[&str] = &["print", "println", "eprint", "eprintln", "dbg"];

/// What of `std::env` is a fact about the build or this process's own call, not a setting.
const HARMLESS: &[&str] = &["consts", "args_os"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files.iter().filter(|file| is_library(&file.path)).flat_map(check_file).collect()
}

/// Whether a file is part of a library, and not of a program, a test or a bench.
fn is_library(path: &str) -> bool {
    path.starts_with("crates/")
        && path.ends_with(".rs")
        && path.contains("/src/")
        && !path.contains("/src/bin/")
        && !PROGRAMS.iter().any(|program| path.starts_with(program))
}

fn check_file(file: &TextFile) -> Vec<Finding> {
    // What is no Rust is reported by the rule on lengths.
    let Ok(parsed) = syn::parse_file(&file.text) else { return Vec::new() };
    let mut visitor = Impure { path: &file.path, findings: Vec::new() };
    visitor.visit_file(&parsed);
    visitor.findings
}

#[derive(Debug)]
struct Impure<'a> {
    path: &'a str,
    findings: Vec<Finding>,
}

impl Impure<'_> {
    fn add(&mut self, ident: &syn::Ident, what: &str) {
        self.findings.push(Finding::at(self.path, ident.span().start().line, what));
    }

    fn environment(&mut self, names: &[&syn::Ident]) {
        let [first, second, third, ..] = names else { return };
        if *first == "std" && *second == "env" && !HARMLESS.iter().any(|name| *third == name) {
            self.add(third, &format!("a library must not use std::env::{third}"));
        }
    }
}

impl<'ast> Visit<'ast> for Impure<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !item.attrs.iter().any(is_cfg_test) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if let Some(last) = call.path.segments.last()
            && PRINTING.iter().any(|name| last.ident == name)
        {
            self.add(&last.ident, &format!("a library must not use {}!", last.ident));
        }
        visit::visit_macro(self, call);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<&syn::Ident> = path.segments.iter().map(|part| &part.ident).collect();
        self.environment(&names);
        visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        imported(&item.tree, &mut Vec::new(), &mut |names| {
            if let [.., parent, last] = names
                && *parent == "std"
                && *last == "env"
            {
                // The module itself: what is done with it can no longer be seen.
                self.add(last, "a library must not import std::env: write the path out");
            }
            self.environment(names);
        });
    }
}

/// Calls `seen` with the whole path of each name that a `use` brings in.
fn imported<'ast>(
    tree: &'ast syn::UseTree,
    above: &mut Vec<&'ast syn::Ident>,
    seen: &mut dyn FnMut(&[&'ast syn::Ident]),
) {
    match tree {
        syn::UseTree::Path(path) => {
            above.push(&path.ident);
            imported(&path.tree, above, seen);
            above.pop();
        }
        syn::UseTree::Group(group) => {
            for tree in &group.items {
                imported(tree, above, seen);
            }
        }
        syn::UseTree::Name(syn::UseName { ident, .. })
        | syn::UseTree::Rename(syn::UseRename { ident, .. }) => {
            // `std::env::{self}` brings in the module.
            let itself = ident == "self";
            if !itself {
                above.push(ident);
            }
            seen(above);
            if !itself {
                above.pop();
            }
        }
        _ => seen(above),
    }
}

fn is_cfg_test(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute.parse_args::<syn::Ident>().is_ok_and(|argument| argument == "test")
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::check;

    fn of(path: &str, text: &str) -> Vec<String> {
        findings(check, &[(path, text)])
    }

    #[test]
    fn a_library_must_not_print() {
        for name in ["print", "println", "eprint", "eprintln", "dbg", "std::println"] {
            let text = format!("pub fn f() {{\n    {name}!(\"x\");\n}}\n");
            assert_eq!(of("crates/a/src/deep/b.rs", &text).len(), 1, "{name}");
        }
    }

    #[test]
    fn a_library_must_not_read_the_environment() {
        for text in [
            "pub fn f() {\n    std::env::var(\"HOME\");\n}\n",
            "use std::env;\n",
            "use std::{env as e, fs};\n",
            "use std::env::{self, consts};\n",
            "use std::env::var_os;\n",
            "use std::env::*;\n",
        ] {
            assert_eq!(of("crates/a/src/lib.rs", text).len(), 1, "{text}");
        }
    }

    #[test]
    fn facts_about_the_build_are_no_environment() {
        let text = "pub const X: &str = std::env::consts::OS;\npub fn f() { env!(\"A\"); }\n";
        assert!(of("crates/a/src/lib.rs", text).is_empty());
    }

    #[test]
    fn tests_and_programs_may_do_both() {
        let text = "fn f() {\n    println!(\"{:?}\", std::env::var(\"HOME\"));\n}\n";
        let inner = format!("#[cfg(test)]\nmod tests {{\n{text}}}\n");
        assert!(of("crates/syft-cli/src/main.rs", text).is_empty());
        assert!(of("crates/a/tests/b.rs", text).is_empty());
        assert!(of("crates/a/src/bin/b.rs", text).is_empty());
        assert!(of("crates/a/src/lib.rs", &inner).is_empty());
    }
}

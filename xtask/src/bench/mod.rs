//! `cargo xtask bench`: what the release build costs, beside a yardstick that is
//! measured in the same minute on the same files.

mod idle;
mod meter;
mod world;

use std::path::Path;
use std::process::Command;

use self::meter::Cost;
use crate::target_folder;

/// Measures everything that there is to measure, and prints a line for each.
/// Fails if something could not be run; a figure alone fails nothing.
pub(crate) fn run(root: &Path, files: usize) -> bool {
    let program = target_folder(root).join("release/syft");
    match build(root).and_then(|()| idle::measure(&program, files)) {
        Ok(lines) => {
            print(&lines);
            true
        }
        Err(error) => {
            eprintln!("bench: {error}");
            false
        }
    }
}

/// One measured thing beside its yardstick.
#[derive(Debug)]
struct Line {
    what: String,
    cost: Cost,
    yardstick: &'static str,
    beside: Cost,
}

fn build(root: &Path) -> Result<(), String> {
    let status = Command::new("cargo")
        .args(["build", "--release", "--locked", "--package", "syft-cli"])
        .current_dir(root)
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("the release build failed: {status}")),
        Err(error) => Err(format!("could not start cargo: {error}")),
    }
}

fn print(lines: &[Line]) {
    println!("\n{:<44} {:>9}  {:<22} {:>9}  {:>7}", "what", "CPU s", "beside", "CPU s", "ratio");
    for Line { what, cost, yardstick, beside } in lines {
        let ratio = cost.seconds() / beside.seconds().max(f64::EPSILON);
        println!(
            "{what:<44} {:>9.3}  {yardstick:<22} {:>9.3}  {ratio:>6.1}x",
            cost.seconds(),
            beside.seconds()
        );
    }
}

//! `cargo xtask bench`: what the release build costs, beside a yardstick that is
//! measured in the same minute on the same files.

mod boxes;
mod idle;
mod large;
mod meter;
mod seal;
mod world;

use std::path::Path;

use self::meter::Cost;
use crate::{cargo, target_folder};

/// Measures everything that there is to measure, and prints a line for each.
/// Fails if something could not be run; a figure alone fails nothing.
pub(crate) fn run(root: &Path, files: usize) -> bool {
    let built = target_folder(root).join("release");
    let measured = build(root).and_then(|()| {
        let mut lines = seal::measure(&built.join("examples/cost"))?;
        lines.extend(idle::measure(&built.join("syft"), files)?);
        let steps = large::measure(&built.join("syft"))?;
        Ok((lines, steps, boxes::measure(&built.join("examples/box_cost"))?))
    });
    match measured {
        Ok((lines, steps, boxes)) => {
            print(&lines);
            large::print(&steps);
            boxes::print(&boxes);
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
    for what in [
        ["--package", "syft-cli", "--bins"].as_slice(),
        &["--package", "syft-crypto", "--example", "cost"],
        &["--package", "syft-job", "--example", "box_cost"],
    ] {
        let status = cargo(root).args(["build", "--release", "--locked"]).args(what).status();
        match status {
            Ok(status) if status.success() => {}
            Ok(status) => return Err(format!("the release build failed: {status}")),
            Err(error) => return Err(format!("could not start cargo: {error}")),
        }
    }
    Ok(())
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

use std::path::Path;
use std::process::{Command, Stdio};

/// How often `true` is started in each box, and as often without.
const ROUNDS: &str = "100";

/// What a box is to cost at most, in milliseconds more than no box.
const GOAL: f64 = 100.0;

/// The start of `true` in one box beside a plain one: medians in milliseconds.
#[derive(Debug, PartialEq)]
pub(super) struct Boxed {
    level: String,
    boxed: f64,
    plain: f64,
}

/// Each box that can be made here, the best one first. Why another cannot be made goes to
/// standard error.
pub(super) fn measure(program: &Path) -> Result<Vec<Boxed>, String> {
    let output = Command::new(program)
        .arg(ROUNDS)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    if !output.status.success() {
        return Err(format!("{}: {}", program.display(), output.status));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    said.lines()
        .map(|line| read(line).ok_or_else(|| format!("{}: {line:?}", program.display())))
        .collect()
}

fn read(line: &str) -> Option<Boxed> {
    let mut parts = line.split('\t');
    let (level, boxed, plain) = (parts.next()?, parts.next()?, parts.next()?);
    let (boxed, plain) = (boxed.parse().ok()?, plain.parse().ok()?);
    Some(Boxed { level: level.to_owned(), boxed, plain })
}

pub(super) fn print(boxes: &[Boxed]) {
    println!("\n{:<44} {:>9}  {:<22} {:>9}  {:>7}  goal", "what", "ms", "beside", "ms", "more");
    for Boxed { level, boxed, plain } in boxes {
        let what = format!("starting true in a box ({level})");
        let more = boxed - plain;
        println!(
            "{what:<44} {boxed:>9.1}  {:<22} {plain:>9.1}  {more:>7.1}  under {GOAL}",
            "without a box"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_level_and_two_times() {
        let level = "L1, the best here".to_owned();
        assert_eq!(
            read("L1, the best here\t12.5\t0.75"),
            Some(Boxed { level, boxed: 12.5, plain: 0.75 })
        );
        for bad in ["", "L1", "L1\t12.5", "L1\tx\t1"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}

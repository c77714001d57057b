//! What a program loads when it starts.

use std::path::Path;
use std::process::Command;

/// Fails if the program needs a library or an interpreter.
pub(super) fn check_static(program: &Path) -> Result<(), String> {
    let output = Command::new("readelf")
        .args(["--wide", "--dynamic", "--program-headers"])
        .arg(program)
        .env("LC_ALL", "C")
        .output()
        .map_err(|error| format!("could not start readelf, which is in binutils: {error}"))?;
    if !output.status.success() {
        return Err(format!("readelf {}: {}", program.display(), output.status));
    }
    let needed = needs(&String::from_utf8_lossy(&output.stdout));
    if needed.is_empty() {
        return Ok(());
    }
    Err(format!("{} is not static, it needs {}", program.display(), needed.join(", ")))
}

/// What readelf says that is loaded.
fn needs(told: &str) -> Vec<String> {
    let in_brackets = |line: &str| {
        let (_, rest) = line.split_once('[')?;
        Some(rest.split_once(']')?.0.trim().to_owned())
    };
    told.lines()
        .filter(|line| line.contains("(NEEDED)") || line.contains("program interpreter"))
        .map(|line| in_brackets(line).unwrap_or_else(|| line.trim().to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{check_static, needs};

    const DYNAMIC: &str = "
  INTERP         0x000318 0x0000000000000318 0x0000000000000318 0x00001c 0x00001c R   0x1
      [Requesting program interpreter: /lib64/ld-linux-x86-64.so.2]
 0x0000000000000001 (NEEDED)             Shared library: [libgcc_s.so.1]
 0x0000000000000001 (NEEDED)             Shared library: [libc.so.6]
 0x000000000000001e (FLAGS)              BIND_NOW
";

    #[test]
    fn libraries_and_the_interpreter_are_named() {
        let interpreter = "Requesting program interpreter: /lib64/ld-linux-x86-64.so.2";
        assert_eq!(needs(DYNAMIC), [interpreter, "libgcc_s.so.1", "libc.so.6"]);
        assert!(needs(" 0x000000000000001e (FLAGS)  BIND_NOW\n").is_empty());
    }

    #[test]
    fn a_usual_program_is_not_static() {
        let shell = check_static(Path::new("/usr/bin/env")).unwrap_err();
        assert!(shell.contains("is not static, it needs"), "{shell}");
    }
}

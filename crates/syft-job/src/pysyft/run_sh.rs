use crate::script::shell_word;

/// A bash job holds its script once more, since a job must have a file below
/// `code/`.
pub(crate) const BASH_COPY: &str = "code/script.sh";

/// A package whose name would end the quotes in which the script has it.
pub(crate) fn odd_package<'a>(packages: &[&'a str]) -> Option<&'a str> {
    let is_odd = |text: &&&str| text.contains(['"', '$', '`', '\\', '\n', '!']);
    packages.iter().find(is_odd).copied()
}

/// Whether what is pasted into the script is one word each to a shell.
pub(crate) fn needs_no_quotes(entrypoint: &str, packages: &[&str]) -> bool {
    shell_word(entrypoint) == entrypoint && odd_package(packages).is_none()
}

/// The `run.sh` of a Python job for an owner who runs it with the Python peer:
/// `packages` are installed first, the owner's own `syft` as the first of them.
pub(crate) fn run_sh(entrypoint: &str, packages: &[&str], has_project: bool) -> String {
    let packages: Vec<String> = packages.iter().map(|package| format!("\"{package}\"")).collect();
    let sync = if has_project { "uv sync --python 3.12\n" } else { "" };
    format!(
        "#!/bin/bash\n\
         set -euo pipefail\n\
         export UV_SYSTEM_PYTHON=false\n\
         cd code\n\
         uv venv --python 3.12\n\
         source .venv/bin/activate\n\
         {sync}uv pip install {}\n\
         export PYTHONPATH=.:${{PYTHONPATH:-}}\n\
         python {entrypoint}\n",
        packages.join(" ")
    )
}

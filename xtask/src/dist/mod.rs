//! `cargo xtask dist`: one program that needs nothing of the machine it runs on, tried
//! and packed with what belongs to it.

mod build;
mod needs;
mod pack;
mod stamp;
mod trial;

use std::fs;
use std::path::Path;

use crate::target_folder;

use self::build::Target;

/// Builds, tries and packs; says where the archive is and how large.
pub(crate) fn run(root: &Path) -> bool {
    match make(root) {
        Ok(()) => true,
        Err(error) => {
            eprintln!("dist: {error}");
            false
        }
    }
}

fn make(root: &Path) -> Result<(), String> {
    let version = version(root)?;
    let target = Target::of_this_machine()?;
    println!("dist: building syft {version} for {}", target.name);
    let program = build::build(root, &target)?;
    needs::check_static(&program)?;
    println!("dist: no library and no interpreter is needed");
    trial::run(&program, &version)?;
    println!("dist: --version and the demo work");
    match trial::looks_up_names(&program)? {
        trial::Names::Found => println!("dist: names are looked up where there is no library"),
        trial::Names::NotTried(why) => println!("dist: NOT TRIED, looking up a name: {why}"),
    }
    let place = tempfile::tempdir().map_err(|error| error.to_string())?;
    let files = gather(root, &program, place.path())?;
    let folder = target_folder(root).join("dist");
    let name = format!("syft-{version}-{}", target.name);
    let packed = pack::pack(&folder, &name, &files, stamp::seconds(root)?)?;
    println!("{}  {} of {} bytes", packed.digest, packed.archive.display(), packed.size);
    Ok(())
}

/// The version of the program, as its manifest says.
fn version(root: &Path) -> Result<String, String> {
    let path = root.join("crates/syft-cli/Cargo.toml");
    let told = |error: String| format!("{}: {error}", path.display());
    let text = fs::read_to_string(&path).map_err(|error| told(error.to_string()))?;
    let manifest: toml::Table = text.parse().map_err(|error| told(format!("{error}")))?;
    let version = manifest.get("package").and_then(|package| package.get("version"));
    let version = version.and_then(toml::Value::as_str).map(str::to_owned);
    version.ok_or_else(|| told("has no version".to_owned()))
}

/// All that goes into the archive. Manual and completions come from the program itself.
fn gather(root: &Path, program: &Path, place: &Path) -> Result<Vec<pack::File>, String> {
    let mut files = vec![
        pack::File::program("syft", program)?,
        pack::File::text("LICENSE", &root.join("LICENSE"))?,
        pack::File::text("README.md", &root.join("README.md"))?,
    ];
    let manual = place.join("man");
    trial::says(program, &["man".as_ref(), manual.as_os_str()])?;
    for page in fs::read_dir(&manual).map_err(|error| error.to_string())? {
        let page = page.map_err(|error| error.to_string())?;
        let name = format!("man/{}", page.file_name().to_string_lossy());
        files.push(pack::File::text(&name, &page.path())?);
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = trial::says(program, &["completions".as_ref(), shell.as_ref()])?;
        files.push(pack::File::new(&format!("completions/{shell}"), script));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::gather;

    /// Speaks as the program does where it is packed.
    const FAKE: &str = "#!/bin/sh
case \"$1\" in
man) mkdir -p \"$2\" && echo page > \"$2/syft.1\" && echo below > \"$2/syft-job.1\" ;;
completions) echo \"complete in $2\" ;;
*) exit 2 ;;
esac
";

    #[test]
    fn what_is_packed_comes_from_the_program_and_the_root() {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in [("LICENSE", "free"), ("README.md", "read"), ("script", FAKE)] {
            fs::write(root.path().join(name), text).unwrap();
        }
        let program = root.path().join("syft");
        // By another process: what this one writes cannot be started while a child of another
        // test still has it open.
        let mut install = Command::new("install");
        install.args(["-m", "755"]).arg(root.path().join("script")).arg(&program);
        assert!(install.status().unwrap().success());
        let place = tempfile::tempdir().unwrap();
        let files = gather(root.path(), &program, place.path()).unwrap();
        let mut told: Vec<(&str, &str, bool)> = files
            .iter()
            .map(|file| (file.name.as_str(), str::from_utf8(&file.bytes).unwrap(), file.runs))
            .collect();
        told.sort_unstable();
        assert_eq!(
            told,
            [
                ("LICENSE", "free", false),
                ("README.md", "read", false),
                ("completions/bash", "complete in bash\n", false),
                ("completions/fish", "complete in fish\n", false),
                ("completions/zsh", "complete in zsh\n", false),
                ("man/syft-job.1", "below\n", false),
                ("man/syft.1", "page\n", false),
                ("syft", FAKE, true),
            ]
        );
    }
}

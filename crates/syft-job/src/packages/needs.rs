use std::collections::BTreeMap;

use pep440_rs::{Version, VersionSpecifiers};
use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, canonical_json};

use super::Requirement;
use super::interpreter::Interpreter;
use crate::{Error, Result, pysyft};

/// Most packages that one job asks for by name.
const MOST: usize = 500;
/// Largest `pyproject.toml`, in bytes.
const MAX_PROJECT: usize = 1024 * 1024;
const PROJECT: &str = "code/pyproject.toml";
/// What a job finds without a package of this name.
const PROVIDED: [&str; 2] = ["syft", "syft-client"];

/// The packages that a job needs: those that its `config.yaml` names, and those of
/// `[project]` in its `pyproject.toml`, without what a job has anyway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PackageNeeds {
    requirements: Vec<Requirement>,
    requires_python: Option<String>,
    /// What else it may ask to be installed: it has that anyway.
    #[serde(skip)]
    provided: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
struct ProjectFile {
    #[serde(default)]
    project: Project,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Project {
    #[serde(default)]
    dependencies: Vec<String>,
    requires_python: Option<String>,
}

impl PackageNeeds {
    /// Reads what a job of these files, by path below its folder, and with these
    /// `dependencies` in its `config.yaml` needs.
    ///
    /// # Errors
    /// [`Error::Requirement`] for what is no package of an index, and for a
    /// `pyproject.toml` that cannot be read.
    pub fn read(dependencies: &[String], files: &BTreeMap<String, Vec<u8>>) -> Result<Self> {
        let Project { dependencies: more, requires_python } = read_project(files)?;
        let source = install_source(dependencies, files);
        let named = dependencies.iter().filter(|text| Some(text.as_str()) != source);
        let mut requirements =
            named.chain(&more).map(|text| Requirement::parse(text)).collect::<Result<Vec<_>>>()?;
        requirements.retain(|needed| !PROVIDED.contains(&needed.name()));
        requirements.sort();
        requirements.dedup();
        if requirements.len() > MOST {
            let text = format!("{} packages", requirements.len());
            return Err(Error::Requirement { text, reason: format!("{MOST} is the most") });
        }
        let provided = PROVIDED.into_iter().chain(source).map(str::to_owned).collect();
        Ok(PackageNeeds { requirements, requires_python, provided })
    }

    /// Whether it needs none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// The packages, sorted.
    #[must_use]
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// The packages as text, as errors name them.
    pub(crate) fn names(&self) -> Vec<String> {
        self.requirements.iter().map(ToString::to_string).collect()
    }

    /// The names, and the place, that are there without a package.
    pub(super) fn provided(&self) -> &[String] {
        &self.provided
    }

    /// The same for the same needs.
    pub(super) fn digest(&self) -> Result<ContentHash> {
        Ok(ContentHash::of(&canonical_json(self)?))
    }

    /// Refuses what the Python of the box is too old or too new for.
    pub(super) fn check_python(&self, box_python: &Interpreter) -> Result<()> {
        let Some(wanted) = &self.requires_python else { return Ok(()) };
        let refused = |reason: String| Error::Requirement {
            text: format!("requires-python = {wanted:?}"),
            reason,
        };
        let range: VersionSpecifiers =
            wanted.parse().map_err(|_| refused("it is no range of versions".to_owned()))?;
        let version = &box_python.version;
        match version.parse::<Version>() {
            Ok(has) if range.contains(&has) => Ok(()),
            _ => Err(refused(format!("jobs run with Python {version} here"))),
        }
    }
}

fn read_project(files: &BTreeMap<String, Vec<u8>>) -> Result<Project> {
    let Some(bytes) = files.get(PROJECT) else { return Ok(Project::default()) };
    let refused = |reason: String| Error::Requirement { text: PROJECT.to_owned(), reason };
    if bytes.len() > MAX_PROJECT {
        return Err(refused(format!("it is larger than {MAX_PROJECT} bytes")));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| refused("it is not UTF-8".to_owned()))?;
    let file: ProjectFile =
        toml::from_str(text).map_err(|error| refused(error.message().to_owned()))?;
    Ok(file.project)
}

/// What a Python peer's `run.sh` installs `syft` from: its first package, where the
/// script is the one that the peer makes, and it is no other package of an index.
fn install_source<'a>(
    dependencies: &'a [String],
    files: &BTreeMap<String, Vec<u8>>,
) -> Option<&'a str> {
    let first = dependencies.first()?.as_str();
    if Requirement::parse(first).is_ok() {
        return None;
    }
    let run_sh = std::str::from_utf8(files.get("run.sh")?).ok()?;
    let packages: Vec<&str> = dependencies.iter().map(String::as_str).collect();
    let entry = run_sh.lines().next_back()?.strip_prefix("python ")?;
    let made = pysyft::run_sh(entry, &packages, files.contains_key(PROJECT));
    (pysyft::needs_no_quotes(entry, &packages) && run_sh == made).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(named: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        named.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
    }

    fn texts(of: &[&str]) -> Vec<String> {
        of.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn needs_are_those_of_the_config_and_of_the_project() {
        let project = "[project]\nname='x'\nversion='1'\nrequires-python='>=3.8'\n\
                       dependencies=['rich', 'numpy >= 1', 'syft>=0.10']\n";
        let given = files(&[(PROJECT, project)]);
        let needs = PackageNeeds::read(&texts(&["numpy>=1", "Pandas"]), &given).unwrap();
        assert_eq!(needs.names(), ["numpy>=1", "pandas", "rich"]);
        let python = |version: &str| Interpreter {
            python: String::new(),
            version: version.to_owned(),
            platform: String::new(),
        };
        assert!(needs.check_python(&python("3.11.2")).is_ok());
        let error = needs.check_python(&python("3.7.1")).unwrap_err().to_string();
        assert!(error.contains("3.7.1"), "{error}");
        for bad in ["dependencies = 1", "[project", "[project]\ndependencies=['x @ file:///x']"] {
            let given = files(&[(PROJECT, bad)]);
            let read = PackageNeeds::read(&[], &given);
            assert_eq!(read.is_err(), bad.starts_with("[project"), "{bad}");
        }
    }

    #[test]
    fn what_a_python_peer_installs_syft_from_is_no_need() {
        for source in ["git+https://example.org/PySyft@abc", "/srv/PySyft", "syft==0.10.0"] {
            let packages = [source, "rich"];
            let run_sh = pysyft::run_sh("main.py", &packages, false);
            let given = files(&[("run.sh", &run_sh)]);
            let needs = PackageNeeds::read(&texts(&packages), &given).unwrap();
            assert_eq!(needs.names(), ["rich"], "{source}");
        }
        let packages = ["git+https://example.org/x", "rich"];
        let error = PackageNeeds::read(&texts(&packages), &files(&[("run.sh", "true\n")]));
        assert!(matches!(error, Err(Error::Requirement { .. })), "{error:?}");
        let run_sh = pysyft::run_sh("main.py", &["rich", packages[0]], false);
        let error =
            PackageNeeds::read(&texts(&["rich", packages[0]]), &files(&[("run.sh", &run_sh)]));
        assert!(error.is_err(), "only the first one is it");
    }
}

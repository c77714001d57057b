//! Paths: as they are shown, and as they are compared.

/// The longest name of a file or folder, in characters.
const LONGEST: usize = 255;

/// Names that Dropbox keeps no file under.
const DISALLOWED: &[&str] =
    &["desktop.ini", "thumbs.db", ".ds_store", "icon\r", ".dropbox", ".dropbox.attr"];

/// A path from the root. Two that differ in case alone are the same.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    /// Empty is the root, anything else begins with a slash.
    pub(crate) shown: String,
    pub(crate) lower: String,
}

/// A path that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

impl Path {
    pub(crate) fn root() -> Self {
        Path::of(String::new())
    }

    fn of(shown: String) -> Self {
        let lower = shown.to_lowercase();
        Path { shown, lower }
    }

    /// Reads a path that begins with a slash.
    pub(crate) fn read(text: &str) -> Result<Self, Malformed> {
        let names = text.strip_prefix('/').ok_or(Malformed)?;
        let bad = |name: &str| {
            matches!(name, "" | "." | "..")
                || name.contains(['\\', '\0'])
                || name.chars().count() > LONGEST
        };
        if names.split('/').any(bad) {
            return Err(Malformed);
        }
        Ok(Path::of(text.to_owned()))
    }

    pub(crate) fn is_root(&self) -> bool {
        self.lower.is_empty()
    }

    /// The last name; the root has none.
    pub(crate) fn name(&self) -> &str {
        self.shown.rsplit_once('/').map_or("", |(_, name)| name)
    }

    /// The folder that it lies in; the root lies nowhere.
    pub(crate) fn parent(&self) -> Option<Path> {
        let (folder, _) = self.shown.rsplit_once('/')?;
        Some(Path::of(folder.to_owned()))
    }

    /// All folders above it without the root, the highest first.
    pub(crate) fn above(&self) -> Vec<Path> {
        let slashes = self.shown.match_indices('/').skip(1);
        slashes.filter_map(|(at, _)| Some(Path::of(self.shown.get(..at)?.to_owned()))).collect()
    }

    /// Something in this folder.
    pub(crate) fn child(&self, name: &str) -> Path {
        Path::of(format!("{}/{name}", self.shown))
    }

    /// The same place below another folder, for what lies in `from` or is it.
    pub(crate) fn moved(&self, from: &Path, to: &Path) -> Path {
        let rest: String = self.shown.chars().skip(from.shown.chars().count()).collect();
        Path::of(format!("{}{rest}", to.shown))
    }

    /// Whether it lies in that folder, at any depth.
    pub(crate) fn is_below(&self, folder: &Path) -> bool {
        self.lower.strip_prefix(folder.lower.as_str()).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Whether Dropbox refuses to keep anything under this name.
    pub(crate) fn is_disallowed(&self) -> bool {
        let name = self.name().to_lowercase();
        DISALLOWED.contains(&name.as_str()) || name.starts_with("~$") || name.starts_with(".~")
    }

    /// The same with something behind the name and before its ending.
    pub(crate) fn with_suffix(&self, suffix: &str) -> Path {
        let name = self.name();
        let (stem, ending) = match name.rsplit_once('.') {
            Some((stem, ending)) if !stem.is_empty() => (stem, format!(".{ending}")),
            _ => (name, String::new()),
        };
        let folder = self.parent().unwrap_or_else(Path::root);
        folder.child(&format!("{stem} ({suffix}){ending}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Malformed, Path};

    #[test]
    fn a_path_is_read_and_taken_apart() {
        let path = Path::read("/Homework/Math/Matrices.txt").unwrap();
        assert_eq!(path.lower, "/homework/math/matrices.txt");
        assert_eq!(path.name(), "Matrices.txt");
        let above: Vec<String> = path.above().into_iter().map(|folder| folder.shown).collect();
        assert_eq!(above, ["/Homework", "/Homework/Math"]);
        assert_eq!(path.with_suffix("2").shown, "/Homework/Math/Matrices (2).txt");
        assert_eq!(Path::read("/.hidden").unwrap().with_suffix("2").shown, "/.hidden (2)");
        assert!(path.is_below(&Path::read("/HOMEWORK").unwrap()));
        assert!(path.is_below(&Path::root()));
        assert!(!path.is_below(&Path::read("/Home").unwrap()));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        let long = format!("/{}", "x".repeat(256));
        for text in ["", "/", "a", "/a/", "//a", "/a//b", "/a/../b", "/.", "/a\\b", &long] {
            assert_eq!(Path::read(text).err(), Some(Malformed), "{text}");
        }
        assert!(Path::read("/Desktop.ini").unwrap().is_disallowed());
        assert!(!Path::read("/a/.syft").unwrap().is_disallowed());
    }

    #[test]
    fn what_is_moved_keeps_its_place() {
        let (from, to) = (Path::read("/A").unwrap(), Path::read("/b/c").unwrap());
        assert_eq!(Path::read("/a/X/y").unwrap().moved(&from, &to).shown, "/b/c/X/y");
        assert_eq!(from.moved(&from, &to).shown, "/b/c");
    }
}

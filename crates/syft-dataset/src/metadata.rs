//! `dataset.yaml`: what a dataset says of itself, in the Python peer's keys and
//! order (`protocol.md` f.5).

use serde::{Deserialize, Serialize};
use syft_core::{Timestamp, yaml};

use crate::{Error, FileInfo, Result};

/// The name of the file, in the mock folder.
pub(crate) const FILE: &str = "dataset.yaml";
/// The name that a readme is stored under.
pub(crate) const README: &str = "readme.md";
/// The file beside the private data; it ties that folder to its dataset.
pub const PRIVATE_METADATA: &str = "private_metadata.yaml";

/// Written with every key; read with whatever is there, other keys ignored. The
/// name in it is never read: the folder says which dataset it is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Metadata {
    #[serde(default)]
    pub(crate) uid: String,
    #[serde(default)]
    pub(crate) created_at: Option<String>,
    #[serde(default)]
    pub(crate) updated_at: Option<String>,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) summary: Option<String>,
    #[serde(default)]
    pub(crate) tags: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) location: Option<String>,
    #[serde(default)]
    pub(crate) mock_url: Option<String>,
    #[serde(default)]
    pub(crate) private_url: Option<String>,
    #[serde(default)]
    pub(crate) readme_url: Option<String>,
    #[serde(default)]
    pub(crate) mock_files_urls: Option<Vec<String>>,
}

impl Metadata {
    /// Reads the file's text.
    pub(crate) fn parse(bytes: &[u8]) -> std::result::Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
        yaml::from_str(text).map_err(|error| error.to_string())
    }

    /// The file's text, within what any reader accepts.
    pub(crate) fn text(&self) -> Result<String> {
        let text = yaml::to_string(self)?;
        if text.len() > yaml::MAX_BYTES {
            let what = "the size in bytes of dataset.yaml, with an address for each mock file,";
            return Err(Error::TooLarge { what, limit: yaml::MAX_BYTES as u64 });
        }
        Ok(text)
    }

    /// The file name of the readme, if there is one. Only a Markdown file can be
    /// one, so that an address cannot hide a file of the mock.
    pub(crate) fn readme(&self) -> Option<&str> {
        let name = self.readme_url.as_deref()?.rsplit('/').next()?;
        name.ends_with(".md").then_some(name)
    }

    /// Adds the addresses of the mock's files.
    pub(crate) fn set_mock_files(&mut self, url: &str, files: &[FileInfo]) {
        self.mock_files_urls =
            Some(files.iter().map(|file| format!("{url}/{}", file.path)).collect());
    }
}

/// What stands in [`PRIVATE_METADATA`]. In the PySyft layout, and there alone, it names
/// its folder on this machine, since the Python peer reads no other.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PrivateMetadata {
    #[serde(default)]
    pub(crate) uid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) data_dir: Option<String>,
}

/// Reads a time; `None` for what is none, as its reader only shows it.
pub(crate) fn parse_time(text: Option<&str>) -> Option<Timestamp> {
    Timestamp::from_iso8601(text?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back_to_the_microsecond() {
        let text = "2026-03-14T09:26:53.589793Z";
        assert_eq!(parse_time(Some(text)).unwrap().to_rfc3339_micros(), text);
        assert_eq!(parse_time(Some("yesterday")), None);
        assert_eq!(parse_time(None), None);
    }

    #[test]
    fn other_keys_and_missing_ones_are_no_error() {
        let read = Metadata::parse(b"canonical_name: Dataset\nversion: '1'\nuid: x\n").unwrap();
        assert_eq!(read.uid, "x");
        assert!(read.tags.is_none() && read.readme().is_none());
        assert!(Metadata::parse(b"- a list\n").is_err());
        assert!(Metadata::parse(b"\xff").is_err());
        assert!(Metadata::parse(&[b'#'; 70_000]).is_err());
    }
}

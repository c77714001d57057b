//! The archive: the same bytes from the same files, whoever packs them and when.

use std::fs;
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

/// One file of the archive.
#[derive(Debug, Clone)]
pub(super) struct File {
    /// Its path below the folder of the archive.
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    /// Whether it is a program.
    pub(super) runs: bool,
}

/// What was packed.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) archive: PathBuf,
    pub(super) size: usize,
    /// SHA-256 in hexadecimal.
    pub(super) digest: String,
}

impl File {
    pub(super) fn new(name: &str, bytes: Vec<u8>) -> Self {
        File { name: name.to_owned(), bytes, runs: false }
    }

    /// A file as it is on the disk.
    pub(super) fn text(name: &str, path: &Path) -> Result<Self, String> {
        let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(File::new(name, bytes))
    }

    pub(super) fn program(name: &str, path: &Path) -> Result<Self, String> {
        Ok(File { runs: true, ..File::text(name, path)? })
    }
}

/// Writes `NAME.tar.gz` and `NAME.tar.gz.sha256` into a folder. All files lie in a
/// folder NAME of the archive, and bear the same time, in seconds since 1970.
pub(super) fn pack(
    folder: &Path,
    name: &str,
    files: &[File],
    seconds: u64,
) -> Result<Packed, String> {
    let bytes = archive(name, files, seconds).map_err(|error| format!("{name}: {error}"))?;
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let file = format!("{name}.tar.gz");
    let archive = folder.join(&file);
    let sums = folder.join(format!("{file}.sha256"));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&archive, &bytes))
        // What `sha256sum --check` reads.
        .and_then(|()| fs::write(&sums, format!("{digest}  {file}\n")))
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(Packed { archive, size: bytes.len(), digest })
}

fn archive(name: &str, files: &[File], seconds: u64) -> std::io::Result<Vec<u8>> {
    let mut sorted: Vec<&File> = files.iter().collect();
    sorted.sort_by(|one, other| one.name.cmp(&other.name));
    // The head of gzip would tell the time and the system of the packing.
    let gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    let mut tar = Builder::new(gzip);
    for file in sorted {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(if file.runs { 0o755 } else { 0o644 });
        header.set_mtime(seconds);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(u64::try_from(file.bytes.len()).unwrap_or(u64::MAX));
        tar.append_data(&mut header, format!("{name}/{}", file.name), file.bytes.as_slice())?;
    }
    tar.into_inner()?.finish()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use tar::Archive;

    use super::{File, Packed, pack};

    fn files() -> Vec<File> {
        let program = File { runs: true, ..File::new("syft", b"\x7fELF".to_vec()) };
        vec![program, File::new("man/syft.1", b"page".to_vec()), File::new("LICENSE", Vec::new())]
    }

    #[test]
    fn an_archive_holds_what_was_packed() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("dist");
        let packed = pack(&place, "syft-1.2.3-here", &files(), 1_700_000_000).unwrap();
        assert_eq!(packed.archive, place.join("syft-1.2.3-here.tar.gz"));
        let bytes = fs::read(&packed.archive).unwrap();
        assert_eq!(packed.size, bytes.len());
        let mut archive = Archive::new(GzDecoder::new(bytes.as_slice()));
        let mut found = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            let header = entry.header();
            assert_eq!(header.mtime().unwrap(), 1_700_000_000);
            assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
            let path = entry.path().unwrap().display().to_string();
            found.push((path, header.mode().unwrap(), text));
        }
        let line = |path: &str, mode, text: &str| (path.to_owned(), mode, text.to_owned());
        assert_eq!(
            found,
            [
                line("syft-1.2.3-here/LICENSE", 0o644, ""),
                line("syft-1.2.3-here/man/syft.1", 0o644, "page"),
                line("syft-1.2.3-here/syft", 0o755, "\x7fELF"),
            ]
        );
    }

    #[test]
    fn the_same_files_are_the_same_archive() {
        let folder = tempfile::tempdir().unwrap();
        let pack = |place: &str, files: &[File], seconds| -> Packed {
            pack(&folder.path().join(place), "syft", files, seconds).unwrap()
        };
        let (one, mut turned) = (pack("one", &files(), 5), files());
        turned.reverse();
        let other = pack("other", &turned, 5);
        assert_eq!(fs::read(&one.archive).unwrap(), fs::read(&other.archive).unwrap());
        assert_eq!(one.digest, other.digest);
        assert_ne!(one.digest, pack("later", &files(), 6).digest);
        let sums = fs::read_to_string(folder.path().join("one/syft.tar.gz.sha256")).unwrap();
        assert_eq!(sums, format!("{}  syft.tar.gz\n", one.digest));
    }
}

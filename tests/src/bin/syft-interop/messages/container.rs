//! The JSON in a container, taken out without the codec that is tested.

use std::io::Read;

use flate2::read::MultiGzDecoder;

/// Where the header of a tar member says how long the member is.
const SIZE: std::ops::Range<usize> = 124..135;
const HEADER: usize = 512;

/// The bytes of the first member.
pub(super) fn payload(container: &[u8]) -> Result<Vec<u8>, String> {
    let mut tar = Vec::new();
    MultiGzDecoder::new(container)
        .read_to_end(&mut tar)
        .map_err(|error| format!("no gzip: {error}"))?;
    let digits = tar.get(SIZE).map(String::from_utf8_lossy).unwrap_or_default();
    let size =
        usize::from_str_radix(digits.trim(), 8).map_err(|error| format!("no tar: {error}"))?;
    let payload = tar.get(HEADER..).and_then(|rest| rest.get(..size));
    payload.map(<[u8]>::to_vec).ok_or_else(|| "the archive is cut off".to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::payload;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn the_member_is_taken_out_and_nothing_else() {
        let mut tar = vec![0; 512];
        tar[124..135].copy_from_slice(b"00000000003");
        tar.extend(b"{}\n and what follows");
        assert_eq!(payload(&gzip(&tar)).unwrap(), b"{}\n");
        tar.truncate(514);
        assert!(payload(&gzip(&tar)).unwrap_err().contains("cut off"));
        assert!(payload(&gzip(b"short")).unwrap_err().contains("no tar"));
        assert!(payload(b"no gzip").unwrap_err().contains("no gzip"));
    }
}

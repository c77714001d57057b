//! The hash that Dropbox tells of a file.

use sha2::{Digest as _, Sha256};

/// What is hashed at once: 4 MiB.
const BLOCK: usize = 4 << 20;

/// The `content_hash` of these bytes: SHA-256 over the SHA-256 of each block of 4 MiB,
/// in hexadecimal.
#[must_use]
pub fn content_hash(bytes: &[u8]) -> String {
    let mut whole = Sha256::new();
    for block in bytes.chunks(BLOCK) {
        whole.update(Sha256::digest(block));
    }
    whole.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::{BLOCK, content_hash};

    #[test]
    fn nothing_is_no_block() {
        let of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(content_hash(b""), of_nothing);
    }

    #[test]
    fn a_file_is_hashed_block_by_block() {
        let bytes = vec![7; BLOCK + 1];
        let blocks = [Sha256::digest(&bytes[..BLOCK]), Sha256::digest(&bytes[BLOCK..])].concat();
        let expected: String =
            Sha256::digest(blocks).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(content_hash(&bytes), expected);
    }
}

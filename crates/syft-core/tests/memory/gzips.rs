//! Gzips that unpack to a GiB, made without ever having one.

use flate2::{Compress, Compression, Crc, FlushCompress};

/// Raw deflate of these bytes that stands for itself, wherever it is put.
fn deflated(bytes: &[u8], flush: FlushCompress) -> Vec<u8> {
    let mut packed = Vec::with_capacity(bytes.len() + 1_024);
    Compress::new(Compression::best(), false).compress_vec(bytes, &mut packed, flush).unwrap();
    packed
}

/// A faultless gzip of `head`, of `unit` as often as goes into a megabyte, and of `tail`.
pub(crate) fn megabyte_of(head: &[u8], unit: &[u8], tail: &[u8]) -> Vec<u8> {
    let sum_of = |bytes: &[u8]| {
        let mut sum = Crc::new();
        sum.update(bytes);
        sum
    };
    let (repeated, packed) = (sum_of(unit), deflated(unit, FlushCompress::Full));
    let mut sum = sum_of(head);
    let mut gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    gzip.extend(deflated(head, FlushCompress::Full));
    for _ in 0..(1 << 20) / packed.len() {
        sum.combine(&repeated);
        gzip.extend_from_slice(&packed);
    }
    sum.combine(&sum_of(tail));
    gzip.extend(deflated(tail, FlushCompress::Finish));
    gzip.extend(sum.sum().to_le_bytes());
    gzip.extend(sum.amount().to_le_bytes());
    gzip
}

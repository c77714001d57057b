//! What the pages of a file say of themselves, held against the limits before anything
//! is unpacked: the reader makes room for what a page promises.

use std::io::{self, Read as _};

use flate2::read::MultiGzDecoder;
use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use super::super::{NotRead, Read, TOO_LARGE};
use super::{DAMAGED, thrift};
use crate::rules::ReadLimits;

/// Plain, run lengths, bit-packed, and the two ways to name a dictionary. The others make
/// room for what they promise, and few programs write them unasked.
const ENCODINGS: &[i64] = &[0, 2, 3, 4, 8];

const DICTIONARY: i64 = 2;

pub(super) fn check(bytes: &[u8], metadata: &ParquetMetaData, limits: &ReadLimits) -> Read<()> {
    let mut left = limits.bytes;
    for group in metadata.row_groups() {
        for column in group.columns() {
            check_column(bytes, column, limits, &mut left)?;
        }
    }
    Ok(())
}

fn check_column(
    bytes: &[u8],
    column: &ColumnChunkMetaData,
    limits: &ReadLimits,
    left: &mut usize,
) -> Read<()> {
    let packed = column.compression();
    if !is_read(packed) {
        let what = "it is packed in a way that is not read; Snappy, Zstandard, gzip or none are";
        return Err(NotRead(what));
    }
    let first = column.data_page_offset();
    let start = column.dictionary_page_offset().map_or(first, |dictionary| dictionary.min(first));
    let start = usize::try_from(start).map_err(|_| DAMAGED)?;
    let size = usize::try_from(column.compressed_size()).map_err(|_| DAMAGED)?;
    let end = start.checked_add(size).ok_or(DAMAGED)?;
    let mut rest = bytes.get(start..end).ok_or(DAMAGED)?;
    while !rest.is_empty() {
        let (header, length) = thrift::read(rest).ok_or(DAMAGED)?;
        let sizes =
            [2, 3].map(|field| header.of(field).and_then(|size| usize::try_from(size).ok()));
        let [Some(unpacked), Some(stored)] = sizes else { return Err(DAMAGED) };
        *left = left.checked_sub(unpacked).ok_or(TOO_LARGE)?;
        let values = header.inside(1).and_then(|values| usize::try_from(values).ok());
        let values = values.ok_or(DAMAGED)?;
        if header.of(1) == Some(DICTIONARY) && values > unpacked || values > limits.cells {
            return Err(TOO_LARGE);
        }
        check_encoding(&header)?;
        let body = length.checked_add(stored).and_then(|end| rest.get(length..end));
        let body = body.ok_or(DAMAGED)?;
        if matches!(packed, Compression::GZIP(_)) {
            check_gzip(&header, body, unpacked)?;
        }
        rest = rest.get(length + stored..).ok_or(DAMAGED)?;
    }
    Ok(())
}

fn is_read(packed: Compression) -> bool {
    use Compression::{GZIP, SNAPPY, UNCOMPRESSED, ZSTD};
    matches!(packed, UNCOMPRESSED | SNAPPY | ZSTD(_) | GZIP(_))
}

fn check_encoding(header: &thrift::Numbers) -> Read<()> {
    // Version 2 of a data page tells two more numbers before it.
    let field = if header.of(1) == Some(3) { 4 } else { 2 };
    match header.inside(field) {
        Some(encoding) if ENCODINGS.contains(&encoding) => Ok(()),
        _ => Err(NotRead("it is encoded in a way that is not read")),
    }
}

/// gzip does not end where it promised to.
fn check_gzip(header: &thrift::Numbers, body: &[u8], unpacked: usize) -> Read<()> {
    let levels = match header.of(1) {
        Some(3) => [5, 6].iter().filter_map(|field| header.inside(*field)).sum(),
        _ => 0,
    };
    let body = usize::try_from(levels).ok().and_then(|levels| body.get(levels..));
    let most = u64::try_from(unpacked).unwrap_or(u64::MAX);
    let mut unpacking = MultiGzDecoder::new(body.ok_or(DAMAGED)?).take(most.saturating_add(1));
    match io::copy(&mut unpacking, &mut io::sink()) {
        Ok(size) if size <= most => Ok(()),
        Ok(_) => Err(TOO_LARGE),
        // A page of nulls alone has nothing packed.
        Err(_) if unpacked == 0 => Ok(()),
        Err(_) => Err(DAMAGED),
    }
}

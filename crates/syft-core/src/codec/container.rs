//! The container: gzip around a tar of one regular member, in exactly the form
//! that Python's `tarfile` writes. Every other tar feature is refused: it is in
//! the corners of the format that two readers see different files (`threats.md` I10).

use std::io::{self, Read, Write};

use flate2::bufread::GzDecoder;
use flate2::{Compression, GzBuilder};

use crate::codec::Limits;
use crate::{Error, Reject, RejectCode, Result};

const MEMBER: &[u8] = b"proposed_file_changes.json";
const BLOCK: usize = 512;
/// Tar files are written in records of 20 blocks, filled with zeros.
const RECORD: usize = 20 * BLOCK;
/// How each gzip begins.
const GZIP: &[u8] = &[0x1f, 0x8b, 8];
/// Unix, in gzip's header, would be 3; Python writes "unknown".
const GZIP_OS_UNKNOWN: u8 = 255;

/// Packs a payload; the bytes depend on nothing else.
pub(crate) fn pack(payload: &[u8], limits: &Limits) -> Result<Vec<u8>> {
    let size = payload.len() as u64;
    if size > limits.unpacked_bytes {
        return Err(too_large(size, limits.unpacked_bytes).into());
    }
    let packed = gzip(payload, Compression::best())?;
    if size <= limits.unpacked_for(packed.len() as u64) {
        return Ok(packed);
    }
    // An honest file may compress as well as a bomb: store it, and it has ratio 1.
    gzip(payload, Compression::none())
}

fn gzip(payload: &[u8], level: Compression) -> Result<Vec<u8>> {
    let failed = |error: io::Error| Error::Encode { what: "gzip", detail: error.to_string() };
    let header = header(payload.len())?;
    let mut gzip =
        GzBuilder::new().mtime(0).operating_system(GZIP_OS_UNKNOWN).write(Vec::new(), level);
    gzip.write_all(&header).map_err(failed)?;
    gzip.write_all(payload).map_err(failed)?;
    gzip.write_all(&vec![0; padding(payload.len())]).map_err(failed)?;
    gzip.finish().map_err(failed)
}

/// Zeros after the payload: to the end of its block, two empty blocks that end
/// the archive, and the rest of the record.
fn padding(payload: usize) -> usize {
    let end = BLOCK + payload.next_multiple_of(BLOCK) + 2 * BLOCK;
    end.next_multiple_of(RECORD) - BLOCK - payload
}

/// Where the fields of a ustar header stand that are written or looked at.
mod field {
    use std::ops::Range;

    pub(super) const NAME: Range<usize> = 0..100;
    pub(super) const MODE: Range<usize> = 100..108;
    pub(super) const UID: Range<usize> = 108..116;
    pub(super) const GID: Range<usize> = 116..124;
    pub(super) const SIZE: Range<usize> = 124..136;
    pub(super) const MTIME: Range<usize> = 136..148;
    pub(super) const CHECKSUM: Range<usize> = 148..156;
    pub(super) const TYPE: Range<usize> = 156..157;
    pub(super) const LINK: Range<usize> = 157..257;
    pub(super) const MAGIC: Range<usize> = 257..265;
    pub(super) const PREFIX: Range<usize> = 345..500;
}

fn header(size: usize) -> Result<[u8; BLOCK]> {
    let mut block = [0; BLOCK];
    let mut put = |range: std::ops::Range<usize>, text: &[u8]| {
        for (to, from) in block.iter_mut().skip(range.start).zip(text) {
            *to = *from;
        }
    };
    let size = format!("{size:011o}\0");
    if size.len() > field::SIZE.len() {
        let detail = "it is larger than 8 GiB".to_owned();
        return Err(Error::Encode { what: "a message", detail });
    }
    put(field::NAME, MEMBER);
    put(field::MODE, b"0000644\0");
    put(field::UID, b"0000000\0");
    put(field::GID, b"0000000\0");
    put(field::SIZE, size.as_bytes());
    put(field::MTIME, b"00000000000\0");
    put(field::TYPE, b"0");
    put(field::MAGIC, b"ustar\x0000");
    let sum = format!("{:06o}\0 ", checksum(&block));
    for (to, from) in block.iter_mut().skip(field::CHECKSUM.start).zip(sum.bytes()) {
        *to = from;
    }
    Ok(block)
}

/// The sum of all bytes of the header, its own field counted as blanks.
fn checksum(block: &[u8; BLOCK]) -> u32 {
    let byte = |(at, byte): (usize, &u8)| {
        u32::from(if field::CHECKSUM.contains(&at) { b' ' } else { *byte })
    };
    block.iter().enumerate().map(byte).sum()
}

fn bad(detail: &str) -> Reject {
    Reject::new(RejectCode::BadContainer, detail)
}

/// The payload of the one member, all sums checked, nothing left over.
///
/// The bytes are read to their end once before any of them is kept: a bomb that is
/// longer than it states, or damaged, costs no memory.
pub(crate) fn unpack(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, Reject> {
    let packed = bytes.len() as u64;
    if packed > limits.packed_bytes {
        return Err(too_large(packed, limits.packed_bytes));
    }
    let allowed = limits.unpacked_for(packed);
    let size = read_through(bytes, allowed, &mut io::sink())?;
    let mut payload = Vec::new();
    let has_room = usize::try_from(size).is_ok_and(|size| payload.try_reserve_exact(size).is_ok());
    if !has_room {
        let detail = format!("this machine has no memory left for its {size} bytes");
        return Err(Reject::new(RejectCode::TooLarge, detail));
    }
    read_through(bytes, allowed, &mut payload)?;
    Ok(payload)
}

/// Whether bytes are as a container begins, and end before its end.
pub(crate) fn is_cut(bytes: &[u8], limits: &Limits) -> bool {
    let begins = bytes.iter().zip(GZIP).all(|(byte, expected)| byte == expected);
    let mut gzip = GzDecoder::new(bytes).take(limits.unpacked_bytes);
    let read = io::copy(&mut gzip, &mut io::sink());
    begins && read.is_err_and(|error| error.kind() == io::ErrorKind::UnexpectedEof)
}

/// Hands the payload on piece by piece; the answer is its size.
fn read_through(bytes: &[u8], allowed: u64, payload: &mut impl Write) -> Result<u64, Reject> {
    let mut gzip = GzDecoder::new(bytes);
    let mut block = [0; BLOCK];
    gzip.read_exact(&mut block).map_err(|_| bad("it is not a gzip of a tar archive"))?;
    let size = read_header(&block)?;
    if size > allowed {
        return Err(too_large(size, allowed));
    }
    let read = io::copy(&mut gzip.by_ref().take(size), payload).map_err(|_| damaged())?;
    if read != size {
        return Err(damaged());
    }
    let padding = usize::try_from(size).map(padding).map_err(|_| damaged())?;
    read_end(&mut gzip, padding)?;
    if gzip.into_inner().is_empty() { Ok(size) } else { Err(bad("data follows the archive")) }
}

fn damaged() -> Reject {
    bad("it is cut off or damaged")
}

fn too_large(size: u64, allowed: u64) -> Reject {
    let detail = format!("it has {size} bytes where {allowed} are allowed");
    Reject::new(RejectCode::TooLarge, detail)
}

/// Reads up to the end of the gzip stream, where its CRC is compared.
fn read_end(gzip: &mut impl Read, expected: usize) -> Result<(), Reject> {
    let mut rest = Vec::new();
    let most = expected as u64 + 1;
    gzip.take(most).read_to_end(&mut rest).map_err(|_| damaged())?;
    if rest.len() != expected || rest.iter().any(|byte| *byte != 0) {
        return Err(bad("the archive does not end after its one member"));
    }
    Ok(())
}

/// Accepts a regular file of the one name; the answer is its size.
fn read_header(block: &[u8; BLOCK]) -> Result<u64, Reject> {
    let get = |range| block.get(range).unwrap_or_default();
    let magic = get(field::MAGIC);
    if magic != b"ustar\x0000" && magic != b"ustar  \0" {
        return Err(bad("it is not a tar archive"));
    }
    if octal(get(field::CHECKSUM)) != Some(u64::from(checksum(block))) {
        return Err(bad("its header is damaged"));
    }
    if get(field::TYPE) != b"0" {
        return Err(bad("its first member is not a regular file"));
    }
    let name = get(field::NAME);
    let named = name.strip_prefix(MEMBER).is_some_and(|rest| rest.iter().all(|byte| *byte == 0));
    let plain = |range| get(range).iter().all(|byte| *byte == 0);
    if !named || !plain(field::PREFIX) || !plain(field::LINK) {
        return Err(bad("its member is not proposed_file_changes.json"));
    }
    octal(get(field::SIZE)).ok_or_else(|| bad("its size is not written in octal digits"))
}

/// Octal digits, then NULs or blanks only; no sign, no base-256 form.
fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?.trim_end_matches(['\0', ' ']);
    let digits = !text.is_empty() && text.bytes().all(|b| (b'0'..=b'7').contains(&b));
    if digits { u64::from_str_radix(text, 8).ok() } else { None }
}

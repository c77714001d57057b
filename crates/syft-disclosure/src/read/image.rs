//! A picture: how large it is, and whether its file holds more than the picture.

use super::{NotRead, Read};

/// A comment of the program that drew it, as plotting libraries leave it.
const MOST_SOFTWARE_BYTES: usize = 128;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) pixels: u64,
    /// Text, tags or bytes that no viewer shows.
    pub(crate) holds_more: bool,
}

pub(super) fn look(bytes: &[u8]) -> Read<Picture> {
    const DAMAGED: NotRead = NotRead("it is no picture that can be read");
    let size = imagesize::blob_size(bytes).map_err(|_| DAMAGED)?;
    let pixels = u64::try_from(size.width)
        .ok()
        .zip(u64::try_from(size.height).ok())
        .map_or(u64::MAX, |(width, height)| width.saturating_mul(height));
    let holds_more = match bytes {
        [0x89, b'P', b'N', b'G', ..] => png_holds_more(bytes).ok_or(DAMAGED)?,
        [0xff, 0xd8, ..] => jpeg_holds_more(bytes).ok_or(DAMAGED)?,
        [b'G', b'I', b'F', ..] => bytes.last() != Some(&0x3b) || has_comment(bytes),
        [b'R', b'I', b'F', b'F', ..] => webp_holds_more(bytes).ok_or(DAMAGED)?,
        _ => return Err(DAMAGED),
    };
    Ok(Picture { pixels, holds_more })
}

fn take<'a>(rest: &mut &'a [u8], size: usize) -> Option<&'a [u8]> {
    let (head, tail) = rest.split_at_checked(size)?;
    *rest = tail;
    Some(head)
}

fn big_endian(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |sum, b| (sum << 8) | usize::from(*b))
}

fn png_holds_more(bytes: &[u8]) -> Option<bool> {
    const PLAIN: &[&[u8]] = &[
        b"IHDR", b"PLTE", b"IDAT", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"pHYs", b"bKGD",
        b"sBIT", b"tIME",
    ];
    let mut rest = bytes.get(8..)?;
    let mut more = false;
    loop {
        let size = big_endian(take(&mut rest, 4)?);
        let kind = take(&mut rest, 4)?;
        let body = take(&mut rest, size)?;
        take(&mut rest, 4)?;
        if kind == b"IEND" {
            return Some(more || size > 0 || !rest.is_empty());
        }
        let software =
            kind == b"tEXt" && body.starts_with(b"Software\0") && body.len() <= MOST_SOFTWARE_BYTES;
        more |= !software && !PLAIN.contains(&kind);
    }
}

fn jpeg_holds_more(bytes: &[u8]) -> Option<bool> {
    let mut rest = bytes.get(2..)?;
    let mut more = false;
    loop {
        let mark = take(&mut rest, 2)?;
        match mark {
            // The picture itself, up to its end; in it, the mark of the end stands nowhere else.
            [0xff, 0xda] => {
                let end = rest.windows(2).position(|pair| pair == [0xff, 0xd9])?;
                return Some(more || rest.len() > end + 2);
            }
            // Exif and comments; JFIF, colour profiles and Adobe's mark are plain.
            [0xff, 0xe1 | 0xe3..=0xed | 0xef | 0xfe] => more = true,
            [0xff, _] => {}
            _ => return None,
        }
        let size = big_endian(take(&mut rest, 2)?);
        take(&mut rest, size.checked_sub(2)?)?;
    }
}

fn webp_holds_more(bytes: &[u8]) -> Option<bool> {
    let little = |four: &[u8]| four.iter().rev().fold(0, |sum, b| (sum << 8) | usize::from(*b));
    if little(bytes.get(4..8)?).checked_add(8)? != bytes.len() {
        return Some(true);
    }
    let mut rest = bytes.get(12..)?;
    while !rest.is_empty() {
        let kind = take(&mut rest, 4)?;
        let size = little(take(&mut rest, 4)?);
        take(&mut rest, size)?;
        if size % 2 == 1 && !rest.is_empty() {
            take(&mut rest, 1)?;
        }
        if ![b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"]
            .iter()
            .any(|k| *k == kind)
        {
            return Some(true);
        }
    }
    Some(false)
}

fn has_comment(gif: &[u8]) -> bool {
    gif.windows(2).any(|pair| pair == [0x21, 0xfe])
}

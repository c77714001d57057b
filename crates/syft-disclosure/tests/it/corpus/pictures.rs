//! Pictures, made by hand: a file of a few hundred bytes says all that is looked at.

/// A picture of these sizes, with these parts between its head and its end.
pub(crate) fn png(width: u32, height: u32, parts: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = Vec::new();
    head.extend(width.to_be_bytes());
    head.extend(height.to_be_bytes());
    head.extend([8, 2, 0, 0, 0]);
    let drawn = [0x78, 0x9c, 0x63, 0, 0, 0, 1, 0, 1];
    let all = [(b"IHDR", head.as_slice())].into_iter().chain(parts.iter().copied());
    for (kind, body) in all.chain([(b"IDAT", drawn.as_slice()), (b"IEND", &[])]) {
        bytes.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
        bytes.extend(kind);
        bytes.extend(body);
        // The sum of a part is not looked at.
        bytes.extend([0; 4]);
    }
    bytes
}

/// A picture with these segments between its head and its lines.
pub(crate) fn jpeg(segments: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8];
    let jfif: &[u8] = b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0";
    let frame: &[u8] = &[8, 0, 64, 0, 64, 1, 1, 0x11, 0];
    let all = [(0xe0, jfif)].into_iter().chain(segments.iter().copied());
    for (kind, body) in all.chain([(0xc0, frame)]) {
        bytes.extend([0xff, kind]);
        bytes.extend(u16::try_from(body.len() + 2).unwrap().to_be_bytes());
        bytes.extend(body);
    }
    bytes.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x12, 0x34, 0x56, 0xff, 0xd9]);
    bytes
}

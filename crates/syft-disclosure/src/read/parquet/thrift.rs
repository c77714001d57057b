//! Just enough of Thrift's compact protocol to look at the header of a page.

/// Headers are flat; more is an attack.
const DEEPEST: u8 = 4;

/// The numbers of a struct: those of its fields, and those of structs in them.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    found: Vec<(u8, i16, i64)>,
}

impl Numbers {
    pub(super) fn of(&self, outer: i16) -> Option<i64> {
        self.found.iter().find(|(depth, id, _)| *depth == 0 && *id == outer).map(|found| found.2)
    }

    /// A number that is there twice would be another one for another reader.
    fn add(&mut self, depth: u8, id: i16, number: i64) -> Option<()> {
        let twice = self.found.iter().any(|found| (found.0, found.1) == (depth, id));
        if depth <= 1 && twice {
            return None;
        }
        if depth <= 1 {
            self.found.push((depth, id, number));
        }
        Some(())
    }

    /// A number in a struct in the header: only one of these structs is there.
    pub(super) fn inside(&self, inner: i16) -> Option<i64> {
        self.found.iter().find(|(depth, id, _)| *depth == 1 && *id == inner).map(|found| found.2)
    }
}

/// Reads a struct and tells where it ends.
pub(super) fn read(bytes: &[u8]) -> Option<(Numbers, usize)> {
    let mut input = Input { rest: bytes };
    let mut numbers = Numbers::default();
    input.structure(0, &mut numbers)?;
    Some((numbers, bytes.len() - input.rest.len()))
}

struct Input<'a> {
    rest: &'a [u8],
}

impl Input<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn skip(&mut self, size: u64) -> Option<()> {
        self.rest = self.rest.get(usize::try_from(size).ok()?..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn number(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    fn structure(&mut self, depth: u8, numbers: &mut Numbers) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        let mut id = 0i16;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            id = match head >> 4 {
                0 => i16::try_from(self.number()?).ok()?,
                step => id.checked_add(step.into())?,
            };
            match head & 0x0f {
                1 | 2 => {}
                3 => self.skip(1)?,
                4..=6 => {
                    let number = self.number()?;
                    numbers.add(depth, id, number)?;
                }
                7 => self.skip(8)?,
                8 => {
                    let size = self.varint()?;
                    self.skip(size)?;
                }
                12 => self.structure(depth + 1, numbers)?,
                // Lists, sets and maps: no header of a page has one.
                _ => return None,
            }
        }
    }
}

//! Files on their way into messages of a bounded size.

/// Changes in one message.
const MESSAGE_CHANGES: usize = 2_000;

/// Gathers files until they fill a message, by what they take in it.
#[derive(Debug)]
pub(crate) struct Batch<T> {
    limit: u64,
    size: u64,
    files: Vec<T>,
}

impl<T> Batch<T> {
    /// An empty one, for messages of so many bytes of content.
    pub(crate) fn new(limit: u64) -> Self {
        Batch { limit, size: 0, files: Vec::new() }
    }

    /// Adds a file that takes `size` bytes in a message. Returns the files before
    /// it, if they are to go first; a file above the limit makes a message of its own.
    pub(crate) fn add(&mut self, file: T, size: u64) -> Option<Vec<T>> {
        let full = !self.files.is_empty()
            && (self.size + size > self.limit || self.files.len() >= MESSAGE_CHANGES);
        let before = full.then(|| self.take());
        self.size += size;
        self.files.push(file);
        before
    }

    /// Whether so many files of this size in all still fit into the same message.
    pub(crate) fn fits(&self, files: usize, size: u64) -> bool {
        self.size.saturating_add(size) <= self.limit
            && self.files.len().saturating_add(files) <= MESSAGE_CHANGES
    }

    /// What is gathered.
    pub(crate) fn take(&mut self) -> Vec<T> {
        self.size = 0;
        std::mem::take(&mut self.files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_full_before_it_is_too_large() {
        let mut batch = Batch::new(10);
        assert_eq!(batch.add('a', 4), None);
        assert_eq!(batch.add('b', 6), None);
        assert_eq!(batch.add('c', 1), Some(vec!['a', 'b']));
        assert!(batch.fits(2, 9) && !batch.fits(2, 10) && !batch.fits(MESSAGE_CHANGES, 1));
        assert_eq!(batch.add('d', 15), Some(vec!['c']));
        assert_eq!(batch.take(), ['d']);
    }
}

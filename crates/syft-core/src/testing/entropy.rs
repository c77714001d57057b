use std::sync::Mutex;
use std::sync::PoisonError;

use crate::{ContentHash, Entropy, Result};

/// Bytes that look random and are the same for the same seed.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    calls: Mutex<u64>,
}

impl SeededEntropy {
    /// The stream of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        SeededEntropy { seed, calls: Mutex::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in buffer.chunks_mut(32) {
            *calls += 1;
            let block = ContentHash::of(&[self.seed.to_le_bytes(), calls.to_le_bytes()].concat());
            for (byte, random) in chunk.iter_mut().zip(block.as_bytes()) {
                *byte = *random;
            }
        }
        Ok(())
    }
}

//! Clock, randomness and disk for tests: they repeat themselves, step back,
//! fill up and break on demand.

mod clock;
mod disk;
mod entropy;

pub use clock::ManualClock;
pub use disk::{Counts, FaultyDisk};
pub use entropy::SeededEntropy;

//! Clock, randomness and disk for tests: they repeat themselves, step back,
//! fill up and break on demand. And documents, as somebody hostile leaves them.

mod clock;
mod damage;
mod disk;
mod entropy;

pub use clock::ManualClock;
pub use damage::{Damage, damaged};
pub use disk::{Counts, FaultyDisk};
pub use entropy::SeededEntropy;

//! What looks random and is the same in every run: ids, tokens, and which call fails.

/// The generator SplitMix64: small, and good enough to tell things apart.
#[derive(Debug, Clone)]
pub struct Dice(u64);

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl Dice {
    /// The same seed, the same throws.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Dice(seed)
    }

    /// Any number.
    #[expect(clippy::should_implement_trait, reason = "dice never end")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// True in this share of all cases; 0 is never, 1 is always.
    pub fn chance(&mut self, share: f64) -> bool {
        // The upper 53 bits are what a double holds exactly.
        let drawn = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        drawn < share
    }

    /// A number between these two, or one of them.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        let width = most.saturating_sub(least).saturating_add(1);
        least.saturating_add(self.next().checked_rem(width).unwrap_or(0))
    }

    /// Letters, digits, `-` and `_`.
    pub fn word(&mut self, length: usize) -> String {
        let letters = (0..length).map(|_| {
            let at = usize::try_from(self.next() & 63).unwrap_or(0);
            char::from(LETTERS.get(at).copied().unwrap_or(b'A'))
        });
        letters.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn a_share_is_kept_and_repeats() {
        let hits = |seed| {
            let mut dice = Dice::new(seed);
            (0..1000).filter(|_| dice.chance(0.3)).count()
        };
        assert!((250..350).contains(&hits(1)), "{}", hits(1));
        assert_eq!(hits(7), hits(7));
        let mut dice = Dice::new(1);
        assert!(!(0..100).any(|_| dice.chance(0.0)));
        assert!((0..100).all(|_| dice.chance(1.0)));
    }

    #[test]
    fn limits_are_part_of_the_range() {
        let mut dice = Dice::new(3);
        let drawn: Vec<u64> = (0..100).map(|_| dice.between(2, 4)).collect();
        assert!((2..=4).all(|n| drawn.contains(&n)));
        assert_eq!(dice.between(5, 5), 5);
        dice.between(0, u64::MAX);
    }
}

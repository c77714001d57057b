//! Random choices that a seed fixes for ever: no library's generator, which a newer
//! version may change.

/// A generator of choices (splitmix64).
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The choices of one seed.
    pub(crate) fn new(seed: u64) -> Self {
        Dice(seed)
    }

    /// The choices of one case of a run, which do not depend on the cases before it.
    pub(crate) fn of_case(seed: u64, case: u64) -> Self {
        let mut dice = Dice::new(seed);
        Dice::new(dice.number() ^ case.wrapping_mul(0xD6E8_FEB8_6659_FD93))
    }

    /// Any 64 bits.
    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, or 0 if that is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.number() % end).unwrap_or(0)
    }

    /// A number between the two, both included.
    pub(crate) fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most.saturating_sub(least) + 1)
    }

    /// Yes in so many of a hundred times.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of some texts; of none, the empty one.
    pub(crate) fn pick<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        self.one_of(texts).copied().unwrap_or_default()
    }

    /// One of some values, if there is one.
    pub(crate) fn one_of<'v, T>(&mut self, values: &'v [T]) -> Option<&'v T> {
        values.get(self.below(values.len()))
    }

    /// Values, as many as a number between the two.
    pub(crate) fn several<T>(
        &mut self,
        least: usize,
        most: usize,
        mut draw: impl FnMut(&mut Dice) -> T,
    ) -> Vec<T> {
        (0..self.between(least, most)).map(|_| draw(self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn a_seed_always_draws_the_same() {
        let mut dice = Dice::new(1);
        // Of the published generator.
        assert_eq!(dice.number(), 0x910A_2DEC_8902_5CC1);
        assert_eq!(dice.number(), 0xBEEB_8DA1_658E_EC67);
    }

    #[test]
    fn cases_are_independent() {
        let mut firsts: Vec<u64> = (0..100).map(|case| Dice::of_case(7, case).number()).collect();
        assert_ne!(Dice::of_case(8, 0).number(), firsts[0]);
        firsts.sort_unstable();
        firsts.dedup();
        assert_eq!(firsts.len(), 100);
    }

    #[test]
    fn every_bound_is_reached_and_kept() {
        let mut dice = Dice::new(3);
        let mut drawn: Vec<usize> = (0..200).map(|_| dice.between(2, 5)).collect();
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn, [2, 3, 4, 5]);
        assert_eq!(dice.below(0), 0);
        assert_eq!(dice.pick(&[]), "");
    }
}

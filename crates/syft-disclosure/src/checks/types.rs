//! Files that hold no table and no text.

use crate::finding::FindingKind;
use crate::found::Found;
use crate::read::Picture;
use crate::rules::Rules;

pub(crate) fn picture(picture: &Picture, rules: &Rules, found: &mut Found<'_>) {
    if picture.holds_more || picture.pixels > rules.most_image_pixels {
        found.whole(FindingKind::Image);
    }
}

//! Licences told by their texts.

use std::{cmp::Reverse, sync::OnceLock};

use spdx::detection::{Store, TextData};

/// How alike a text and a licence must be, in percent. Source: askalono, which asks for 90 where
/// nobody looks at the result.
const THRESHOLD: u8 = 90;
/// The longest text looked at, in bytes: the longest licences have 50 KiB.
const TEXT_LIMIT: usize = 200 * 1024;
/// Families whose text does not tell whether later versions may be chosen, too.
const UNDECIDED: [&str; 4] = ["AGPL-", "GFDL-", "GPL-", "LGPL-"];

/// All texts that the SPDX list has; `None` where the built-in copy cannot be read.
fn store() -> Option<&'static Store> {
    static STORE: OnceLock<Option<Store>> = OnceLock::new();
    STORE.get_or_init(|| Store::load_inline().ok()).as_ref()
}

/// The identifier of the licence that a text is, and how alike both are in percent. Where the text
/// leaves the version open, the identifier is a `LicenseRef-`.
pub(super) fn detect(text: &str) -> Option<(String, u8)> {
    if text.len() > TEXT_LIMIT || text.trim().is_empty() {
        return None;
    }
    let data = TextData::new(text);
    let score = |known: &TextData| (known.match_score(&data).clamp(0.0, 1.0) * 100.0).floor() as u8;
    // Of several that are equally alike, the first by name: the store has no order.
    let best = store()?.iter().map(|(name, entry)| {
        let alternates = entry.alternates.iter().map(score);
        (alternates.chain([score(&entry.original)]).max().unwrap_or(0), Reverse(name))
    });
    let (percent, Reverse(name)) = best.max()?;
    if percent < THRESHOLD {
        return None;
    }
    let stem = name.trim_end_matches("-only").trim_end_matches("-or-later");
    let is_open = UNDECIDED.iter().any(|family| stem.starts_with(family));
    Some((if is_open { format!("LicenseRef-{stem}") } else { name.clone() }, percent))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIT: &str = "Copyright (c) 2020 Somebody\n\nPermission is hereby granted, free of charge, \
        to any person obtaining a copy of this software and associated documentation files (the \
        \"Software\"), to deal in the Software without restriction, including without limitation \
        the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell \
        copies of the Software, and to permit persons to whom the Software is furnished to do so, \
        subject to the following conditions:\n\nThe above copyright notice and this permission \
        notice shall be included in all copies or substantial portions of the Software.\n\nTHE \
        SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, \
        INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR \
        PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE \
        FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR \
        OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER \
        DEALINGS IN THE SOFTWARE.";

    #[test]
    fn texts_are_told_from_others() {
        let (name, percent) = detect(MIT).unwrap();
        assert_eq!(name, "MIT");
        assert!(percent >= 95, "{percent}");
        assert_eq!(detect("You may do with this whatever you can."), None);
        assert_eq!(detect(""), None);
    }
}

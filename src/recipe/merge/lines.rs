//! The lines of a file while its sides are merged.

use std::collections::BTreeMap;

use diffy::{ConflictStyle, MergeOptions};

/// A line of one side, or what stands for something else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MergeLine {
    /// With its line feed, which the last one may lack.
    Text(String),
    /// The place of a tag's relations, which are merged as a set.
    Relations(String),
    /// Keeps a field apart from those around it, so that changes of two fields, one below the other, do
    /// not contradict each other.
    Seam { field: String, is_end: bool },
    /// A conflict's marker; only in the result.
    Marker(String),
}

/// Merges three sides as `diff3` does. Returns the merged lines, and whether the sides contradict each
/// other.
pub(super) fn merge_lines(sides: [&[MergeLine]; 3]) -> (Vec<MergeLine>, bool) {
    // The sides are compared as lists of numbers, one for each different line: no text from outside is
    // ever read as a marker.
    let mut numbers: BTreeMap<&MergeLine, usize> = BTreeMap::new();
    let mut known: Vec<&MergeLine> = Vec::new();
    let [base, ours, theirs] = sides.map(|side| {
        let mut list = String::new();
        for line in side {
            let number = *numbers.entry(line).or_insert_with(|| {
                known.push(line);
                known.len() - 1
            });
            list += &format!("{number}\n");
        }
        list
    });
    let mut options = MergeOptions::new();
    options.set_conflict_style(ConflictStyle::Diff3);
    let (merged, is_conflict) = match options.merge(&base, &ours, &theirs) {
        Ok(merged) => (merged, false),
        Err(merged) => (merged, true),
    };
    let decoded = merged.lines().map(|line| {
        let number = line.parse().ok().and_then(|number: usize| known.get(number));
        number.map_or_else(|| MergeLine::Marker(format!("{line}\n")), |line| (*line).clone())
    });
    (decoded.collect(), is_conflict)
}

//! Compatibility tags.
//! Source: PyPA platform compatibility tags (PEP 425, PEP 600).

use std::{collections::HashMap, fmt};

use super::WheelName;

/// One expanded compatibility tag, such as `cp313-abi3-manylinux_2_28_x86_64`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag {
    pub python: String,
    pub abi: String,
    pub platform: String,
}

impl Tag {
    /// A tag of its three parts.
    pub fn new(
        python: impl Into<String>,
        abi: impl Into<String>,
        platform: impl Into<String>,
    ) -> Self {
        Self { python: python.into(), abi: abi.into(), platform: platform.into() }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.python, self.abi, self.platform)
    }
}

/// The tags that a target accepts, best first.
#[derive(Debug, Clone, Default)]
pub struct Tags {
    tags: Vec<Tag>,
    /// Position by tag: a project's page may list thousands of wheels to be ranked.
    ranks: HashMap<Tag, usize>,
}

impl Tags {
    /// Takes the tags in the order of preference; of equal ones the first counts.
    pub fn new(tags: Vec<Tag>) -> Self {
        let mut ranks = HashMap::with_capacity(tags.len());
        for (rank, tag) in tags.iter().enumerate() {
            ranks.entry(tag.clone()).or_insert(rank);
        }
        Self { tags, ranks }
    }

    /// The tag's position, lower is better; `None` where the target does not accept it.
    pub fn rank(&self, tag: &Tag) -> Option<usize> {
        self.ranks.get(tag).copied()
    }

    /// The best position of a wheel's tags, lower is better; `None` where none is accepted.
    pub fn best(&self, wheel: &WheelName) -> Option<usize> {
        wheel.tags.iter().filter_map(|tag| self.rank(tag)).min()
    }

    /// The tags, best first.
    pub fn iter(&self) -> impl Iterator<Item = &Tag> {
        self.tags.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_tag_of_a_wheel_counts() {
        let tags = Tags::new(vec![
            Tag::new("cp312", "cp312", "manylinux_2_17_x86_64"),
            Tag::new("cp312", "abi3", "manylinux_2_17_x86_64"),
            Tag::new("py3", "none", "any"),
        ]);
        let rank = |name| tags.best(&WheelName::parse(name).unwrap());
        assert_eq!(rank("a-1-cp312-cp312-win32.manylinux_2_17_x86_64.whl"), Some(0));
        assert_eq!(rank("a-1-py2.py3-none-any.whl"), Some(2));
        assert_eq!(rank("a-1-cp311-cp311-win32.whl"), None);
    }
}

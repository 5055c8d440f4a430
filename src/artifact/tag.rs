//! Compatibility tags.
//! Source: PyPA platform compatibility tags (PEP 425, PEP 600).

/// One expanded compatibility tag, such as `cp313-abi3-manylinux_2_28_x86_64`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag {
    pub python: String,
    pub abi: String,
    pub platform: String,
}

/// The tags that a target accepts, best first.
#[derive(Debug, Clone, Default)]
pub struct Tags(Vec<Tag>);

impl Tags {
    /// Tags in their order of preference, best first.
    pub fn new(tags: Vec<Tag>) -> Self {
        Tags(tags)
    }

    /// The tags, best first.
    pub fn iter(&self) -> impl Iterator<Item = &Tag> {
        self.0.iter()
    }
}

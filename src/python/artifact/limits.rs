//! How large archives may be.

/// The most that archives may hold. The names are those of the configuration's table `limits`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveLimits {
    /// The bytes that all members of a wheel have together.
    pub wheel: u64,
    /// How many times as large as the archive they may be where they are more than 64 MiB.
    pub wheel_ratio: u64,
    /// The members of a wheel.
    pub wheel_files: u64,
    /// The bytes that an sdist unpacks to.
    pub sdist: u64,
}

impl ArchiveLimits {
    /// No limits, for archives that were looked at before.
    pub const NONE: Self =
        Self { wheel: u64::MAX, wheel_ratio: u64::MAX, wheel_files: u64::MAX, sdist: u64::MAX };
}

impl Default for ArchiveLimits {
    fn default() -> Self {
        Self { wheel: 4 << 30, wheel_ratio: 50, wheel_files: 200_000, sdist: 2 << 30 }
    }
}

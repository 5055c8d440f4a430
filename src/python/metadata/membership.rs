//! Whether a version satisfies specifiers. Source: PyPA version specifiers (PEP 440), as
//! `packaging` 26 answers with pre-releases allowed.

use pep440_rs::{Operator, Version, VersionSpecifier, VersionSpecifiers};

/// Whether all specifiers allow the version; pre-releases count like others.
pub fn satisfies(version: &Version, specifiers: &VersionSpecifiers) -> bool {
    specifiers.iter().all(|specifier| satisfies_one(version, specifier))
}

/// The crate's own answer differs in four points: it compares `==1.1.*` with `1` only as far as
/// both have numbers, it excludes from `<2.0rc1` the earlier pre-releases, from `<1.0.post1` those
/// of `1.0`, and from `>1.0a1` the post-releases of `1.0`.
fn satisfies_one(version: &Version, specifier: &VersionSpecifier) -> bool {
    let bound = specifier.version();
    match specifier.operator() {
        Operator::EqualStar => has_prefix(version, bound),
        Operator::NotEqualStar => !has_prefix(version, bound),
        Operator::LessThan => {
            let base = if bound.is_post() {
                version.clone().without_local().with_dev(None)
            } else {
                version.only_release().with_epoch(version.epoch())
            };
            let is_own_pre = !bound.any_prerelease() && version.any_prerelease() && base == *bound;
            version.clone().without_local() < *bound && !is_own_pre
        }
        Operator::GreaterThan => {
            let public = version.clone().without_local();
            let is_own_post =
                !bound.is_post() && public.clone().with_post(None).with_dev(None) == *bound;
            public > *bound && !is_own_post
        }
        _ => specifier.contains(version),
    }
}

/// Whether a version begins with `prefix`, filled up with zeros.
fn has_prefix(version: &Version, prefix: &Version) -> bool {
    let number = |at: usize| version.release().get(at).copied().unwrap_or(0);
    let same = prefix.release().iter().enumerate().all(|(at, wanted)| number(at) == *wanted);
    same && version.epoch() == prefix.epoch()
}

/// Whether a specifier names a pre-release and so asks for such, as `packaging` decides it.
pub fn names_prerelease(specifiers: &VersionSpecifiers) -> bool {
    specifiers.iter().any(|specifier| {
        !matches!(specifier.operator(), Operator::NotEqual | Operator::NotEqualStar)
            && specifier.version().any_prerelease()
    })
}

/// Whether a specifier names one exact version, which lets a yanked release in (PEP 592).
pub fn is_pinned(specifiers: &VersionSpecifiers) -> bool {
    specifiers
        .iter()
        .any(|specifier| matches!(specifier.operator(), Operator::Equal | Operator::ExactEqual))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_packaging_compares_them() {
        for (specifiers, version, expected) in [
            ("==1.1.*", "1", false),
            ("==1.0.*", "1", true),
            ("!=1.1.*", "1", true),
            ("==1.1.*", "1!1.1", false),
            ("==1.1.*", "1.1.dev1", true),
            ("<2.0rc1", "2.0b1", true),
            ("<2.0", "2.0b1", false),
            ("<2.0", "1.9b1", true),
            ("<1.0.post1", "1.0.dev0", true),
            ("<1.0.post1", "1.0.post1.dev0", false),
            ("<1.0", "0.9+local", true),
            (">1.0", "1.0.post1", false),
            (">1.0", "1.0+local", false),
            (">1.0.post1", "1.0.post2", true),
            (">1.0a1", "1.0.post1", true),
            (">1.0a1", "1.0a1.post1", false),
            ("~=1.4.2", "1.4.9", true),
            ("~=1.4.2", "1.5", false),
            ("==1.0", "1.0+local", true),
            ("===1.0", "1.0+local", false),
            ("", "1.0a1", true),
        ] {
            let specifiers_read = super::super::parse_specifiers(specifiers).unwrap();
            let answer = satisfies(&version.parse().unwrap(), &specifiers_read);
            assert_eq!(answer, expected, "{specifiers} {version}");
        }
    }
}

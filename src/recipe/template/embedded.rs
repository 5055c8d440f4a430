//! The packs that are part of the program.

/// A pack's files: path in the pack and text.
type EmbeddedFiles = &'static [(&'static str, &'static str)];

macro_rules! files {
    ($pack:literal: $($file:literal),+ $(,)?) => {
        &[$(($file, include_str!(concat!("../../../templates/", $pack, "/", $file)))),+]
    };
}

const PACKS: &[(&str, EmbeddedFiles)] = &[
    (
        "deb",
        files!("deb": "changelog.hbs", "control.hbs", "conffiles.hbs", "copyright.hbs",
            "lintian-overrides.hbs", "pack.toml", "postinst.hbs", "postrm.hbs", "preinst.hbs",
            "prerm.hbs", "review.hbs"),
    ),
    (
        "deb-source",
        files!("deb-source": "changelog.hbs", "control.hbs", "copyright.hbs", "docs.hbs",
            "lintian-overrides.hbs", "pack.toml", "postinst.hbs", "postrm.hbs", "preinst.hbs",
            "prerm.hbs", "py3dist-overrides.hbs", "rules.hbs", "series.hbs", "source-format.hbs",
            "source-options.hbs", "tests-control.hbs", "watch.hbs"),
    ),
    (
        "rpm",
        files!("rpm": "changelog.hbs", "description.hbs", "files.hbs", "header.hbs", "install.hbs",
            "pack.toml", "preamble.hbs", "scriptlets.hbs", "spec.hbs"),
    ),
    (
        "rpm-source",
        files!("rpm-source": "changelog.hbs", "data-files.hbs", "documents.hbs", "elsewhere.hbs",
            "header.hbs", "installed.hbs", "pack.toml", "packages.hbs", "preamble.hbs", "prep.hbs",
            "pyproject.hbs", "relations.hbs", "scriptlets.hbs", "setup-py.hbs", "singlespec.hbs",
            "spec.hbs"),
    ),
];

/// The embedded packs: names and files.
pub(super) fn packs() -> impl Iterator<Item = (&'static str, EmbeddedFiles)> {
    PACKS.iter().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_a_pack_is_embedded() {
        for (pack, files) in PACKS {
            let folder = format!("{}/templates/{pack}", env!("CARGO_MANIFEST_DIR"));
            let mut found: Vec<String> = std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            found.sort();
            let embedded: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
            let mut sorted = embedded.clone();
            sorted.sort_unstable();
            assert_eq!(found, sorted, "{pack}");
        }
    }
}

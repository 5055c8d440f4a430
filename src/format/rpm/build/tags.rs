//! The numbers of the tags that packages have. Source: rpm's rpmtag.h.

use std::ops::RangeInclusive;

use crate::plan::Moment;

pub(crate) const SIGNATURES: u32 = 62;
pub(crate) const IMMUTABLE: u32 = 63;
pub(crate) const LANGUAGES: u32 = 100;

/// Those of the signature header.
pub(crate) mod signature {
    pub(in crate::format::rpm::build) const SHA256: u32 = 273;
    pub(in crate::format::rpm::build) const SIZE: u32 = 1000;
    pub(in crate::format::rpm::build) const PAYLOAD_SIZE: u32 = 1007;
    pub(in crate::format::rpm::build) const RESERVED: u32 = 1008;
}

pub(crate) const NAME: u32 = 1000;
pub(crate) const VERSION: u32 = 1001;
pub(crate) const RELEASE: u32 = 1002;
pub(crate) const EPOCH: u32 = 1003;
pub(crate) const SUMMARY: u32 = 1004;
pub(crate) const DESCRIPTION: u32 = 1005;
pub(crate) const BUILD_TIME: u32 = 1006;
pub(crate) const BUILD_HOST: u32 = 1007;
pub(crate) const SIZE: u32 = 1009;
pub(crate) const LICENCE: u32 = 1014;
pub(crate) const PACKAGER: u32 = 1015;
pub(crate) const GROUP: u32 = 1016;
pub(crate) const URL: u32 = 1020;
pub(crate) const OS: u32 = 1021;
pub(crate) const ARCHITECTURE: u32 = 1022;
pub(crate) const SOURCE_PACKAGE: u32 = 1044;
pub(crate) const WRITER: u32 = 1064;
pub(crate) const CHANGELOG_TIME: u32 = 1080;
pub(crate) const CHANGELOG_NAME: u32 = 1081;
pub(crate) const CHANGELOG_TEXT: u32 = 1082;
pub(crate) const COMPILER_OPTIONS: u32 = 1122;
pub(crate) const PAYLOAD_FORMAT: u32 = 1124;
pub(crate) const PAYLOAD_COMPRESSOR: u32 = 1125;
pub(crate) const PAYLOAD_FLAGS: u32 = 1126;
pub(crate) const PLATFORM: u32 = 1132;
pub(crate) const FILE_DIGEST_ALGORITHM: u32 = 5011;
pub(crate) const ENCODING: u32 = 5062;
pub(crate) const PAYLOAD_DIGEST: u32 = 5092;
pub(crate) const PAYLOAD_DIGEST_ALGORITHM: u32 = 5093;
pub(crate) const PLAIN_PAYLOAD_DIGEST: u32 = 5097;

/// A scriptlet's commands and the program that runs them.
pub(crate) fn scriptlet(moment: Moment) -> (u32, u32) {
    match moment {
        Moment::PreInstall => (1023, 1085),
        Moment::PostInstall => (1024, 1086),
        Moment::PreRemove => (1025, 1087),
        Moment::PostRemove => (1026, 1088),
    }
}

/// Those that have an entry for each file.
pub(crate) mod file {
    pub(in crate::format::rpm::build) const SIZES: u32 = 1028;
    pub(in crate::format::rpm::build) const MODES: u32 = 1030;
    pub(in crate::format::rpm::build) const SPECIAL_DEVICES: u32 = 1033;
    pub(in crate::format::rpm::build) const TIMES: u32 = 1034;
    pub(in crate::format::rpm::build) const DIGESTS: u32 = 1035;
    pub(in crate::format::rpm::build) const LINKS: u32 = 1036;
    pub(in crate::format::rpm::build) const FLAGS: u32 = 1037;
    pub(in crate::format::rpm::build) const USERS: u32 = 1039;
    pub(in crate::format::rpm::build) const GROUPS: u32 = 1040;
    pub(in crate::format::rpm::build) const VERIFY_FLAGS: u32 = 1045;
    pub(in crate::format::rpm::build) const DEVICES: u32 = 1095;
    pub(in crate::format::rpm::build) const INODES: u32 = 1096;
    pub(in crate::format::rpm::build) const LANGUAGES: u32 = 1097;
    pub(in crate::format::rpm::build) const FOLDER_INDEXES: u32 = 1116;
    pub(in crate::format::rpm::build) const BASE_NAMES: u32 = 1117;
    pub(in crate::format::rpm::build) const FOLDERS: u32 = 1118;
}

/// Names, flags and versions of each kind of relation.
pub(crate) mod relation {
    pub(in crate::format::rpm::build) const PROVIDES: [u32; 3] = [1047, 1112, 1113];
    pub(in crate::format::rpm::build) const REQUIRES: [u32; 3] = [1049, 1048, 1050];
    pub(in crate::format::rpm::build) const CONFLICTS: [u32; 3] = [1054, 1053, 1055];
    pub(in crate::format::rpm::build) const OBSOLETES: [u32; 3] = [1090, 1114, 1115];
    pub(in crate::format::rpm::build) const RECOMMENDS: [u32; 3] = [5046, 5048, 5047];
    pub(in crate::format::rpm::build) const SUGGESTS: [u32; 3] = [5049, 5051, 5050];
}

/// The scriptlets: what sections call them, and the tags of their text, program and flags.
pub(crate) const SCRIPTS: [(&str, [u32; 3]); 9] = [
    ("%pre", [1023, 1085, 5020]),
    ("%post", [1024, 1086, 5021]),
    ("%preun", [1025, 1087, 5022]),
    ("%postun", [1026, 1088, 5023]),
    ("%pretrans", [1151, 1153, 5024]),
    ("%posttrans", [1152, 1154, 5025]),
    ("%preuntrans", [5103, 5105, 5107]),
    ("%postuntrans", [5104, 5106, 5108]),
    ("%verifyscript", [1079, 1091, 5026]),
];

/// The texts and programs of triggers, also of those on files.
pub(crate) const TRIGGERS: [u32; 6] = [1065, 1092, 5066, 5067, 5076, 5077];

/// What else belongs to triggers: names, versions, flags, indexes and priorities.
const OF_TRIGGERS: [RangeInclusive<u32>; 5] =
    [1066..=1069, 1100..=1102, 5027..=5027, 5068..=5072, 5078..=5082];
const PRIORITIES: RangeInclusive<u32> = 5084..=5089;

/// What says nothing that an installing machine acts on, or is compared by its value: identity, texts,
/// times, files, relations, payload, and what writers note for linters and debuggers.
const HARMLESS: [RangeInclusive<u32>; 34] = [
    61..=63,
    100..=100,
    1000..=1007,
    1009..=1011,
    1014..=1016,
    1020..=1022,
    1028..=1028,
    1030..=1030,
    1033..=1037,
    1039..=1040,
    1044..=1050,
    1053..=1055,
    1064..=1064,
    1080..=1082,
    1090..=1090,
    1094..=1097,
    1112..=1118,
    1122..=1126,
    1131..=1132,
    1140..=1146,
    1155..=1155,
    5008..=5009,
    5011..=5012,
    5034..=5034,
    5046..=5051,
    5062..=5062,
    5092..=5093,
    5096..=5097,
    5100..=5102,
    5112..=5114,
    5115..=5117,
    5118..=5120,
    5121..=5124,
    // Of relations that no plan has, which are compared as all others.
    5052..=5057,
];

/// Whether a package may have a tag in its header.
pub(crate) fn is_known(tag: u32) -> bool {
    let of_scripts = || SCRIPTS.iter().any(|(_, tags)| tags.contains(&tag));
    let of_triggers = || {
        TRIGGERS.contains(&tag)
            || PRIORITIES.contains(&tag)
            || OF_TRIGGERS.iter().any(|tags| tags.contains(&tag))
    };
    HARMLESS.iter().any(|tags| tags.contains(&tag)) || of_scripts() || of_triggers()
}

/// The word by which a spec asks for a tag that packages of this program do not have.
pub(crate) fn word(tag: u32) -> Option<&'static str> {
    Some(match tag {
        1098 => "Prefix",
        5010 => "%caps",
        5035..=5037 => "OrderWithRequires",
        5083 => "removepathpostfixes",
        _ => return None,
    })
}
